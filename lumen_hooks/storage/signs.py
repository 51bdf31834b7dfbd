"""The signs of an index's vectors: a bit for each dimension, for a first look over very many.

An eighth of what the vectors take in memory, which tells well enough which of a
million are worth reading (search/coarse.py). Beside each row's bits stands the sum of its
vector, so that a single one can be read and trusted without the rest of its block. Knows
vec0's blocks by their numbers, and not who asks; imports no numpy, since hooks write, too.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING
from zlib import crc32 as crc32_of

from .sqlite import crc32, only_row

if TYPE_CHECKING:
    import apsw

PART_ROWS = 64
"""Rows of a block that stand together: seven parts of 256 dimensions fill a page to the last
hundred bytes, while a whole block would leave half of its page empty."""

ROW_SUM_BYTES = 4

KEPT_FROM_BLOCKS = 512
"""An index with fewer blocks has no signs, until it has had so many: nobody would ask for them, and
they are a twentieth of a small index."""

TABLE = (
    "CREATE TABLE signs(part INTEGER PRIMARY KEY, codes BLOB NOT NULL, sum INTEGER NOT NULL) STRICT"
)

STRAY = f"""
SELECT 1 FROM signs WHERE sum IS NOT crc32(part, codes)
UNION ALL
SELECT 1 WHERE nullif(?1, 0) % 8 = 0
  AND (EXISTS(SELECT 1 FROM signs)
       OR (SELECT count(*) FROM vectors_chunks) >= {KEPT_FROM_BLOCKS})
  AND (EXISTS(SELECT 1 FROM vectors_chunks c WHERE c.size / {PART_ROWS} IS NOT
         (SELECT count(*) FROM signs WHERE part BETWEEN c.chunk_id * c.size / {PART_ROWS}
                                                AND (c.chunk_id + 1) * c.size / {PART_ROWS} - 1))
       OR (SELECT count(*) FROM signs)
          IS NOT (SELECT coalesce(sum(size), 0) / {PART_ROWS} FROM vectors_chunks))
"""
"""Selects something if parts are not as written, missing, or of no block; of vectors of ?1
dimensions (0 where that is not known)."""

_POSITIVE = bytes(ord("1") if 0 < byte < 128 else ord("0") for byte in range(256))
"""By an int8's byte, the binary digit of its sign."""


def are_possible(dimensions: int) -> bool:
    """Whether vectors of so many dimensions can have signs: bits fill whole bytes."""
    return dimensions > 0 and dimensions % 8 == 0


def are_kept(connection: apsw.Connection) -> bool:
    """Whether an index has signs."""
    return only_row(connection, "SELECT EXISTS(SELECT 1 FROM signs)") == (1,)


def write(connection: apsw.Connection, block: int, size: int, vectors: bytes) -> None:
    """Note the signs of a block's vectors, and the sum of each.

    Args:
        connection: an index, in a transaction.
        block: its number.
        size: how many rows it has room for.
        vectors: of all these rows, in use or not.
    """
    dimensions = len(vectors) // size
    if not are_possible(dimensions):
        return
    first, step = block * size // PART_ROWS, PART_ROWS * dimensions
    parts = range(first, first + size // PART_ROWS)
    coded = [_coded(vectors[at : at + step], dimensions) for at in range(0, len(vectors), step)]
    connection.executemany(
        "INSERT OR REPLACE INTO signs VALUES(?, ?, ?)",
        [(part, codes, crc32(part, codes)) for part, codes in zip(parts, coded, strict=True)],
    )


def remove(connection: apsw.Connection, block: int, size: int) -> None:
    """Forget those of a block that is gone."""
    first = block * size // PART_ROWS
    bindings = (first, first + size // PART_ROWS - 1)
    connection.execute("DELETE FROM signs WHERE part BETWEEN ? AND ?", bindings)


def clear(connection: apsw.Connection) -> None:
    """Forget all."""
    connection.execute("DELETE FROM signs")


def _coded(vectors: bytes, dimensions: int) -> bytes:
    """Bits of all rows, the first dimension's the highest of a byte, then the rows' sums."""
    bits = int(vectors.translate(_POSITIVE), 2).to_bytes(len(vectors) // 8, "big")
    sums = [crc32_of(vectors[at : at + dimensions]) for at in range(0, len(vectors), dimensions)]
    return bits + pack(f"<{len(sums)}I", *sums)
