"""The one door to SQLite.

apsw only: a second SQLite library in the process, or a raw open and close of
a database file, silently drops the POSIX locks that SQLite holds on it. This
module knows how a connection is opened and what its errors mean; it knows no
table.
"""

from __future__ import annotations

import os
from array import array
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import apsw

from .errors import CorruptIndexError, StorageFullError, StoreError
from .own_files import REMEDY, SIDE_FILES, NotOursError, check, check_folder, open_file

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

_FULL = {apsw.SQLITE_FULL, apsw.SQLITE_IOERR, apsw.SQLITE_READONLY, apsw.SQLITE_CANTOPEN}
_CORRUPT = {apsw.SQLITE_CORRUPT, apsw.SQLITE_NOTADB}
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


def connect(
    path: str,
    *,
    write: bool,
    vectors: bool = False,
    create: bool = False,
    journal: bool = True,
    temporary: bool = False,
) -> apsw.Connection:
    """Open a database in the project's ways.

    Args:
        path: the database file.
        write: open for writing, with a writer's cache; a reader maps the file instead.
        vectors: load sqlite-vec.
        create: make the file when it is missing, with our page size; its folder is not made.
        journal: put the database in WAL mode; without it a writer leaves the mode alone.
        temporary: nobody else knows the file. Of any other, the files of the WAL stay when the last
            connection is closed: a file that is there need not be made again at a moment when git
            or the user may be deleting its folder.

    Raises:
        CorruptIndexError: the file is damaged or no database.
        StorageFullError: the disk is full, or the place cannot be written.
        StoreError: any other reason, the file missing among them, or a link in its place.
    """
    _check_version()
    _check_path(path)
    flags = apsw.SQLITE_OPEN_READWRITE if write else apsw.SQLITE_OPEN_READONLY
    place = _own_place(path, create=create)
    with translated(path):
        connection = apsw.Connection(place, flags | apsw.SQLITE_OPEN_NOFOLLOW)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            if journal and not temporary:
                _keep_wal(connection)
            if not write:
                connection = _readable(connection, place)
            if vectors:
                connection.enable_load_extension(True)
                connection.load_extension(vec0_path())
                connection.enable_load_extension(False)
            if create:
                connection.execute(f"PRAGMA page_size={PAGE_SIZE_BYTES}")
            if write:
                if journal:
                    connection.execute("PRAGMA journal_mode=WAL").fetchall()
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            else:
                connection.execute(f"PRAGMA mmap_size={READER_MMAP_BYTES}").fetchall()
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection


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


def _readable(connection: apsw.Connection, path: str) -> apsw.Connection:
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
        uri = "file:" + quote(path) + "?immutable=1"
        return apsw.Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    return connection


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours, by result code and never by message."""
    try:
        yield
    except apsw.Error as error:
        raise store_error(error, path) from error


def store_error(error: apsw.Error, path: str) -> StoreError:
    """Our error for one of SQLite's, naming the file."""
    code = error.result if hasattr(error, "result") else apsw.SQLITE_ERROR
    reason = str(error)
    if code in _CORRUPT:
        return CorruptIndexError(
            f"{path} is damaged: {reason}", hint="it is rebuilt by: lumen-hooks index"
        )
    if code in _FULL:
        return StorageFullError(
            f"cannot read or write {path}: {reason}",
            hint="check free disk space and permissions; the index on disk was left as it was",
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
