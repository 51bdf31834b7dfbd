"""Code within prose: where a document shows a listing, and in which language it says it is.

Markdown's fences (CommonMark 4.5, and those in lists, admonitions and tabs, which stand further
right), R Markdown's and Quarto's chunks, MDX's exports, the blocks of reStructuredText, AsciiDoc,
Org and LaTeX. Lines decide; nothing is parsed. Knows languages only as the documents write them.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.chunking.lines import SourceLines

INFO_MAX = 200
"""So much of a line is looked at."""

_FENCE = re.compile(r"[ \t]*(?:[-*+>] +)?(`{3,}(?=[^`]*$)|~{3,})(.*)")
_INFO = re.compile(r"\{?[ \t]*\.?([\w+#./-]+)\}?(?:[ \t]+\.?([\w+#./-]+))?")
_LEFT = 3
"""A fence further right stands in something: a list, an admonition, a tab."""

_DIRECTIVES = frozenset({"code", "code-block", "code-cell", "sourcecode"})
"""MyST and Sphinx: the language is what follows."""

_EXPORT = re.compile(r"export\s")
_CLOSER = re.compile(r"[\s})\]>]")
"""So begin rows that belong to what is above a blank line."""


class Listing(NamedTuple):
    """Code in a document.

    Attributes:
        first: the row that opens it.
        last: the row that closes it.
        code_first: the first row of code.
        code_last: the last one; less than `code_first` if there is none.
        info: what the document says of its language: a name, an alias, an ending.
    """

    first: int
    last: int
    code_first: int
    code_last: int
    info: str


def fences(lines: SourceLines) -> list[Listing]:
    """Markdown's fences that are closed; a list ends those that stand in it."""
    return [listing for listing, left in _fences(lines) if not left]


def left_open(lines: SourceLines) -> str:
    """The mark that closes what is open at the end of a Markdown text; empty if nothing is."""
    return "".join(left for _, left in _fences(lines))


def _fences(lines: SourceLines) -> Iterator[tuple[Listing, str]]:
    """Yield each fence, with what would close it if nothing does."""
    opened: Listing | None = None
    fence, indent, seen = "", 0, 0
    for row in _marked(lines):
        text = lines.rows[row]
        if opened is not None and indent > _LEFT:
            between = lines.rows[max(opened.first, seen) + 1 : row + 1]
            if any(one[:indent].strip(" \t") for one in between):
                opened = None
        seen = row
        if opened is None:
            if match := _FENCE.match(text):
                opened = Listing(row, row, row + 1, row, info_of(match[2]))
                fence, indent = match[1], match.start(1)
            continue
        closing = text.strip()
        if closing.startswith(fence) and not closing.strip(fence[0]):
            yield opened._replace(last=row, code_last=row - 1), ""
            opened = None
    if opened is not None:
        yield opened, fence


def _marked(lines: SourceLines) -> list[int]:
    """The rows that have the mark of a fence in them: few, so each row is not looked at."""
    return sorted({*_rows_with("```", lines), *_rows_with("~~~", lines)})


def _rows_with(mark: str, lines: SourceLines) -> Iterator[int]:
    # No regular expression finds a text as fast.
    at = lines.whole.find(mark)
    while at >= 0:
        row = lines.row_at(at)
        yield row
        at = lines.whole.find(mark, lines.start(row + 1))


def info_of(text: str) -> str:
    """The language that an info string names, as it names it."""
    match = _INFO.match(text[:INFO_MAX].strip())
    if match is None:
        return ""
    name = match[1]
    if name in _DIRECTIVES:
        name = match[2] or ""
    # `js:app.js`, `rust,ignore` and `{r, echo=FALSE}` end at what no name has.
    return name


def exports(lines: SourceLines, known: Sequence[Listing]) -> Iterator[Listing]:
    """Yield what MDX exports: from `export` to the blank line before what begins further left.

    Args:
        lines: of the document.
        known: its fences, in order: what stands in them is none.
    """
    rows, last, following = lines.rows, -1, deque(known)
    for first in _rows_with("export", lines):
        if not _EXPORT.match(rows[first]):
            continue
        while following and following[0].last < first:
            following.popleft()
        if first <= last or (following and following[0].first < first):
            continue
        last = first
        for row in range(first + 1, len(rows)):
            if lines.is_blank(row):
                continue
            if lines.is_blank(row - 1) and not _CLOSER.match(rows[row]):
                break
            last = row
        yield Listing(first, last, first, last, "jsx")


class Style(NamedTuple):
    """How a markup language marks its listings.

    Attributes:
        opening: matches the row that opens one, after its indentation; `info` is the language.
        closing: matches the row that closes it; None where all that is further right belongs to it.
        delimiter: matches the row below the opening one, where it is repeated to close.
    """

    opening: re.Pattern[str]
    closing: re.Pattern[str] | None = None
    delimiter: re.Pattern[str] | None = None


STYLES = {
    "rst": Style(re.compile(r"\.\. (?:code|code-block|sourcecode):: *(?P<info>[\w+#.-]+)")),
    "asciidoc": Style(
        re.compile(r"\[(?:source)?[\w%]*, *(?:subs=[^,\]]*, *)?(?P<info>[\w+#.-]+)"),
        delimiter=re.compile(r"(?:-{4,}|\.{4,}|={4,}|`{3,})$"),
    ),
    "org": Style(
        re.compile(r"#\+begin_src\s+(?P<info>[\w+#.-]+)", re.IGNORECASE),
        re.compile(r"#\+end_src", re.IGNORECASE),
    ),
    "latex": Style(
        re.compile(
            r"\\begin\{(?:minted\}(?:\[[^\]]*\])?\{|lstlisting\}\[[^\]]*language=\{?)"
            r"(?P<info>[\w+#.-]+)"
        ),
        re.compile(r"\\end\{(?:minted|lstlisting)\}"),
    ),
}


def blocks(style: Style, rows: Sequence[str]) -> Iterator[Listing]:
    """Yield the listings of a document of a style that are closed."""
    row = 0
    while row < len(rows):
        start = rows[row][:INFO_MAX]
        opening = style.opening.match(start.lstrip(" \t"))
        found = None if opening is None else _block(style, rows, row, _indent(start))
        if opening is not None and found is not None:
            yield found._replace(info=opening["info"])
            row = found.last
        row += 1


def _block(style: Style, rows: Sequence[str], first: int, indent: int) -> Listing | None:
    if style.closing is None and style.delimiter is None:
        return _indented(rows, first, indent)
    code = first + 1
    closing = style.closing
    if style.delimiter is not None:
        mark = rows[code].rstrip() if code < len(rows) else ""
        if not style.delimiter.match(mark[:INFO_MAX]):
            return None
        closing = re.compile(re.escape(mark) + r"\s*$")
        code += 1
    for row in range(code, len(rows)):
        if closing is not None and closing.match(rows[row][:INFO_MAX].lstrip(" \t")):
            return Listing(first, row, code, row - 1, "")
    return Listing(first, len(rows) - 1, code, code - 1, "")


def _indented(rows: Sequence[str], first: int, indent: int) -> Listing | None:
    """A block of rows further right than its directive, options (`:linenos:`) before the code."""
    last, code = first, first + 1
    for row in range(first + 1, len(rows)):
        text = rows[row][:INFO_MAX]
        if not text.strip():
            continue
        if _indent(text) <= indent:
            break
        if code == row and text.lstrip().startswith(":"):
            code += 1
        last = row
    return Listing(first, last, code, last, "") if last > first else None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))
