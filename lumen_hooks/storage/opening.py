"""How a database is opened: to be read, to be written beside others, or before others know it.

Knows files, SQLite's settings and the extension; no table.
"""

from __future__ import annotations

import os
from array import array
from contextlib import closing, contextmanager, suppress
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

import apsw

from lumen_hooks.errors import StorageFullError, StoreError
from lumen_hooks.notify.layout import SIDE_FILES
from lumen_hooks.notify.own_files import REMEDY, NotOursError, check, check_folder, open_file

from .sqlite import Connection, only_row, size_on_disk, translated

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
STAGED_CACHE_KIB = 32_000

READER_MMAP_BYTES = 1 << 28
"""A larger file is read page by page: what is mapped counts as memory, and a search of it reads
pages from all over it."""

_NO_SHARED_MEMORY = {
    apsw.SQLITE_IOERR_SHMMAP,
    apsw.SQLITE_IOERR_SHMOPEN,
    apsw.SQLITE_IOERR_SHMSIZE,
}


def open_to_read(path: str) -> Connection:
    """Open a database that is there.

    The file is mapped, if it is not large. A statement's time is bounded.

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
            if size_on_disk(place) <= READER_MMAP_BYTES:
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


def keep_no_journal(connection: apsw.Connection) -> None:
    """Trade what survives a crash for speed, in a private file that is lost with its process.

    A transaction can still be rolled back. Nothing is synced: that is `publish`'s.
    """
    connection.execute("PRAGMA journal_mode=MEMORY").fetchall()
    connection.execute("PRAGMA synchronous=OFF")


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
            hint="pip install --force-reinstall 'sqlite-vec>=0.1.9,<0.1.10'; it needs Linux with"
            " glibc (not Alpine) or macOS",
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
