"""Processes that die: at a chosen step of what they do, or after a chosen time.

A child can be told to kill itself at its k-th step. Steps are what outlives a process: the calls
that change the file system, SQLite's own among them, which pass through a VFS that counts them
and then does what was asked.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw

from tests.support.forks import Forks
from tests.support.parsers import fork_parsers
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from typing import Self

COUNT = 0
"""As `kill_at`: count the steps and live."""

_CHANGES = (
    "link", "rename", "replace", "unlink", "mkdir", "fsync", "ftruncate", "truncate", "write",
    "pwrite", "copy_file_range",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        killed: by SIGKILL, as was asked for.
        value: what the function returned.
        error: the traceback of what it raised, or why there is no answer.
        seconds: how long it took.
        steps: the names of the steps that were counted, in order.
    """

    killed: bool
    value: Any
    error: str
    seconds: float
    steps: tuple[str, ...]


class ForkServer:
    """Runs functions in children that may be killed. Use it in a `with` block.

    Args:
        warm_up: called once, before anything is forked.
    """

    def __init__(self, warm_up: Callable[[], None]) -> None:
        self._forks = Forks(warm_up, fork_parsers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forks.close()

    def end(
        self,
        function: Callable[..., object],
        *arguments: object,
        kill_at: int | None = None,
        kill_after: float | None = None,
    ) -> Ended:
        """Call a function in a child and tell how that ended.

        Args:
            function: of a module (it goes to the child by its name).
            arguments: its arguments.
            kill_at: the number, from 1, of the step before which the child kills itself.
            kill_after: seconds after which it is killed from outside.
        """
        started = time.monotonic()
        child = self._forks.start(_count_and_answer, kill_at, function, *arguments)
        value, error, steps = None, "no answer: it died or hung", ()
        in_time = child.channel.poll(PATIENCE_SECONDS if kill_after is None else kill_after)
        if not in_time:
            child.signal(signal.SIGKILL)
        # Also after a kill, which may have come too late. Half an answer is an OSError.
        with suppress(EOFError, OSError):
            value, error, steps = child.channel.recv()
        hung = not in_time and kill_after is None
        killed = child.wait() == -signal.SIGKILL and not hung
        return Ended(killed, value, error, time.monotonic() - started, steps)

    def run(self, function: Callable[..., object], *arguments: object) -> Any:
        """Call a function in a child and return what it returns."""
        ended = self.end(function, *arguments)
        assert not ended.error, ended.error
        return ended.value


def _count_and_answer(
    channel: Connection,
    kill_at: int | None,
    function: Callable[..., object],
    *arguments: object,
) -> None:
    try:
        steps = [] if kill_at is None else _count_steps(kill_at)
        value = function(*arguments)
        channel.send((value, "", tuple(steps)))
    except BaseException:  # whatever it is, the test is told
        channel.send((None, traceback.format_exc(), ()))


class _Steps:
    """Counts the steps of this process, and kills it before a chosen one."""

    def __init__(self, fatal: int) -> None:
        self.names: list[str] = []
        self.vfs: apsw.VFS | None = None
        self._fatal = fatal

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    @property
    def next_is_fatal(self) -> bool:
        return len(self.names) + 1 == self._fatal


_steps: _Steps | None = None


def step(name: str) -> None:
    """A step that no file system call marks."""
    if _steps is not None:
        _steps(name)


def _count_steps(fatal: int) -> list[str]:
    global _steps  # noqa: PLW0603 - a process counts its steps once
    _steps = steps = _Steps(fatal)
    for name in _CHANGES:
        setattr(os, name, _counted(name, getattr(os, name), steps))
    setattr(os, "open", _counted_open(os.open, steps))  # noqa: B010 - as the others
    steps.vfs = _CountingVFS(steps)
    return steps.names


def _counted(name: str, function: Callable[..., Any], steps: _Steps) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        if not isinstance(arguments[0], int) or stat.S_ISREG(os.fstat(arguments[0]).st_mode):
            steps(f"{name} {_role(arguments[0])}")
        return function(*arguments, **options)

    return counted


def _counted_open(function: Callable[..., int], steps: _Steps) -> Callable[..., int]:
    def counted(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_CREAT | os.O_TRUNC):
            steps(f"create {_role(path)}")
        return function(path, flags, *arguments, **options)

    return counted


def _role(file: Any) -> str:
    """A file's name without what differs from run to run."""
    path = os.readlink(f"/proc/self/fd/{file}") if isinstance(file, int) else os.fspath(file)
    return re.sub(r"\.tmp-\d+-[0-9a-f]+", ".tmp", os.path.basename(os.fsdecode(path)))


_WITHOUT_NAME = (
    apsw.SQLITE_OPEN_TEMP_DB
    | apsw.SQLITE_OPEN_TEMP_JOURNAL
    | apsw.SQLITE_OPEN_TRANSIENT_DB
    | apsw.SQLITE_OPEN_SUBJOURNAL
)
"""Kinds of files that SQLite unlinks as it opens them: they die with the process."""

_BASE = "unix"


class _CountingVFS(apsw.VFS):
    def __init__(self, steps: _Steps) -> None:
        self._steps = steps
        super().__init__("counting", _BASE, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if name is None or flags[0] & _WITHOUT_NAME:
            return apsw.VFSFile(_BASE, name, flags)
        role = _role(name.filename() if isinstance(name, apsw.URIFilename) else name)
        if flags[0] & apsw.SQLITE_OPEN_CREATE:
            self._steps(f"open {role}")
        return _CountingFile(name, flags, role, self._steps)

    def xDelete(self, name: str, sync_directory: bool) -> None:  # noqa: N802
        self._steps(f"delete {_role(name)}")
        super().xDelete(name, sync_directory)


class _CountingFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], role: str, steps: _Steps) -> None:
        self._role = role
        self._steps = steps
        super().__init__(_BASE, name, flags)

    def xLock(self, level: int) -> None:  # noqa: N802
        try:
            super().xLock(level)
        except apsw.IOError:
            # SQLite asks for a write lock on a file that it opened for reading, as it closes it,
            # and does not mind the answer. An exception would reach whoever closes.
            raise apsw.BusyError from None

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._steps(f"write {self._role}")
        if self._steps.next_is_fatal:
            super().xWrite(data[: len(data) // 2], offset)
        self._steps(f"finish writing {self._role}")
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._steps(f"truncate {self._role}")
        super().xTruncate(size)
