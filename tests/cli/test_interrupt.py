"""Ctrl-C and SIGTERM in what takes long: how it ends, what is said, and progress until then."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from lumen_hooks.cli import progress
from lumen_hooks.cli.interrupt import InterruptedByUserError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.progress import Report
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.commands import Launcher
    from tests.support.repository import Repository

LARGE = Report("builtin", 42, 70_123, 170_123, 1_234_567, 2_345_678, 1_234_567, 1234.0, 6543.0)


def interrupted(number: int, embedded: int, **words: str) -> InterruptedByUserError:
    def update() -> None:
        with progress.progress_bar(**words) as told:
            told.update(files=3, of=10, chunks=30, embedded=embedded)
            os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGTERM)
    of_shell = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(InterruptedByUserError) as raised:
            update()
    finally:
        signal.signal(signal.SIGINT, of_shell)
    assert signal.getsignal(signal.SIGTERM) is before
    return raised.value


def test_what_was_kept_is_said() -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        assert interrupted(number, 5).code == code
    found = interrupted(signal.SIGINT, 12_300, goes_on="lumen-hooks index", before="in place")
    assert (
        str(found) == "in place; 12,300 chunks are embedded: lumen-hooks index goes on from there"
    )
    assert str(interrupted(signal.SIGINT, 0, otherwise="as it was")) == "as it was"
    assert str(interrupted(signal.SIGINT, 1)) == (
        "1 chunk is embedded: the next search goes on from there"
    )


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    caught = next(line for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks /proc what a process catches")
def test_a_command_that_waits_ends_at_once(launcher: Launcher, repo: Repository) -> None:
    repo.commit({"a.py": "a = 1\n"})
    folder = find_worktree(str(repo.top)).folder
    os.makedirs(folder)
    lock = acquire(find_worktree(str(repo.top)).lock_path, timeout=0, purpose="a long refresh")
    assert isinstance(lock, Acquired)
    with lock:
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            running = launcher.start(repo.top, "wait")
            until(lambda pid=running.pid: catches(pid, signal.SIGTERM))  # type: ignore[misc]
            running.signal(number)
            done = running.wait()
            assert (done.code, done.out) == (code, "")
            assert done.err.strip() == (
                "interrupted; a worker that is at work goes on: lumen-hooks wait waits for it"
            )


def shown(report: Report, width: int) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    console.print(progress.line(report, console), end="")
    (row,) = file.getvalue().rstrip("\n").split("\n")
    return row.rstrip()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_progress_fits_a_terminal(width: int) -> None:
    small = Report("builtin", 1, 1, 20, 30, 600, 0, None, None)
    assert max(len(shown(report, width)) for report in (LARGE, small)) <= width
    usual = shown(Report("builtin", 42, 1234, 2293, 12_345, 22_000, 3456, 251.0, 150.0), 80)
    assert usual.endswith("1,234/2,293 files  12,345 chunks  3,456 embedded  251/s  2 min left")


def test_without_a_terminal_a_line_is_said_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.progress_bar() as told:
        told.update(files=3, of=10, chunks=30, embedded=5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with progress.progress_bar() as told:
        told.update(files=1234, of=2000, chunks=30, embedded=5)
    assert capsys.readouterr().err.startswith(
        "indexing: 1,234 of 2,000 files, 30 chunks, 5 embedded"
    )
