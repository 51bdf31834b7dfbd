"""What proc(5) says of other processes: their state, and which of them belong to a folder."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from .waiting import until


def process_state(pid: int) -> str:
    """A process's state as proc(5) has it, X if there is none: R, S, D, T stopped, Z dead."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def open_files(pid: int) -> dict[int, str]:
    """What a process has open: the path of each descriptor, or what else stands for it."""
    found = {}
    with suppress(FileNotFoundError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(FileNotFoundError):
                found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def end_workers_of(folder: Path) -> None:
    """Wait for the background workers of worktrees below a folder; kill what does not end."""
    try:
        until(lambda: not _workers_of(folder))
    finally:
        for pid in _workers_of(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def end_of_all_in(*folders: Path) -> None:
    """Wait until no process stands in one of these folders, or names it in its command line.

    What a hook leaves in the background does, from its fork on: a shell stands where git called
    it, and a worker names its worktree.
    """
    until(lambda: not any(map(_processes_of, folders)))


def _workers_of(folder: Path) -> list[int]:
    needle = os.fsencode(folder)
    return [pid for pid, words in _command_lines() if b"lumen_hooks." in words and needle in words]


def _processes_of(folder: Path) -> list[int]:
    needle = os.fsencode(folder)
    found = []
    for pid, words in _command_lines():
        place = ""
        with suppress(OSError):
            place = os.readlink(f"/proc/{pid}/cwd")
        if needle in words or Path(place).is_relative_to(folder):
            found.append(pid)
    return [pid for pid in found if process_state(pid) not in "ZX"]


def _command_lines() -> list[tuple[int, bytes]]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                found.append((int(name), file.read()))
    return found
