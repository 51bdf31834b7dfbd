"""All vectors of an index with the keys of their texts, for whoever takes them elsewhere.

In the order of the chunks, a block of them in memory at a time. Knows tables; not where the
vectors go.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from . import values, vec0
from .reader import open_index
from .sqlite import carray_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Block

_KEYS = "SELECT id, key FROM chunks WHERE id IN (SELECT value FROM carray(?))"
_WITHOUT = "SELECT DISTINCT key FROM chunks WHERE id NOT IN (SELECT rowid FROM vectors_rowids)"


def vectors_of(path: str) -> Iterator[tuple[bytes, bytes]]:
    """The embedding key and the int8 vector of each chunk; last those of no vector, empty.

    A text that several chunks have may come several times.

    Args:
        path: a whole index that nobody writes to meanwhile.

    Raises:
        CorruptIndexError: it is damaged.
        StoreError: it cannot be read.
    """
    with open_index(path) as index, index.one_state():
        connection, dimensions = index.connection, index.facts().dimensions
        for block in vec0.each_block(connection, dimensions):
            ids = _ids(block)
            live = [at for at in range(block.size) if block.validity[at // 8] >> at % 8 & 1]
            wanted = carray_of([ids[at] for at in live])
            kinds = (values.natural, values.blob)
            keys = dict(values.read(connection, _KEYS, kinds, (wanted,)))
            if len(keys) != len(live):
                raise values.impossible("a vector of a chunk that is not there")
            for at in live:
                yield keys[ids[at]], block.vectors[at * dimensions : (at + 1) * dimensions]
        for (key,) in values.stream(connection, _WITHOUT, (values.blob,)):
            yield key, b""


def _ids(block: Block) -> array[int]:
    ids = array("q", block.ids)
    if sys.byteorder == "big":
        ids.byteswap()
    return ids
