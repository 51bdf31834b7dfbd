"""An index that is made while somebody waits for an answer, for a while and no longer.

What is quick is done on the spot: the seed of a new worktree, a few files. Else a worker is
started; this watches for what it publishes, and tells how far it is or why nobody makes an index.
Knows locks and the log; not what is asked.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import LumenError
from lumen_hooks.git import own_folders
from lumen_hooks.indexing.freshness import ABSENT, BUILDING
from lumen_hooks.indexing.progress import read_report
from lumen_hooks.indexing.throttle import may_be_waited_for
from lumen_hooks.indexing.update import update_index
from lumen_hooks.notify.spawn import is_alive, worker_alive
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.system import log
from lumen_hooks.system.locks import read_holder

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.indexing.freshness import State
    from lumen_hooks.indexing.job import Job

POLL_SECONDS = 0.05

SMALL_BYTES = 1_000_000
"""A few files are indexed on the spot if they are no larger in all (about a second's work)."""


@dataclass(slots=True)
class Awaited:
    """The index of a worktree that has none yet. Use `await_index`.

    Attributes:
        job: whose index; its progress is told how far it is.
        refusal: why no worker was started, with what to do; empty where one is at work.
        began: when it was started (`time.time()`).
        worker: its process id, None if that is not known or none was started.
    """

    job: Job
    refusal: str
    began: float
    worker: int | None = None

    @property
    def is_there(self) -> bool:
        """It has been published."""
        return os.path.exists(self.job.worktree.index_path)

    def look(self) -> bool:
        """Whether it is there; whoever waits is told how far it is."""
        self._takes_longer(0)
        return self.is_there

    def wait(self, until: float) -> bool:
        """Wait as long as it may be there in time; whether it is there.

        Args:
            until: when it is of no use any more (`time.monotonic()`).
        """
        while not self.is_there:
            left = until - time.monotonic()
            if left <= 0 or self.refusal or self._takes_longer(left) or self._failed():
                return self.is_there
            time.sleep(min(POLL_SECONDS, left))
        return True

    def state(self) -> State:
        """Whether anybody is making it."""
        return BUILDING if self._at_work() else ABSENT

    def in_words(self) -> str:
        """How far it is, or why it is not made."""
        if self._at_work():
            report = read_report(read_holder(self.job.worktree.lock_path))
            how_far = report.in_words() if report is not None and report.percent else "just begun"
            return f"the index is being made ({how_far})"
        return f"there is no index: {self.refusal or self._failure()}"

    def _takes_longer(self, seconds: float) -> bool:
        report = read_report(read_holder(self.job.worktree.lock_path))
        if report is None:
            return False
        self.job.progress.update(
            files=report.files, of=report.of, chunks=report.chunks, embedded=report.embedded
        )
        return report.seconds_left is not None and report.seconds_left > seconds

    def _at_work(self) -> bool:
        worktree = self.job.worktree
        if read_holder(worktree.lock_path) or worker_alive(worktree.folder):
            return True
        # One that is still starting, which takes its time on a busy machine, has no lock yet.
        return self.worker is not None and is_alive(self.worker)

    def _failed(self) -> bool:
        return not self._at_work()

    def _failure(self) -> str:
        """What became of the worker, from the log."""
        errors = self._errors()
        return (
            errors[-1] if errors else "the worker ended without one; lumen-hooks doctor tells more"
        )

    def _errors(self) -> list[str]:
        """What workers of this worktree wrote of what they died of since this one was started."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began))
        try:
            records = log.records(self.job.worktree.log_path)
        except OSError:
            return []
        top = self.job.worktree.top
        return [
            f"{record['error']}" + (f" ({record['hint']})" if record.get("hint") else "")
            for record in records
            if "error" in record and record.get("worktree") == top
            if str(record.get("time")) >= since
        ]


def seed_at_once(job: Job) -> bool:
    """Clone a sibling's index if that is quick; whether there is an index now.

    Raises:
        ModelError: the model cannot be had.
    """
    if not job.worktree.read_only:
        from lumen_hooks.indexing.foreground_seed import seed_if_quick  # few need it

        wanted = fingerprint(identify(job.settings))
        with suppress(LumenError, OSError):  # a worker that fails so will say it
            seed_if_quick(job.worktree, wanted, job.settings)
    return os.path.exists(job.worktree.index_path)


def build_at_once(job: Job, manifest: Manifest) -> bool:
    """Index a few files while somebody waits, unless a peer is at it; whether there is an index."""
    small = may_be_waited_for(len(manifest.files), job.settings.model)
    if not small or sum(size for _, size, _ in manifest.files.values()) > SMALL_BYTES:
        return False
    # Refused, no room, a text that is too much for its parser: a worker that fails so will say it.
    with suppress(LumenError, TooManyDeathsError):
        update_index(job._replace(deaths_max=0, elsewhere="never"), wait=0)
    return os.path.exists(job.worktree.index_path)


def await_index(job: Job, start_worker: Callable[[], int | None]) -> Awaited:
    """Have an index made in the background, if that is wanted and nobody is at it.

    Args:
        job: whose.
        start_worker: starts a worker for it; its process id, if there is one.
    """
    began, worktree = time.time(), job.worktree
    if worktree.read_only:
        return Awaited(job, f"none can be made here: {worktree.obstacle}", began)
    if read_holder(worktree.lock_path) or worker_alive(worktree.folder):
        return Awaited(job, "", began)
    if job.settings.refresh == "off":
        return Awaited(job, "lumen.refresh is off; make it with: lumen-hooks index", began)
    try:
        own_folders.begin(worktree)
        return Awaited(job, "", began, start_worker())
    except OSError as error:
        where = error.filename or worktree.folder
        return Awaited(job, f"none can be made: {error.strerror}: {where}", began)
