"""The one door to SQLite.

apsw only: a second SQLite library in the process, or a raw open and close of
a database file, silently drops the POSIX locks that SQLite holds on it. This
module knows what a connection trusts, transactions and what SQLite's errors
mean; how one is opened is `opening`'s. It knows no table.
"""

from __future__ import annotations

import os
import time
import zlib
from array import array
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.errors import CorruptIndexError, StorageFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

READER_CPU_SECONDS = 60.0
"""What one statement of a reader may take; the largest that were measured take two."""

FULL_BELOW_BYTES = 1 << 20
"""With less room than this a write that failed without a reason failed for want of it."""

_ROOM = "check free disk space and permissions; the index on disk was left as it was"

_NO_ID = array("q", [-1])
"""Nothing has it."""

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


class Connection(apsw.Connection):
    """A connection that trusts nothing in its file, and whose statements may not run for ever.

    Attributes:
        cpu_seconds: what one statement may take; None for READER_CPU_SECONDS.
    """

    cpu_seconds: float | None = None
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
        self._until = time.thread_time() + (self.cpu_seconds or READER_CPU_SECONDS)

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


def carray_of(ids: Sequence[int] | NDArray[np.int64]) -> Any:
    """Many ids as one parameter, or none: `IN (SELECT value FROM carray(?))`."""
    if not len(ids):  # which apsw refuses to pass on
        return apsw.carray(_NO_ID)
    return apsw.carray(array("q", ids) if isinstance(ids, list) else ids)


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
