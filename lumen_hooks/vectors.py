"""The vector table of an index: vec0, int8, one row for each chunk that has a vector.

A small seam (create, add, remove, stats) so that another vector extension
could take vec0's place; the reading side is search/knn.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .sqlite import only_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

BLOCK_ROWS = 256
"""Rows in one vec0 block. vec0 frees a block when its last row goes: small blocks waste less."""

VECTOR_TYPE = "int8, scaled by each vector's largest component"

DAMAGED_BLOCKS = """
SELECT 1 FROM vectors_chunks c LEFT JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id
WHERE v.vectors IS NULL OR length(c.validity) * 8 != c.size OR length(c.rowids) != c.size * 8
  OR length(v.vectors) != c.size * (SELECT value FROM meta WHERE key='dimensions')
"""
"""Selects the blocks whose parts are missing or not as long as they must be."""


class VectorStats(NamedTuple):
    """How full the table is: rows in use, and rows that its blocks have room for."""

    live: int
    capacity: int


def create(connection: apsw.Connection, dimensions: int) -> None:
    """Make an empty table for vectors of so many dimensions."""
    connection.execute(
        f"CREATE VIRTUAL TABLE vectors USING vec0(id INTEGER PRIMARY KEY, "
        f"embedding int8[{dimensions}] distance_metric=cosine, chunk_size={BLOCK_ROWS})"
    )


def drop(connection: apsw.Connection) -> None:
    """Remove the table with all its vectors."""
    connection.execute("DROP TABLE vectors")


def add_from(connection: apsw.Connection, select: str, bindings: tuple[object, ...] = ()) -> None:
    """Insert what a SELECT of (id, int8 vector as bytes) returns."""
    connection.execute(
        f"INSERT INTO vectors(id, embedding) SELECT id, vec_int8(vector) FROM ({select})", bindings
    )


def remove(connection: apsw.Connection, ids: Iterable[int]) -> None:
    """Delete vectors by id; ids without a vector are passed over."""
    connection.executemany("DELETE FROM vectors WHERE id=?", ((row,) for row in ids))


def read(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """The int8 vectors of these ids."""
    found: dict[int, bytes] = {}
    for row in ids:
        for (vector,) in connection.execute("SELECT embedding FROM vectors WHERE id=?", (row,)):
            found[row] = bytes(vector)
    return found


def stats(connection: apsw.Connection) -> VectorStats:
    """Rows in use and rows allocated; their distance is what deletions wasted."""
    query = (
        "SELECT (SELECT count(*) FROM vectors_rowids),"
        " (SELECT coalesce(sum(size), 0) FROM vectors_chunks)"
    )
    return VectorStats(*only_row(connection, query))


def repack(connection: apsw.Connection, dimensions: int) -> None:
    """Write all vectors into fresh, full blocks. To be called inside a transaction.

    vec0 0.1.9 neither refills holes nor survives ALTER TABLE RENAME, so the rows
    take the way through a temporary table.
    """
    connection.execute("CREATE TEMP TABLE repacked(id INTEGER PRIMARY KEY, vector BLOB)")
    connection.execute("INSERT INTO repacked SELECT id, embedding FROM vectors")
    drop(connection)
    create(connection, dimensions)
    add_from(connection, "SELECT id, vector FROM temp.repacked ORDER BY id")
    connection.execute("DROP TABLE temp.repacked")
