"""The headings of Markdown, without a parser.

Headings in fenced code and in front matter are none (CommonMark 4.2, 4.3 and 4.5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .headings import Heading, title

if TYPE_CHECKING:
    from .lines import SourceLines

_ATX = re.compile(r" {0,3}(#{1,6})(?![^ \t])")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_NO_PARAGRAPH = re.compile(r" {4}|\t|\s*(?:[-*+>|]|\d+[.)])\s| {0,3}#{1,6}\s")


def headings(lines: SourceLines) -> list[Heading]:
    """The headings of a Markdown text, in order."""
    found: list[Heading] = []
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
            text = title(_without_closing(text[atx.end() :]))
            found.append(Heading(row, row + 1, len(atx[1]), text))
            paragraph = False
        elif paragraph and (setext := _SETEXT.match(text)):
            level = 1 if setext[1][0] == "=" else 2
            found.append(Heading(row - 1, row + 1, level, title(rows[row - 1])))
            paragraph = False
        else:
            paragraph = not lines.is_blank(row) and not _NO_PARAGRAPH.match(text)
        row += 1
    return found


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
