"""The nearest vectors to a query, exactly: all of them in memory, and one product.

Where the index's blocks of vectors cannot be read (`storage.vec0`), sqlite-vec's
own search answers instead. Knows chunk ids and vectors, and neither files nor text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumen_hooks.storage.values import impossible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

_ROWS_AT_ONCE = 2048
_SPARSE_SHARE = 4
_LEAST_DEVIATION = 1e-3
_FEW = 8


class Neighbours(NamedTuple):
    """The nearest chunks, nearest first.

    Attributes:
        ids: chunk ids, int64 of shape (n,).
        cosines: their cosine similarity to the query, float32 of shape (n,), from -1 to 1.
        mean: of the cosines of all that was searched, by which a model's scale is known.
        deviation: their standard deviation, above 0.
    """

    ids: NDArray[np.int64]
    cosines: NDArray[np.float32]
    mean: float = 0.0
    deviation: float = 1.0


class Matrix:
    """All vectors of an index in memory, one byte per dimension, with their norms.

    A short-lived process loads one per query; a long-lived one keeps it and
    asks `is_current` (within the transaction it then searches in).

    Args:
        ids: see below.
        vectors: see below.
        mark: the index's `change_mark` from before they were read.

    Attributes:
        ids: chunk ids, int64 of shape (n,).
        vectors: int8 of shape (n, dimensions); each row has a scale of its own.
        norms: the rows' lengths, float32 of shape (n,), none of them zero.
    """

    __slots__ = ("_by_id", "_mark", "ids", "norms", "vectors")

    def __init__(
        self, ids: NDArray[np.int64], vectors: NDArray[np.int8], mark: tuple[int, int]
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self.norms = _norms(vectors, ids)
        self._by_id = None if (np.diff(ids) > 0).all() else np.argsort(ids)
        self._mark = mark

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.ids.nbytes + self.vectors.nbytes + self.norms.nbytes

    def is_current(self, index: IndexReader) -> bool:
        """Nothing was written since this was loaded, through this reader or by others."""
        return self._mark == index.change_mark()

    def search(
        self, query: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None = None
    ) -> Neighbours:
        """The nearest rows by cosine.

        int8 rows were scaled each by its own maximum, so the dot product means
        nothing until it is divided by the row's norm (recall@10 falls from
        .997 to .323 without).

        Args:
            query: float32 of shape (dimensions,), of any length but zero.
            count: how many to return at most.
            allowed: ids that may be returned, applied before ranking; None for all.

        Raises:
            CorruptIndexError: the query and the index differ in dimensions.
        """
        if len(self) and query.shape != (self.vectors.shape[1],):
            raise impossible(f"vectors of {self.vectors.shape[1]} dimensions, not {query.shape[0]}")
        unit = unit_of(query)
        if unit is None or count < 1:
            return nothing()
        rows = None if allowed is None else np.flatnonzero(np.isin(self.ids, allowed))
        if rows is not None and len(rows) * _SPARSE_SHARE < len(self):
            cosines = self.vectors[rows].astype(np.float32) @ unit / self.norms[rows]
            return nearest(self.ids[rows], cosines, count)
        cosines = self._dots(unit)
        cosines /= self.norms
        if rows is None:
            return nearest(self.ids, cosines, count)
        return nearest(self.ids[rows], cosines[rows], count)

    def cosines(self, query: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The cosine of each of these chunks, float32; NaN for those without a vector.

        Args:
            query: as for `search`.
            ids: in any order.
        """
        out = np.full(len(ids), np.nan, np.float32)
        unit = unit_of(query)
        if unit is None or not len(self):
            return out
        at = np.minimum(np.searchsorted(self.ids, ids, sorter=self._by_id), len(self) - 1)
        rows = at if self._by_id is None else self._by_id[at]
        there = self.ids[rows] == ids
        rows = rows[there]
        out[there] = self.vectors[rows].astype(np.float32) @ unit / self.norms[rows]
        return out

    def _dots(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        # Converted a few rows at a time, so that the floats stay in the processor's cache.
        dots = np.empty(len(self), np.float32)
        floats = np.empty((min(_ROWS_AT_ONCE, len(self)), len(unit)), np.float32)
        for start in range(0, len(self), _ROWS_AT_ONCE):
            part = self.vectors[start : start + _ROWS_AT_ONCE]
            np.copyto(floats[: len(part)], part)
            np.dot(floats[: len(part)], unit, out=dots[start : start + len(part)])
        return dots


def load_matrix(index: IndexReader, dimensions: int) -> Matrix | None:
    """Read every vector of an index, or None if vec0's blocks are not laid out as known.

    Args:
        index: whose.
        dimensions: of the vectors, which are int8.

    Raises:
        CorruptIndexError: a block that is not as it was written, or a row that cannot be: a zero
            vector, or a chunk id twice.
    """
    mark = index.change_mark()
    blocks = index.vector_blocks(dimensions)
    if blocks is None:
        return None
    ids: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    vectors: list[NDArray[np.int8]] = [np.empty((0, dimensions), np.int8)]
    for block in blocks:
        live = np.unpackbits(np.frombuffer(block.validity, np.uint8), bitorder="little")
        all_ids = np.frombuffer(block.ids, "<i8")
        rows = np.frombuffer(block.vectors, np.int8).reshape(block.size, dimensions)
        used = slice(None) if live.all() else live.astype(bool)
        ids.append(all_ids[used])
        vectors.append(rows[used])
    matrix = Matrix(np.concatenate(ids).astype(np.int64), np.concatenate(vectors), mark)
    ids_in_order = np.sort(matrix.ids)  # np.unique would import numpy.ma
    if (ids_in_order[1:] == ids_in_order[:-1]).any():
        raise impossible("a chunk has two vectors")
    return matrix


def match_search(
    index: IndexReader,
    query: NDArray[np.float32],
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> Neighbours:
    """As `Matrix.search`, by vec0's own `MATCH`: slower, and at most 4096 neighbours.

    Raises:
        CorruptIndexError: vec0 gives a row without a distance (a zero vector).
    """
    unit = unit_of(query)
    if unit is None or count < 1 or (allowed is not None and not len(allowed)):
        return nothing()
    scaled = np.rint(unit * (127 / np.abs(unit).max())).astype(np.int8).tobytes()
    rows = index.nearest_by_match(scaled, count, allowed)
    ids, distances = [], []
    for row in rows:
        if row.distance is None:
            raise impossible(f"chunk {row.id} has a vector without a direction")
        ids.append(row.id)
        distances.append(row.distance)
    cosines = np.array([1 - far for far in distances], np.float32)
    return Neighbours(np.array(ids, np.int64), cosines, *_background(cosines))


def match_cosines(
    index: IndexReader, query: NDArray[np.float32], ids: NDArray[np.int64]
) -> NDArray[np.float32]:
    """As `Matrix.cosines`, where there is no matrix."""
    out = np.full(len(ids), np.nan, np.float32)
    unit = unit_of(query)
    found = index.vectors(ids.tolist())
    for number, chunk in enumerate(ids.tolist()):
        if unit is not None and chunk in found:
            vector = np.frombuffer(found[chunk], np.int8).astype(np.float32)
            out[number] = vector @ unit / np.linalg.norm(vector)
    return out


def _norms(vectors: NDArray[np.int8], ids: NDArray[np.int64]) -> NDArray[np.float32]:
    norms = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        floats = vectors[start : start + _ROWS_AT_ONCE].astype(np.float32)
        norms[start : start + len(floats)] = np.sqrt(np.einsum("ij,ij->i", floats, floats))
    if not norms.all():
        raise impossible(f"chunk {ids[int(np.argmin(norms))]} has a zero vector")
    return norms


def unit_of(query: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """A query at length 1; None if it has no direction."""
    length = float(np.linalg.norm(query))
    if not np.isfinite(length) or length == 0:
        return None
    return (query / length).astype(np.float32)


def _background(cosines: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and deviation, rounded so that the order of the rows does not show in them.

    Of few the deviation is larger than it is: a distance of one tells nothing among three.
    """
    if not len(cosines):
        return 0.0, 1.0
    deviation = float(cosines.std()) * (1 + _FEW / len(cosines))
    return round(float(cosines.mean()), 4), deviation_of(deviation)


def deviation_of(deviation: float) -> float:
    """A deviation as it is told: rounded, and never 0."""
    return max(round(deviation, 4), _LEAST_DEVIATION)


def nearest(
    ids: NDArray[np.int64],
    cosines: NDArray[np.float32],
    count: int,
    background: tuple[float, float] | None = None,
) -> Neighbours:
    """The so many largest cosines, in order.

    Args:
        ids: chunks.
        cosines: of each.
        count: how many at most.
        background: mean and deviation of all that was searched, if that is more than these.
    """
    background = background or _background(cosines)
    if count < len(ids):
        chosen = np.argpartition(cosines, len(ids) - count)[len(ids) - count :]
        ids, cosines = ids[chosen], cosines[chosen]
    order = np.lexsort((ids, -cosines))
    return Neighbours(ids[order], cosines[order], *background)


def nothing() -> Neighbours:
    """No neighbour at all."""
    return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
