"""The headings of reStructuredText, AsciiDoc, Org and LaTeX, without a parser.

A line decides, and what stands right below or above it. Headings in listings are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .headings import Heading, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .lines import SourceLines

_PREFIX = 400
_RST_LINE = re.compile(r"([!-/:-@\[-`{-~])\1*\s*$")
_RST_LEVELS_MAX = 16
_ASCIIDOC = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_ASCIIDOC_LISTING = re.compile(r"(?:-{4,}|\.{4,}|`{3,}.*|/{4,}|\+{4,}|\|===)\s*$")
_ORG = re.compile(
    r"(\*+)[ \t]+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)[ \t]+)?(?:\[#\w\][ \t]+)?(\S.*)"
)
_ORG_TAGS = re.compile(r"[ \t]:[\w@#%:]+:$")
_ORG_BLOCK = re.compile(r"[ \t]*#\+(begin|end)_(\w+)", re.IGNORECASE)
_LATEX_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_LATEX = re.compile(
    r"[ \t]*\\(part|chapter|section|subsection|subsubsection|paragraph)\*?[ \t]*"
    r"(?:\[[^\]]*\])?\{(.*)"
)
_LATEX_VERBATIM = re.compile(r"[ \t]*\\(begin|end)\{(verbatim|lstlisting|minted|comment)\*?\}")


def headings(language: str, lines: SourceLines) -> list[Heading]:
    """Find the headings of a text, in order.

    Raises:
        KeyError: nothing is known of that language's headings.
    """
    return list(_STYLES[language](lines))


def _rst(lines: SourceLines) -> Iterator[Heading]:
    """Sections of reStructuredText: a mark's level is when it first came, overlined ones apart."""
    rows = lines.rows
    marks: list[str] = []
    for row in range(1, len(rows)):
        text = rows[row - 1][:_PREFIX].rstrip()
        mark = _underline(rows, row)
        if not mark or not text or _underline(rows, row - 1) or len(rows[row].rstrip()) < len(text):
            continue
        over = row >= 2 and _underline(rows, row - 2) == mark
        if not over and (text[0].isspace() or (row >= 2 and not lines.is_blank(row - 2))):
            # A table, a transition or the end of a paragraph.
            continue
        style = mark * 2 if over else mark
        if style not in marks:
            if len(marks) == _RST_LEVELS_MAX:
                continue
            marks.append(style)
        start = row - 2 if over else row - 1
        yield Heading(start, row + 1, marks.index(style) + 1, title(text))


def _underline(rows: list[str], row: int) -> str:
    """The mark that a line consists of, or nothing."""
    text = rows[row]
    if len(text) > _PREFIX or len(text.rstrip()) < 2:
        return ""
    match = _RST_LINE.match(text)
    return match[1] if match else ""


def _asciidoc(lines: SourceLines) -> Iterator[Heading]:
    listing = ""
    for row, whole in enumerate(lines.rows):
        text = whole[:_PREFIX].rstrip()
        if _ASCIIDOC_LISTING.match(text):
            mark = text[:3]
            listing = "" if listing == mark else listing or mark
        elif not listing and (match := _ASCIIDOC.match(text)):
            yield Heading(row, row + 1, len(match[1]), title(match[2].rstrip("= ")))


def _org(lines: SourceLines) -> Iterator[Heading]:
    block = ""
    for row, whole in enumerate(lines.rows):
        text = whole[:_PREFIX].rstrip()
        if mark := _ORG_BLOCK.match(text):
            name = mark[2].lower()
            if mark[1].lower() == "begin":
                block = block or name
            elif name == block:
                block = ""
        elif not block and (match := _ORG.match(text)):
            yield Heading(row, row + 1, len(match[1]), title(_ORG_TAGS.sub("", match[2])))


def _latex(lines: SourceLines) -> Iterator[Heading]:
    verbatim = ""
    for row, whole in enumerate(lines.rows):
        text = whole[:_PREFIX]
        if mark := _LATEX_VERBATIM.match(text):
            if mark[1] == "begin":
                verbatim = verbatim or mark[2]
            elif mark[2] == verbatim:
                verbatim = ""
        elif not verbatim and (match := _LATEX.match(text)):
            level = _LATEX_LEVELS.index(match[1]) + 1
            yield Heading(row, row + 1, level, title(_braced(match[2])))


def _braced(text: str) -> str:
    """What stands before the brace that closes an argument."""
    depth = 1
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if not depth:
            return text[:at]
    return text


_STYLES: dict[str, Callable[[SourceLines], Iterator[Heading]]] = {
    "asciidoc": _asciidoc,
    "latex": _latex,
    "org": _org,
    "rst": _rst,
}
