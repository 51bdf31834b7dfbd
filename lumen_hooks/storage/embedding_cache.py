"""The embedding store: vectors by model and text, shared by all worktrees of a repository.

A cache, never the only place of anything: a damaged file is emptied and
filled again, and whoever cannot open it goes on without it. It knows int8
bytes and keys; it knows no model, index or worktree.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, final

import apsw

from lumen_hooks.errors import CorruptIndexError, NewerIndexError, StoreError
from lumen_hooks.notify.layout import DAMAGED_SUFFIX
from lumen_hooks.notify.own_files import open_file

from . import values
from .sqlite import BUSY_TIMEOUT_MS, PAGE_SIZE_BYTES, connect, crc32, transaction, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

APPLICATION_ID = 0x4C554D45
"""`LUME`, in the database header."""

SCHEMA_VERSION = 2
"""2  2026-11-25  check sums"""

TOUCH_AFTER_DAYS = 7
"""A vector's day of use is rewritten only when it is older: each rewrite costs a 16 KiB page."""

TRIM_TO = 0.8
"""The share of the limit that a trim leaves, so that it is not needed again at once."""

_DELETE_ROWS = 5000
_CREATE_SECONDS = 5.0
_DAY_SECONDS = 86_400

# With row ids, new vectors go to the end of the table and only the small unique index is hit at
# random: filling 100,000 takes 0.28 CPU s, against 1.38 and six times the WAL WITHOUT ROWID.
_MODELS = "CREATE TABLE models(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)"
_VECTORS = """CREATE TABLE vectors(
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES models(id),
  key BLOB NOT NULL,
  vector BLOB NOT NULL,
  used INTEGER NOT NULL{sum},
  UNIQUE(model, key)
)"""
_TABLES = {
    1: {_MODELS, _VECTORS.format(sum="")},
    2: {_MODELS, _VECTORS.format(sum=", sum INTEGER")},
}
"""By version, what `sqlite_schema` may hold, and nothing else."""

_ADD_SUMS = "ALTER TABLE vectors ADD COLUMN sum INTEGER"
"""From version 1 to 2. Vectors from before have no sum, and are taken at their word."""

_DAMAGED = """
SELECT 1 FROM vectors v LEFT JOIN models m ON m.id=v.model
WHERE m.key IS NULL OR (v.sum IS NOT NULL AND v.sum != crc32(m.key, v.key, v.vector)) LIMIT 1
"""


@final
class EmbeddingStore:
    """An open embedding store. One process opens a store once; any number of processes may.

    The file is made when it is missing (not its folder), and a damaged file is
    emptied, after a copy to `embeddings.db.damaged` unless there is one.

    Args:
        path: the database file.
        clock: Unix time in seconds, for the day on which a vector was used.

    Raises:
        StorageFullError: the disk is full or the place cannot be written. Go on without a store.
        NewerIndexError: a newer version of this tool made it. Go on without a store.
        StoreError: any other reason.
    """

    def __init__(self, path: str, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._may_repair = True
        try:
            self._connection = _open(path)
        except CorruptIndexError:
            self._may_repair = False
            _empty(path)
            self._connection = _open(path)

    def get(
        self, model_key: str, keys: Sequence[bytes], *, dimensions: int | None = None
    ) -> dict[bytes, bytes]:
        """The vectors that are known, by key. About 5 microseconds for each key asked for.

        Args:
            model_key: whose vectors.
            keys: of which texts.
            dimensions: what a vector must have, if it is not empty.

        Raises:
            StoreError: the file cannot be read. If it was damaged, it is emptied instead.
        """
        try:
            # One state for both reads: after a repair elsewhere, a number means another model.
            with translated(self.path), _snapshot(self._connection):
                model = self._model(model_key)
                if model is None:
                    return {}
                query = (
                    "SELECT key, vector, sum IS NULL OR sum=crc32(?1, key, vector) FROM vectors"
                    " WHERE model=?2 AND key=?3"
                )
                rows = self._connection.executemany(query, ((model_key, model, k) for k in keys))
                kinds = (values.blob, partial(_vectors, dimensions), all)
                return {key: vector for key, vector, _ in values.checked(rows, self.path, kinds)}
        except CorruptIndexError:
            self._repair()
            return {}

    def put(self, model_key: str, items: Mapping[bytes, bytes]) -> None:
        """Remember vectors, in one transaction. Keys that are known keep the vector they have.

        Raises:
            StorageFullError: the disk is full; nothing was remembered and the store stays usable.
            StoreError: any other reason.
        """
        if not items:
            return
        try:
            self._put(model_key, items)
        except CorruptIndexError:
            self._repair()
            self._put(model_key, items)

    def touch(self, model_key: str, keys: Iterable[bytes]) -> None:
        """Note that vectors were used today, so that `trim` spares them for longer.

        Raises:
            StoreError: the file cannot be written.
        """
        today = self._today()
        with translated(self.path), transaction(self._connection):
            model = self._model(model_key)
            if model is not None:
                self._connection.executemany(
                    "UPDATE vectors SET used=? WHERE model=? AND key=? AND used<?",
                    ((today, model, key, today - TOUCH_AFTER_DAYS) for key in keys),
                )

    def size_bytes(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        total = 0
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                total += os.stat(self.path + suffix).st_size
        return total

    def trim(self, max_bytes: int, in_use: Iterable[bytes]) -> int:
        """If the store is over a size, delete what was used longest ago and no index uses.

        Goes down to TRIM_TO of the size, then rewrites the file, which keeps
        other writers out for about a second for each 200 MB.

        Args:
            max_bytes: how large the store may be.
            in_use: keys to keep, whatever their model; read only if the store is too large.

        Returns:
            How many vectors were deleted.

        Raises:
            StoreError: the file cannot be written.
        """
        with translated(self.path):
            if self._bytes_used() <= max_bytes:
                return 0
            try:
                victims = self._choose_victims(int(max_bytes * TRIM_TO), in_use)
                self._delete(victims)
            finally:
                self._connection.execute("DROP TABLE IF EXISTS temp.kept")
            if victims:
                self._connection.execute("VACUUM")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return len(victims)

    def close(self) -> None:
        """Close the file. Calling it twice does nothing more."""
        self._connection.close()

    def __enter__(self) -> EmbeddingStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _today(self) -> int:
        return int(self._clock() // _DAY_SECONDS)

    def _model(self, model_key: str) -> int | None:
        query = "SELECT id FROM models WHERE key=?"
        rows = values.read(self._connection, query, (values.natural,), (model_key,))
        return rows[0][0] if rows else None

    def _put(self, model_key: str, items: Mapping[bytes, bytes]) -> None:
        today = self._today()
        with translated(self.path), transaction(self._connection):
            self._connection.execute("INSERT OR IGNORE INTO models(key) VALUES(?)", (model_key,))
            model = self._model(model_key)
            self._connection.executemany(
                "INSERT INTO vectors(model, key, vector, used, sum)"
                " VALUES(?, ?, ?, ?, ?) ON CONFLICT(model, key) DO NOTHING",
                (
                    (model, key, vector, today, crc32(model_key, key, vector))
                    for key, vector in items.items()
                ),
            )

    def _repair(self) -> None:
        """Empty the file, once for each store: what breaks again at once is not the file."""
        if not self._may_repair:
            raise CorruptIndexError(f"{self.path} is damaged again after it was emptied")
        self._may_repair = False
        self._connection.close()
        _empty(self.path)
        self._connection = _open(self.path)

    def _bytes_used(self) -> int:
        pragmas = ("page_count", "freelist_count", "page_size")
        pages, free, size = (
            int(self._connection.execute(f"PRAGMA {name}").get) for name in pragmas
        )
        return (pages - free) * size

    def _choose_victims(self, target_bytes: int, in_use: Iterable[bytes]) -> list[int]:
        """Row ids to delete, least recently used first; ties go by age."""
        execute = self._connection.execute
        execute("CREATE TEMP TABLE kept(key BLOB PRIMARY KEY) WITHOUT ROWID")
        with transaction(self._connection):
            self._connection.executemany(
                "INSERT OR IGNORE INTO temp.kept VALUES(?)", ((key,) for key in in_use)
            )
        rows = int(execute("SELECT count(*) FROM vectors").get)
        used = self._bytes_used()
        excess = -(-rows * (used - target_bytes) // used)
        found = execute(
            "SELECT id FROM vectors WHERE key NOT IN (SELECT key FROM temp.kept)"
            " ORDER BY used, id LIMIT ?",
            (max(0, excess),),
        )
        return [int(row[0]) for row in found]

    def _delete(self, ids: Sequence[int]) -> None:
        """In short transactions, so that other writers get their turn."""
        for start in range(0, len(ids), _DELETE_ROWS):
            part = ids[start : start + _DELETE_ROWS]
            with transaction(self._connection):
                self._connection.executemany(
                    "DELETE FROM vectors WHERE id=?", ((row,) for row in part)
                )


@contextmanager
def _snapshot(connection: apsw.Connection) -> Iterator[None]:
    """One read transaction."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _open(path: str) -> apsw.Connection:
    """Open the store, making its tables if it is new.

    Of processes that make the same new file a WAL database at the same instant,
    SQLite turns one away at once, busy timeout or not (1 opening in 1,500), so
    that is waited for here.
    """
    deadline = time.monotonic() + _CREATE_SECONDS
    while True:
        try:
            connection = connect(path, write=True, create=True)
            break
        except StoreError as error:
            busy = isinstance(error.__cause__, apsw.BusyError)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: apsw.Connection, path: str) -> None:
    """Check that the file is ours, and make the tables in it if it is empty."""
    with translated(path):
        # In one read transaction: between two reads, another process may make the tables.
        with _snapshot(connection):
            if _version(connection, path) == SCHEMA_VERSION:
                return
        with transaction(connection):
            # Another process may have made them since.
            version = _version(connection, path)
            if version == 1:
                connection.execute(_ADD_SUMS)
            elif version == 0:
                for sql in _TABLES[SCHEMA_VERSION]:
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
    newer = version > SCHEMA_VERSION and tables != _TABLES[SCHEMA_VERSION]
    if owner == APPLICATION_ID and newer:
        raise NewerIndexError(
            f"{path} was made by a newer version of lumen-hooks", hint="upgrade lumen-hooks"
        )
    if tables and (owner != APPLICATION_ID or _TABLES.get(version) != tables):
        raise CorruptIndexError(f"{path} is not an embedding store")
    return int(version) if tables else 0


def _vectors(dimensions: int | None, column: Sequence[bytes]) -> bool:
    """Empty, or so long and with a direction."""
    return values.blob(column) and (
        dimensions is None
        or all(
            not vector or (len(vector) == dimensions and vector.strip(b"\0")) for vector in column
        )
    )


def check_store(connection: apsw.Connection, path: str) -> int:
    """Look at every page and every sum of an embedding store; how many vectors it holds.

    Args:
        connection: opened for reading.
        path: for messages.

    Raises:
        CorruptIndexError: something is damaged.
        NewerIndexError: a newer version of this tool made it.
    """
    if _version(connection, path) == 0:
        return 0
    ((verdict,),) = values.read(connection, "PRAGMA integrity_check(1)", (values.text,))
    if verdict != "ok":
        raise CorruptIndexError(f"{path} is damaged: {verdict}")
    if _version(connection, path) > 1 and values.read(connection, _DAMAGED, (values.natural,)):
        raise CorruptIndexError(f"{path} is damaged: a vector is not as it was written")
    ((count,),) = values.read(connection, "SELECT count(*) FROM vectors", (values.natural,))
    return int(count)


def _empty(path: str) -> None:
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
