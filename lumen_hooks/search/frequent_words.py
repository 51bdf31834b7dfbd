"""Where the frequent words of earlier questions stand: what a series of questions lists once.

Knows expressions and chunk ids; not what words are worth.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

FREQUENT = 8192
"""What so many chunks have, or more, is worth keeping."""

_KEPT_BYTES = 8 << 20
_NOTED = 1000


class FrequentWords:
    """Where the frequent words of earlier questions stand, a bit for each chunk.

    To list them is most of what words cost in a large index, and questions share them. Whoever
    asks one question needs none of this.

    Attributes:
        size: how many chunks have words, and the largest of their ids.
    """

    __slots__ = ("_about", "_bits", "_mark", "size")

    def __init__(self) -> None:
        self.size = (0, 0)
        self._about: dict[str, int] = {}
        self._bits: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()
        self._mark: tuple[int, int] | None = None

    def of(self, index: IndexReader) -> FrequentWords:
        """The same, with nothing that an index held before it was written."""
        mark = index.change_mark()
        if mark != self._mark:
            self._bits.clear()
            self._about.clear()
            self.size = index.lexical_size()
            self._mark = mark
        return self

    def __contains__(self, expression: str) -> bool:
        return expression in self._bits

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return sum(bits.nbytes for bits in self._bits.values())

    def about(self, expression: str) -> int | None:
        """How many chunks match an FTS5 expression that is common, about."""
        return self._about.get(expression)

    def note(self, expression: str, count: int) -> None:
        """Remember that it is common."""
        if len(self._about) < _NOTED:
            self._about[expression] = count

    def get(self, expression: str) -> NDArray[np.int64] | None:
        """The chunks that match an FTS5 expression, ascending, if they are kept."""
        bits = self._bits.get(expression)
        if bits is None:
            return None
        self._bits.move_to_end(expression)
        return np.flatnonzero(np.unpackbits(bits).view(bool))

    def keep(self, expression: str, ids: NDArray[np.int64]) -> None:
        """Keep them, if they are many and near; what was asked for least lately goes for it.

        Not for what is common, which is listed for some questions alone.
        """
        if len(ids) < FREQUENT or int(ids[-1]) >= 8 * _KEPT_BYTES:
            return
        there = np.zeros(int(ids[-1]) + 1, bool)
        there[ids] = True
        self._bits[expression] = np.packbits(there)
        while self.nbytes > _KEPT_BYTES:
            self._bits.popitem(last=False)
