"""Faults that a forked command (see support/commands.py) takes upon itself before it runs."""

from __future__ import annotations

import importlib
import os
import resource
import shutil
import signal
import time
from typing import Any

import apsw


def signal_before(number: int, module: str, name: str, calls: int = 1) -> None:
    """Send ourselves a signal just before some call of a function (`f` or `Class.method`)."""
    owner = importlib.import_module(module)
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, last)
    left = calls

    def signalling(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)
        return original(*arguments, **named)

    setattr(owner, last, signalling)


def set_constant(module: str, name: str, value: object) -> None:
    """Make a limit small enough to be met."""
    setattr(importlib.import_module(module), name, value)


def shift_clock(seconds: float) -> None:
    """The clock of the day is wrong by so much."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)


def limit_file_size(size_bytes: int) -> None:
    """The kernel refuses to let a file grow further (EFBIG, for SQLite an I/O error)."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def fail_input_output(operation: str, name: str, after: int) -> None:
    """SQLite's reads, writes or syncs of files whose name holds a word fail, after so many."""
    _FailingFiles.operation, _FailingFiles.word, _FailingFiles.left = operation, name, after
    _FailingFiles.vfs = _FailingVFS()


_CODES = {
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
}


class _FailingFiles(apsw.VFSFile):
    operation = word = ""
    left = 0
    vfs: Any = None

    def __init__(self, name: Any, flags: list[int]) -> None:
        self._concerned = self.word in str(getattr(name, "filename", lambda: name)())
        super().__init__("unix", name, flags)

    def _count(self, operation: str) -> None:
        if self._concerned and operation == self.operation:
            _FailingFiles.left -= 1
            if _FailingFiles.left < 0:
                error: Any = apsw.IOError("injected")
                error.result, error.extendedresult = apsw.SQLITE_IOERR, _CODES[operation]
                raise error

    def xLock(self, level: int) -> None:  # noqa: N802
        try:
            super().xLock(level)
        except apsw.IOError as error:
            # A reader that closes tries to lock its read-only descriptor, for a checkpoint.
            raise apsw.BusyError from error

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._count("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._count("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._count("sync")
        super().xSync(flags)


class _FailingVFS(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("failing", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        return _FailingFiles(name, flags)


def delete_current_folder() -> None:
    """The folder that the command runs in is deleted."""
    os.rmdir(os.getcwd())


def remove_before(module: str, name: str, folder: str) -> None:
    """A folder is deleted just before the first call of a function."""
    owner = importlib.import_module(module)
    original = getattr(owner, name)

    def removing(*arguments: Any, **named: Any) -> Any:
        shutil.rmtree(folder, ignore_errors=True)
        return original(*arguments, **named)

    setattr(owner, name, removing)
