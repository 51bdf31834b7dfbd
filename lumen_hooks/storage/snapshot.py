"""A consistent copy of a database that other processes are writing.

The order of steps is the whole point. With the donor's write lock held nobody
can commit, or restart or truncate its WAL. A checkpoint may still run and tear
pages of the main file while we copy it, but each such page is in the WAL that
we copy as well, and folding that WAL into the copy puts it right. Without the
lock, without the WAL, or with a read transaction in place of the lock, there
are schedules that give a corrupt copy; tests/storage/test_snapshot.py forces them.
"""

from __future__ import annotations

import errno
import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import apsw

from lumen_hooks.errors import CorruptIndexError, StorageFullError, StoreError
from lumen_hooks.notify.own_files import open_file

from .clonefile import cloned
from .opening import open_private, open_to_read, open_to_write
from .publish import create_exclusively
from .sqlite import only_row, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Gate = Callable[[apsw.Connection], None]

LOCK_WAIT_MS = 2000
"""How long to wait for the donor's writer before copying through SQLite's backup instead."""

_NO_COPY_FILE_RANGE = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
"""From file systems, kernels and sandboxes without it."""

FULL_CHECK_BYTES = 500_000_000
"""Copies up to this size are checked page by page (about 0.2 s per GB)."""


def snapshot(donor: str, copy: str, *, gate: Gate) -> None:
    """Copy a live database into a new file, whole, its pages checked, with its WAL folded in.

    Args:
        donor: the database; its writers wait while its file is copied (never its readers).
        copy: where to; must not exist.
        gate: is given a connection to the donor, and raises to refuse it.

    Raises:
        CorruptIndexError: the donor is damaged.
        StorageFullError: no room, or no permission, for the copy.
        StoreError: the donor cannot be opened or read.
    """
    try:
        if _is_open_here(donor) or not os.access(donor, os.W_OK):
            with _donor_errors():
                connection = open_to_read(donor)
            with closing(connection):
                _copy_through_sqlite(connection, donor, copy, gate)
        else:
            _copy_under_lock(donor, copy, gate)
    except OSError as error:
        raise StorageFullError(
            f"cannot copy {donor}: {error.strerror}", hint="check free disk space and permissions"
        ) from error
    _fold(copy)


def _is_open_here(donor: str) -> bool:
    """Whether this process has the database open already.

    It must not open and close the file raw then: that drops every lock SQLite holds on it.
    """
    return any(_same_file(connection.filename, donor) for connection in apsw.connections())


def _same_file(name: str, path: str) -> bool:
    try:
        return bool(name) and os.path.samefile(name, path)
    except OSError:
        return False


def _copy_under_lock(donor: str, copy: str, gate: Gate) -> None:
    # Closed last: once the file is open through SQLite, a raw close drops SQLite's locks on it.
    with _donor_errors():
        descriptor = open_file(donor, os.O_RDONLY)
    try:
        with _donor_errors():
            connection = open_to_write(donor)
        try:
            if _lock(connection):
                with _donor_errors(), translated(donor):
                    gate(connection)
                _copy_files(descriptor, donor, copy)
            else:
                _copy_through_sqlite(connection, donor, copy, gate)
        finally:
            connection.close()
    finally:
        os.close(descriptor)


def _copy_through_sqlite(connection: apsw.Connection, donor: str, copy: str, gate: Gate) -> None:
    with _donor_errors(), translated(donor):
        connection.execute("BEGIN")  # what the gate reads is what is copied
        gate(connection)
    with translated(copy):
        _backup(connection, copy)


@contextmanager
def _donor_errors() -> Iterator[None]:
    """A donor that cannot be opened is a bad donor, not a full disk."""
    try:
        yield
    except StorageFullError as error:
        raise StoreError(error.message) from error
    except OSError as error:
        raise StoreError(f"cannot read {error.filename}: {error.strerror}") from error


def _lock(connection: apsw.Connection) -> bool:
    connection.set_busy_timeout(LOCK_WAIT_MS)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except (apsw.BusyError, apsw.ReadOnlyError):
        return False
    return True


def _copy_files(descriptor: int, donor: str, copy: str) -> None:
    _copy_file(descriptor, copy)
    with _donor_errors():
        wal = open_file(donor + "-wal", os.O_RDONLY)
    try:
        if os.fstat(wal).st_size > 0:
            _copy_file(wal, copy + "-wal")
    finally:
        os.close(wal)
    # Files are known by name: one that was removed or repaired meanwhile may have lost its WAL, or
    # have got another's.
    with _donor_errors():
        if not os.path.samestat(os.fstat(descriptor), os.stat(donor)):
            raise StoreError(f"{donor} was replaced while it was copied")


def _copy_file(source: int, target: str) -> None:
    """Either call shares the blocks where the file system can; elsewhere they are copied."""
    if cloned(source, target):
        return
    fd = create_exclusively(target)
    try:
        remaining = os.fstat(source).st_size
        offset = 0
        while remaining > 0:
            try:
                done = os.copy_file_range(source, fd, remaining, offset, offset)
            except AttributeError:
                done = -1
            except OSError as error:
                if error.errno not in _NO_COPY_FILE_RANGE:
                    raise
                done = -1
            if done < 0:
                import shutil  # dear, and seldom needed

                os.lseek(source, offset, os.SEEK_SET)
                os.lseek(fd, offset, os.SEEK_SET)
                with open(source, "rb", closefd=False) as a, open(fd, "wb", closefd=False) as b:
                    shutil.copyfileobj(a, b, 1 << 20)
                return
            if done == 0:
                return
            offset += done
            remaining -= done
    finally:
        os.close(fd)


def _backup(connection: apsw.Connection, copy: str) -> None:
    """SQLite's own backup, in one step: a stepwise one never ends beside a busy writer."""
    os.close(create_exclusively(copy))
    target = apsw.Connection(copy, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW)
    try:
        with target.backup("main", connection, "main") as backup:
            backup.step(-1)
    finally:
        target.close()


def _fold(copy: str) -> None:
    connection = open_private(copy)
    try:
        # Of what extensions keep in their tables a seal tells more, in a tenth of the time.
        connection.drop_modules(None)
        with translated(copy):
            (mode,) = only_row(connection, "PRAGMA journal_mode=DELETE")
            if os.stat(copy).st_size <= FULL_CHECK_BYTES:
                (verdict,) = only_row(connection, "PRAGMA quick_check(1)")
            else:
                (verdict,) = only_row(connection, "SELECT 'ok' FROM sqlite_schema LIMIT 1")
    finally:
        connection.close()
    if mode != "delete" or verdict != "ok":
        raise CorruptIndexError(f"the copy {copy} is damaged: {verdict}")
