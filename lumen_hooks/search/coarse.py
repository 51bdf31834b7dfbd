"""The nearest vectors among very many: a look at the signs of all, then at few of them exactly.

The signs of its dimensions are an eighth of a vector and tell most of its direction. So three
passes, each over what the one before left: in how many signs a row differs from the query, how
much of the query its signs add up to (both by counting bits; RaBitQ, arXiv 2405.12497, 3.3), and
the cosine itself, of vectors that are read for it, the best first, until the next ones bring
nothing any more. What is lost so is in docs/quality.md. Where filters leave few rows all of
them are looked at exactly. Knows chunk ids and vectors, and neither files nor text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from lumen_hooks.storage.values import impossible
from lumen_hooks.storage.vec0 import BLOCK_ROWS

from .knn import Neighbours, deviation_of, load_matrix, nearest, nothing, unit_of
from .sign_rows import load_signs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import BlockIds
    from lumen_hooks.storage.signed import SignedVectors

    from .knn import Matrix
    from .sign_rows import SignRows

COARSE_FROM = 200_000
"""With room for fewer vectors than this, all are kept and looked at: that takes no longer."""

NEAR_SHARE = 20
NEAR_LEAST = 10_000
"""One in so many rows, and no fewer than these, is left by the first pass."""

READ_AT_ONCE = 500
READ_MOST = 8_000
"""So many vectors are read at a time, and in all ..."""

READ_UNTIL_ONE_IN = 50
"""... until no more than such a share of the best ones is among the last."""

EXACT_MOST = 4000
"""If filters leave no more rows than these, all of them are read."""

_SAMPLES = 256
_SAMPLE_ROWS = 8
_COUNTED_AT_ONCE = 16_384
_FLOATS_AT_ONCE = 2048
_LEVELS = 4


class Coarse:
    """The signs of an index's vectors in memory, and its vectors on disk.

    As `knn.Matrix`, in less than a quarter of the memory, and not quite exact (docs/quality.md).

    Args:
        vectors: of an index, to read rows; what is searched lies within a transaction of it.
        dimensions: of the vectors.
        mark: the index's `change_mark` from before anything was read.
        blocks: whose the rows are.
        signs: theirs.

    Attributes:
        dimensions: of the vectors.

    Raises:
        CorruptIndexError: a chunk has two vectors.
    """

    def __init__(
        self,
        vectors: SignedVectors,
        dimensions: int,
        mark: tuple[int, int],
        blocks: Sequence[BlockIds],
        signs: SignRows,
    ) -> None:
        self._vectors = vectors
        self._mark = mark
        self.dimensions = dimensions
        bits = np.frombuffer(b"".join([block.validity for block in blocks]), np.uint8)
        self._ids = np.frombuffer(b"".join([block.ids for block in blocks]), "<i8")
        self._signs = signs
        live = np.flatnonzero(np.unpackbits(bits, bitorder="little").view(bool))
        is_prefix = not len(live) or live[-1] == len(live) - 1
        ids = self._ids[: len(live)] if is_prefix else self._ids[live]
        ascending = bool((np.diff(ids) > 0).all())
        by_id = live if ascending else live[np.argsort(ids, kind="stable")]
        self._ids_in_order = ids if ascending else self._ids[by_id]
        if not (np.diff(self._ids_in_order) > 0).all():
            raise impossible("a chunk has two vectors")
        self._all = _Searched(None, by_id)
        self._some: _Searched | None = None

    def __len__(self) -> int:
        return len(self._all.rows)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        arrays = [self._ids, self._all.rows]
        if not np.may_share_memory(self._ids_in_order, self._ids):
            arrays.append(self._ids_in_order)
        if self._some is not None:
            arrays.append(self._some.rows)
        return self._signs.nbytes + sum(array.nbytes for array in arrays)

    @property
    def signs(self) -> SignRows:
        """The signs that it looks at, for whoever loads the next state of the index."""
        return self._signs

    def is_current(self, index: IndexReader) -> bool:
        """Nothing was written since this was loaded, through this reader or by others."""
        return self._mark == index.change_mark()

    def search(
        self, query: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None = None
    ) -> Neighbours:
        """As `Matrix.search`; the mean and the deviation are estimated from a sample.

        Raises:
            CorruptIndexError: a vector is not as it was written, or of other dimensions.
        """
        if query.shape != (self.dimensions,):
            raise impossible(f"vectors of {self.dimensions} dimensions, not {query.shape[0]}")
        unit = unit_of(query)
        if unit is None or count < 1:
            return nothing()
        searched = self._searched(allowed)
        rows = searched.rows
        if len(rows) <= max(EXACT_MOST, count):
            return nearest(self._ids[rows], self._exactly(rows, unit), count)
        distances = self._distances(unit, rows)
        counts = _counted(distances)
        near = rows[_least(distances, counts, max(NEAR_LEAST, len(rows) // NEAR_SHARE))]
        near, cosines = self._best(near, unit, count)
        return nearest(self._ids[near], cosines, count, self._background(unit, searched, counts))

    def _searched(self, allowed: NDArray[np.int64] | None) -> _Searched:
        """The rows of the chunks that may be found; those of the last question, if it has these."""
        if allowed is None:
            return self._all
        if self._some is None or self._some.allowed is not allowed:
            self._some = _Searched(allowed, self._found(allowed)[1])
        return self._some

    def _best(
        self, rows: NDArray[np.intp], unit: NDArray[np.float32], count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The rows among these that may be the nearest, and their cosines."""
        agreement = self._agreements(unit, rows)
        first = rows[_first(-agreement, READ_MOST)]
        found = np.empty(0, np.float32)
        step = max(READ_AT_ONCE, count)
        for start in range(0, len(first), step):
            some = first[start : start + step]
            some.sort()
            found = np.concatenate([found, self._exactly(some, unit)])
            best = _first(-found, count)
            if start and np.count_nonzero(best >= start) * READ_UNTIL_ONE_IN <= count:
                break
        return first[: len(found)], found

    def cosines(self, query: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """As `Matrix.cosines`.

        Raises:
            CorruptIndexError: a vector is not as it was written.
        """
        out = np.full(len(ids), np.nan, np.float32)
        unit = unit_of(query)
        if unit is None or not len(self):
            return out
        there, rows = self._found(ids)
        order = np.argsort(rows)
        cosines = np.empty(len(rows), np.float32)
        cosines[order] = self._exactly(rows[order], unit)
        out[there] = cosines
        return out

    def _found(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Which of these chunks have a vector, and the rows of those that do, in their order."""
        if not len(self):
            return np.zeros(len(ids), bool), np.empty(0, np.intp)
        at = np.minimum(np.searchsorted(self._ids_in_order, ids), len(self) - 1)
        there = self._ids_in_order[at] == ids
        return there, self._all.rows[at[there]]

    def _distances(self, unit: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.uint16]:
        """In how many signs each of these rows differs from the query: shape of `rows`."""
        return self._signs.differing(np.packbits(unit > 0), rows)

    def _agreements(self, unit: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """What the query's dimensions add up to where a row is above zero: shape of `rows`.

        The query is rounded to so many levels that a bit plane of it is counted at a time.
        """
        least = float(unit.min())
        scale = (float(unit.max()) - least) / ((1 << _LEVELS) - 1) or 1.0
        levels = np.rint((unit - least) / scale).astype(np.uint8)
        planes = [np.packbits(levels >> bit & 1) for bit in range(_LEVELS)]
        weights, counts = self._signs.weighed(planes, rows)
        return weights * np.float32(scale) + counts * np.float32(least)

    def _exactly(self, rows: NDArray[np.intp], unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosines of these rows, which are read; ascending rows are read fastest."""
        out = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _FLOATS_AT_ONCE):
            floats = self._read(rows[start : start + _FLOATS_AT_ONCE])
            out[start : start + len(floats)] = floats @ unit
        return out

    def _read(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """These rows' vectors, of length 1."""
        blocks = self._signs.blocks[rows // BLOCK_ROWS].tolist()
        places = list(zip(blocks, (rows % BLOCK_ROWS).tolist(), strict=True))
        joined = memoryview(self._vectors.rows(places))
        wide = self.dimensions
        for number, total in enumerate(self._signs.sums[rows].tolist()):
            if crc32(joined[number * wide : (number + 1) * wide]) != total:
                chunk = self._ids[rows[number]]
                raise impossible(f"chunk {chunk}'s vector is not as it was written")
        floats = np.frombuffer(joined, np.int8).reshape(-1, wide).astype(np.float32)
        norms = np.sqrt(np.einsum("ij,ij->i", floats, floats))
        if not norms.all():
            raise impossible(f"chunk {self._ids[rows[int(np.argmin(norms))]]} has a zero vector")
        floats /= norms[:, None]
        return floats

    def _background(
        self, unit: NDArray[np.float32], searched: _Searched, counts: NDArray[np.intp]
    ) -> tuple[float, float]:
        """Mean and deviation of the cosines of these rows, so many of which have each distance.

        By regression on the distances, which are known of all of them: what a sample says of
        how cosines follow distances, with the sample's luck in distances taken out (Cochran,
        Sampling Techniques, 7.1).
        """
        if searched.sample is None:
            some = searched.spread()
            searched.sample = some, self._read(some)
        sampled, vectors = searched.sample
        cosines = vectors @ unit
        of_sample = self._distances(unit, sampled).astype(np.float64)
        scale = np.arange(len(counts))
        mean = float(counts @ scale) / len(searched.rows)
        spread = float(counts @ (scale - mean) ** 2) / len(searched.rows)
        of_own = of_sample - of_sample.mean()
        slope = float(of_own @ cosines) / max(float(of_own @ of_own), 1.0)
        rest = cosines - cosines.mean() - slope * of_own
        middle = float(cosines.mean()) + slope * (mean - float(of_sample.mean()))
        deviation = float(np.sqrt(float(rest @ rest) / len(rest) + slope**2 * spread))
        return round(middle, 4), deviation_of(deviation)


class _Searched:
    """What a question is about: rows, and some of them with their vectors.

    Questions come in series with the same filters.

    Args:
        allowed: the ids that were asked for; None for all.
        rows: theirs, in the order of ids.

    Attributes:
        sample: see `spread`; None until it is read.
    """

    __slots__ = ("allowed", "rows", "sample")

    def __init__(self, allowed: NDArray[np.int64] | None, rows: NDArray[np.intp]) -> None:
        self.allowed = allowed
        self.rows = rows
        self.sample: tuple[NDArray[np.intp], NDArray[np.float32]] | None = None

    def spread(self) -> NDArray[np.intp]:
        """Some rows of these, the same ones for every query, ascending."""
        starts = np.linspace(0, len(self.rows) - _SAMPLE_ROWS, _SAMPLES).astype(np.intp)
        return np.sort(self.rows[(starts[:, None] + np.arange(_SAMPLE_ROWS)).ravel()])


def load_vectors(
    index: IndexReader, dimensions: int, before: Matrix | Coarse | None = None
) -> Matrix | Coarse | None:
    """What an index's vectors are searched with: all of them, or where they are many their signs.

    Args:
        index: whose.
        dimensions: of the vectors, which are int8.
        before: what was loaded of an earlier state of the index with as many dimensions: of that,
            signs that are as they were are not read again.

    Raises:
        CorruptIndexError: something is not as it was written, or cannot be.
    """
    vectors = index.signed_vectors(dimensions)
    if vectors is None or vectors.room() < COARSE_FROM:
        return load_matrix(index, dimensions)
    mark = index.change_mark()
    blocks = vectors.ids()
    if blocks is None:
        return None
    known = before.signs if isinstance(before, Coarse) and before.dimensions == dimensions else None
    signs = load_signs(vectors, dimensions, blocks, known)
    return Coarse(vectors, dimensions, mark, blocks, signs)


def _least(distances: NDArray[np.uint16], counts: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Where the least distances are: so many, and all that are equal to the largest of them."""
    return np.flatnonzero(distances <= np.searchsorted(np.cumsum(counts), count))


def _first(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Where the so many least values are, the least first."""
    if count >= len(values):
        return np.argsort(values, kind="stable")
    few = np.argpartition(values, count)[:count]
    return few[np.argsort(values[few], kind="stable")]


def _counted(distances: NDArray[np.uint16]) -> NDArray[np.intp]:
    """How many rows have each distance."""
    size = int(distances.max()) + 1
    total = np.zeros(size, np.intp)
    for start in range(0, len(distances), _COUNTED_AT_ONCE):
        total += np.bincount(distances[start : start + _COUNTED_AT_ONCE], minlength=size)
    return total
