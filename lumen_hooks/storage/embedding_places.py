"""Where a text's vector is in the embedding store.

Keys are random, so a row for each in a sorted table means a page for each. Rows
of a large batch are noted in the order in which they come, in `recent`, and
get their places in the sorted table when they are a share of all, at the
latest when the store is closed: each page is written a few times in all, at
any size. Whoever looks for keys meanwhile keeps the recent ones in memory.
Knows numbers of rows; a row is taken for a key's when it has the key.
"""

from __future__ import annotations

import zlib
from array import array
from typing import TYPE_CHECKING, Any

import apsw

from . import values
from .embedding_schema import tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEW_ROWS = 64
"""So many new rows get their places at once: an edit touches a few pages, and nothing waits."""

RECENT_ROWS = 32_768
"""So many rows may wait for their places ..."""

RECENT_SHARE = 8
"""... or one of so many, where that is more: of a million some 20 MB in memory."""

_PLACED = """
SELECT s.key, s.id FROM carray(?1) c CROSS JOIN places p ON p.place=c.value
CROSS JOIN stored s ON s.id=p.id WHERE s.model=?2
"""
_RECENT = """
SELECT s.key, s.id FROM carray(?1) c CROSS JOIN stored s ON s.id=c.value WHERE s.model=?2
"""
_OLD = """
SELECT v.key, v.id FROM carray(?1) c CROSS JOIN vectors v ON v.model=?2 AND v.key=c.value
"""
_ENDS = """
SELECT coalesce((SELECT min(id) FROM recent), 0), coalesce((SELECT max(id) FROM recent), 0)
"""
_LAST = "SELECT coalesce((SELECT max(id) FROM stored), 0)"
_FOUND = (values.blob, values.natural)


class Places:
    """The places of one open store. Each call is to be made inside a transaction.

    Attributes:
        waiting: rows that were added here wait for their places.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.waiting = False
        self._connection = connection
        self._recent: dict[int, tuple[int, ...]] = {}
        self._ends = (0, 0)

    def find(self, model: int, keys: Sequence[bytes]) -> dict[str, dict[bytes, int]]:
        """The rows of these keys, by table and key; of those that are known.

        Raises:
            CorruptIndexError: the file is damaged.
        """
        self._follow()
        wanted = list(keys)
        places = array("q", map(_place, wanted))
        stored = self._rows(_PLACED, apsw.carray(places), model) if wanted else {}
        if self._recent:
            recent = [row for place in places for row in self._recent.get(place, ())]
            stored |= self._rows(_RECENT, apsw.carray(array("q", recent)), model) if recent else {}
        # Other keys have the same places.
        found = {"stored": {key: stored[key] for key in wanted if key in stored}}
        missing = tuple(key for key in wanted if key not in stored)
        if missing and "vectors" in tables_of(self._connection):
            found["vectors"] = self._rows(_OLD, apsw.carray(missing), model)
        return found

    def add(self, keys: Sequence[bytes]) -> int:
        """Note where rows with these keys will be, which are not there yet; the first one's number.

        They are numbered one after the other.
        """
        ((last,),) = values.read(self._connection, _LAST, (values.natural,))
        places = [(_place(key), row) for row, key in enumerate(keys, start=last + 1)]
        if len(keys) <= FEW_ROWS:
            self._insert("places", places)
        elif keys:
            self._insert("recent", places)
            self.waiting = True
            first, newest = self._read_ends()
            if newest - first >= max(RECENT_ROWS, last // RECENT_SHARE):
                self.settle()
        return int(last) + 1

    def settle(self) -> None:
        """Give all rows that wait their places."""
        self._connection.execute(
            "INSERT INTO places SELECT place, id FROM recent ORDER BY place, id"
        )
        self._connection.execute("DELETE FROM recent")
        self.waiting = False

    def _follow(self) -> None:
        """Take in what has come to wait, here or in other processes, since the last time."""
        ends = self._read_ends()
        if ends == self._ends:
            return
        if ends[0] != self._ends[0] or ends[1] < self._ends[1]:
            self._recent.clear()
            self._ends = (0, 0)
        query = "SELECT place, id FROM recent WHERE id>?"
        kinds = (values.integer, values.natural)
        for place, row in values.stream(self._connection, query, kinds, (self._ends[1],)):
            self._recent[place] = (*self._recent.get(place, ()), row)
        self._ends = ends

    def _read_ends(self) -> tuple[int, int]:
        ((first, last),) = values.read(self._connection, _ENDS, (values.natural, values.natural))
        return first, last

    def _insert(self, table: str, places: Iterable[tuple[int, int]]) -> None:
        self._connection.executemany(f"INSERT INTO {table}(place, id) VALUES(?, ?)", places)

    def _rows(self, query: str, among: Any, model: int) -> dict[bytes, int]:
        return dict(values.stream(self._connection, query, _FOUND, (among, model)))


def _place(key: bytes) -> int:
    """As `embedding_schema.PLACE`."""
    return zlib.crc32(key) - (1 << 31)
