"""Notebooks: what their cells say is found, on the lines of the file, without outputs."""

from __future__ import annotations

import json

import pytest

from lumen_hooks.chunking.chunker import chunk_file, is_parsed
from lumen_hooks.chunking.parts.notebook import read_notebook
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.storage.lexical_terms import UNTOLD, lexical_words

PICTURE = {"data": {"image/png": "iVBORw0KGgo" * 200}, "output_type": "display_data"}
LOAD = 'def load(path):\n    """Read it."""\n    return open(path, "rb").read()\n'


def cell(
    source: str, kind: str = "code", *, lines: bool = True, **more: object
) -> dict[str, object]:
    """A cell as nbformat 4 has it, `lines` as most programs write it."""
    outputs = {"execution_count": 1, "outputs": []} if kind == "code" else {}
    told: object = source.splitlines(keepends=True) if lines else source
    return {"cell_type": kind, **outputs, "metadata": {}, **more, "source": told}


def notebook(*cells: dict[str, object], language: str = "python", indent: int | None = 1) -> str:
    kernel = {"kernelspec": {"display_name": language, "language": language, "name": language}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4}, indent=indent)


def symbols(text: str) -> list[tuple[str, str]]:
    return [(one.symbol, one.kind) for one in chunk_file("a.ipynb", text).chunks]


def test_cells_are_cut_by_their_language_on_the_lines_of_the_file() -> None:
    text = notebook(
        cell("# Study\n\nHow files are read.\n", "markdown"),
        cell("%matplotlib inline\n!pip install x\n" + LOAD, outputs=[PICTURE]),
        cell("load('a')\n", outputs=[PICTURE]),
        cell("## Results\n\nThey are good.", "markdown"),
    )
    found = chunk_file("a.ipynb", text)
    assert (found.language, found.parse_failed, found.quoted) == ("jupyter", False, True)
    assert [(one.symbol, one.kind) for one in found.chunks] == [
        ("Study", "section"),
        ("load", "function"),
        ("Study", "section"),
        ("Study > Results", "section"),
    ]
    rows = text.split("\n")
    for chunk in found.chunks:
        shown = rows[chunk.start_line - 1 : chunk.end_line]
        for line in chunk.text.split("\n"):
            if line and not line.startswith("```"):
                assert any(json.dumps(line)[1:-1] in row for row in shown)
        assert not any("image/png" in row for row in shown)
    (held,) = found.chunks[1].holds
    assert rows[held.start_line - 1].strip() == r'"def load(path):\n",'
    assert 'open(path, "rb")' in found.chunks[1].text


def test_lines_are_told_by_the_child_as_they_are_here() -> None:
    text = notebook(cell(LOAD, outputs=[PICTURE]), cell("# A\n", "markdown"))
    assert is_parsed("jupyter", text)
    with Chunker() as chunker:
        assert chunker.cut("a.ipynb", text) == chunk_file("a.ipynb", text)


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
@pytest.mark.parametrize("lines", [True, False])
def test_every_way_to_write_it_says_the_same(indent: int | None, lines: bool) -> None:
    cells = [cell("# A\n\nb \u00e9 \U0001f600", "markdown", lines=lines), cell(LOAD, lines=lines)]
    text = notebook(*cells, indent=indent)
    read = read_notebook(text)
    assert read is not None
    assert read.text == f"# A\n\nb \u00e9 \U0001f600\n\n```python\n{LOAD}```"
    assert len(read.rows) == len(read.text.split("\n"))
    assert symbols(text)[-1][0].endswith("load")


def test_an_output_ends_a_chunk_and_nothing_else_does() -> None:
    small = [cell("a = 1\n"), cell("b = 2\n"), cell("c = 3\n")]
    (together,) = chunk_file("a.ipynb", notebook(*small)).chunks
    assert "a = 1" in together.text
    assert "c = 3" in together.text
    small[1] |= {"outputs": [PICTURE]}
    assert len(chunk_file("a.ipynb", notebook(*small)).chunks) == 2


@pytest.mark.parametrize(
    ("source", "own", "language"),
    [
        ("%%bash\nls\n", "", "bash"),
        ("%%time\nls()\n", "", "julia"),
        ("%%writefile a/b.py\nls()\n", "", "py"),
        ("ls()\n", "", "julia"),
        ("ls()\n", "R", "r"),
    ],
)
def test_which_language_a_cell_is_in(source: str, own: str, language: str) -> None:
    read = read_notebook(notebook(cell(source, language=own), language="julia"))
    assert read is not None
    assert read.text.split("\n")[0] == f"```{language}"


def test_what_a_cell_leaves_open_ends_with_it() -> None:
    text = notebook(cell("```\nopen", "markdown"), cell("# A", "markdown"), cell(LOAD))
    assert symbols(text)[-1][0].split(", ")[0] == "A"


def test_code_that_shows_fences_ends_where_the_cell_ends() -> None:
    text = notebook(cell(f'"""\n````\n# No heading\n```\n"""\n{LOAD}'), cell("# A", "markdown"))
    assert {held.name for one in chunk_file("a.ipynb", text).chunks for held in one.holds} == {
        "load",
        "A",
    }


def test_notebooks_of_version_3() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Title"]},
        {"cell_type": "code", "input": LOAD.splitlines(keepends=True), "language": "python"},
    ]
    read = read_notebook(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}, indent=1))
    assert read is not None
    assert read.text == f"## Title\n\n```python\n{LOAD}```"


WHOLE = notebook(cell("# A", "markdown"), cell(LOAD, outputs=[PICTURE]))


@pytest.mark.parametrize(
    "text",
    [
        WHOLE[:-20],
        WHOLE.replace('"cells"', "<<<<<<< HEAD"),
        WHOLE.replace("def", '"def'),
        WHOLE.replace('"cells"', '"others"'),
        "[]",
        "{}",
        "not JSON",
        '{"cells": ' + "[" * 50_000,
        '{"cells": [{"source": ["a", {}]}]}',
        '{"cells": [{"source": "\\ud800\\x"}]}',
    ],
    ids=range(10),
)
def test_what_is_damaged_is_cut_by_lines(text: str) -> None:
    found = chunk_file("a.ipynb", text)
    assert found.parse_failed
    assert not found.quoted
    assert found.chunks
    assert found.chunks[0].start_line == 1


def test_a_notebook_without_a_word_has_no_chunks() -> None:
    assert chunk_file("a.ipynb", notebook(cell("\n"), cell("", "markdown"))).chunks == ()


def test_words_beside_the_cells_are_untold() -> None:
    assert UNTOLD in lexical_words("a.ipynb", "", "b", untold=True).split()
