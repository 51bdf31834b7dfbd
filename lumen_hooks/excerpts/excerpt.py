"""What is shown of a result: where it begins, and the lines that say what was asked.

Of a result that is longer than whoever asks wants to read: its signature, then the lines around
those in its focus; between two stretches one line that says what is left out,
`… 120 lines (43-162)`. Knows results, no files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lumen_hooks.search.results import SearchResult

R = TypeVar("R", bound="SearchResult")

SNIPPET_LINES = 10
"""Lines of a result in a pipe and as JSON, unless more are asked for."""

LEFT_OUT = "…"

_SIGNATURE_SHARE = 4
_SIGNATURE_LINES_MAX = 5
_LOOKED_AT = 80
_WINDOW_LINES = 10
_COMMENT = re.compile(r"\s*(?:#(?!\s*define\b|\[)|#\[|//|/?\*|--|;|%|@|<!--|$)")
_OPEN = re.compile(r"[(\[]")
_CLOSE = re.compile(r"[)\]]")


def excerpt(result: R, max_lines: int) -> R:
    """A result with at most so many of its lines.

    Args:
        result: with all of its lines.
        max_lines: from 1; lines that say what is left out are not counted.
    """
    rows = result.snippet.split("\n")
    if len(rows) <= max_lines or len(result.lines) > 1:
        return result
    first = result.lines[0][0] if result.lines else result.start_line
    chosen = _chosen(result, rows, [line - first for line in result.focus], max_lines)
    stretches = list(_stretches(chosen))
    lines = tuple((start + first, end + first) for start, end in stretches)
    return replace(result, lines=lines, snippet=joined(rows, first, lines))


def foremost_line(result: SearchResult) -> tuple[int, str]:
    """The one line that stands for a result, and its number: the best, else its signature's.

    Args:
        result: with all of its lines.
    """
    rows = result.snippet.split("\n")
    opening = 0 if result.kind == "section" else _opening(rows, result.symbol)[0]
    row = result.focus[0] - result.start_line if result.focus else opening
    row = row if 0 <= row < len(rows) else 0
    return result.start_line + row, rows[row]


def joined(rows: Sequence[str], first: int, lines: Iterable[tuple[int, int]]) -> str:
    """The stretches of a text that starts at line `first`, with a line for what is between."""
    shown: list[str] = []
    before = 0
    for start, end in lines:
        if shown:
            shown.append(left_out(before + 1, start - 1))
        shown.extend(rows[start - first : end - first + 1])
        before = end
    return "\n".join(shown)


def left_out(first: int, last: int) -> str:
    """What is said in the place of the lines `first` to `last`."""
    number = last - first + 1
    where = f"{first}-{last}" if number > 1 else f"{first}"
    return f"{LEFT_OUT} {number:,} line{'s' if number > 1 else ''} ({where})"


def ends(start: int, end: int, lines: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """What is said of lines that are left out above and below; empty where none are.

    Args:
        start: first line of the result.
        end: last line of it.
        lines: the stretches that are shown.
    """
    if not lines:
        return "", ""
    above, below = lines[0][0] - 1, lines[-1][1] + 1
    return (
        left_out(start, above) if above >= start else "",
        left_out(below, end) if below <= end else "",
    )


def _chosen(
    result: SearchResult, rows: Sequence[str], focus: Sequence[int], max_lines: int
) -> set[int]:
    opening = (0, 0) if result.kind == "section" else _opening(rows, result.symbol)
    chosen: list[int] = list(focus[:1]) or [opening[0]]
    chosen.extend(_signature(opening, max_lines - 1))
    wanted = list(focus[: 1 + max_lines // _WINDOW_LINES]) or [opening[-1]]
    # The best place gets twice as much as each of the others.
    around = [_around(row, len(rows)) for row in (wanted[0], *wanted)]
    found = dict.fromkeys(chosen)
    while len(found) < max_lines and around:
        for rows_around in list(around):
            row = next((row for row in rows_around if row not in found), None)
            if row is None:
                around.remove(rows_around)
            elif len(found) < max_lines:
                found[row] = None
    return set(found)


def _signature(opening: tuple[int, int], room: int) -> range:
    """The rows of a signature that are shown: with what stands above it, if that is little."""
    first, last = opening
    allowed = min(max(1, room // _SIGNATURE_SHARE), _SIGNATURE_LINES_MAX) if room > 1 else 0
    start = 0 if last < allowed else first
    return range(start, min(last + 1, start + allowed))


def _around(row: int, count_of_rows: int) -> Iterator[int]:
    """Rows from the middle to both sides, twice as many below."""
    for step in count():
        near = (row + 2 * step - 1, row + 2 * step, row - step)
        inside = [one for one in near if 0 <= one < count_of_rows]
        if step and not inside:
            return
        yield from inside if step else [row]


def _stretches(chosen: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = -1
    for row in sorted(chosen):
        if start >= 0 and row != end + 1:
            yield start, end
            start = row
        start = row if start < 0 else start
        end = row
    if start >= 0:
        yield start, end


def _opening(rows: Sequence[str], symbol: str) -> tuple[int, int]:
    """The first and last row of what a definition begins with, below its comments.

    The first of its rows that is no comment and has its name, else the first that is no comment;
    further rows as long as a bracket is open.
    """
    name = symbol.split(", ", maxsplit=1)[0].rsplit(".", 1)[-1]
    own = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") if name else None
    start = 0
    code = [row for row, _ in _code(rows[:_LOOKED_AT])]
    if code:
        start = next((row for row in code if own and own.search(rows[row])), code[0])
    end, depth = start, 0
    for row in range(start, min(len(rows), start + _SIGNATURE_LINES_MAX)):
        depth += len(_OPEN.findall(rows[row])) - len(_CLOSE.findall(rows[row]))
        end = row
        if depth <= 0:
            break
    return start, end


def _code(rows: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The rows that are no comment, by how they begin."""
    within = False
    for number, row in enumerate(rows):
        opens, closes = row.rfind("/*"), row.rfind("*/")
        if not within and not _COMMENT.match(row):
            yield number, row
        if max(opens, closes) >= 0:
            within = opens > closes
