"""Evicting vectors from an embedding store that has grown over its limit.

Knows which of its vectors are used, and when they were; not by whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .embedding_schema import PLACE, tables_of
from .sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

TRIM_TO = 0.8
"""The share of the limit that a trim leaves, so that it is not needed again at once."""

_DELETE_ROWS = 5000

_DELETE = (
    f"DELETE FROM places WHERE (place, id) = (SELECT {PLACE}, id FROM stored WHERE id=?)",
    "DELETE FROM recent WHERE id=?",
    "DELETE FROM stored WHERE id=?",
)


def trim(connection: apsw.Connection, max_bytes: int, in_use: Iterable[bytes]) -> int:
    """See `EmbeddingStore.trim`."""
    if _bytes_used(connection) <= max_bytes:
        return 0
    try:
        victims = _choose_victims(connection, int(max_bytes * TRIM_TO), in_use)
        _delete(connection, victims)
    finally:
        connection.execute("DROP TABLE IF EXISTS temp.kept")
    if victims:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return len(victims)


def _bytes_used(connection: apsw.Connection) -> int:
    pragmas = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(connection.execute(f"PRAGMA {name}").get) for name in pragmas)
    return (pages - free) * size


def _choose_victims(
    connection: apsw.Connection, target_bytes: int, in_use: Iterable[bytes]
) -> list[tuple[str, int]]:
    """Rows to delete, with their table, least recently used first; ties go by age."""
    execute = connection.execute
    execute("CREATE TEMP TABLE kept(key BLOB PRIMARY KEY) WITHOUT ROWID")
    with transaction(connection):
        connection.executemany(
            "INSERT OR IGNORE INTO temp.kept VALUES(?)", ((key,) for key in in_use)
        )
    tables = tables_of(connection)
    rows = sum(int(execute(f"SELECT count(*) FROM {table}").get) for table in tables)
    used = _bytes_used(connection)
    excess = -(-rows * (used - target_bytes) // used)
    of_all = " UNION ALL ".join(
        f"SELECT used, id, '{table}' AS name FROM {table}"
        " WHERE key NOT IN (SELECT key FROM temp.kept)"
        for table in tables
    )
    found = execute(
        f"SELECT name, id FROM ({of_all}) ORDER BY used, name DESC, id LIMIT ?", (max(0, excess),)
    )
    return [(str(name), int(row)) for name, row in found]


def _delete(connection: apsw.Connection, victims: Sequence[tuple[str, int]]) -> None:
    """In short transactions, so that other writers get their turn."""
    for start in range(0, len(victims), _DELETE_ROWS):
        part = victims[start : start + _DELETE_ROWS]
        stored = [(row,) for table, row in part if table == "stored"]
        old = [(row,) for table, row in part if table == "vectors"]
        with transaction(connection):
            for sql in _DELETE:
                connection.executemany(sql, stored)
            if old:
                connection.executemany("DELETE FROM vectors WHERE id=?", old)
