"""The vectors of an index that are read singly: whose they are, their signs, and rows by place.

What is read is compared with the sums that are of it alone, so that nothing else need be read:
ids and signs here, a row by whoever has the signs, where its sum stands. Knows vec0's blocks;
not what near means.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32 as crc32_of

from . import values
from .rows import BlockIds, Signs
from .signs import PART_ROWS, ROW_SUM_BYTES
from .sqlite import carray_of, crc32, translated
from .vec0 import BLOCK_ROWS, layout_is_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import apsw

_IDS = """
SELECT c.chunk_id, c.size, c.validity, c.rowids, s.ids, s.sum
FROM vectors_chunks AS c LEFT JOIN vector_sums AS s ON s.block = c.chunk_id ORDER BY c.chunk_id
"""
_BLOCK_IDS = (*[values.natural] * 2, *[values.blob] * 2, *[values.optional(values.natural)] * 2)

_VECTORS = ("vectors_vector_chunks00", "vectors")

_SIGNS = "SELECT part, codes, sum FROM signs{} ORDER BY part"
_AMONG = " WHERE part IN (SELECT value FROM carray(?))"
_PARTS_AT_ONCE = 512
_PART = (values.natural, values.blob, values.natural)


class SignedVectors:
    """The vectors of an index whose schema has signs; sqlite-vec need not be loaded.

    Args:
        connection: the index, within a transaction.
        dimensions: of the vectors.
    """

    def __init__(self, connection: apsw.Connection, dimensions: int) -> None:
        self._connection = connection
        self._dimensions = dimensions

    def room(self) -> int:
        """How many there are at most: rows of blocks, in use or not."""
        query = "SELECT count(*) FROM vector_sums"
        ((blocks,),) = values.read(self._connection, query, (values.natural,))
        return int(blocks) * BLOCK_ROWS

    def ids(self) -> list[BlockIds] | None:
        """Whose they are, by block; None if blocks are not laid out as known.

        Raises:
            CorruptIndexError: that is not as it was written.
        """
        if not layout_is_known(self._connection):
            return None
        blocks = []
        rows = values.stream(self._connection, _IDS, _BLOCK_IDS)
        for number, size, validity, ids, of_ids, of_all in rows:
            if of_ids != crc32(validity, ids) or of_all is None:
                raise values.impossible("the ids of a block of vectors are not as written")
            if (size, len(validity) * 8, len(ids)) != (BLOCK_ROWS, size, size * 8):
                return None
            blocks.append(BlockIds(number, validity, ids, of_all))
        return blocks

    def signs(self, parts: list[int] | None = None) -> Iterator[Signs]:
        """Parts by number, many at a time.

        Args:
            parts: which of those that are there; None for all.

        Raises:
            CorruptIndexError: one is not as it was written.
        """
        length = PART_ROWS * (self._dimensions // 8 + ROW_SUM_BYTES)
        query = _SIGNS.format("" if parts is None else _AMONG)
        bindings = () if parts is None else (carray_of(parts),)
        rows = values.stream(self._connection, query, _PART, bindings)
        while some := list(islice(rows, _PARTS_AT_ONCE)):
            for part, codes, total in some:
                # As `sqlite.crc32` of both, which costs more than the sum itself.
                if len(codes) != length or total != crc32_of(codes, crc32_of(b"%d" % part)):
                    raise values.impossible("the signs of some vectors are not as written")
            yield Signs([row[0] for row in some], b"".join([row[1] for row in some]))

    def rows(self, places: Sequence[tuple[int, int]]) -> bytes:
        """The vectors at these places, one after the other, not compared with their sums.

        Args:
            places: blocks, and rows in them. Those of a block together are read fastest.

        Raises:
            CorruptIndexError: there is no such row.
        """
        if not places:
            return b""
        found: list[bytes] = []
        here, wide = places[0][0], self._dimensions
        with translated(self._connection.filename):
            blob = self._connection.blob_open("main", *_VECTORS, here, False)
            try:
                for block, row in places:
                    if block != here:
                        blob.reopen(block)
                        here = block
                    blob.seek(row * wide)
                    found.append(blob.read(wide))
            finally:
                blob.close(True)  # a block that cannot be opened leaves it closed
        if set(map(len, found)) != {wide}:
            raise values.impossible("a block of vectors has another length")
        return b"".join(found)
