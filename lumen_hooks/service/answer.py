"""A question to a worktree, answered from an index that is as fresh as can be had in time.

getOrCreate: a worktree without an index is seeded or built first, under its
lock; a small difference is closed before answering; a large one is left to
the worker, and the answer says so.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

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
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.results import RelatedQuery
from lumen_hooks.storage.publish import file_identity
from lumen_hooks.storage.reader import open_reader

from .query_model import note_of, query_model
from .relocate import results_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import Freshness, Outdated, State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.query import QueryModel
    from lumen_hooks.search.results import Found, Query, SearchResult
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import MadeWith

PEER_WAIT_SECONDS = 2.0
"""How long an answer waits for another process that is refreshing an index that exists."""

LISTED_FILES = 20
"""So many of the files that differ are named in an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Results, and what they are worth.

    Attributes:
        query: as asked.
        worktree: top folder of the worktree that was searched.
        state: `fresh`, or `stale` / `refreshing` when files have changed since.
        results: best first, with the lines that their files have now.
        pending_files: how many files the index does not hold as they are now.
        problem: why the index could not be brought up to date, or None.
        head: the commit that was checked out when the state was looked at (hex), None for none.
        differing: the first LISTED_FILES of the pending files' paths.
        model: name of the model whose vectors decided, the index's own; None where words alone
            did, or nothing was embedded.
    """

    query: str
    worktree: str
    state: State
    results: tuple[SearchResult, ...]
    pending_files: int
    problem: str | None
    head: str | None
    differing: tuple[str, ...]
    model: str | None


if TYPE_CHECKING:
    Searchers: TypeAlias = Callable[[str], AbstractContextManager[Searcher]]
    """Gives a searcher of the index at a path, for as long as the `with` block lasts. Whoever
    answers many questions keeps searchers open; it must notice when the file was replaced."""

    Look: TypeAlias = Callable[[Worktree, Settings], Freshness]


@contextmanager
def open_searcher(path: str) -> Iterator[Searcher]:
    """A searcher of the index at a path, closed at the end of the `with` block.

    Raises:
        StoreError: there is no index, or it cannot be opened.
    """
    index = open_reader(path)
    if index is None:
        raise StoreError(f"{path} vanished", hint="was the worktree removed?")
    with index:
        yield Searcher(index)


class _Freshened(NamedTuple):
    """What the last look showed, and what is known beyond it.

    `follows` says what becomes of an index that must be made anew.
    """

    look: Freshness
    state: State | None = None
    problem: str = ""
    follows: str = "is not built yet"


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions to one worktree.

    Attributes:
        job: the worktree, how it is updated if it must be, and how models are loaded.
        start_worker: leaves a larger difference to a worker.
        refresh: bring the index up to date first, as far as that is quick.
        searchers: opens the index; for each answer alone, if nobody keeps it open.
        look: takes the first look; may give one that began after the question was asked.
    """

    job: Job
    start_worker: Callable[[], None]
    refresh: bool = True
    searchers: Searchers = open_searcher
    look: Look = look_at

    def answer(self, question: Query | RelatedQuery) -> Answer:
        """Search a worktree, or find what is most like the code at a line of it.

        A query is embedded by the model that made the index. A worker makes it anew where the
        settings want another (or the update itself does, with `lumen.refresh` inline). For what is
        like some code no model is needed; its line is one of the file as it is now.

        Raises:
            BusyError: there is no index yet and another process is still making it.
            LockError: there is no index yet and it cannot be made.
            ModelError: there is no index yet and its model cannot be had.
            QueryError: the question or a filter cannot be used.
            StoreError: the index cannot be read.
        """
        worktree = self.job.worktree
        seen = file_identity(worktree.index_path)
        try:
            fresh = self._bring_up_to_date()
            found = self._find(question)
        except StoreError as error:
            hopeless = not self.refresh or worktree.read_only
            if hopeless or type(error) not in {CorruptIndexError, StoreError}:
                raise
            # A reader that met damage is proof enough; of other errors a check tells.
            damaged = seen if isinstance(error, CorruptIndexError) else None
            done = _create(self.job, damaged=damaged, check=True)
            fresh = _Freshened(_look_after(self.job, done))
            found = self._find(question)
        note = note_of(fresh.look.outdated, self.job.settings.model, found, fresh.follows)
        return Answer(
            query=question.text,
            worktree=worktree.top,
            state=fresh.state or fresh.look.state,
            results=results_now(worktree.top, found.hits),
            pending_files=len(fresh.look.differing),
            problem="; ".join(filter(None, (fresh.problem, note, worktree.remark))) or None,
            head=fresh.look.head,
            differing=fresh.look.differing[:LISTED_FILES],
            model=found.model,
        )

    def _find(self, question: Query | RelatedQuery) -> Found:
        with self.searchers(self.job.worktree.index_path) as searcher:
            if isinstance(question, RelatedQuery):
                return searcher.related(question)
            return searcher.search(question, self._model_of)

    def _model_of(self, made_with: MadeWith) -> QueryModel:
        return query_model(made_with, self.job.settings, self.job.load)

    def _bring_up_to_date(self) -> _Freshened:
        job = self.job
        look = self.look(job.worktree, job.settings)
        if look.state == ABSENT:
            if not self.refresh:
                raise StoreError("this worktree has no index", hint="lumen-hooks index")
            done = _create(job)
            self._leave_trimming(done)
            return _Freshened(_look_after(job, done))
        if look.state == FRESH or not self.refresh:
            return _Freshened(look)
        if job.worktree.read_only:
            return _Freshened(look, STALE)
        if look.outdated is not None and job.settings.refresh != "inline":
            return self._leave_to_worker(look, look.outdated)
        if look.outdated is not None and look.outdated.refusal:
            return _Freshened(look, STALE)
        small = may_be_waited_for(len(look.differing), job.settings.model)
        if look.outdated is None and not small:
            self.start_worker()
            return _Freshened(look, STALE)
        return self._update(look)

    def _update(self, look: Freshness) -> _Freshened:
        """Close a difference that whoever asks can wait for."""
        from lumen_hooks.indexing.update import update_index  # a fresh index needs none of it

        try:
            done = update_index(replace(self.job, deaths_max=1), wait=PEER_WAIT_SECONDS)
        except (LockError, ModelError, StorageFullError) as error:
            return _Freshened(look, STALE, error.message)
        except TooManyDeathsError:  # several texts that take their parsers seconds
            self.start_worker()
            return _Freshened(look, STALE)
        if isinstance(done, Busy):
            return _Freshened(look, REFRESHING)
        self._leave_trimming(done)
        return _Freshened(_look_after(self.job, done))

    def _leave_to_worker(self, look: Freshness, outdated: Outdated) -> _Freshened:
        """Have an index made anew beside the one that answers meanwhile."""
        if outdated.progress is not None:
            return _Freshened(look, REFRESHING)
        if outdated.refusal:
            return _Freshened(look, STALE)
        if self.job.settings.refresh == "off":
            follows = "is built by lumen-hooks index, since lumen.refresh is off"
            return _Freshened(look, STALE, follows=follows)
        self.start_worker()
        return _Freshened(look, STALE, follows="is being built in the background")

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
