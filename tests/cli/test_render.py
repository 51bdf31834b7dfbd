from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict
from subprocess import run

import pytest
from rich.console import Console

from lumen_hooks.cli.render import render_plain, render_terminal
from lumen_hooks.search.results import SearchResult
from lumen_hooks.system.terminal import escape_controls


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
    render_terminal(results, console)
    return file.getvalue()


def test_plain() -> None:
    assert render_plain([result(), result("b.py", "", "")]) == (
        "src/a.py:41-43  Store.insert  0.512\n"
        "    def insert(self):\n"
        "\n"
        "        return 1\n"
        "\n"
        "b.py:41-43  -  0.512\n"
    )
    assert render_plain([]) == ""


def test_terminal() -> None:
    lines = on_terminal(result()).splitlines()
    assert lines[0] == "src/a.py:41  Store.insert  method  0.51"
    assert lines[1].split() == ["41", "def", "insert(self):"]
    assert lines[3].split() == ["43", "return", "1"]


def test_terminal_highlights_code_and_place() -> None:
    shown = on_terminal(result(), color=True)
    assert "\x1b[1msrc/a.py:41" in shown
    assert shown.count("\x1b[") > 8


def test_terminal_shows_the_beginning_of_long_code() -> None:
    shown = on_terminal(result(snippet="\n".join(f"line_{n}" for n in range(40))))
    assert "line_11" in shown
    assert "line_12" not in shown
    assert "28 more lines" in shown


HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 a\rb \x9b31m \u202e\u2066 \x00 \x7f \u200b \ud800 [bold]x[/bold] [/]"
)


def test_nothing_steers_a_terminal() -> None:
    hostile = result(f"{HOSTILE}\n.py", f"{HOSTILE}\t", f"{HOSTILE}\n{HOSTILE}")
    for shown in (render_plain([hostile]), on_terminal(hostile)):
        assert not set(shown) & set("\x1b\x07\r\x9b\u202e\u2066\x00\x7f\u200b\ud800")
        assert r"\x1b[2J" in shown
        assert r"\x9b31m" in shown
        assert r"\u202e" in shown
        assert "[bold]x[/bold]" in shown
    first = render_plain([hostile]).split("\n", 1)[0]
    assert first.endswith(r"\t  0.512")


@pytest.mark.parametrize("text", ["tab\tand\nline", "größe 日本語 🎉", "\\x1b"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escape_controls(text) == text


def test_very_long_lines_are_cut_for_people() -> None:
    long = result(snippet="x" * 100_000)
    assert len(render_plain([long])) < 700
    assert len(on_terminal(long)) < 2000


@pytest.mark.parametrize("language", ["python", "csharp", "text", "tsx", "no-such-language", ""])
def test_any_language_is_shown(language: str) -> None:
    assert "insert" in on_terminal(result(language=language))


def test_json_has_the_fields_in_order() -> None:
    assert list(json.loads(json.dumps(asdict(result())))) == [
        *("path", "start_line", "end_line", "symbol", "kind", "language", "score", "snippet")
    ]


def test_plain_output_and_search_need_neither_rich_nor_models() -> None:
    code = (
        "import sys, lumen_hooks.cli.render, lumen_hooks.search.query,"
        " lumen_hooks.service.snippets\n"
        "print(sorted({'rich', 'fastembed', 'tree_sitter', 'pygit2', 'sqlite3', 'onnxruntime'}"
        " & set(sys.modules)))"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
