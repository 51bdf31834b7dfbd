"""Which of many texts a model's batches have vectors for, without an object for each text.

Heads of keys as sorted numbers, 12 bytes for each text: a million texts take 12 MB. Knows no
store and no vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .batch import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .batch import Batch


class Keys(NamedTuple):
    """The keys of one batch's rows, by their heads.

    Attributes:
        heads: sorted.
        rows: where each is in the batch.
        rows_in_frame: of the batch.
        blank: the keys of texts without a vector.
    """

    heads: NDArray[np.uint64]
    rows: NDArray[np.int32]
    rows_in_frame: int
    blank: frozenset[bytes]

    def find(self, keys: Sequence[bytes]) -> list[int]:
        """For each key the row that has its head, or -1.

        Of rows with the same head the first; whether it is the key's own, its tail tells.
        """
        if not len(self.heads) or not keys:
            return [-1] * len(keys)
        wanted = _numbers(b"".join(key[:HEAD_BYTES] for key in keys))
        places = np.searchsorted(self.heads, wanted)
        places[places == len(self.heads)] = 0
        rows = np.where(self.heads[places] == wanted, self.rows[places], -1)
        return list(map(int, rows))


def keys_of(batch: Batch) -> Keys:
    """The keys of a batch."""
    heads = _numbers(batch.heads)
    order = np.argsort(heads, kind="stable")
    return Keys(
        heads[order], order.astype(np.int32), batch.rows_in_frame, frozenset(batch.blank_keys())
    )


def _numbers(heads: bytes) -> NDArray[np.uint64]:
    wide = np.zeros((len(heads) // HEAD_BYTES, 8), np.uint8)
    wide[:, 8 - HEAD_BYTES :] = np.frombuffer(heads, np.uint8).reshape(-1, HEAD_BYTES)
    return wide.view(">u8").ravel().astype(np.uint64)
