"""The signs of an index's vectors in memory, a column for each row, and bits of them counted.

After a change only the blocks that differ are read again: a block whose sum is what it was is what
it was. Knows rows by their place, and neither chunk ids nor what is near.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumen_hooks.storage.signs import PART_ROWS
from lumen_hooks.storage.values import impossible
from lumen_hooks.storage.vec0 import BLOCK_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.rows import BlockIds
    from lumen_hooks.storage.signed import SignedVectors

    Words = NDArray[np.unsignedinteger]

_ROWS_AT_ONCE = 16_384
_SPARSE_SHARE = 4
_PARTS_OF_BLOCK = BLOCK_ROWS // PART_ROWS


class SignRows(NamedTuple):
    """The signs of all rows, in use or not, by place; and the sums of their vectors.

    Attributes:
        blocks: the number of each block, ascending.
        block_sums: over all of each block.
        words: bits of the rows, a column for each: shape (words, rows). So a bit of all rows is
            counted in half the time that it takes where each row's words stand together.
        sums: CRC-32 of each row's vector.
    """

    blocks: NDArray[np.int64]
    block_sums: NDArray[np.int64]
    words: Words
    sums: NDArray[np.uint32]

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return sum(array.nbytes for array in self)

    def differing(self, wanted: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.uint16]:
        """In how many bits each of these rows differs from those wanted: shape of `rows`."""
        bits = wanted.view(self.words.dtype)
        if len(rows) * _SPARSE_SHARE < len(self.sums):
            return _differing(self.words.take(rows, axis=1), bits)
        return _differing(self.words, bits)[rows]

    def weighed(
        self, planes: Sequence[NDArray[np.uint8]], rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """What the set bits of each of these rows weigh, and how many there are.

        Args:
            planes: the weights of the dimensions, by bit, the lowest first.
            rows: which.
        """
        bits = [plane.view(self.words.dtype) for plane in planes]
        weights, counts = np.zeros((2, len(rows)), np.uint32)
        for number, words in enumerate(self.words.take(rows, axis=1)):
            counts += _ones(words)
            for bit, plane in enumerate(bits):
                weights += _ones(words & plane[number]).astype(np.uint32) << bit
        return weights, counts


def load_signs(
    vectors: SignedVectors, dimensions: int, blocks: Sequence[BlockIds], before: SignRows | None
) -> SignRows:
    """The signs of these blocks.

    Args:
        vectors: where they are read.
        dimensions: of the vectors.
        blocks: all of the index.
        before: those of an earlier state, or None.

    Raises:
        CorruptIndexError: signs are missing, or are not as written.
    """
    numbers = np.array([block.number for block in blocks], np.int64)
    block_sums = np.array([block.sum for block in blocks], np.int64)
    if before is None or not len(before.blocks) or not len(numbers):
        return SignRows(numbers, block_sums, *_read(vectors, dimensions, numbers, whole=True))
    at = np.minimum(np.searchsorted(before.blocks, numbers), len(before.blocks) - 1)
    is_same = (before.blocks[at] == numbers) & (before.block_sums[at] == block_sums)
    words, sums = _read(vectors, dimensions, numbers[~is_same], whole=False)
    return SignRows(
        numbers,
        block_sums,
        _joined(before.words, at[is_same], words, is_same),
        _joined(before.sums[None], at[is_same], sums[None], is_same)[0],
    )


def _read(
    vectors: SignedVectors, dimensions: int, blocks: NDArray[np.int64], *, whole: bool
) -> tuple[Words, NDArray[np.uint32]]:
    """Words and sums of the rows of these blocks, which are all that there are or a part."""
    length = dimensions // 8
    word = np.dtype(f"u{next(wide for wide in (8, 4, 2, 1) if length % wide == 0)}")
    rows, width = len(blocks) * BLOCK_ROWS, PART_ROWS * length
    words, sums = np.empty((length // word.itemsize, rows), word), np.empty(rows, "<u4")
    expected = (blocks[:, None] * _PARTS_OF_BLOCK + np.arange(_PARTS_OF_BLOCK)).ravel().tolist()
    row = 0
    for some in vectors.signs(None if whole else expected):
        end = row + len(some.parts) * PART_ROWS
        if expected[row // PART_ROWS : end // PART_ROWS] != some.parts:
            break
        coded = np.frombuffer(some.codes, np.uint8).reshape(len(some.parts), -1)
        words[:, row:end] = coded[:, :width].reshape(end - row, -1).view(word).T
        sums[row:end].view(np.uint8).reshape(len(coded), -1)[:] = coded[:, width:]
        row = end
    if row != rows:
        raise impossible("some vectors have no signs")
    return words, sums


def _joined(
    kept: Words, blocks: NDArray[np.intp], others: Words, is_kept: NDArray[np.bool_]
) -> Words:
    """Rows of some blocks of `kept` and of all of `others`, by which of either each block is of.

    Blocks that follow one another are copied at once.
    """
    out = np.empty((len(kept), len(is_kept) * BLOCK_ROWS), kept.dtype)
    source = np.empty(len(is_kept), np.intp)
    source[is_kept] = blocks
    source[~is_kept] = np.arange(len(is_kept) - len(blocks))
    ends = (np.diff(source) != 1) | (np.diff(is_kept.astype(np.int8)) != 0)
    borders = [0, *(np.flatnonzero(ends) + 1).tolist(), len(is_kept)]
    for start, end in pairwise(borders):
        there, first = kept if is_kept[start] else others, int(source[start])
        rows = slice(first * BLOCK_ROWS, (first + end - start) * BLOCK_ROWS)
        out[:, start * BLOCK_ROWS : end * BLOCK_ROWS] = there[:, rows]
    return out


def _differing(words: Words, wanted: Words) -> NDArray[np.uint16]:
    total = np.zeros(words.shape[1], np.uint16)
    for start in range(0, len(total), _ROWS_AT_ONCE):
        here = slice(start, start + _ROWS_AT_ONCE)  # what the processor's cache holds
        for some, word in zip(words, wanted, strict=True):
            total[here] += _ones(some[here] ^ word)
    return total


_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def _ones(words: Words) -> NDArray[np.uint8]:
    """How many bits are set in each word."""
    if hasattr(np, "bitwise_count"):
        counted: NDArray[np.uint8] = np.bitwise_count(words)
    else:  # before numpy 2
        of_bytes = _ONES[words.view(np.uint8)].reshape(len(words), -1)
        counted = of_bytes.sum(axis=1, dtype=np.uint8)
    return counted
