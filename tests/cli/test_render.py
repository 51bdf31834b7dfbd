from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict, replace
from subprocess import run
from typing import Any

import pytest
from rich.console import Console

from lumen_hooks.cli.forms import TERMINAL_LINES
from lumen_hooks.cli.render import render_terminal
from lumen_hooks.excerpts.excerpt import excerpt
from lumen_hooks.search.results import SearchResult
from lumen_hooks.service.answer import Answer
from lumen_hooks.system.terminal import escape_controls
from lumen_hooks.wording.plain import AS_OPTIONS, results_in_words, written
from lumen_hooks.wording.sizing import Shape


def result(
    path: str = "src/a.py",
    symbol: str = "Store.insert",
    snippet: str = "def insert(self):\n\n    return 1",
    language: str = "python",
) -> SearchResult:
    return SearchResult(path, 41, 43, symbol, "method", language, 0.51239, snippet)


def on_terminal(*results: SearchResult, color: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=color, color_system="standard" if color else None, width=80
    )
    render_terminal([excerpt(one, TERMINAL_LINES) for one in results], console)
    return file.getvalue()


def test_plain() -> None:
    assert results_in_words([result(), result("b.py", "", "")]) == (
        "src/a.py:41-43 Store.insert method 0.51\n"
        " def insert(self):\n"
        "\n"
        "     return 1\n"
        "\n"
        "b.py:41-43 method 0.51"
    )
    assert results_in_words([]) == ""


def test_terminal() -> None:
    lines = on_terminal(result()).splitlines()
    assert lines[0] == "src/a.py:41  Store.insert  method  0.51"
    assert lines[1].split() == ["41", "def", "insert(self):"]
    assert lines[3].split() == ["43", "return", "1"]


def test_a_line_each_where_there_is_no_code() -> None:
    bare = replace(result(), snippet="")
    assert len(on_terminal(bare, bare).splitlines()) == 2
    assert on_terminal(bare, result(), bare).splitlines().count("") == 2


def test_terminal_highlights_code_and_place() -> None:
    shown = on_terminal(result(), color=True)
    assert "\x1b[1msrc/a.py:41" in shown
    assert shown.count("\x1b[") > 8


def long_result(**fields: Any) -> SearchResult:
    lines = "\n".join(f"line_{n}" for n in range(41, 81))
    plain = replace(result(snippet=lines), end_line=80, lines=((41, 80),))
    return replace(plain, **fields)


def test_terminal_shows_the_beginning_of_long_code() -> None:
    shown = on_terminal(long_result())
    assert "line_52" in shown
    assert "line_53" not in shown
    assert "… 28 lines (53-80)" in shown


def test_what_is_left_out_is_said_where_it_is() -> None:
    found = long_result(focus=(70,))
    rows = on_terminal(found).splitlines()
    numbers = [int(row.split()[0]) for row in rows[1:] if row.split()[0].isdigit()]
    assert len(numbers) == 12
    assert all(
        f"{number} line_{number}" in " ".join(row.split())
        for number, row in zip(
            numbers, [row for row in rows[1:] if row.split()[0].isdigit()], strict=True
        )
    )
    assert any(row.strip().startswith("… ") for row in rows[2:-1])
    plain = results_in_words([excerpt(found, 10)]).splitlines()
    assert plain[0] == "src/a.py:41-80 Store.insert method 0.51"
    assert " line_70" in plain
    assert sum(row.startswith(" line_") for row in plain) == 10
    assert sum(row.startswith(" … ") for row in plain) == 2


def test_copies_are_named() -> None:
    found = replace(result(), copies=("b.py:1", "c.py:2", "d\x1b.py:3", "e.py:4", "f.py:5"))
    line = r"same in b.py:1, c.py:2, d\x1b.py:3 and 2 more"
    assert results_in_words([found]).splitlines()[1] == f" {line}"
    assert on_terminal(found).splitlines()[1] == f"    {line}"


HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 a\rb \x9b31m \u202e\u2066 \x00 \x7f \u200b \ud800 [bold]x[/bold] [/]"
)


def test_nothing_steers_a_terminal() -> None:
    hostile = result(f"{HOSTILE}\n.py", f"{HOSTILE}\t", f"{HOSTILE}\n{HOSTILE}")
    for shown in (results_in_words([hostile]), on_terminal(hostile)):
        assert not set(shown) & set("\x1b\x07\r\x9b\u202e\u2066\x00\x7f\u200b\ud800")
        assert r"\x1b[2J" in shown
        assert r"\x9b31m" in shown
        assert r"\u202e" in shown
        assert "[bold]x[/bold]" in shown
    first = results_in_words([hostile]).split("\n", 1)[0]
    assert r"\n.py:41-43 " in first
    assert first.endswith(" method 0.51")


@pytest.mark.parametrize("text", ["tab\tand\nline", "größe 日本語 🎉", "\\x1b"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escape_controls(text) == text


def test_very_long_lines_are_cut_for_people() -> None:
    long = result(snippet="x" * 100_000)
    answer = Answer("q", "/w", "fresh", (long,), 0, None, None, (), None)
    assert len(written(answer, Shape(), AS_OPTIONS, cut=True).body) < 700
    assert len(on_terminal(long)) < 2000


@pytest.mark.parametrize("language", ["python", "csharp", "text", "tsx", "no-such-language", ""])
def test_any_language_is_shown(language: str) -> None:
    assert "insert" in on_terminal(result(language=language))


def test_json_has_the_fields_in_order() -> None:
    assert list(json.loads(json.dumps(asdict(result())))) == [
        *("path", "start_line", "end_line", "symbol", "kind", "language", "score", "snippet"),
        *("lines", "focus", "copies"),
    ]


def test_plain_output_and_search_need_neither_rich_nor_models() -> None:
    code = (
        "import sys, lumen_hooks.cli.render, lumen_hooks.search.query,"
        " lumen_hooks.excerpts.snippets\n"
        "print(sorted({'rich', 'fastembed', 'tree_sitter', 'pygit2', 'sqlite3', 'onnxruntime'}"
        " & set(sys.modules)))"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
