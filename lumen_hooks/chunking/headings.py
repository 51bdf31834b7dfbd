"""Texts by their headings: a section is what stands below one heading, up to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .pieces import Defined, Piece, merged

if TYPE_CHECKING:
    from .lines import SourceLines

_TITLE_MAX = 100


class Heading(NamedTuple):
    """A heading.

    Attributes:
        row: where it begins.
        body: the row below it.
        level: how high it stands; 1 is highest.
        title: its text, on one line.
    """

    row: int
    body: int
    level: int
    title: str


def sections(lines: SourceLines, headings: list[Heading]) -> list[Piece]:
    """Cut at the headings; `owner` of each piece is the path of headings, `A > B`."""
    pieces: list[Piece] = []
    last_row = len(lines.rows) - 1
    if not headings or headings[0].row > 0:
        end = headings[0].row - 1 if headings else last_row
        pieces.append(Piece(0, end, "section", [], "", -1))
    path: list[Heading] = []
    start: int | None = None
    for index, heading in enumerate(headings):
        while path and path[-1].level >= heading.level:
            path.pop()
        parent = path[-1].row + 1 if path else -1
        path.append(heading)
        end = headings[index + 1].row - 1 if index + 1 < len(headings) else last_row
        start = heading.row if start is None else start
        if index + 1 < len(headings) and _is_bare(lines, heading, end, headings[index + 1]):
            # A heading with nothing below but a deeper heading goes with that one.
            continue
        symbol = " > ".join(one.title for one in path)
        section = Piece(start, end, "section", [symbol], symbol, parent)
        section.defined = [Defined("section", symbol, start, end)]
        pieces.append(section)
        start = None
    return merged(pieces, lines)


def _is_bare(lines: SourceLines, heading: Heading, end: int, following: Heading) -> bool:
    return following.level > heading.level and lines.trimmed(heading.body, end) is None


def title(text: str) -> str:
    """A heading's text as sections are named by it."""
    return " ".join(text.split())[:_TITLE_MAX]
