"""Locks between processes, with three different answers: acquired, held by another, failed.

Contention is not an error and a failure is not contention: a caller waits for
a peer, but must tell the user when a lock cannot work at all. The lock file
says who holds it. It is never deleted: a process could be waiting on the
deleted inode while another locks a new one.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from .errors import LockError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
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

    def __init__(self, lock: FileLock, fd: int, signature: bytes) -> None:
        self._lock = lock
        self._fd = fd
        self._signature = signature

    def note(self, text: str) -> None:
        """Say one line more to whoever finds the lock held, in place of what was said before.

        A reader may meet it half written, so it must be able to tell.
        """
        if not self._lock.is_locked:
            return
        content = self._signature + text.encode() + b"\n"
        with suppress(OSError):  # a full disk: nobody is told
            os.pwrite(self._fd, content, 0)
            os.ftruncate(self._fd, len(content))

    def release(self) -> None:
        """Give the lock back. Calling it twice does nothing more."""
        if self._lock.is_locked:
            os.ftruncate(self._fd, 0)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class Held:
    """Another live process holds it, and did so for the whole wait."""

    holder: Holder | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be taken by anyone here: no permission, no locks on this file system, ..."""

    path: str
    cause: str

    def error(self) -> LockError:
        """The same as an error to raise where nothing can be done without the lock."""
        return LockError(
            f"cannot lock {self.path}: {self.cause}",
            hint="check free disk space and permissions; the file system must have locks",
        )


def acquire(path: str, *, timeout: float, purpose: str) -> Acquired | Held | Failed:
    """Take an exclusive lock.

    Args:
        path: the lock file; its folder is made if need be, but none above it: the git dir of a
            worktree that was removed must not come back.
        timeout: seconds to wait for another holder; 0 tries once.
        purpose: what for, in a word or two; others are shown it.
    """
    signed: list[tuple[int, bytes]] = []

    def sign(fd: int) -> None:
        signature = f"{os.getpid()} {time.time():.3f} {purpose}\n".encode()
        signed.append((fd, signature))
        with suppress(OSError):  # a full disk: the lock is ours all the same, though unsigned
            os.ftruncate(fd, 0)
            os.pwrite(fd, signature, 0)

    try:
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(path))
        lock = FileLock(path, thread_local=False, fallback_to_soft=False, on_acquired=sign)
        lock.acquire(timeout=timeout, poll_interval=POLL_SECONDS)
    except Timeout:
        return Held(read_holder(path))
    except OSError as error:
        return Failed(path, error.strerror or str(error))
    return Acquired(lock, *signed[0])


def read_holder(path: str) -> Holder | None:
    """Who a lock file says holds it, or None when that process is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            signature, _, rest = file.read(4096).partition("\n")
            pid, since, purpose = signature.split(" ", 2)
            found = Holder(int(pid), float(since), purpose, rest.partition("\n")[0])
    except (OSError, ValueError):
        return None
    return found if is_alive(found.pid) else None


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs (as anyone).

    One that has ended does not, even if nobody has waited for it: in a container without an init
    process such remains keep their number for good.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # proc_pid_stat(5): the state follows the program's name, which may hold anything.
            return file.read().rpartition(b") ")[2][:1] not in {b"Z", b"X"}
    except (FileNotFoundError, ProcessLookupError):  # no /proc here, or it ended just now
        return not os.path.exists("/proc/self/stat")
    except OSError:
        return True
