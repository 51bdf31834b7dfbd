"""Locks between processes, with three different answers: acquired, held by another, failed.

Contention is not an error and a failure is not contention: a caller waits for
a peer, but must tell the user when a lock cannot work at all. The lock file
says who holds it. It is never deleted: a process could be waiting on the
deleted inode while another locks a new one. This module makes no folder.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import LockError
from lumen_hooks.notify.own_files import REMEDY, NotOursError, open_file
from lumen_hooks.notify.spawn import is_alive, start_ticks

from .owners import foreign_owner, user_name

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

POLL_SECONDS = 0.02


class Holder(NamedTuple):
    """Who holds a lock: process id, when it took the lock (Unix time, seconds), and what for.

    `note` is what it said last of how far it is (see `Acquired.note`), empty for nothing.
    """

    pid: int
    since: float
    purpose: str
    note: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} ({self.purpose})"


class Acquired:
    """The lock is ours until `release`, or the end of a `with` block."""

    def __init__(self, path: str, descriptor: int, signature: bytes) -> None:
        self.path = path
        self._fd = descriptor
        self._signature = signature
        _held.add(self)

    def note(self, text: str) -> None:
        """Say one line more to whoever finds the lock held, in place of what was said before.

        A reader may meet it half written, so it must be able to tell.
        """
        if self._fd < 0:
            return
        content = self._signature + text.encode() + b"\n"
        with suppress(OSError):  # a full disk: nobody is told
            os.pwrite(self._fd, content, 0)
            os.ftruncate(self._fd, len(content))

    def is_there(self) -> bool:
        """Whether the lock's file still has its name: a folder that is deleted takes it away."""
        return self._fd >= 0 and os.fstat(self._fd).st_nlink > 0

    def release(self) -> None:
        """Give the lock back. Calling it twice does nothing more."""
        if self._fd >= 0:
            with suppress(OSError):  # whoever reads it sees that we are dead, or have let go
                os.ftruncate(self._fd, 0)
            self._forget()

    def _forget(self) -> None:
        """Close the file, which gives the lock back unless another process shares it."""
        descriptor, self._fd = self._fd, -1
        _held.discard(self)
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


_held: set[Acquired] = set()


def _disown() -> None:
    """In a forked child: the locks are the parent's alone, and end with it."""
    for lock in tuple(_held):
        lock._forget()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_disown)


class Held(NamedTuple):
    """Another live process holds it, and did so for the whole wait."""

    holder: Holder | None


class Failed(NamedTuple):
    """It cannot be taken by anyone here: no permission, no locks on this file system, ..."""

    path: str
    cause: str
    hint: str = "check free disk space and permissions; the file system must have locks"

    def error(self) -> LockError:
        """The same as an error to raise where nothing can be done without the lock."""
        return LockError(f"cannot lock {self.path}: {self.cause}", hint=self.hint)


def failed(path: str, error: OSError) -> Failed:
    """Why a lock cannot be taken, from what the system said of its file or its folder."""
    cause = error.strerror or str(error)
    if isinstance(error, NotOursError):
        culprit = str(error.filename or path)
        what = cause if culprit == path else f"{culprit}: {cause}"
        return Failed(path, what, hint=f"{REMEDY}: {culprit}")
    owner = foreign_owner(path) if isinstance(error, PermissionError) else ""
    if owner:
        from shlex import quote

        folder, me = os.path.dirname(path), user_name(os.geteuid())
        return Failed(
            path, f"{cause}, it belongs to {owner}", hint=f"sudo chown -R {me} {quote(folder)}"
        )
    return Failed(path, cause)


def acquire(path: str, *, timeout: float, purpose: str) -> Acquired | Held | Failed:
    """Take an exclusive lock.

    Args:
        path: the lock file, made if need be; its folder is not: see `own_folders.begin`.
        timeout: seconds to wait for another holder; 0 tries once.
        purpose: what for, in a word or two, the first of them no number; others are shown it.
    """
    try:
        descriptor = _lock(path, time.monotonic() + timeout)
    except OSError as error:
        return failed(path, error)
    return Held(read_holder(path)) if descriptor is None else _sign(path, descriptor, purpose)


def _lock(path: str, deadline: float) -> int | None:
    """A descriptor with the lock on it, or None when the wait is over."""
    while True:
        descriptor = open_file(path, os.O_RDWR, create=True)
        try:
            locked = _locked(descriptor, deadline)
            # It may have been removed meanwhile; whoever comes now locks another of its name.
            if locked and os.fstat(descriptor).st_nlink > 0:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not locked:
            return None


def _locked(descriptor: int, deadline: float) -> bool:
    if _locked_at_once(descriptor):
        return True
    from filelock import lock_descriptor

    while not lock_descriptor(descriptor, blocking=False):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _locked_at_once(descriptor: int) -> bool:
    """Take the lock that filelock takes on Unix, flock(2), if nobody has it.

    To import filelock costs 30 ms, and a hook's git waits for them. Whatever else there is to be
    said, that it is held or cannot be had, is left to filelock.
    """
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _sign(path: str, descriptor: int, purpose: str) -> Acquired:
    pid = os.getpid()
    signature = f"{pid} {time.time():.3f} {start_ticks(pid) or '-'} {purpose}\n".encode()
    with suppress(OSError):  # a full disk: the lock is ours all the same, though unsigned
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, signature, 0)
    return Acquired(path, descriptor, signature)


def read_holder(path: str) -> Holder | None:
    """Who a lock file says holds it, or None when that process is gone."""
    try:
        descriptor = open_file(path, os.O_RDONLY)
        with open(descriptor, encoding="utf-8", errors="replace") as file:
            signature, _, rest = file.read(4096).partition("\n")
        pid, since, purpose = signature.split(" ", 2)
        first, _, others = purpose.partition(" ")
        started = int(first) if first.isdigit() else None
        if started is not None or first == "-":  # an earlier version wrote none
            purpose = others
        found = Holder(int(pid), float(since), purpose, rest.partition("\n")[0])
    except (OSError, ValueError):
        return None
    return found if is_alive(found.pid, started) else None
