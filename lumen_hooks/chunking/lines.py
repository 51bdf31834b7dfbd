"""A file's lines and their sizes, and how a stretch of lines too large for a chunk is cut.

Knows nothing of languages: where a good place to cut is comes in as a rank per row. Rows count
from 0 here, as the parser's do.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING

from .settings import PART_MAX, PART_MIN, WHOLE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CLOSER = re.compile(r"\s*(?:[)\]}>]|</|end\b|else\b|elif\b|except\b|finally\b|catch\b)")


class SourceLines:
    """The lines of one text, addressed by row."""

    __slots__ = ("_starts", "rows", "whole")

    def __init__(self, text: str) -> None:
        self.whole = text
        self.rows = text.split("\n")
        ends = accumulate(map(len, self.rows))
        self._starts: list[int] = [0, *map(add, ends, count(1))]  # each line break counts

    def size(self, first: int, last: int) -> int:
        """Return the characters of the rows `first` to `last`, both included."""
        return self._starts[last + 1] - self._starts[first] - 1

    def start(self, row: int) -> int:
        """Return the offset of a row's first character; of what follows the last, one past all."""
        return self._starts[row]

    def row_at(self, offset: int) -> int:
        """Return the row in which the character at an offset stands."""
        return bisect_right(self._starts, offset) - 1

    def text(self, first: int, last: int) -> str:
        """Return the rows `first` to `last` as they stand."""
        return "\n".join(self.rows[first : last + 1])

    def is_blank(self, row: int) -> bool:
        """Tell whether nothing but white space stands in the row."""
        return not self.rows[row] or self.rows[row].isspace()

    def trimmed(self, first: int, last: int) -> tuple[int, int] | None:
        """Leave out blank rows at both ends; None if nothing else is there."""
        while first <= last and self.is_blank(first):
            first += 1
        while last > first and self.is_blank(last):
            last -= 1
        return (first, last) if first <= last else None

    def rows_within(self, first: int, smallest: int, largest: int) -> range:
        """Return the rows before which a part that starts at `first` has a size in that range."""
        start = self._starts[first] + 1
        return range(
            bisect_left(self._starts, start + smallest),
            bisect_right(self._starts, start + largest),
        )


def text_rank(lines: SourceLines, row: int) -> int:
    """Rank a row as a place to cut by its looks: after a blank line, little indentation."""
    text = lines.rows[row]
    rank = len(text) - len(text.lstrip())
    if not lines.is_blank(row - 1):
        rank += 100
    return rank + 300 if _CLOSER.match(text) else rank


def cut(
    lines: SourceLines, first: int, last: int, rank: Callable[[int], int]
) -> Iterator[tuple[int, int]]:
    """Cut the rows `first` to `last` into parts of at most WHOLE_MAX characters.

    The row of the lowest rank in reach starts the next part, among equals the one whose text has
    the lowest checksum: so the places depend on what stands there and not on how much stands
    before it, and an edit moves the cuts next to it only (content-defined chunking, as rsync-like
    tools do it). A single line may exceed the limit: it is a part of its own.
    """
    while first < last and lines.size(first, last) > WHOLE_MAX:
        window = lines.rows_within(first, PART_MIN, PART_MAX)
        places = [row for row in window if first < row <= last]
        if places:
            ranks = [rank(row) for row in places]
            lowest = min(ranks)
            best = [row for row, one in zip(places, ranks, strict=True) if one == lowest]
            row = min(best, key=lambda row: _checksum(lines.rows[row]))
        else:
            # No row starts within reach: one long line stands in the way.
            row = max(first + 1, min(last, lines.rows_within(first, 0, PART_MAX).stop - 1))
        yield first, row - 1
        first = row
    yield first, last


def _checksum(text: str) -> int:
    return zlib.crc32(text.strip().encode("utf-8", "surrogatepass"))
