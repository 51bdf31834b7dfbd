"""A process that forks on request: children that work on an index and may die at any step.

It has everything imported and no threads, so that a child costs milliseconds. A child dies as it
is about to make the n-th call (of Python or C), which a failing program repeats exactly, or after
some time, which may be in the midst of a system call.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pygit2  # noqa: F401 - a seed imports it, which takes longer than all the rest

from lumen_hooks import worker
from lumen_hooks.cli import main as command_line
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import compare as difference
from lumen_hooks.indexing import job as composing
from lumen_hooks.indexing import rebase
from lumen_hooks.indexing.job import Job
from lumen_hooks.indexing.update import update_index
from lumen_hooks.settings import load_settings
from tests.support.fake_embedder import FakeEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from typing_extensions import Self


YOUNG_NS = 40_000_000
"""For `difference.YOUNG_NS`: steps follow each other faster than people's edits do.

Still many ticks of the clock that file systems use."""

_CHILD_SECONDS = 60
"""No child works longer than this."""


class LedgerEmbedder(FakeEmbedder):
    """Writes down what it embeds, in a file that outlives the process: one batch a line."""

    def __init__(self, ledger: str) -> None:
        super().__init__()
        self._ledger = ledger

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        batch = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]
        fd = os.open(self._ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(fd, json.dumps(batch).encode() + b"\n")
        finally:
            os.close(fd)
        return super().embed_documents(texts)


def ledger_job(top: str, ledger: str) -> Job:
    """A job for a worktree whose embeddings are written down."""
    embedder = LedgerEmbedder(ledger)
    return Job(
        worktree=find_worktree(top),
        settings=load_settings(top, {}),
        load=lambda _settings: embedder,
        slots=os.path.join(os.environ["HOME"], "slots"),
        purpose="test",
    )


@contextmanager
def at_call(number: int, action: Callable[[], None]) -> Iterator[list[int]]:
    """Do something as the block is about to make its n-th call, if it makes so many.

    Yields a list whose one item is the number of calls made so far. What the action raises is
    raised at the end of the block, not in the midst of what was interrupted.
    """
    made = [0]
    failed: list[BaseException] = []

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event not in {"call", "c_call"}:
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
    """The forking process, from the caller's side; use it in a `with` block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.model_child"],
            cwd=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def run(self, child: Child) -> bool:
        """Run a child to its end; whether it died before it was done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(child)) + "\n")
        code = int(self._process.stdout.readline())
        killed = -signal.SIGALRM if child.dies_after else -signal.SIGKILL
        assert code in {0, killed}, f"{child} ended with {code}"
        return code != 0


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
        update_index(job, wait=10, force=child.via == "force")


def _last_logged(path: str) -> str:
    with open(path, encoding="utf-8") as log:
        return log.readlines()[-1]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fork(child: Child) -> int:
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # Nobody handles this signal, so the system ends the process wherever it is.
    signal.setitimer(signal.ITIMER_REAL, child.dies_after or _CHILD_SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    code = 1
    try:
        if child.dies_at:
            with at_call(child.dies_at, _die):
                _work(child)
        else:
            _work(child)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    """Fork a child for each line that comes in, and answer with its exit code."""
    difference.YOUNG_NS = YOUNG_NS
    for line in sys.stdin:
        print(_fork(Child(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
