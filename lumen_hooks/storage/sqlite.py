"""The one door to SQLite.

apsw only: a second SQLite library in the process, or a raw open and close of
a database file, silently drops the POSIX locks that SQLite holds on it. This
module knows how a connection is opened and what its errors mean; it knows no
table.
"""

from __future__ import annotations

import os
import time
import zlib
from array import array
from contextlib import closing, contextmanager, suppress
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.errors import CorruptIndexError, StorageFullError, StoreError
from lumen_hooks.notify.layout import SIDE_FILES
from lumen_hooks.notify.own_files import REMEDY, NotOursError, check, check_folder, open_file

if TYPE_CHECKING:
    from collections.abc import Iterator

MINIMUM_SQLITE = (3, 51, 3)
"""SQLite before this can corrupt a WAL database that two processes write (wal.html#walresetbug)."""

MAX_PATH_BYTES = 504
"""SQLite's limit (MAX_PATHNAME in os_unix.c) less room for its `-journal`."""

MEMORY = ":memory:"
"""SQLite's name for a database in no file."""

PAGE_SIZE_BYTES = 16384
BUSY_TIMEOUT_MS = 5000
WRITER_CACHE_KIB = 64_000
READER_MMAP_BYTES = 1 << 30

READER_CPU_SECONDS = 60.0
"""What one statement of a reader may take; the largest that were measured take two."""

FULL_BELOW_BYTES = 1 << 20
"""With less room than this a write that failed without a reason failed for want of it."""

_ROOM = "check free disk space and permissions; the index on disk was left as it was"

_STEPS = 1_000_000
"""Of SQLite's virtual machine, some 20 ms: so often a statement's time is looked at."""

_LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: 1 << 28,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}
"""Far more than any of our values and statements needs (sqlite.org/security.html)."""

_FULL = {apsw.SQLITE_FULL, apsw.SQLITE_IOERR, apsw.SQLITE_READONLY, apsw.SQLITE_CANTOPEN}
_CORRUPT = {
    apsw.SQLITE_CORRUPT,
    apsw.SQLITE_NOTADB,
    # Our statements are always the same and right: if they fail so, what they read is wrong. It is
    # how extensions report damage to their tables, too.
    apsw.SQLITE_ERROR,
    apsw.SQLITE_CONSTRAINT,
    apsw.SQLITE_MISMATCH,
    apsw.SQLITE_TOOBIG,
    apsw.SQLITE_FORMAT,
    # The time of a statement was up.
    apsw.SQLITE_INTERRUPT,
}
_CUT = {apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_CORRUPTFS}
"""The file ends before it should; no error of the disk, which would be the user's to mend."""

_TAKEN = {apsw.SQLITE_BUSY, apsw.SQLITE_LOCKED}
_NO_SHARED_MEMORY = {
    apsw.SQLITE_IOERR_SHMMAP,
    apsw.SQLITE_IOERR_SHMOPEN,
    apsw.SQLITE_IOERR_SHMSIZE,
}


def _check_version() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < MINIMUM_SQLITE:
        raise StoreError(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt an index that two processes write",
            hint="pip install 'apsw>=3.54'",
        )


def _check_path(path: str) -> None:
    length = len(os.fsencode(path))
    if length > MAX_PATH_BYTES:
        raise StoreError(
            f"{path} is too long a path for SQLite: {length} bytes, at most {MAX_PATH_BYTES}",
            hint="move the repository to a shorter path",
        )
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"{path} cannot be opened by SQLite: it is not UTF-8", hint="rename the folder"
        ) from error


def vec0_path() -> str:
    """The sqlite-vec extension's file, found without importing its package (which pulls numpy)."""
    spec = PathFinder.find_spec("sqlite_vec")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError(
            "sqlite-vec is not installed", hint="pip install 'sqlite-vec>=0.1.9,<0.1.10'"
        )
    return os.path.join(spec.submodule_search_locations[0], "vec0")


class Connection(apsw.Connection):
    """A connection that trusts nothing in its file, and whose statements may not run for ever."""

    _until = float("inf")

    def configure(self, *, write: bool) -> None:
        """Nothing that a schema holds is run, and no value is larger than ours can be."""
        for setting, value in (
            (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
            (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
            (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
        ):
            self.config(setting, value)
        for limit, value in _LIMITS.items():
            self.limit(limit, value)
        self.limit(apsw.SQLITE_LIMIT_ATTACHED, 1 if write else 0)  # VACUUM attaches a file
        self.create_scalar_function("crc32", crc32, deterministic=True)
        if not write:
            self.set_progress_handler(self._is_over, _STEPS)

    def renew(self) -> None:
        """A statement begins."""
        self._until = time.thread_time() + READER_CPU_SECONDS

    def _is_over(self) -> bool:
        return time.thread_time() > self._until


def renew(connection: apsw.Connection) -> None:
    """Tell a connection that a statement begins."""
    if isinstance(connection, Connection):
        connection.renew()


def crc32(*values: apsw.SQLiteValue) -> int:
    """CRC-32 of values one after the other; also an SQL function of every connection."""
    total = 0
    for value in values:
        part = value if isinstance(value, bytes) else str(value).encode()
        total = zlib.crc32(part, total)
    return total


def open_to_read(path: str) -> Connection:
    """Open a database that is there. The file is mapped, and a statement's time is bounded.

    Raises:
        CorruptIndexError: the file is damaged or no database.
        StorageFullError: it may not be read.
        StoreError: any other reason, the file missing among them, or a link in its place.
    """
    place = _place_of(path)
    with translated(path):
        connection = _connection(place, apsw.SQLITE_OPEN_READONLY)
        with closed_on_error(connection):
            _keep_wal(connection)
            connection.configure(write=False)
            connection = _readable(connection, place)
        with closed_on_error(connection):
            connection.execute(f"PRAGMA mmap_size={READER_MMAP_BYTES}").fetchall()
            connection.execute("PRAGMA foreign_keys=ON")
    return connection


def open_to_write(path: str, *, create: bool = False) -> Connection:
    """Open a database that other processes may have open, in WAL mode.

    Its files of the WAL stay when the last connection is closed: a file that is there need not be
    made again at a moment when git or the user may be deleting its folder.

    Args:
        path: the database file.
        create: make it when it is missing; its folder is not made.

    Raises:
        CorruptIndexError: the file is damaged or no database.
        StorageFullError: the disk is full, or the place cannot be written.
        StoreError: any other reason, the file missing among them, or a link in its place.
    """
    place = _place_of(path, create=create)
    with translated(path):
        connection = _connection(place, apsw.SQLITE_OPEN_READWRITE)
        with closed_on_error(connection):
            _keep_wal(connection)
            _set_up_writer(connection, create=create)
            start_wal(connection)
    return connection


def open_private(path: str, *, create: bool = False) -> Connection:
    """Open a database that nobody else knows yet, in the journal mode that it is in.

    Arguments and errors are those of `open_to_write`; the path may be MEMORY.
    """
    place = _place_of(path, create=create)
    with translated(path):
        connection = _connection(place, apsw.SQLITE_OPEN_READWRITE)
        with closed_on_error(connection):
            _set_up_writer(connection, create=create)
    return connection


def _place_of(path: str, *, create: bool = False) -> str:
    _check_version()
    _check_path(path)
    return _own_place(path, create=create)


def _connection(place: str, flags: int) -> Connection:
    connection = Connection(place, flags | apsw.SQLITE_OPEN_NOFOLLOW)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


def _set_up_writer(connection: Connection, *, create: bool) -> None:
    connection.configure(write=True)
    if create:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE_BYTES}")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
    connection.execute("PRAGMA foreign_keys=ON")


def start_wal(connection: apsw.Connection) -> None:
    """Put a database in WAL mode, if it is not. Not inside a transaction."""
    connection.execute("PRAGMA journal_mode=WAL").fetchall()


@contextmanager
def closed_on_error(connection: apsw.Connection) -> Iterator[None]:
    """A connection that goes to the caller, unless an error comes in between."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _own_place(path: str, *, create: bool) -> str:
    """The path by which SQLite opens one of our files, which it must not reach through a link.

    The git dir may well be reached through one, so its own path is resolved here; what SQLite
    then refuses (SQLITE_OPEN_NOFOLLOW) is a link in the place of our folder or file.
    """
    if path == MEMORY:
        return path
    folder, name = os.path.split(path)
    above, last = os.path.split(folder)
    place = os.path.join(os.path.realpath(above), last, name)
    try:
        check_folder(os.path.dirname(place))
        found = [check(place + suffix) for suffix in ("", *SIDE_FILES)]
        if create and found[0] is None:
            # Made by us, so that mode and owner are those of our files; SQLite gives them to what
            # it puts beside it. Never where it exists: to open and close it raw drops locks.
            with suppress(FileExistsError):
                os.close(open_file(place, os.O_RDWR, exclusive=True))
    except NotOursError as error:
        raise StoreError(
            f"cannot use {error.filename}: {error.strerror}", hint=f"{REMEDY}: {error.filename}"
        ) from error
    except OSError as error:
        raise StorageFullError(
            f"cannot make {path}: {error.strerror}", hint="check free disk space and permissions"
        ) from error
    return place


def _keep_wal(connection: apsw.Connection) -> None:
    """Have the files of the WAL stay, and the WAL emptied, when the last connection is closed."""
    on = array("i", [1])
    address, _ = on.buffer_info()
    connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, address)
    connection.execute("PRAGMA journal_size_limit=0").fetchall()


def load_vec0(connection: apsw.Connection) -> None:
    """Load sqlite-vec.

    Raises:
        StoreError: it is not installed, or cannot be loaded here.
    """
    connection.enable_load_extension(True)
    try:
        connection.load_extension(vec0_path())
    except apsw.ExtensionLoadingError as error:
        raise StoreError(
            f"sqlite-vec cannot be loaded: {error}",
            hint="pip install 'sqlite-vec>=0.1.9,<0.1.10'",
        ) from error
    connection.enable_load_extension(False)


def _readable(connection: Connection, path: str) -> Connection:
    """The connection, or one that reads a WAL database in a folder that cannot be written.

    SQLite needs to make a -shm file beside it for that; on a full disk it fails to, too. Without
    a WAL there is nothing in it that the main file lacks, so the file may be read as if nobody
    could change it.
    """
    try:
        connection.execute("PRAGMA schema_version").fetchall()
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError) as error:
        code = getattr(error, "extendedresult", 0)
        if isinstance(error, apsw.IOError) and code not in _NO_SHARED_MEMORY:
            raise
        wal = path + "-wal"
        if os.path.exists(wal) and os.stat(wal).st_size > 0:
            raise
        connection.close()
        from urllib.parse import quote  # seldom needed, and 4 ms

        uri = "file:" + quote(path) + "?immutable=1"
        connection = Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        connection.configure(write=False)
    return connection


def versions() -> tuple[str, str]:
    """SQLite's and sqlite-vec's, as they say themselves once they are loaded.

    Raises:
        StoreError: one of them cannot be used.
    """
    with closing(open_private(MEMORY)) as connection, translated("sqlite-vec"):
        load_vec0(connection)
        (vec0,) = only_row(connection, "SELECT vec_version()")
    return apsw.sqlite_lib_version(), vec0


def size_on_disk(path: str) -> int:
    """Bytes of a database with its WAL; 0 of one that is not there."""
    total = 0
    for suffix in ("", "-wal"):
        with suppress(OSError):
            total += os.stat(path + suffix).st_size
    return total


@contextmanager
def translated(path: str, *, writing: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into ours, by result code and never by message.

    Args:
        path: the database file.
        writing: an extension that cannot write its tables, on a full disk, says no more than
            SQLITE_ERROR: that is no proof of damage then, a check must tell.
    """
    try:
        yield
    except apsw.Error as error:
        if writing and isinstance(error, apsw.SQLError):
            raise _unwritten(error, path) from error
        raise store_error(error, path) from error


def _unwritten(error: apsw.SQLError, path: str) -> StoreError:
    with suppress(OSError):
        room = os.statvfs(os.path.dirname(path))
        if room.f_bavail * room.f_frsize < FULL_BELOW_BYTES:
            return StorageFullError(f"cannot read or write {path}: {error}", hint=_ROOM)
    return StoreError(f"cannot write {path}: {error}", hint="it is checked by: lumen-hooks doctor")


def store_error(error: apsw.Error, path: str) -> StoreError:
    """Our error for one of SQLite's, naming the file."""
    code = error.result if hasattr(error, "result") else apsw.SQLITE_ERROR
    reason = str(error)
    if code in _CORRUPT or getattr(error, "extendedresult", 0) in _CUT:
        return CorruptIndexError(
            f"{path} is damaged: {reason}", hint="it is rebuilt by: lumen-hooks index"
        )
    if code in _FULL:
        return StorageFullError(
            f"cannot read or write {path}: {reason}",
            hint=_ROOM,
        )
    if code in _TAKEN:
        return StoreError(f"cannot use {path}: {reason}", hint="another process has it; try again")
    return StoreError(f"cannot use {path}: {reason}", hint="it is checked by: lumen-hooks index")


def only_row(
    connection: apsw.Connection, query: str, bindings: tuple[apsw.SQLiteValue, ...] = ()
) -> tuple[Any, ...]:
    """The one row of a query that always has one."""
    row: tuple[Any, ...] = next(connection.execute(query, bindings))
    return row


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """One write transaction that holds the write lock from its first statement."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # A full disk or an I/O error may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def one_state(connection: apsw.Connection) -> Iterator[None]:
    """One read transaction, or the one that is open already."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        # An error may have ended it already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
