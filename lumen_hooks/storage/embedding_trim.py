"""Evicting vectors from an embedding store that has grown over its limit.

Knows which of its vectors are used, and when they were; not by whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

TRIM_TO = 0.8
"""The share of the limit that a trim leaves, so that it is not needed again at once."""

_DELETE_ROWS = 5000


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
) -> list[int]:
    """Row ids to delete, least recently used first; ties go by age."""
    execute = connection.execute
    execute("CREATE TEMP TABLE kept(key BLOB PRIMARY KEY) WITHOUT ROWID")
    with transaction(connection):
        connection.executemany(
            "INSERT OR IGNORE INTO temp.kept VALUES(?)", ((key,) for key in in_use)
        )
    rows = int(execute("SELECT count(*) FROM vectors").get)
    used = _bytes_used(connection)
    excess = -(-rows * (used - target_bytes) // used)
    found = execute(
        "SELECT id FROM vectors WHERE key NOT IN (SELECT key FROM temp.kept)"
        " ORDER BY used, id LIMIT ?",
        (max(0, excess),),
    )
    return [int(row[0]) for row in found]


def _delete(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """In short transactions, so that other writers get their turn."""
    for start in range(0, len(ids), _DELETE_ROWS):
        part = ids[start : start + _DELETE_ROWS]
        with transaction(connection):
            connection.executemany("DELETE FROM vectors WHERE id=?", ((row,) for row in part))
