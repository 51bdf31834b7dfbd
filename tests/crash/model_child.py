"""Children that work on an index and may die at any step.

A child dies as it is about to make the n-th call (of Python or C), which a failing program
repeats exactly, or after some time, which may be in the midst of a system call.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pygit2  # noqa: F401 - a seed imports it, which takes longer than all the rest

from lumen_hooks import worker
from lumen_hooks.cli import main as command_line
from lumen_hooks.git import own_folders
from lumen_hooks.indexing import compare as difference
from lumen_hooks.indexing import job as composing
from lumen_hooks.indexing import rebase
from lumen_hooks.indexing.update import update_index
from tests.support.forks import Forks
from tests.support.ledger import ledger_job
from tests.support.parsers import fork_parsers
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from types import FrameType
    from typing import Self


YOUNG_NS = 40_000_000
"""For `difference.YOUNG_NS`: steps follow each other faster than people's edits do.

Still many ticks of the clock that file systems use."""


@contextmanager
def at_call(number: int, action: Callable[[], None]) -> Iterator[list[int]]:
    """Do something as the block is about to make its n-th call, if it makes so many.

    Yields a list whose one item is the number of calls made so far. What the action raises is
    raised at the end of the block, not in the midst of what was interrupted.
    """
    made, ours = [0], os.getpid()
    failed: list[BaseException] = []

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event not in {"call", "c_call"} or os.getpid() != ours:
            return
        made[0] += 1
        if made[0] == number:
            sys.setprofile(None)
            try:
                action()
            except BaseException as error:
                failed.append(error)
            sys.setprofile(count)

    sys.setprofile(count)
    try:
        yield made
    finally:
        sys.setprofile(None)
    if failed:
        raise failed[0]


@dataclass(frozen=True, slots=True)
class Child:
    """What a child is to do.

    Attributes:
        via: the way into an update: `update`, `worker`, `command` or `force`.
        top: the worktree.
        ledger: where embedded texts are written down.
        dies_at: the number of the call at which it kills itself; 0 for none.
        dies_after: seconds after which the system ends it; 0 for never.
    """

    via: str
    top: str
    ledger: str
    dies_at: int = 0
    dies_after: float = 0.0


class Children:
    """Forks the children; use it in a `with` block."""

    def __init__(self) -> None:
        self._forks = Forks(prepare, fork_parsers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forks.close()

    def run(self, child: Child) -> bool:
        """Run a child to its end; whether it died before it was done."""
        code = self._forks.start(_do, child).wait()
        killed = -signal.SIGALRM if child.dies_after else -signal.SIGKILL
        assert code in {0, killed}, f"{child} ended with {code}"
        return code != 0


def prepare() -> None:
    """Once, before anything is forked."""
    difference.YOUNG_NS = YOUNG_NS


def _work(child: Child) -> None:
    job = ledger_job(child.top, child.ledger)
    if child.via == "worker":
        vars(composing)["load_embedder"] = job.load
        rebase.QUIET_SECONDS, rebase.WATCH_SECONDS = 0.05, 0.0
        own_folders.begin(job.worktree)  # as the hook does that starts one
        assert worker.main([child.top, "post-commit"]) == 0, _last_logged(job.worktree.log_path)
    elif child.via == "command":
        vars(composing)["load_embedder"] = job.load
        assert command_line.run(["-C", child.top, "index"]) == 0
    else:
        update_index(job, wait=PATIENCE_SECONDS, force=child.via == "force")


def _last_logged(path: str) -> str:
    with open(path, encoding="utf-8") as log:
        return log.readlines()[-1]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _do(_channel: Connection, child: Child) -> None:
    if child.dies_after:
        # Nobody handles this signal, so the system ends the process wherever it is.
        signal.setitimer(signal.ITIMER_REAL, child.dies_after)
    if child.dies_at:
        with at_call(child.dies_at, _die):
            _work(child)
    else:
        _work(child)
