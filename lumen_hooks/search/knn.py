"""The nearest vectors to a query, exactly, over sqlite-vec's own blocks.

vec0 keeps its vectors in blocks of 1024 in shadow tables. numpy reads those
four to six times faster than `MATCH` does and can filter before it ranks.
Their layout is sqlite-vec's private matter: it is checked first, and where it
is not the known one `MATCH` answers instead. Knows chunk ids and vectors, and
neither files nor text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw
import numpy as np

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.storage import values
from lumen_hooks.storage.schema import SCHEMA_VERSION, version_of
from lumen_hooks.storage.sqlite import crc32

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_MATCH_NEIGHBOURS = 4096
"""vec0's own limit on `k`."""

_KNOWN_COLUMNS = {
    "vectors_chunks": ["chunk_id", "size", "validity", "rowids"],
    "vectors_vector_chunks00": ["rowid", "vectors"],
}
_BLOCKS = """
SELECT c.size, c.validity, c.rowids, v.vectors, {sum}
FROM vectors_chunks AS c LEFT JOIN vectors_vector_chunks00 AS v ON v.rowid = c.chunk_id
ORDER BY c.chunk_id
"""
_SUM = "(SELECT sum FROM vector_sums WHERE block = c.chunk_id)"
_PARTS = (
    values.natural,
    values.blob,
    values.blob,
    values.optional(values.blob),
    values.optional(values.natural),
)
_ROWS_AT_ONCE = 4096
_SPARSE_SHARE = 4


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest chunks, nearest first.

    Attributes:
        ids: chunk ids, int64 of shape (n,).
        cosines: their cosine similarity to the query, float32 of shape (n,), from -1 to 1.
    """

    ids: NDArray[np.int64]
    cosines: NDArray[np.float32]


class Matrix:
    """All vectors of an index in memory, one byte per dimension, with their norms.

    A short-lived process loads one per query; a long-lived one keeps it and
    asks `is_current` (within the transaction it then searches in).

    Attributes:
        ids: chunk ids, int64 of shape (n,).
        vectors: int8 of shape (n, dimensions); each row has a scale of its own.
        norms: the rows' lengths, float32 of shape (n,), none of them zero.
    """

    __slots__ = ("_state", "ids", "norms", "vectors")

    def __init__(
        self, ids: NDArray[np.int64], vectors: NDArray[np.int8], state: tuple[int, int] = (-1, -1)
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self.norms = _norms(vectors, ids)
        self._state = state

    def __len__(self) -> int:
        return len(self.ids)

    def is_current(self, connection: apsw.Connection) -> bool:
        """Nothing was written since this was loaded, through this connection or another."""
        return self._state == _state(connection)

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
            raise _corrupt(f"vectors of {self.vectors.shape[1]} dimensions, not {query.shape[0]}")
        unit = _unit(query)
        if unit is None or count < 1:
            return _nothing()
        rows = None if allowed is None else np.flatnonzero(np.isin(self.ids, allowed))
        if rows is not None and len(rows) * _SPARSE_SHARE < len(self):
            cosines = self.vectors[rows].astype(np.float32) @ unit / self.norms[rows]
            return _nearest(self.ids[rows], cosines, count)
        cosines = self._dots(unit)
        cosines /= self.norms
        if rows is None:
            return _nearest(self.ids, cosines, count)
        return _nearest(self.ids[rows], cosines[rows], count)

    def _dots(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        # Converted a few rows at a time, so that the floats stay in the processor's cache.
        dots = np.empty(len(self), np.float32)
        floats = np.empty((min(_ROWS_AT_ONCE, len(self)), len(unit)), np.float32)
        for start in range(0, len(self), _ROWS_AT_ONCE):
            part = self.vectors[start : start + _ROWS_AT_ONCE]
            np.copyto(floats[: len(part)], part)
            np.dot(floats[: len(part)], unit, out=dots[start : start + len(part)])
        return dots


def load_matrix(connection: apsw.Connection, dimensions: int) -> Matrix | None:
    """Read every vector of an index, or None if vec0's blocks are not laid out as known.

    Args:
        connection: opened for reading, sqlite-vec not needed.
        dimensions: of the vectors, which are int8.

    Raises:
        CorruptIndexError: a block that is not as it was written, or a row that cannot be: a zero
            vector, or a chunk id twice.
    """
    if not _layout_is_known(connection):
        return None
    state = _state(connection)
    ids: list[NDArray[np.int64]] = []
    vectors: list[NDArray[np.int8]] = []
    has_sums = version_of(connection) == SCHEMA_VERSION
    query = _BLOCKS.format(sum=_SUM if has_sums else "NULL")
    for size, validity, rowids, block, total in values.stream(connection, query, _PARTS):
        if has_sums and total != crc32(validity, rowids, block):
            raise _corrupt("a block of vectors is not as it was written")
        if block is None or (len(validity) * 8, len(rowids), len(block)) != (
            size,
            size * 8,
            size * dimensions,
        ):
            return None
        live = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little").astype(bool)
        all_ids = np.frombuffer(rowids, "<i8")
        rows = np.frombuffer(block, np.int8).reshape(size, dimensions)
        # A deleted slot keeps its place until the whole block is empty.
        whole = bool(live.all())
        ids.append(all_ids if whole else all_ids[live])
        vectors.append(rows if whole else rows[live])
    if not ids:
        return Matrix(np.empty(0, np.int64), np.empty((0, dimensions), np.int8), state)
    matrix = Matrix(np.concatenate(ids).astype(np.int64), np.concatenate(vectors), state)
    if len(np.unique(matrix.ids)) != len(matrix):
        raise _corrupt("a chunk has two vectors")
    return matrix


def match_search(
    connection: apsw.Connection,
    query: NDArray[np.float32],
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> Neighbours:
    """As `Matrix.search`, by vec0's own `MATCH`: slower, and at most 4096 neighbours.

    Raises:
        CorruptIndexError: vec0 gives a row without a distance (a zero vector).
    """
    unit = _unit(query)
    if unit is None or count < 1:
        return _nothing()
    scaled = np.rint(unit * (127 / np.abs(unit).max())).astype(np.int8).tobytes()
    sql = "SELECT id, distance FROM vectors WHERE embedding MATCH vec_int8(?) AND k = ?"
    bindings: list[object] = [scaled, min(count, MAX_MATCH_NEIGHBOURS)]
    if allowed is not None:
        if not len(allowed):
            return _nothing()
        sql += " AND id IN (SELECT value FROM carray(?))"
        bindings.append(apsw.carray(np.ascontiguousarray(allowed, np.int64)))
    kinds = (values.natural, values.optional(values.real))
    rows = values.read(connection, sql + " ORDER BY distance", kinds, tuple(bindings))
    missing = [identifier for identifier, distance in rows if distance is None]
    if missing:
        raise _corrupt(f"chunk {missing[0]} has a vector without a direction")
    ids = np.array([row[0] for row in rows], np.int64)
    return Neighbours(ids, np.array([1 - row[1] for row in rows], np.float32))


def _layout_is_known(connection: apsw.Connection) -> bool:
    for table, columns in _KNOWN_COLUMNS.items():
        query = "SELECT name FROM pragma_table_info(?)"
        found = values.read(connection, query, (values.text,), (table,))
        if [name for (name,) in found] != columns:
            return False
    # A second vector column would mean another table than ours.
    blocks = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'vectors_vector_chunks*'"
    return values.read(connection, blocks, (values.natural,)) == [(1,)]


def _state(connection: apsw.Connection) -> tuple[int, int]:
    """Changes with every commit of another connection, and with every write of this one."""
    ((version,),) = values.read(connection, "PRAGMA data_version", (values.natural,))
    return version, connection.total_changes()


def _norms(vectors: NDArray[np.int8], ids: NDArray[np.int64]) -> NDArray[np.float32]:
    norms = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        floats = vectors[start : start + _ROWS_AT_ONCE].astype(np.float32)
        norms[start : start + len(floats)] = np.sqrt(np.einsum("ij,ij->i", floats, floats))
    if not norms.all():
        raise _corrupt(f"chunk {ids[int(np.argmin(norms))]} has a zero vector")
    return norms


def _unit(query: NDArray[np.float32]) -> NDArray[np.float32] | None:
    length = float(np.linalg.norm(query))
    if not np.isfinite(length) or length == 0:
        return None
    return (query / length).astype(np.float32)


def _nearest(ids: NDArray[np.int64], cosines: NDArray[np.float32], count: int) -> Neighbours:
    if count < len(ids):
        chosen = np.argpartition(cosines, len(ids) - count)[len(ids) - count :]
        ids, cosines = ids[chosen], cosines[chosen]
    order = np.lexsort((ids, -cosines))
    return Neighbours(ids[order], cosines[order])


def _nothing() -> Neighbours:
    return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))


def _corrupt(what: str) -> CorruptIndexError:
    return CorruptIndexError(
        f"the index holds what it cannot hold: {what}", hint="lumen-hooks index --force"
    )
