"""Starts the background worker, and tells whether one is at work.

Part of the hook tier: os and sys alone. The worker must outlive the git
command, the terminal and the tool that captures git's output, so it gets a
session of its own and none of our descriptors. This module knows nothing of
what a worker does.
"""

from __future__ import annotations

import os
import sys

from .environment import without_local_variables
from .layout import WORKER_LOCK
from .own_files import open_file

TYPE_CHECKING = False  # typing costs more to import than all of this module
if TYPE_CHECKING:
    from collections.abc import Callable

_STANDARD_STREAMS = 3

_START = 22 - 3
"""The start time is field 22 of proc_pid_stat(5); we count from the third on."""

_started: set[int] = set()


def spawn_worker(top: str, event: str, *, after: int | None = None, inline: bool = False) -> int:
    """Start a detached worker for a worktree, and return at once unless it is to be waited for.

    Args:
        top: the worktree's absolute path.
        event: why it is started: a githooks(5) name, or another word for the log.
        after: process id that the worker waits for before it reads any file.
        inline: return when the worker has ended.

    Returns:
        Its process id.

    Raises:
        OSError: the process could not be started.
    """
    command = [sys.executable, "-I", "-m", "lumen_hooks.worker", top, event]
    if after is not None:
        command += ["--after", str(after)]
    if inline:
        command.append("--inline")
    environment = without_local_variables(os.environ)
    actions: list[tuple[int, int, str, int, int] | tuple[int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        *((os.POSIX_SPAWN_CLOSE, number) for number in inherited_descriptors()),
    ]
    _reap()
    try:
        pid = os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
    except NotImplementedError:  # the C library's posix_spawn cannot start a session
        pid = _spawn_with_subprocess(command, environment)
    if not inline:
        _started.add(pid)
    else:
        _wait_for_end(pid)
    return pid


def _wait_for_end(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:  # in this process, children are buried at once
        return


def go_on_as_worker(work: Callable[[], int], *, inline: bool) -> bool:
    """Have a child of this process do a worker's work; whether that can be had.

    It starts with all that this process has imported, which costs more than the work where little
    is to be done. For a process that has no database open and holds no lock. One that runs several
    threads (a `.pth` file of its environment may start some) is not forked, nor is a Mac's, which
    has system libraries in it that do not bear it.

    Args:
        work: what the worker does; its result is how the child ends.
        inline: return when it has ended.
    """
    if sys.platform != "linux" or not _runs_one_thread():
        return False
    try:
        child = os.fork()
    except OSError:  # no room for a copy of this process: a program of its own needs none
        return False
    if child:
        if inline:
            _wait_for_end(child)
        return True
    code = 1
    try:
        _take_leave()
        code = work()
    finally:
        os._exit(code)  # whatever the caller would do next is not the child's to do


def _runs_one_thread() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:  # no /proc here, so nobody can tell
        return False


def _take_leave() -> None:
    """In a child that was not started as a program: what `spawn_worker` gives to one that is."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(_STANDARD_STREAMS):
        os.dup2(null, number)
    if null < _STANDARD_STREAMS:  # the caller had closed that one
        os.set_inheritable(null, True)
    else:
        os.close(null)
    kept = without_local_variables(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]


def _reap() -> None:
    """Bury the workers that have ended, lest a long-lived caller collects their remains."""
    for pid in tuple(_started):
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # someone else waited for it
            ended = pid
        if ended:
            _started.discard(pid)


def inherited_descriptors() -> list[int]:
    """Descriptors that a child would get although this process did not open them for it.

    Python's own are not inheritable, but those that a caller handed down still are, and a pipe
    among them keeps that caller waiting for its end.
    """
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        names = [str(number) for number in range(_STANDARD_STREAMS, 256)]
    numbers = (int(name) for name in names if name.isdigit())
    return [number for number in numbers if number >= _STANDARD_STREAMS and _inheritable(number)]


def _inheritable(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # listing the directory opened one, closed again by now
        return False


def _spawn_with_subprocess(command: list[str], environment: dict[str, str]) -> int:
    import subprocess

    child = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    child.returncode = 0  # nobody waits for it here: silences the warning about that
    return child.pid


def detach() -> None:
    """Cut this process off from whoever started it; the first thing that a worker does.

    Does nothing that is already done, so it serves a worker from the shell scripts (which cannot
    start a session) as well as one from `spawn_worker`.
    """
    if os.getpgrp() != os.getpid():  # the leader of a group cannot start a session
        os.setsid()
    os.chdir("/")
    for number in inherited_descriptors():
        os.close(number)


def worker_alive(folder: str) -> bool:
    """Whether the process named in a folder's `worker.lock` is a worker, and runs.

    A hint, for a cheap way out: the lock itself decides. The scripts in hooks/ ask the same, but
    go by the worktree's path in the command line, since to read when a process started costs them
    0.3 ms.

    Args:
        folder: our folder in a worktree's git dir.
    """
    try:
        descriptor = open_file(os.path.join(folder, WORKER_LOCK), os.O_RDONLY)
    except OSError:
        return False
    try:
        words = os.read(descriptor, 64).split(None, 3)
    finally:
        os.close(descriptor)
    if not words or not words[0].isdigit() or words[0].startswith(b"0"):
        return False
    pid = int(words[0])
    # Without a start time it was written by an earlier version.
    started = int(words[2]) if len(words) > 2 and words[2].isdigit() else None
    return is_alive(pid, started) and _runs_worker(pid)


def is_alive(pid: int, started: int | None = None) -> bool:
    """Whether a process with this id runs (as anyone).

    One that has ended does not, even if nobody has waited for it: in a container without an init
    process such remains keep their number for good.

    Args:
        pid: its number, which is given to another process some time after its end.
        started: what `start_ticks` said of the one that is meant, if that is known.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    fields = _stat_fields(pid)
    if fields is None:
        return not os.path.exists("/proc/self/stat")  # no /proc here, or it ended just now
    if fields[0] in {b"Z", b"X"}:
        return False
    return started is None or started == int(fields[_START])


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since the system did; None where that is not said."""
    fields = _stat_fields(pid)
    return int(fields[_START]) if fields else None


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal or a debugger."""
    fields = _stat_fields(pid)
    return fields is not None and fields[0] in {b"T", b"t"}


def _stat_fields(pid: int) -> list[bytes] | None:
    """What proc_pid_stat(5) has from the third field, the state, on; None if there is nothing."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The program's name, which may hold anything, is in front of the state.
            fields = file.read().rpartition(b") ")[2].split()
    except OSError:
        return None
    return fields if len(fields) > _START else None


def _runs_worker(pid: int) -> bool:
    """Whether a process runs our worker, or the hook that became one, where that can be known."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read()
    except FileNotFoundError:  # no /proc here
        return True
    except OSError:
        return False
    return b"lumen_hooks.worker" in command or b"lumen_hooks.hook" in command
