"""Files that appear whole or not at all.

A new index is made in a temporary file beside its place and then linked into
it. `os.link` fails where the name exists, so nothing is ever overwritten: a
database that other processes have open must not be replaced, since they would
keep the old file while sharing the new one's WAL by name.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.errors import StorageFullError
from lumen_hooks.notify import own_files
from lumen_hooks.notify.layout import DAMAGED_SUFFIX, SIDE_FILES
from lumen_hooks.notify.spawn import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = ".tmp-"
_OLD_SECONDS = 3600.0

_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
"""What link(2) answers on file systems without them: vfat and exFAT, some network ones."""


def temporary_path(target: str) -> str:
    """A fresh name in the target's folder that says which process it belongs to."""
    return f"{target}{_MARK}{os.getpid()}-{os.urandom(4).hex()}"


def create_exclusively(path: str) -> int:
    """A descriptor for a new file of ours; the name must not exist."""
    return own_files.open_file(path, os.O_RDWR, exclusive=True)


def publish(temporary: str, target: str, *, gate: Callable[[], None]) -> bool:
    """Give a finished database its name, durably.

    To be called with the target's lock held and the database closed, which folds its WAL in.
    The gate is called last of all, and raises to refuse.

    Returns:
        False if the target exists already; the temporary file is gone either way.

    Raises:
        StorageFullError: the file system refused; nothing was published.
    """
    try:
        _insist_on_no_wal(temporary)
        _fsync(temporary)
        if not os.path.lexists(target):
            # SQLite would replay a left-over WAL into the new file, silently.
            for suffix in SIDE_FILES:
                own_files.remove(target + suffix)
        try:
            gate()
            _give_name(temporary, target)
        except FileExistsError:
            return False
        finally:
            discard(temporary)
        _fsync(os.path.dirname(target))
    except OSError as error:
        discard(temporary)
        raise StorageFullError(
            f"cannot publish {target}: {error.strerror}",
            hint="check free disk space and permissions of the git directory",
        ) from error
    return True


def _give_name(temporary: str, target: str) -> None:
    """Link, which never overwrites; where there are no hard links, the target's lock must do."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(error.errno, error.strerror, target) from error
        os.rename(temporary, target)


def file_identity(path: str) -> tuple[int, int] | None:
    """What tells the file of this name from another that takes its place; None if there is none."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def set_aside(path: str) -> str:
    """Move a damaged database out of the way, with its side files, and return where it is.

    One damaged file is kept, for a report; the one before it is dropped. To be called with the
    lock held.
    """
    kept = path + DAMAGED_SUFFIX
    for suffix in ("", *SIDE_FILES):
        own_files.remove(kept + suffix)
    # The main file first: without its WAL it is stale, and may pass for whole if this process is
    # killed in between. A WAL that is left alone does no harm: `publish` removes it.
    for suffix in ("", *SIDE_FILES):
        with suppress(FileNotFoundError):
            if suffix and (suffix == "-shm" or not os.lstat(path + suffix).st_size):
                own_files.remove(path + suffix)  # it says nothing
            else:
                os.rename(path + suffix, kept + suffix)
    return kept


def discard(temporary: str) -> None:
    """Remove a temporary database and what SQLite put beside it."""
    for suffix in ("", *SIDE_FILES):
        with suppress(FileNotFoundError):
            os.unlink(temporary + suffix)


def sweep(target: str, *, now: float) -> int:
    """Remove temporary files that dead processes left beside a target; how many were removed.

    Args:
        target: the path that they were to become.
        now: the time (Unix, seconds); files an hour old go even if their process id lives again.
    """
    removed = 0
    for path in stale_temporaries(target, now=now):
        with suppress(FileNotFoundError):
            os.unlink(path)
            removed += 1
    return removed


def stale_temporaries(target: str, *, now: float) -> list[str]:
    """The files that `sweep` would remove."""
    folder, name = os.path.split(target)
    found = []
    with suppress(FileNotFoundError):
        for entry in os.listdir(folder):
            if not entry.startswith(name + _MARK):
                continue
            path = os.path.join(folder, entry)
            with suppress(FileNotFoundError):
                if _is_stale(entry[len(name + _MARK) :], os.stat(path).st_mtime, now):
                    found.append(path)
    return found


def _is_stale(rest: str, modified: float, now: float) -> bool:
    pid = rest.partition("-")[0]
    if int(pid) == os.getpid() if pid.isdigit() else False:
        return False
    return not pid.isdigit() or not is_alive(int(pid)) or now - modified > _OLD_SECONDS


def _insist_on_no_wal(temporary: str) -> None:
    if os.path.exists(temporary + "-wal"):
        raise OSError(errno.EBUSY, "its WAL could not be folded in")


def _fsync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
