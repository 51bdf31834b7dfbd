"""A forest of small decision trees, as arrays: what training/ranking/ taught, evaluated with numpy.

All splits of all trees are decided at once, and each tree's leaf is what those
decisions leave open: a bit for each leaf, of which a split that goes right clears
those on its left (QuickScorer; Lucchese et al., SIGIR 2015). Knows arrays; neither
features nor files.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_FOLDER = Path(__file__).with_name("forests")

MAX_LEAVES = 16
"""Of a tree: a bit for each."""


class Forest(NamedTuple):
    """Trees with room for the same number of splits each; one that is not there clears nothing.

    Attributes:
        names: of the features, in the order of the columns that `feature` numbers.
        feature: which of them a split looks at: int16 of shape (trees, splits).
        threshold: a value above it goes right: float32 of shape (trees, splits).
        cleared: the leaves on a split's left, which whoever goes right does not reach: uint16 of
            shape (trees, splits), the leftmost leaf of the tree in the lowest bit.
        leaves: what each leaf adds: float32 of shape (trees, MAX_LEAVES).
        scale: slope and shift that turn a sum into a probability, float32 of shape (2,).
    """

    names: tuple[str, ...]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    cleared: NDArray[np.uint16]
    leaves: NDArray[np.float32]
    scale: NDArray[np.float32]

    def probability(
        self, columns: Mapping[str, NDArray[np.float32]], prior: NDArray[np.float32] | float = 0.0
    ) -> NDArray[np.float32]:
        """The logistic of `score`, from 0 to 1.

        Args:
            columns: see `score`.
            prior: log odds that are added.
        """
        slope, shift = self.scale
        odds = self.score(columns) * slope + shift + prior
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)

    def score(self, columns: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The sum of the leaves that each row comes to: float32 of shape (n,).

        Args:
            columns: by name, float32 of shape (n,); others than `names` are passed over.
        """
        table = np.concatenate([columns[name] for name in self.names])
        table = table.reshape(len(self.names), -1)
        trees, splits = self.feature.shape
        closed = np.zeros((trees, table.shape[1]), np.uint16)
        for split in range(splits):
            right = table.take(self.feature[:, split], axis=0) > self.threshold[:, split, None]
            closed |= right * self.cleared[:, split, None]
        open_leaves = ~closed
        leftmost = _BIT_OF.take(open_leaves & (closed + np.uint16(1)))
        reached = self.leaves.take(leftmost + MAX_LEAVES * np.arange(trees)[:, None])
        return np.asarray(reached.sum(axis=0), np.float32)


def _bits() -> NDArray[np.intp]:
    table = np.zeros((1 << MAX_LEAVES - 1) + 1, np.intp)
    table[1 << np.arange(MAX_LEAVES)] = np.arange(MAX_LEAVES)
    return table


_BIT_OF = _bits()
"""The number of the one bit that is set."""


@lru_cache(maxsize=4)
def load_forest(name: str) -> Forest:
    """One of the forests that the package brings: `ranking` or `doubt`."""
    with np.load(_FOLDER / f"{name}.npz") as arrays:
        names = tuple(str(one) for one in arrays["names"])
        return Forest(names, *(arrays[field] for field in Forest._fields[1:]))
