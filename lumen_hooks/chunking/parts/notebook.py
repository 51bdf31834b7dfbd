"""A Jupyter notebook as the document that its author wrote: cells in order, as Markdown.

On disk it is JSON (nbformat 3 and 4), the lines of a cell in quotes between outputs, pictures and
settings. Here it becomes Markdown with a fence for each cell of code, and of every row it is known
on which row of the file it stands, so that what is found can be shown where it is. The file is
read token by token rather than by a JSON parser, which tells no places.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.lines import SourceLines

from .fences import left_open

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUT_MIN = 240
"""More characters than this between the lines of two cells are an output: no chunk spans it. What
nbformat writes between them without one is 83 to 142."""

_TOKEN = re.compile(r'[ \t\r\n]*("[^"\\\n]*(?:\\.[^"\\\n]*)*"|[{}\[\],:]|[-+.\w]+)')
_MAGIC = re.compile(r"%%(\w+)(?:[ \t]+(?:-\w+[ \t]+)*(\S+))?")
_SHELL = "capture debug local memit mprun notify prun px skip snakeviz time timeit"
_OWN_LANGUAGE = frozenset(_SHELL.split())
"""Cell magics whose cell is in the notebook's language."""

_FILES = frozenset({"file", "writefile", "%writefile"})
_TICKS = re.compile(r"`{3,}")


class Notebook(NamedTuple):
    """A notebook as Markdown.

    Attributes:
        text: its cells.
        rows: for each row of the text, that of the file.
        breaks: rows of the text that have an output in front of them.
    """

    text: str
    rows: list[int]
    breaks: list[int]


class _Cell:
    def __init__(self) -> None:
        self.kind = ""
        self.language = ""
        self.level = 0
        self.source: list[tuple[str, int, int]] = []
        """Its lines: what each says, where it begins in the file, and on which row."""


class _DamagedError(Exception):
    """This is no notebook."""


def read_notebook(text: str) -> Notebook | None:
    """Read a notebook; None if the text is none, or damaged."""
    reader = _Reader(text)
    try:
        cells, language = _cells(reader)
    except _DamagedError:
        return None
    writer = _Writer()
    for cell in cells:
        if any(line.strip() for line, _, _ in cell.source):
            writer.add(cell, language)
    return Notebook("\n".join(writer.lines), writer.rows, writer.breaks)


class _Writer:
    """Puts cells below each other."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.rows: list[int] = []
        self.breaks: list[int] = []
        self._end = 0

    def add(self, cell: _Cell, language: str) -> None:
        """Add a cell.

        Args:
            cell: one that has lines.
            language: of the notebook's cells of code.
        """
        lines = cell.source
        if self.lines:
            self._put("", self.rows[-1])
            if lines[0][1] - self._end > OUTPUT_MIN:
                self.breaks.append(len(self.lines))
        self._end = lines[-1][1] + len(lines[-1][0])
        first, last = lines[0][2], lines[-1][2]
        if cell.kind == "code":
            runs = (len(run) for line in lines for run in _TICKS.findall(line[0]))
            fence = "`" * (1 + max(runs, default=2))
            self._put(fence + _language(cell, language), first)
            self._all(cell)
            self._put(fence, last)
            return
        prefix = "#" * cell.level + " " if cell.level else ""
        lines[0] = (prefix + lines[0][0], *lines[0][1:])
        self._all(cell)
        if mark := left_open(SourceLines("\n".join(line for line, _, _ in lines))):
            self._put(mark, last)  # what a cell leaves open, ends with it

    def _all(self, cell: _Cell) -> None:
        for line, _, row in cell.source:
            self._put(line, row)

    def _put(self, line: str, row: int) -> None:
        self.lines.append(line)
        self.rows.append(row)


def _language(cell: _Cell, language: str) -> str:
    """What a cell of code is in: as its first line says (`%%bash`), or its editor, or all are."""
    first = next((line for line, _, _ in cell.source if line.strip()), "")
    magic = _MAGIC.match(first)
    if magic is None or magic[1] in _OWN_LANGUAGE:
        return cell.language or language
    if magic[1] in _FILES:
        return (magic[2] or "").rpartition(".")[2]
    return magic[1]


def _cells(reader: _Reader) -> tuple[list[_Cell], str]:
    """The cells of a notebook, and the language of those of code."""
    cells: list[_Cell] | None = None
    language = ""
    for key in reader.members():
        if key == "cells":
            cells = list(_read_cells(reader))
        elif key == "worksheets":
            cells = []
            for _ in reader.elements():
                for inner in reader.members():
                    cells.extend(_read_cells(reader) if inner == "cells" else reader.skip())
        elif key == "metadata":
            language = _kernel(reader)
        else:
            reader.skip()
    if cells is None:
        raise _DamagedError
    return cells, language or "python"


def _kernel(reader: _Reader) -> str:
    """The language that a notebook's settings name."""
    found = {"kernelspec": "", "language_info": ""}
    for key in reader.members():
        if key not in found:
            reader.skip()
            continue
        for inner in reader.members():
            if inner == ("language" if key == "kernelspec" else "name"):
                found[key] = reader.string()
            else:
                reader.skip()
    return (found["language_info"] or found["kernelspec"]).lower()


def _read_cells(reader: _Reader) -> Iterator[_Cell]:
    for _ in reader.elements():
        cell = _Cell()
        for key in reader.members():
            if key == "cell_type":
                cell.kind = reader.string()
            elif key in {"source", "input"}:
                cell.source = list(reader.lines())
            elif key == "language":
                cell.language = reader.string().lower()
            elif key == "level":
                cell.level = reader.level()
            else:
                reader.skip()
        yield cell


class _Reader:
    """Reads JSON from its beginning to its end, and knows where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = 0
        self._row = 0
        self._start = 0

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that comes; the caller reads each value.

        Raises:
            _DamagedError: no object comes, or not all of one.
        """
        self._insist("{")
        found = self._token()
        while found != "}":
            key = _decoded(found)
            self._insist(":")
            yield key
            found = self._next("}")

    def elements(self) -> Iterator[None]:
        """Yield before each element of the array that comes; the caller reads it.

        Raises:
            _DamagedError: no array comes, or not all of one.
        """
        self._insist("[")
        if self._peek() == "]":
            self._token()
            return
        found = ""
        while found != "]":
            yield
            found = self._token()
            if found not in {",", "]"}:
                raise _DamagedError

    def string(self) -> str:
        """Read a string; empty if something else that is simple comes."""
        found = self._token()
        return _decoded(found) if found.startswith('"') else ""

    def level(self) -> int:
        """Read the level of a heading, from 1 to 6."""
        found = self._token()
        return min(6, max(1, int(found))) if found.isdecimal() else 1

    def lines(self) -> Iterator[tuple[str, int, int]]:
        """Read a text, in one string or several, and yield its lines, with offset and row."""
        if self._peek() != "[":
            yield from _lines([self._placed()])
            return
        yield from _lines([self._placed() for _ in self.elements()])

    def skip(self) -> tuple[()]:
        """Read whatever comes, and leave it."""
        depth = 0
        while True:
            found = self._token()
            depth += (found in "{[") - (found in "}]")
            if depth == 0 and found not in ",:":
                return ()
            if depth < 0:
                raise _DamagedError

    def _placed(self) -> tuple[str, int, int]:
        text = self.string()
        self._row += self._text.count("\n", self._counted, self._start)
        self._counted = self._start
        return text, self._start, self._row

    def _next(self, end: str) -> str:
        """The token after a comma, or the one that ends."""
        found = self._token()
        if found == end:
            return found
        if found != ",":
            raise _DamagedError
        return self._token()

    def _insist(self, wanted: str) -> None:
        if self._token() != wanted:
            raise _DamagedError

    def _peek(self) -> str:
        found = self._token()
        self._at = self._start
        return found

    def _token(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise _DamagedError
        self._start, self._at = match.start(1), match.end()
        return match[1]


def _lines(parts: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """The lines of a text that is given in parts, each at the place of the part it begins in."""
    begun: list[str] = []
    offset = row = 0
    for text, start, at in parts:
        *ended, rest = text.split("\n")
        for line in ended:
            if not begun:
                offset, row = start, at
            yield "".join([*begun, line]), offset, row
            begun = []
        if rest:
            if not begun:
                offset, row = start, at
            begun.append(rest)
    if begun:
        yield "".join(begun), offset, row


def _decoded(found: str) -> str:
    if not found.startswith('"'):
        raise _DamagedError
    try:
        return str(json.loads(found, strict=False))
    except ValueError as error:
        raise _DamagedError from error
