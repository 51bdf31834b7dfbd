"""The vector table of an index: vec0, int8, one row for each chunk that has a vector.

A small seam (create, add, remove, stats) so that another vector extension
could take vec0's place; the reading side is search/knn.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import CorruptIndexError

from . import values
from .sqlite import only_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

BLOCK_ROWS = 256
"""Rows in one vec0 block. vec0 frees a block when its last row goes: small blocks waste less."""

VECTOR_TYPE = "int8, scaled by each vector's largest component"

DAMAGED_BLOCKS = """
SELECT 1 FROM vectors_chunks c LEFT JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id
LEFT JOIN vector_sums s ON s.block=c.chunk_id
WHERE v.vectors IS NULL OR length(c.validity) * 8 != c.size OR length(c.rowids) != c.size * 8
  OR length(v.vectors) != c.size * (SELECT value FROM meta WHERE key='dimensions')
  OR crc32(c.validity, c.rowids, v.vectors) IS NOT s.sum
"""
"""Selects the blocks whose parts are missing, not as long as they must be, or not as written."""

_HAS_SUMS = "SELECT count(*) FROM sqlite_schema WHERE name='vector_sums'"

_AS_WRITTEN = """
SELECT crc32(c.validity, c.rowids, v.vectors) IS s.sum
  AND substr(c.rowids, r.chunk_offset * 8 + 1, 8) = ?2
FROM vectors_rowids r JOIN vectors_chunks c ON c.chunk_id=r.chunk_id
JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id JOIN vector_sums s ON s.block=c.chunk_id
WHERE r.rowid=?1
"""

_TABLE = (
    "CREATE VIRTUAL TABLE vectors USING vec0(id INTEGER PRIMARY KEY, "
    f"embedding int8[%d] distance_metric=cosine, chunk_size={BLOCK_ROWS})"
)


class VectorStats(NamedTuple):
    """How full the table is: rows in use, and rows that its blocks have room for."""

    live: int
    capacity: int


def create(connection: apsw.Connection, dimensions: int) -> None:
    """Make an empty table for vectors of so many dimensions."""
    connection.execute(_TABLE % dimensions)


def is_ours(sql: str) -> bool:
    """Whether this is how `create` makes the table, for any number of dimensions."""
    found = re.search(r"int8\[(\d{1,6})\]", sql)
    return found is not None and sql == _TABLE % int(found[1])


def drop(connection: apsw.Connection) -> None:
    """Remove the table with all its vectors."""
    connection.execute("DROP TABLE vectors")


def add_from(connection: apsw.Connection, select: str, bindings: tuple[object, ...] = ()) -> None:
    """Insert what a SELECT of (id, int8 vector as bytes) returns."""
    (last,) = only_row(connection, "SELECT coalesce(max(chunk_id), 0) FROM vectors_chunks")
    connection.execute(
        f"INSERT INTO vectors(id, embedding) SELECT id, vec_int8(vector) FROM ({select})", bindings
    )
    _seal(connection, "c.chunk_id >= ?", (last,))


def remove(connection: apsw.Connection, ids: Iterable[int]) -> None:
    """Delete vectors by id; ids without a vector are passed over."""
    rows = list(ids)
    found = connection.executemany(
        "SELECT chunk_id FROM vectors_rowids WHERE rowid=?", ((row,) for row in rows)
    )
    blocks = {block for (block,) in found}
    connection.executemany("DELETE FROM vectors WHERE id=?", ((row,) for row in rows))
    for block in blocks:
        # vec0 frees a block with its last row.
        connection.execute("DELETE FROM vector_sums WHERE block=?", (block,))
        _seal(connection, "c.chunk_id = ?", (block,))


def _seal(connection: apsw.Connection, which: str, bindings: tuple[int, ...]) -> None:
    """Note the check sums of blocks that were written; whoever loads one compares it."""
    connection.execute(
        "INSERT OR REPLACE INTO vector_sums SELECT c.chunk_id, crc32(validity, rowids, vectors)"
        " FROM vectors_chunks c JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id"
        f" WHERE {which}",
        bindings,
    )


def read(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """The int8 vectors of these ids.

    Raises:
        CorruptIndexError: one of them is not as it was written.
    """
    found: dict[int, bytes] = {}
    has_sums = values.read(connection, _HAS_SUMS, (values.natural,)) == [(1,)]
    for row in ids:
        query = "SELECT embedding FROM vectors WHERE id=?"
        for (vector,) in values.read(connection, query, (values.blob,), (row,)):
            place = (row, row.to_bytes(8, "little"))
            if has_sums and values.read(connection, _AS_WRITTEN, (values.natural,), place) != [
                (1,)
            ]:
                raise CorruptIndexError(
                    f"{connection.filename} is damaged: chunk {row}'s vector is not as written",
                    hint=values.REBUILT,
                )
            found[row] = vector
    return found


def stats(connection: apsw.Connection) -> VectorStats:
    """Rows in use and rows allocated; their distance is what deletions wasted."""
    query = (
        "SELECT (SELECT count(*) FROM vectors_rowids),"
        " (SELECT coalesce(sum(size), 0) FROM vectors_chunks)"
    )
    (row,) = values.read(connection, query, (values.natural, values.natural))
    return VectorStats(*row)


def repack(connection: apsw.Connection, dimensions: int) -> None:
    """Write all vectors into fresh, full blocks. To be called inside a transaction.

    vec0 0.1.9 neither refills holes nor survives ALTER TABLE RENAME, so the rows
    take the way through a temporary table.
    """
    connection.execute("CREATE TEMP TABLE repacked(id INTEGER PRIMARY KEY, vector BLOB)")
    connection.execute("INSERT INTO repacked SELECT id, embedding FROM vectors")
    drop(connection)
    connection.execute("DELETE FROM vector_sums")
    create(connection, dimensions)
    add_from(connection, "SELECT id, vector FROM temp.repacked ORDER BY id")
    connection.execute("DROP TABLE temp.repacked")
