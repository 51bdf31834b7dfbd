"""Candidates by what they share (a file, a folder, a name), and sums and ranks within that.

Knows texts and arrays; not what the groups mean.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float32]


class Groups:
    """Candidates by their file, folder or another text.

    Args:
        texts: of each candidate; or of each number in `among`.
        among: for each candidate, which of the texts is its; its own by default.

    Attributes:
        keys: the text of each group.
        of: the group of each candidate, int64 of shape (n,).
        counts: how many each group has.
    """

    def __init__(self, texts: Sequence[str], among: NDArray[np.int64] | None = None) -> None:
        self.keys = list(dict.fromkeys(texts))
        numbers = {key: number for number, key in enumerate(self.keys)}
        of = np.array([numbers[text] for text in texts], np.int64)
        self.of = of if among is None else of[among]
        self.counts = np.bincount(self.of, minlength=len(numbers)).astype(np.float32)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each group begins among the candidates by group: shape (groups,)."""
        return np.concatenate(([0], np.cumsum(self.counts)[:-1])).astype(np.int64)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.of, kind="stable")

    def within(self, texts: Sequence[str]) -> Groups:
        """Groups of these groups, by a text of each."""
        return Groups(texts, self.of)

    def columns(
        self, names: Sequence[str], values: Sequence[tuple[float, ...]]
    ) -> dict[str, Column]:
        """Columns of these names for the candidates, from a row of values for each group."""
        table = np.array(values, np.float32).reshape(len(values), len(names)).T[:, self.of]
        return dict(zip(names, table, strict=True))

    @property
    def share(self) -> Column:
        """What share of all the group of each is."""
        return self.counts[self.of] / np.float32(max(1, len(self.of)))

    def sorted(self, values: Column) -> Sorted:
        """The candidates by group and falling value."""
        return Sorted(self, values)

    def counted(self, count: int) -> Column:
        """How many values `Sorted.best` adds for each group."""
        return np.minimum(self.counts, count)

    def any(self, told: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any of a group: from shape (m, n) to (m, groups)."""
        if not len(self.of):
            return told
        return np.logical_or.reduceat(told[:, self._order], self.starts, axis=1)

    def most(self, values: Column) -> Column:
        """The largest value of each group."""
        if not len(self.of):
            return values
        return np.maximum.reduceat(values[self._order], self.starts)


class Sorted:
    """Candidates by group and falling value.

    Args:
        groups: theirs.
        values: theirs, float32 of shape (n,).
    """

    def __init__(self, groups: Groups, values: Column) -> None:
        self._groups = groups
        self._order = np.lexsort((-values, groups.of))
        self._at = groups.of[self._order]
        self._values = values[self._order]
        self._places = np.arange(len(values)) - groups.starts[self._at]

    def best(self, count: int) -> Column:
        """The sum of each group's so many largest values."""
        groups = len(self._groups.counts)
        kept = self._places < count
        summed = np.bincount(self._at[kept], self._values[kept], minlength=groups)
        return summed.astype(np.float32)

    def rank_within(self) -> Column:
        """How many values of each one's group are larger."""
        known, at = self._values, self._at
        begins = np.ones(len(known), bool)
        begins[1:] = (known[1:] != known[:-1]) | (at[1:] != at[:-1])
        out = np.empty(len(known), np.float32)
        out[self._order] = self._places[begins][np.cumsum(begins) - 1]
        return out
