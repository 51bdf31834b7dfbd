"""The sum over what extensions keep in tables of their own, and how a transaction changes it.

A row may be anywhere in its table and is read one way or another, so what is summed is a number
for each row: who takes rows away and adds others knows the new sum without reading the rest. A
row that was damaged meanwhile is in the old sum as it was written: nothing makes it right again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import values
from .sqlite import crc32

if TYPE_CHECKING:
    import apsw

_FORMAT = "rows"
"""What a seal begins with that is made so. Others are not compared; the next write makes one."""


class Seal(NamedTuple):
    """Sums over all rows.

    Attributes:
        words: of lexical_data, CRC-32 of each row's id and block.
        places: of lexical_idx, CRC-32 of each row.
        documents: of lexical_docsize, 31 times its id and its origin.
        numbers: of vectors_rowids, where each vector is.
    """

    words: int
    places: int
    documents: int
    numbers: int

    def __str__(self) -> str:
        return " ".join([_FORMAT, *map(str, self)])

    def changed(self, changes: Changes) -> Seal:
        """The seal after a transaction."""
        return Seal(*(one + changes.sums[table] for one, table in zip(self, _NUMBERS, strict=True)))


def parse(text: str) -> Seal | None:
    """A seal that was noted; None for none, or one of another making."""
    kind, *numbers = text.split() or [""]
    if kind != _FORMAT or len(numbers) != len(Seal._fields):
        return None
    try:
        return Seal(*map(int, numbers))
    except ValueError:
        return None


def read(connection: apsw.Connection) -> Seal:
    """The seal of what there is now; every row is read."""
    words = places = 0
    for row in values.stream(
        connection, "SELECT id, block FROM lexical_data", (values.integer, values.blob)
    ):
        words += crc32(*row)
    kinds = (values.integer, values.optional(values.blob), values.integer)
    for row in values.stream(connection, "SELECT segid, term, pgno FROM lexical_idx", kinds):
        places += crc32(*row)
    query = (
        "SELECT (SELECT coalesce(sum(id * 31 + origin), 0) FROM lexical_docsize),"
        " (SELECT coalesce(sum(rowid * 31 + chunk_id * 1009 + chunk_offset), 0)"
        " FROM vectors_rowids)"
    )
    ((documents, numbers),) = values.read(connection, query, (values.integer, values.integer))
    return Seal(words, places, documents, numbers)


class Changes:
    """What one transaction does to the sums, told by SQLite (sqlite.org/c3ref/preupdate_*.html).

    Rows alone: who drops or makes such a table reads the seal anew.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.sums = dict.fromkeys(_NUMBERS, 0)
        self._connection = connection
        connection.preupdate_hook(self._note, id=self)

    def close(self) -> None:
        """Be told no more."""
        self._connection.preupdate_hook(None, id=self)

    def _note(self, update: apsw.PreUpdate) -> None:
        number = _NUMBERS.get(update.table_name)
        if number is None or update.database_name != "main":
            return
        if update.old is not None:
            self.sums[update.table_name] -= number(update.old)
        if update.new is not None:
            self.sums[update.table_name] += number(update.new)


def _crc32(row: tuple[apsw.SQLiteValue, ...]) -> int:
    return crc32(*row)


def _document(row: tuple[apsw.SQLiteValue, ...]) -> int:
    number, _, origin = row
    return _int(number) * 31 + _int(origin)


def _number(row: tuple[apsw.SQLiteValue, ...]) -> int:
    rowid, _, block, offset = row
    return _int(rowid) * 31 + _int(block) * 1009 + _int(offset)


def _int(value: apsw.SQLiteValue) -> int:
    return value if isinstance(value, int) else 0


_NUMBERS = {
    "lexical_data": _crc32,
    "lexical_idx": _crc32,
    "lexical_docsize": _document,
    "vectors_rowids": _number,
}
"""A row's number by its table, in the order of a seal's."""
