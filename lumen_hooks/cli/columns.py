"""Text in columns, as narrow as a terminal is: what may be shortened is, then columns are left out.

Widths are in cells: what is written in Chinese takes two for each character.
Knows nothing of what stands in a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
ELLIPSIS = "…"


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: above it; may be empty.
        cells: one for each row.
        least: the width to which it may be shortened; 0 for not at all.
        to_right: numbers.
    """

    title: str
    cells: Sequence[str]
    least: int = 0
    to_right: bool = False

    @property
    def width(self) -> int:
        """In cells, when nothing is shortened."""
        return max(map(cell_len, (self.title, *self.cells)))


def laid_out(
    columns: Sequence[Column], width: int | None, droppable: Sequence[str]
) -> list[Column]:
    """Columns that fit, each cell as wide as its column.

    Args:
        columns: from left to right.
        width: cells that there are; None for no end, and nothing is shortened.
        droppable: titles of those that may be left out, the first of them first.
    """
    kept = list(columns)
    widths = _shortened(kept, width)
    for title in droppable:
        if width is None or _total(widths) <= width:
            break
        kept = [column for column in kept if column.title != title]
        widths = _shortened(kept, width)
    return [_set(column, wide) for column, wide in zip(kept, widths, strict=True)]


def shortened(text: str, width: int) -> str:
    """A text of at most so many cells, three at least; what is left out is in its middle."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ELLIPSIS)
    head = text[: room // 2]
    while cell_len(head) > room // 2:
        head = head[:-1]
    tail = text[len(head) :][-room:]
    while cell_len(head + tail) > room:
        tail = tail[1:]
    return f"{head}{ELLIPSIS}{tail}"


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shortened(columns: Sequence[Column], width: int | None) -> list[int]:
    """Widths of columns, where the widest gives first; they may be too wide all the same."""
    widths = [column.width for column in columns]
    while width is not None and _total(widths) > width:
        giving = [at for at, each in enumerate(columns) if 0 < _least(each) < widths[at]]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def _least(column: Column) -> int:
    """To which it may be shortened, so that cells that differ still do."""
    if not column.least:
        return 0
    different = len(set(column.cells))
    least = max(column.least, cell_len(column.title))
    while least < column.width:
        cut = {shortened(cell, least) for cell in column.cells}
        if len(cut) == different:
            break
        least += 1
    return least


def _set(column: Column, width: int) -> Column:
    """A column with all its cells, and its title, of one width."""

    def wide(text: str) -> str:
        short = shortened(text, width)
        blank = " " * (width - cell_len(short))
        return blank + short if column.to_right else short + blank

    return column._replace(title=wide(column.title), cells=[wide(cell) for cell in column.cells])
