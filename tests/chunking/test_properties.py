from __future__ import annotations

import argparse
import inspect
import json.decoder
import textwrap
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumen_hooks.chunking.chunker import chunk_file

from .checks import EXTENSIONS, assert_covers
from .samples import SAMPLES

if TYPE_CHECKING:
    from lumen_hooks.chunking.chunk import ChunkedFile

SOURCE = inspect.getsource(argparse)
SCRIPT = "function add(price) {\n" + "  total += price * 2\n" * 25 + "}\n"
SOURCES = {language: "\n".join([text] * 3) for language, (text, _) in SAMPLES.items()} | {
    "python": inspect.getsource(json.decoder),
    "markdown": "# A\n\ntext\n\n```\n# b\n```\n\nC\n---\n\n```js\n" + SCRIPT + "```\nd\n",
    "vue": f"<template>\n<p>a</p>\n</template>\n<script>\n{SCRIPT}</script>\n<style>\n</style>",
    "html": f"<p>a</p><script>\n{SCRIPT}</script>\n<!-- a --><script>\n{SCRIPT}</script><b>",
    "astro": f"---\n{SCRIPT}---\n<p>a</p>\n<style>\n.a {{}}\n</style>\n",
}
PATHS = {language: f"a.{EXTENSIONS.get(language, language)}" for language in SOURCES}

QUICK = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PATCHES = st.sampled_from(
    [
        "{",
        "}",
        "(",
        "\n",
        "\n\n",
        '"',
        "'",
        "`",
        "#",
        "*/",
        "/*",
        "\0",
        "\r",
        "é",
        "\ud800",
        "<<A\n",
    ]
) | st.text(max_size=5)


@QUICK
@given(
    language=st.sampled_from(sorted(SOURCES)),
    start=st.floats(0, 1),
    length=st.floats(0, 1),
    patches=st.lists(st.tuples(st.floats(0, 1), PATCHES), max_size=6),
)
def test_every_line_is_in_one_chunk_whatever_the_text(
    language: str, start: float, length: float, patches: list[tuple[float, str]]
) -> None:
    text = SOURCES[language]
    first = int(start * len(text))
    text = text[first : first + int(length * len(text)) + 1]
    for place, patch in patches:
        at = int(place * len(text))
        text = text[:at] + patch + text[at:]
    result = chunk_file(PATHS[language], text)
    assert_covers(text, result.chunks)
    assert chunk_file(PATHS[language], text) == result


@QUICK
@given(text=st.text(max_size=400), language=st.sampled_from(sorted(SOURCES)))
def test_any_text_at_all(text: str, language: str) -> None:
    assert_covers(text, chunk_file(PATHS[language], text).chunks)


def _embedded(result: ChunkedFile) -> set[tuple[str, str, str]]:
    return {(chunk.symbol, chunk.header, chunk.text) for chunk in result.chunks}


def test_an_edit_changes_the_chunk_around_it_and_no_other() -> None:
    before = _embedded(chunk_file("a.py", SOURCE))
    assert len(before) > 60
    rows = SOURCE.split("\n")
    places = [
        number
        for number, row in enumerate(rows)
        if row.startswith("        ") and row.strip().startswith(("return ", "self.", "if "))
    ][::20]
    changed = []
    for place in places:
        indent = rows[place][: len(rows[place]) - len(rows[place].lstrip())]
        edited = [*rows[:place], f"{indent}edited = {place}", *rows[place:]]
        after = _embedded(chunk_file("a.py", "\n".join(edited)))
        changed.append(len(after - before))
    assert len(places) > 12
    # A second chunk changes only where the edit takes a piece across one of the sizes.
    assert max(changed) <= 3
    assert sum(count == 1 for count in changed) >= 0.85 * len(changed)


def test_lines_added_above_change_no_text() -> None:
    before = _embedded(chunk_file("a.py", SOURCE))
    after = _embedded(chunk_file("a.py", "# One more line.\n\n" + SOURCE))
    assert len(after - before) <= 1


def test_chunks_depend_on_the_language_and_not_on_the_path() -> None:
    assert chunk_file("a.py", SOURCE) == chunk_file("deep/er/B.PY", SOURCE)
    script = "#!/usr/bin/env python3\n" + SOURCE
    assert chunk_file("tool", script) == chunk_file("tool.py", script)


def test_a_class_moved_in_the_file_keeps_its_chunks() -> None:
    text = textwrap.dedent(inspect.getsource(argparse.ArgumentParser))
    alone = _embedded(chunk_file("a.py", text))
    below = _embedded(chunk_file("a.py", "x = 1\n" * 400 + "\n\n" + text))
    assert len(alone - below) == 0
