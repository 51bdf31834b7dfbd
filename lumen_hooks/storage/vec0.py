"""The vector table of an index: vec0, int8, one row for each chunk that has a vector.

A small seam (create, add, remove, read, stats) so that another vector extension
could take vec0's place.

vec0 keeps its vectors in blocks in shadow tables. numpy reads those four to six
times faster than `MATCH` does and can filter before it ranks. Their layout is
sqlite-vec's private matter: it is checked first, and where it is not the known
one `MATCH` answers instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lumen_hooks.errors import CorruptIndexError

from . import signs, values
from .sqlite import crc32, only_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import apsw

    from .rows import Block, Neighbour

BLOCK_ROWS = 256
"""Rows in one vec0 block. vec0 frees a block when its last row goes: small blocks waste less."""

REPACK_BELOW = 0.7
"""The table is written anew when a smaller share of its rows is in use ..."""

REPACK_ROWS = 16 * BLOCK_ROWS
"""... and it wastes more rows than this."""

MAX_MATCH_NEIGHBOURS = 4096
"""vec0's own limit on `k`."""

VECTOR_TYPE = "int8, scaled by each vector's largest component"

SUMS = """CREATE TABLE vector_sums(
  block INTEGER PRIMARY KEY, sum INTEGER NOT NULL, ids INTEGER NOT NULL
) STRICT"""
"""Of each block a sum over all of it, and one over what tells whose its rows are."""

DAMAGED_BLOCKS = """
SELECT 1 FROM vectors_chunks c LEFT JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id
LEFT JOIN vector_sums s ON s.block=c.chunk_id
WHERE v.vectors IS NULL OR length(c.validity) * 8 != c.size OR length(c.rowids) != c.size * 8
  OR length(v.vectors) != c.size * nullif(?1, 0)
  OR crc32(c.validity, c.rowids, v.vectors) IS NOT s.sum
"""
"""Selects the blocks whose parts are missing, not as long as they must be for vectors of ?1
dimensions (0 where that is not known), or not as written."""

DAMAGED_IDS = """
SELECT 1 FROM vectors_chunks c LEFT JOIN vector_sums s ON s.block=c.chunk_id
WHERE crc32(c.validity, c.rowids) IS NOT s.ids
"""
"""Selects the blocks whose ids are not as written."""

_HAS_SUMS = "SELECT count(*) FROM sqlite_schema WHERE name='vector_sums'"

_KNOWN_COLUMNS = {
    "vectors_chunks": ["chunk_id", "size", "validity", "rowids"],
    "vectors_vector_chunks00": ["rowid", "vectors"],
}
_BLOCKS = """
SELECT c.size, c.validity, c.rowids, v.vectors, {sum}
FROM vectors_chunks AS c LEFT JOIN vectors_vector_chunks00 AS v ON v.rowid = c.chunk_id {which}
"""
_SUM = "(SELECT sum FROM vector_sums WHERE block = c.chunk_id)"
_BLOCK = (
    values.natural,
    *[values.blob] * 2,
    values.optional(values.blob),
    values.optional(values.natural),
)

_AS_WRITTEN = """
SELECT crc32(c.validity, c.rowids, v.vectors) IS s.sum
  AND substr(c.rowids, r.chunk_offset * 8 + 1, 8) = ?2
FROM vectors_rowids r JOIN vectors_chunks c ON c.chunk_id=r.chunk_id
JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id JOIN vector_sums s ON s.block=c.chunk_id
WHERE r.rowid=?1
"""

_DIMENSIONS = re.compile(r"int8\[([1-9][0-9]{0,5})\]")
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


def declared_dimensions(connection: apsw.Connection) -> int:
    """How long the vectors of the table are, as it was made; 0 if there is none of ours."""
    query = "SELECT sql FROM sqlite_schema WHERE name='vectors'"
    for (sql,) in values.read(connection, query, (values.text,)):
        found = _DIMENSIONS.search(sql)
        return int(found[1]) if found else 0
    return 0


def is_ours(sql: str) -> bool:
    """Whether this is how `create` makes the table, for any number of dimensions."""
    found = _DIMENSIONS.search(sql)
    return found is not None and sql == _TABLE % int(found[1])


def drop(connection: apsw.Connection) -> None:
    """Remove the table with all its vectors."""
    connection.execute("DROP TABLE vectors")


def add(connection: apsw.Connection, rows: Iterable[tuple[int, bytes]]) -> None:
    """Insert int8 vectors by id. They have neither sums nor signs until `seal_all`."""
    connection.executemany("INSERT INTO vectors(id, embedding) VALUES(?, vec_int8(?))", rows)


def seal_all(connection: apsw.Connection) -> None:
    """Note the check sums and signs of all blocks."""
    _seal(connection, "1")
    _sign(connection, 0)


def add_from(connection: apsw.Connection, select: str, bindings: tuple[object, ...] = ()) -> None:
    """Insert what a SELECT of (id, int8 vector as bytes) returns."""
    (last,) = only_row(connection, "SELECT coalesce(max(chunk_id), 0) FROM vectors_chunks")
    connection.execute(
        f"INSERT INTO vectors(id, embedding) SELECT id, vec_int8(vector) FROM ({select})", bindings
    )
    _seal(connection, "c.chunk_id >= ?", (last,))
    _sign(connection, last)


def remove(connection: apsw.Connection, ids: Iterable[int]) -> None:
    """Delete vectors by id; ids without a vector are passed over."""
    rows = list(ids)
    found = connection.executemany(
        "SELECT chunk_id FROM vectors_rowids WHERE rowid=?", ((row,) for row in rows)
    )
    blocks = {block for (block,) in found}
    connection.executemany("DELETE FROM vectors WHERE id=?", ((row,) for row in rows))
    for block in blocks:
        _seal(connection, "c.chunk_id = ?", (block,))
        # vec0 frees a block with its last row.
        query = "SELECT EXISTS(SELECT 1 FROM vectors_chunks WHERE chunk_id=?)"
        if only_row(connection, query, (block,)) == (0,):
            connection.execute("DELETE FROM vector_sums WHERE block=?", (block,))
            signs.remove(connection, block, BLOCK_ROWS)


def _seal(connection: apsw.Connection, which: str, bindings: tuple[int, ...] = ()) -> None:
    """Note the check sums of blocks that were written; whoever loads one compares it."""
    connection.execute(
        "INSERT OR REPLACE INTO vector_sums SELECT c.chunk_id, crc32(validity, rowids, vectors),"
        " crc32(validity, rowids)"
        " FROM vectors_chunks c JOIN vectors_vector_chunks00 v ON v.rowid=c.chunk_id"
        f" WHERE {which}",
        bindings,
    )


def _sign(connection: apsw.Connection, first: int) -> None:
    """Note the signs of the blocks from this one on, one after the other; where they are kept.

    That is where there are any, or blocks are many for the first time: of all of them then.
    """
    if not signs.are_kept(connection):
        (blocks,) = only_row(connection, "SELECT count(*) FROM vectors_chunks")
        if blocks < signs.KEPT_FROM_BLOCKS:
            return
        first = 0
    query = "SELECT rowid FROM vectors_vector_chunks00 WHERE rowid >= ? ORDER BY rowid"
    for (block,) in values.read(connection, query, (values.natural,), (first,)):
        query = "SELECT vectors FROM vectors_vector_chunks00 WHERE rowid=?"
        ((vectors,),) = values.read(connection, query, (values.blob,), (block,))
        signs.write(connection, block, BLOCK_ROWS, vectors)


def read(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, bytes]:
    """The int8 vectors of these ids.

    Raises:
        CorruptIndexError: one of them is not as it was written.
    """
    found: dict[int, bytes] = {}
    has_sums = _has_sums(connection)
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


def read_blocks(connection: apsw.Connection, dimensions: int) -> list[Block] | None:
    """All blocks, or None if they are not laid out as known.

    Args:
        connection: an index; sqlite-vec need not be loaded.
        dimensions: of the vectors.

    Raises:
        CorruptIndexError: a block is not as it was written.
    """
    if not layout_is_known(connection):
        return None
    blocks = []
    has_sums = _has_sums(connection)
    query = _BLOCKS.format(sum=_SUM if has_sums else "NULL", which="ORDER BY c.chunk_id")
    for row in values.stream(connection, query, _BLOCK):
        block = _checked(row, dimensions, has_sums=has_sums)
        if block is None:
            return None
        blocks.append(block)
    return blocks


def each_block(connection: apsw.Connection, dimensions: int) -> Iterator[Block]:
    """All blocks, one in memory at a time.

    Raises:
        CorruptIndexError: a block is not as it was written, or not laid out as known.
    """
    has_sums = _has_sums(connection)
    query = "SELECT chunk_id FROM vectors_chunks ORDER BY chunk_id"
    one = _BLOCKS.format(sum=_SUM if has_sums else "NULL", which="WHERE c.chunk_id = ?")
    for number in values.read(connection, query, (values.natural,)):
        (row,) = values.read(connection, one, _BLOCK, number)
        block = _checked(row, dimensions, has_sums=has_sums)
        if block is None:
            raise values.impossible("a block of vectors is not laid out as known")
        yield block


def _checked(row: tuple[Any, ...], dimensions: int, *, has_sums: bool) -> Block | None:
    """A block of its parts and their sum, if its parts are as long as they must be."""
    from .rows import Block  # hooks pay for this module, and need no rows

    size, validity, ids, vectors, total = row
    if has_sums and total != crc32(validity, ids, vectors):
        raise values.impossible("a block of vectors is not as it was written")
    lengths = (size, size * 8, size * dimensions)
    if vectors is None or (len(validity) * 8, len(ids), len(vectors)) != lengths:
        return None
    return Block(size, validity, ids, vectors)


def layout_is_known(connection: apsw.Connection) -> bool:
    """Whether the shadow tables are laid out as this module reads them."""
    for table, columns in _KNOWN_COLUMNS.items():
        query = "SELECT name FROM pragma_table_info(?)"
        found = values.read(connection, query, (values.text,), (table,))
        if [name for (name,) in found] != columns:
            return False
    # A second vector column would mean another table than ours.
    blocks = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'vectors_vector_chunks*'"
    return values.read(connection, blocks, (values.natural,)) == [(1,)]


def _has_sums(connection: apsw.Connection) -> bool:
    return values.read(connection, _HAS_SUMS, (values.natural,)) == [(1,)]


def match(connection: apsw.Connection, vector: bytes, count: int, among: Any) -> list[Neighbour]:
    """The nearest vectors by vec0's own `MATCH`, nearest first.

    Args:
        connection: an index, with sqlite-vec loaded.
        vector: int8, of the index's dimensions.
        count: how many at most; never more than MAX_MATCH_NEIGHBOURS.
        among: ids that may be returned, as an `apsw.carray`; None for all.
    """
    from .rows import Neighbour

    query = "SELECT id, distance FROM vectors WHERE embedding MATCH vec_int8(?) AND k = ?"
    bindings = [vector, min(count, MAX_MATCH_NEIGHBOURS)]
    if among is not None:
        query += " AND id IN (SELECT value FROM carray(?))"
        bindings.append(among)
    kinds = (values.natural, values.optional(values.real))
    rows = values.read(connection, query + " ORDER BY distance", kinds, tuple(bindings))
    return list(map(Neighbour._make, rows))


def stats(connection: apsw.Connection) -> VectorStats:
    """Rows in use and rows allocated; their distance is what deletions wasted."""
    query = (
        "SELECT (SELECT count(*) FROM vectors_rowids),"
        " (SELECT coalesce(sum(size), 0) FROM vectors_chunks)"
    )
    (row,) = values.read(connection, query, (values.natural, values.natural))
    return VectorStats(*row)


def is_wasteful(connection: apsw.Connection) -> bool:
    """Whether so much of the table is not in use that it should be repacked."""
    live, capacity = stats(connection)
    return capacity - live > REPACK_ROWS and live < REPACK_BELOW * capacity


def repack(connection: apsw.Connection, dimensions: int) -> None:
    """Write all vectors into fresh, full blocks. To be called inside a transaction.

    vec0 0.1.9 neither refills holes nor survives ALTER TABLE RENAME, so the rows
    take the way through a temporary table.
    """
    connection.execute("CREATE TEMP TABLE repacked(id INTEGER PRIMARY KEY, vector BLOB)")
    connection.execute("INSERT INTO repacked SELECT id, embedding FROM vectors")
    drop(connection)
    connection.execute("DELETE FROM vector_sums")
    signs.clear(connection)
    create(connection, dimensions)
    add_from(connection, "SELECT id, vector FROM temp.repacked ORDER BY id")
    connection.execute("DROP TABLE temp.repacked")
