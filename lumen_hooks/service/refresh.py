"""An index brought up to date for its own sake: `index` and `wait`, and the end of `install`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import BusyError
from lumen_hooks.indexing import events
from lumen_hooks.indexing.freshness import FRESH, look_at
from lumen_hooks.indexing.job import Busy
from lumen_hooks.indexing.trim import trim_after
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage.reader import open_reader

if TYPE_CHECKING:
    from lumen_hooks.indexing.job import Job, Updated
    from lumen_hooks.storage.rows import Counts


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What was done to an index, and what it holds now.

    Attributes:
        done: the update.
        counts: files and chunks.
        skipped: files passed over, by reason.
    """

    done: Updated
    counts: Counts
    skipped: dict[str, int]

    def in_words(self) -> str:
        """In one line."""
        holds = f"{self.counts.files:,} files, {self.counts.chunks:,} chunks"
        if self.skipped:
            passed = ", ".join(f"{count} {reason}" for reason, count in self.skipped.items())
            holds += f" (passed over: {passed})"
        refresh, seeded = self.done.refresh, self.done.seeded
        if refresh is None:
            return f"up to date: {holds}"
        how = f"seeded from {seeded.donor}: " if seeded else "indexed: "
        return (
            f"{how}{holds}; {refresh.files_changed:,} files changed, "
            f"{refresh.chunks_embedded:,} texts embedded, {refresh.seconds:.1f} s"
        )


def refresh_index(job: Job, *, force: bool) -> Refreshed:
    """Make an index or bring it up to date, after a look at every page of it.

    Whoever meets damage is sent here, and a refresh alone reads too little to find it.

    Args:
        job: what to update, and with what.
        force: chunk every file anew, and clone no sibling's index.

    Raises:
        BusyError: another process went on working on it, or removed it.
        LumenError: as `update_index` does.
    """
    done = not_busy(update_index(job, wait=job.settings.seed_wait, force=force, check=True))
    index = open_reader(job.worktree.index_path)
    if index is None:
        raise BusyError(
            f"{job.worktree.index_path} was removed meanwhile",
            hint="make it anew with: lumen-hooks index",
        )
    with index:
        return Refreshed(done, index.counts(), index.skipped())


def not_busy(done: Updated | Busy) -> Updated:
    """What an update did.

    Raises:
        BusyError: another process went on working on the index.
    """
    if isinstance(done, Busy):
        raise BusyError(
            f"the index is being updated by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )
    return done


def wait_until_fresh(job: Job, timeout: float) -> None:
    """Return when an index is fresh; refresh it if no one else does.

    Args:
        job: what to update, and with what.
        timeout: seconds.

    Raises:
        BusyError: it was not fresh after that time.
        LumenError: as `update_index` does.
    """
    deadline = time.monotonic() + timeout
    if job.worktree.read_only and look_at(job.worktree, job.settings).state == FRESH:
        return
    while True:
        done = update_index(job, wait=max(0.0, deadline - time.monotonic()))
        if isinstance(done, Busy):
            raise _late(timeout, f"{done.holder or 'another process'} is at work")
        trim_after(job.worktree, job.settings, done)
        state = look_at(job.worktree, job.settings).state
        if state == FRESH and not events.pending(job.worktree):
            return
        if time.monotonic() >= deadline:
            raise _late(timeout, "files keep changing")


def _late(timeout: float, why: str) -> BusyError:
    return BusyError(f"not fresh after {timeout:g} s: {why}", hint="wait longer with --timeout")
