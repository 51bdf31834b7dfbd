"""Definitions behind an error that their parser does not get over."""

from __future__ import annotations

import pytest
import tree_sitter

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.settings import READ_ON_MAX
from lumen_hooks.chunking.syntax.grammars import language_and_query
from lumen_hooks.chunking.syntax.lost import blank_before
from tests.chunking.checks import assert_covers

# A brace that stays open: tree-sitter-kotlin 1.1 makes an error of everything behind it.
LOST = """\
        when (holder{n}) {{
"""


def function(name: str, lines: int = 30) -> str:
    body = "\n".join(f"    println({name}_{n} + {n})" for n in range(lines))
    return f"\n/** What {name} does. */\npublic fun {name}(): Unit {{\n{body}\n}}\n"


def symbols(path: str, text: str) -> set[str]:
    chunked = chunk_file(path, text)
    assert not chunked.parse_failed
    assert_covers(text, chunked.chunks)
    return {held.name for chunk in chunked.chunks for held in chunk.holds}


def test_what_is_lost_is_an_error() -> None:
    language, _ = language_and_query("kotlin")
    text = LOST.format(n=1) + function("after") * 3
    children = tree_sitter.Parser(language).parse(text.encode()).root_node.children
    assert children[-1].is_error, "the grammar reads it now: another text is needed here"


def test_definitions_behind_an_error_are_found() -> None:
    names = [f"after{n}" for n in range(4)]
    text = function("before") + LOST.format(n=1) + "".join(map(function, names))
    assert {"before", *names} <= symbols("a.kt", text)


def test_an_error_behind_an_error_is_passed_too() -> None:
    names = [f"after{n}" for n in range(3 * 3)]
    blocks = [LOST.format(n=n) + "".join(map(function, names[3 * n : 3 * n + 3])) for n in range(3)]
    assert set(names) <= symbols("a.kt", "\n".join(blocks))


def test_reading_on_has_an_end() -> None:
    count = 2 * READ_ON_MAX
    blocks = [LOST.format(n=n) + function(f"after{n}", 90) for n in range(count)]
    found = symbols("a.kt", "\n".join(blocks))
    assert "after0" in found
    assert f"after{count - 1}" not in found


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("ab\n\nc d\nef\n", 2, "  \n\nc d\nef\n"),
        ("é\nx\n", 1, "  \nx\n"),
        ("<?php\na\n\nb\n", 3, "<?php\n \n\nb\n"),
        ("a\nb\n", 0, "a\nb\n"),
    ],
)
def test_what_is_in_front_is_blank_and_as_long(text: str, row: int, expected: str) -> None:
    source = text.encode()
    blank = blank_before(source, row)
    assert blank.decode() == expected
    assert len(blank) == len(source)
    assert len(SourceLines(blank.decode()).rows) == len(SourceLines(text).rows)
