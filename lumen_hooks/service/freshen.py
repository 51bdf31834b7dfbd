"""An index that is as fresh as can be had in time, for whoever asks it something.

getOrCreate: a worktree without an index is seeded or built first, under its
lock; a small difference is closed before answering; a large one is left to
the worker, and the answer says so. A damaged index is made again and asked
once more. Knows nothing of what is asked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.errors import (
    BusyError,
    CorruptIndexError,
    LockError,
    ModelError,
    StorageFullError,
    StoreError,
)
from lumen_hooks.indexing.freshness import ABSENT, FRESH, REFRESHING, STALE, look_at
from lumen_hooks.indexing.job import Busy, Updated
from lumen_hooks.indexing.throttle import may_be_waited_for
from lumen_hooks.indexing.trim import wants_trimming
from lumen_hooks.storage.publish import file_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import Freshness, Outdated, State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.settings import Settings

    Look: TypeAlias = Callable[[Worktree, Settings], Freshness]

T = TypeVar("T")

PEER_WAIT_SECONDS = 2.0
"""How long an answer waits for another process that is refreshing an index that exists."""

LISTED_FILES = 20
"""So many of the files that differ are named in an answer."""


class Freshened(NamedTuple):
    """What the last look showed, and what is known beyond it.

    Attributes:
        look: how the index compares with the files.
        other_state: what is to be said instead of the look's state, if anything.
        problem: why the index could not be brought up to date; empty if it could.
        follows: what becomes of an index that must be made anew.
    """

    look: Freshness
    other_state: State | None = None
    problem: str = ""
    follows: str = "is not built yet"

    @property
    def state(self) -> State:
        """What is said of the index."""
        return self.other_state or self.look.state


@dataclass(frozen=True, slots=True)
class Freshener:
    """Brings one worktree's index up to date, as far as that is quick, for a question to it.

    Attributes:
        job: the worktree, and how it is updated if it must be.
        start_worker: leaves a larger difference to a worker.
        refresh: whether anything may be changed at all.
        look: takes the first look; may give one that began after the question was asked.
        creates: an index that is missing or damaged may be made while the question waits.
    """

    job: Job
    start_worker: Callable[[], int | None]
    refresh: bool = True
    look: Look = look_at
    creates: bool = True

    def ask(self, find: Callable[[Freshness], T]) -> tuple[Freshened, T]:
        """Ask the index something once it is as fresh as can be had.

        Args:
            find: opens the index and reads it; is given the look that was taken last. Called
                again if it met damage.

        Raises:
            BusyError: there is no index yet and another process is still making it.
            LockError: there is no index yet and it cannot be made.
            ModelError: there is no index yet and its model cannot be had.
            StoreError: the index cannot be read.
        """
        worktree = self.job.worktree
        seen = file_identity(worktree.index_path)
        try:
            fresh = self._bring_up_to_date()
            return fresh, find(fresh.look)
        except StoreError as error:
            hopeless = not (self.refresh and self.creates) or worktree.read_only
            if hopeless or type(error) not in {CorruptIndexError, StoreError}:
                raise
            # A reader that met damage is proof enough; of other errors a check tells.
            damaged = seen if isinstance(error, CorruptIndexError) else None
            done = _create(self.job, damaged=damaged, check=True)
            fresh = Freshened(_look_after(self.job, done))
            return fresh, find(fresh.look)

    def _bring_up_to_date(self) -> Freshened:
        job = self.job
        look = self.look(job.worktree, job.settings)
        if look.state == ABSENT:
            if not (self.refresh and self.creates):
                raise StoreError(
                    "this worktree has no index", hint="make it with: lumen-hooks index"
                )
            done = _create(job)
            self._leave_trimming(done)
            remark = done.remark if isinstance(done, Updated) else ""
            return Freshened(_look_after(job, done), problem=remark)
        if look.state == FRESH or not self.refresh:
            return Freshened(look)
        if job.worktree.read_only:
            return Freshened(look, STALE)
        if look.outdated is not None and job.settings.refresh != "inline":
            return self._leave_to_worker(look, look.outdated)
        if look.outdated is not None and look.outdated.refusal:
            return Freshened(look, STALE)
        small = may_be_waited_for(len(look.differing), job.settings.model)
        if look.outdated is None and not small:
            self.start_worker()
            return Freshened(look, STALE)
        return self._update(look)

    def _update(self, look: Freshness) -> Freshened:
        """Close a difference that whoever asks can wait for."""
        from lumen_hooks.indexing.update import update_index  # a fresh index needs none of it

        try:
            done = update_index(self.job._replace(deaths_max=1), wait=PEER_WAIT_SECONDS)
        except (LockError, ModelError, StorageFullError) as error:
            return Freshened(look, STALE, error.message)
        except TooManyDeathsError:  # several texts that take their parsers seconds
            self.start_worker()
            return Freshened(look, STALE)
        if isinstance(done, Busy):
            return Freshened(look, REFRESHING)
        self._leave_trimming(done)
        return Freshened(_look_after(self.job, done))

    def _leave_to_worker(self, look: Freshness, outdated: Outdated) -> Freshened:
        """Have an index made anew beside the one that answers meanwhile."""
        if outdated.progress is not None:
            return Freshened(look, REFRESHING)
        if outdated.refusal:
            return Freshened(look, STALE)
        if self.job.settings.refresh == "off":
            follows = "is built by lumen-hooks index, since lumen.refresh is off"
            return Freshened(look, STALE, follows=follows)
        self.start_worker()
        return Freshened(look, STALE, follows="is being built in the background")

    def _leave_trimming(self, done: Updated | Busy) -> None:
        """Have a worker trim an embedding store that this answer filled beyond its limit."""
        if isinstance(done, Busy) or self.job.settings.refresh == "off":
            return
        if wants_trimming(self.job.worktree, self.job.settings, done):
            self.start_worker()


def _look_after(job: Job, done: Updated | Busy) -> Freshness:
    """How the index is now: the update knows it, unless it took long or another process did it."""
    known = done.freshness if isinstance(done, Updated) else None
    return known or look_at(job.worktree, job.settings)


def _create(
    job: Job, *, check: bool = False, damaged: tuple[int, int] | None = None
) -> Updated | Busy:
    """Seed or build an index that is missing or damaged, or wait for the peer that does."""
    from lumen_hooks.indexing.update import update_index

    done = update_index(job, wait=job.settings.seed_wait, check=check, damaged=damaged)
    if isinstance(done, Busy) and not os.path.exists(job.worktree.index_path):
        raise BusyError(
            f"the index is being made by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )
    return done
