"""A question to a worktree, answered from an index that is as fresh as can be had in time.

getOrCreate: a worktree without an index is seeded or built first, under its
lock; a small difference is closed before answering; a large one is left to
the worker, and the answer says so.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .errors import BusyError, CorruptIndexError, LockError, StorageFullError, StoreError
from .indexing.update import Busy, update_index
from .search.anchor import results_now
from .search.query import Searcher
from .status import ABSENT, FRESH, REFRESHING, STALE, look_at
from .store import open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from .config import Settings
    from .indexing.update import Job
    from .search.model import Hit, Query, SearchResult
    from .search.query import QueryEmbedder
    from .search.related import Place
    from .status import Freshness
    from .worktree import Worktree

SMALL_DIFFERENCE_FILES = 64
"""So many changed files are indexed before answering; more are left to the worker."""

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
    """

    query: str
    worktree: str
    state: str
    results: tuple[SearchResult, ...]
    pending_files: int
    problem: str | None
    head: str | None
    differing: tuple[str, ...]


if TYPE_CHECKING:
    Searchers: TypeAlias = Callable[[str], AbstractContextManager[Searcher]]
    """Gives a searcher of the index at a path, for as long as the `with` block lasts. Whoever
    answers many questions keeps searchers open; it must notice when the file was replaced."""

    Look: TypeAlias = Callable[[Worktree, Settings], Freshness]


def answer(
    job: Job,
    query: Query,
    embedder: QueryEmbedder,
    *,
    refresh: bool,
    start_worker: Callable[[], None],
    searchers: Searchers | None = None,
    look: Look = look_at,
) -> Answer:
    """Search a worktree.

    Args:
        job: the worktree, and how it is updated if it must be.
        query: what is asked.
        embedder: makes the query's vector.
        refresh: bring the index up to date first, as far as that is quick.
        start_worker: leaves a larger difference to a worker.
        searchers: opens the index; without it, it is opened for this answer alone.
        look: takes the first look; may give one that began after the question was asked.

    Raises:
        BusyError: there is no index yet and another process is still making it.
        LockError: there is no index yet and it cannot be made.
        QueryError: the query or a filter cannot be used.
        StoreError: the index cannot be read.
    """
    searchers = searchers or partial(open_searcher, embedder=embedder)
    find = partial(_find, job, searchers, lambda searcher: searcher.search(query))
    freshen = partial(_bring_up_to_date, job, look, refresh=refresh, start_worker=start_worker)
    return _answered(job, query.text, freshen, find, repair=refresh)


def related(
    job: Job,
    place: Place,
    limit: int,
    *,
    refresh: bool,
    start_worker: Callable[[], None],
    searchers: Searchers | None = None,
    look: Look = look_at,
) -> Answer:
    """Find what is most like the chunk at a place of a worktree; no model is needed.

    Arguments and errors are those of `answer`; the place's line is one of the file as it is now.
    """
    searchers = searchers or partial(open_searcher, embedder=None)
    find = partial(_find, job, searchers, lambda searcher: searcher.related(place, limit))
    asked = f"{place.path}:{place.line}"
    freshen = partial(_bring_up_to_date, job, look, refresh=refresh, start_worker=start_worker)
    return _answered(job, asked, freshen, find, repair=refresh)


@contextmanager
def open_searcher(path: str, embedder: QueryEmbedder | None) -> Iterator[Searcher]:
    """A searcher of the index at a path, closed at the end of the `with` block.

    Raises:
        StoreError: there is no index, or it cannot be opened.
    """
    index = open_index(path)
    if index is None:
        raise StoreError(f"{path} vanished", hint="was the worktree removed?")
    with index:
        yield Searcher(index.connection, embedder)


def _answered(
    job: Job,
    asked: str,
    freshen: Callable[[], _Freshened],
    find: Callable[[], tuple[SearchResult, ...]],
    *,
    repair: bool,
) -> Answer:
    try:
        found = freshen()
        results = find()
    except StoreError as error:
        # Damage to an extension's tables is reported as a plain error; the check tells.
        if not repair or type(error) not in {CorruptIndexError, StoreError}:
            raise
        _create(job, check=True)
        found = _Freshened(look_at(job.worktree, job.settings))
        results = find()
    return Answer(
        query=asked,
        worktree=job.worktree.top,
        state=found.state or found.look.state,
        results=results,
        pending_files=len(found.look.differing),
        problem=found.problem,
        head=found.look.head,
        differing=found.look.differing[:LISTED_FILES],
    )


@dataclass(frozen=True, slots=True)
class _Freshened:
    """What the last look showed, and what is known beyond it."""

    look: Freshness
    state: str = ""
    problem: str | None = None


def _bring_up_to_date(
    job: Job, first_look: Look, *, refresh: bool, start_worker: Callable[[], None]
) -> _Freshened:
    look = first_look(job.worktree, job.settings)
    if look.state == ABSENT:
        if not refresh:
            raise StoreError("this worktree has no index", hint="lumen-hooks index")
        _create(job, check=False)
    elif look.state == FRESH or not refresh:
        return _Freshened(look)
    elif len(look.differing) > SMALL_DIFFERENCE_FILES:
        start_worker()
        return _Freshened(look, STALE)
    else:
        try:
            if isinstance(update_index(job, wait=PEER_WAIT_SECONDS), Busy):
                return _Freshened(look, REFRESHING)
        except (LockError, StorageFullError) as error:
            return _Freshened(look, STALE, error.message)
    return _Freshened(look_at(job.worktree, job.settings))


def _create(job: Job, *, check: bool) -> None:
    """Seed or build an index that is missing or damaged, or wait for the peer that does."""
    done = update_index(job, wait=job.settings.seed_wait, check=check)
    if isinstance(done, Busy) and not os.path.exists(job.worktree.index_path):
        raise BusyError(
            f"the index is being made by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )


def _find(
    job: Job, searchers: Searchers, ask: Callable[[Searcher], list[Hit]]
) -> tuple[SearchResult, ...]:
    with searchers(job.worktree.index_path) as searcher:
        hits = ask(searcher)
    return results_now(job.worktree.top, hits)
