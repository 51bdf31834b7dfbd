"""The embedding store's file: its tables, made where there are none, and emptied where damaged.

Knows SQL texts and what the file may hold; not what a vector is kept for.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing, suppress

import apsw

from lumen_hooks.errors import CorruptIndexError, NewerIndexError, StoreError
from lumen_hooks.notify.layout import DAMAGED_SUFFIX
from lumen_hooks.notify.own_files import open_file

from . import values
from .opening import BUSY_TIMEOUT_MS, PAGE_SIZE_BYTES, closed_on_error, open_to_read, open_to_write
from .sqlite import one_state, transaction, translated

APPLICATION_ID = 0x4C554D45
"""`LUME`, in the database header."""

SCHEMA_VERSION = 3
"""2  2026-11-25  check sums
3  2026-11-26  rows in the order in which they come; where they are, apart
"""

_CREATE_SECONDS = 5.0

_MODELS = "CREATE TABLE models(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)"
_VECTORS = """CREATE TABLE vectors(
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES models(id),
  key BLOB NOT NULL,
  vector BLOB NOT NULL,
  used INTEGER NOT NULL{sum},
  UNIQUE(model, key)
)"""
_OLD = _VECTORS.format(sum=", sum INTEGER")

# Keys are random. An index that is kept with each batch of new rows touches pages all over, ten
# times the bytes of the vectors: so the newest rows wait in `recent`, in the order in which they
# came, until they are many, and then get their places all at once.
_STORED = """CREATE TABLE stored(
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES models(id),
  key BLOB NOT NULL,
  vector BLOB NOT NULL,
  used INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT"""
_PLACES = """CREATE TABLE places(
  place INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(place, id)
) STRICT, WITHOUT ROWID"""
_RECENT = "CREATE TABLE recent(id INTEGER PRIMARY KEY, place INTEGER NOT NULL) STRICT"
_NEW = (_STORED, _PLACES, _RECENT)

_TABLES = {
    1: ({_MODELS, _VECTORS.format(sum="")},),
    2: ({_MODELS, _OLD},),
    # What version 2 stored stays where it is: a process of that version may have the file open.
    3: ({_MODELS, *_NEW}, {_MODELS, _OLD, *_NEW}),
}
"""By version, what `sqlite_schema` may hold, and nothing else."""

PLACE = "crc32(key) - 2147483648"
"""Where to look for a key: its place, four bytes with a sign. Several keys may have the same."""

_ADD_SUMS = "ALTER TABLE vectors ADD COLUMN sum INTEGER"
"""From version 1 to 2. Vectors from before have no sum, and are taken at their word."""

_DAMAGED = """
SELECT 1 FROM {table} v LEFT JOIN models m ON m.id=v.model
WHERE m.key IS NULL OR (v.sum IS NOT NULL AND v.sum != crc32(m.key, v.key, v.vector)) LIMIT 1
"""

_MISPLACED = f"""
WITH placed AS (SELECT place, id FROM places UNION ALL SELECT place, id FROM recent)
SELECT 1 WHERE (SELECT count(*) FROM placed) != (SELECT count(*) FROM stored)
  OR EXISTS(SELECT 1 FROM placed p LEFT JOIN stored s ON s.id=p.id WHERE ({PLACE}) IS NOT p.place)
"""


def open_store(path: str) -> apsw.Connection:
    """Open the store, making its tables if it is new.

    Of processes that make the same new file a WAL database at the same instant,
    SQLite turns one away at once, busy timeout or not (1 opening in 1,500), so
    that is waited for here.

    Raises:
        CorruptIndexError: the file is damaged or no embedding store.
        NewerIndexError: a newer version of this tool made it.
        StoreError: any other reason; see `open_to_write`.
    """
    deadline = time.monotonic() + _CREATE_SECONDS
    while True:
        try:
            connection = open_to_write(path, create=True)
            break
        except StoreError as error:
            busy = isinstance(error.__cause__, apsw.BusyError)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    with closed_on_error(connection):
        _prepare(connection, path)
    return connection


def _prepare(connection: apsw.Connection, path: str) -> None:
    """Check that the file is ours, and make the tables in it if it is empty."""
    with translated(path):
        # In one read transaction: between two reads, another process may make the tables.
        with one_state(connection):
            if _version(connection, path) == SCHEMA_VERSION:
                return
        with transaction(connection):
            # Another process may have made them since.
            version = _version(connection, path)
            if version == SCHEMA_VERSION:
                return
            if version == 1:
                connection.execute(_ADD_SUMS)
            for sql in (_MODELS, *_NEW) if version == 0 else _NEW:
                connection.execute(sql)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _version(connection: apsw.Connection, path: str) -> int:
    """The schema's version, 0 for an empty file."""
    owner, version = (
        values.read(connection, f"PRAGMA {name}", (values.integer,))[0][0]
        for name in ("application_id", "user_version")
    )
    query = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%'"
    tables = {sql for (sql,) in values.read(connection, query, (values.text,))}
    # A version that has our very tables is no newer one: the number is damaged.
    newer = version > SCHEMA_VERSION and tables not in _TABLES[SCHEMA_VERSION]
    if owner == APPLICATION_ID and newer:
        raise NewerIndexError(
            f"{path} was made by a newer version of lumen-hooks", hint="upgrade lumen-hooks"
        )
    if tables and (owner != APPLICATION_ID or tables not in _TABLES.get(version, ())):
        raise CorruptIndexError(f"{path} is not an embedding store")
    return int(version) if tables else 0


def tables_of(connection: apsw.Connection) -> list[str]:
    """The tables that hold vectors: `stored`, and `vectors`, if version 2 has left one."""
    query = "SELECT name FROM sqlite_schema WHERE name IN ('stored', 'vectors') ORDER BY name"
    return [name for (name,) in values.read(connection, query, (values.text,))]


def check_store(path: str) -> int:
    """Look at every page and every sum of an embedding store; how many vectors it holds.

    Raises:
        CorruptIndexError: something is damaged.
        NewerIndexError: a newer version of this tool made it.
    """
    with closing(open_to_read(path)) as connection:
        version = _version(connection, path)
        if version == 0:
            return 0
        ((verdict,),) = values.read(connection, "PRAGMA integrity_check(1)", (values.text,))
        if verdict != "ok":
            raise CorruptIndexError(f"{path} is damaged: {verdict}")
        tables = tables_of(connection)
        for table in tables if version > 1 else ():
            query = _DAMAGED.format(table=table)
            if values.read(connection, query, (values.natural,)):
                raise CorruptIndexError(f"{path} is damaged: a vector is not as it was written")
        if "stored" in tables and values.read(connection, _MISPLACED, (values.natural,)):
            raise CorruptIndexError(f"{path} is damaged: a vector is not where it is looked for")
        counts = [
            values.read(connection, f"SELECT count(*) FROM {table}", (values.natural,))[0][0]
            for table in tables
        ]
        return sum(counts)


def empty_store(path: str) -> None:
    """Copy a damaged store aside and empty it where it lies.

    Not moved away: a process that has it open would, on closing, delete the
    write-ahead log of the file that took its place, because it knows the log
    by its name. SQLite resets a file under its own locks instead
    (sqlite.org/c3ref/c_dbconfig_defensive.html, SQLITE_DBCONFIG_RESET_DATABASE).
    """
    # Once: of two processes that find the damage, the second would copy what the first has mended.
    with (
        suppress(OSError),
        open(open_file(path + DAMAGED_SUFFIX, os.O_WRONLY, exclusive=True), "wb") as kept,
        open(open_file(path, os.O_RDONLY), "rb") as damaged,
    ):
        shutil.copyfileobj(damaged, kept)
    with translated(path):
        connection = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            # Having read the schema, or tried to, it knows that this is a WAL database and needs
            # no exclusive lock, which another process that has it open would refuse.
            with suppress(apsw.Error):
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            connection.config(apsw.SQLITE_DBCONFIG_RESET_DATABASE, 1)
            connection.execute(f"PRAGMA page_size={PAGE_SIZE_BYTES}")
            connection.execute("VACUUM")
            connection.config(apsw.SQLITE_DBCONFIG_RESET_DATABASE, 0)
        finally:
            connection.close()
