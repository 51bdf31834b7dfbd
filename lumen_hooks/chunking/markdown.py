"""Markdown by its headings, without a parser: a section is what stands below one heading.

Headings in fenced code and in front matter are none (CommonMark 4.2, 4.3 and 4.5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .pieces import Defined, Piece, merged

if TYPE_CHECKING:
    from .lines import SourceLines

_ATX = re.compile(r" {0,3}(#{1,6})(?![^ \t])")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_NO_PARAGRAPH = re.compile(r" {4}|\t|\s*(?:[-*+>|]|\d+[.)])\s| {0,3}#{1,6}\s")
_TITLE_MAX = 100


class _Heading(NamedTuple):
    row: int
    level: int
    title: str


def sections(lines: SourceLines) -> list[Piece]:
    """Cut at the headings; `owner` of each piece is the path of headings, `A > B`."""
    pieces: list[Piece] = []
    last_row = len(lines.rows) - 1
    headings = _headings(lines)
    if not headings or headings[0].row > 0:
        end = headings[0].row - 1 if headings else last_row
        pieces.append(Piece(0, end, "section", [], "", -1))
    path: list[_Heading] = []
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


def _is_bare(lines: SourceLines, heading: _Heading, end: int, following: _Heading) -> bool:
    if following.level <= heading.level:
        return False
    underline = heading.row + 1
    body = underline + 1 if _is_underline(lines, underline) else underline
    return lines.trimmed(body, end) is None


def _is_underline(lines: SourceLines, row: int) -> bool:
    return row < len(lines.rows) and _SETEXT.match(lines.rows[row]) is not None


def _headings(lines: SourceLines) -> list[_Heading]:
    headings = []
    fence = ""
    rows = lines.rows
    row = _front_matter_end(rows)
    paragraph = False
    while row < len(rows):
        text = rows[row]
        mark = _FENCE.match(text)
        if fence:
            if mark and mark[1].startswith(fence) and not text.strip().strip(fence[0]):
                fence = ""
            paragraph = False
        elif mark:
            fence, paragraph = mark[1], False
        elif atx := _ATX.match(text):
            headings.append(_Heading(row, len(atx[1]), _title(_without_closing(text[atx.end() :]))))
            paragraph = False
        elif paragraph and (setext := _SETEXT.match(text)):
            level = 1 if setext[1][0] == "=" else 2
            headings.append(_Heading(row - 1, level, _title(rows[row - 1])))
            paragraph = False
        else:
            paragraph = not lines.is_blank(row) and not _NO_PARAGRAPH.match(text)
        row += 1
    return headings


def _front_matter_end(rows: list[str]) -> int:
    if rows[0].lstrip("\ufeff").rstrip() not in {"---", "+++"}:
        return 0
    for row in range(1, min(len(rows), 200)):
        if rows[row].rstrip() == rows[0].lstrip("\ufeff").rstrip():
            return row + 1
    return 0


def _without_closing(text: str) -> str:
    """What follows a heading's mark, without the marks that close it."""
    # By hand: a regular expression takes quadratic time for a long run of spaces.
    title = text.strip(" \t")
    shorter = title.rstrip("#")
    closed = shorter != title and shorter[-1:] in {" ", "\t"}
    return shorter.rstrip(" \t") if closed else title


def _title(text: str) -> str:
    return " ".join(text.split())[:_TITLE_MAX]
