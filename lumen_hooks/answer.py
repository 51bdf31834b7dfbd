"""A question to a worktree, answered from an index that is as fresh as can be had in time.

getOrCreate: a worktree without an index is seeded or built first, under its
lock; a small difference is closed before answering; a large one is left to
the worker, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import BusyError, CorruptIndexError, LockError, StorageFullError, StoreError
from .indexing.update import Busy, update_index
from .search.model import SearchResult
from .search.query import search_index
from .search.snippets import snippet
from .sqlite import translated
from .status import ABSENT, FRESH, REFRESHING, STALE, freshness
from .store import open_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from .embedding.embedder import Embedder
    from .indexing.update import Job
    from .search.model import Query

SMALL_DIFFERENCE_FILES = 64
"""So many changed files are indexed before answering; more are left to the worker."""

PEER_WAIT_SECONDS = 2.0
"""How long an answer waits for another process that is refreshing an index that exists."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Results, and what they are worth.

    Attributes:
        query: as asked.
        worktree: top folder of the worktree that was searched.
        state: `fresh`, or `stale` / `refreshing` when files have changed since.
        results: best first.
        pending_files: how many files the index does not hold as they are now.
        problem: why the index could not be brought up to date, or None.
    """

    query: str
    worktree: str
    state: str
    results: tuple[SearchResult, ...]
    pending_files: int
    problem: str | None


def answer(
    job: Job,
    query: Query,
    embedder: Embedder,
    *,
    refresh: bool,
    start_worker: Callable[[], None],
) -> Answer:
    """Search a worktree.

    Args:
        job: the worktree, and how it is updated if it must be.
        query: what is asked.
        embedder: makes the query's vector.
        refresh: bring the index up to date first, as far as that is quick.
        start_worker: leaves a larger difference to a worker.

    Raises:
        BusyError: there is no index yet and another process is still making it.
        LockError: there is no index yet and it cannot be made.
        QueryError: the query or a filter cannot be used.
        StoreError: the index cannot be read.
    """
    try:
        freshened = _bring_up_to_date(job, refresh=refresh, start_worker=start_worker)
        results = _search(job, query, embedder)
    except StoreError as error:
        # Damage to an extension's tables is reported as a plain error; the check tells.
        if not refresh or type(error) not in {CorruptIndexError, StoreError}:
            raise
        _create(job, check=True)
        freshened = _Freshened(*freshness(job.worktree, job.settings))
        results = _search(job, query, embedder)
    return Answer(
        query.text,
        job.worktree.top,
        freshened.state,
        results,
        freshened.pending_files,
        freshened.problem,
    )


@dataclass(frozen=True, slots=True)
class _Freshened:
    state: str
    pending_files: int
    problem: str | None = None


def _bring_up_to_date(job: Job, *, refresh: bool, start_worker: Callable[[], None]) -> _Freshened:
    state, pending = freshness(job.worktree, job.settings)
    if state == ABSENT:
        if not refresh:
            raise StoreError("this worktree has no index", hint="lumen-hooks index")
        _create(job, check=False)
    elif state == FRESH or not refresh:
        return _Freshened(state, pending)
    elif pending > SMALL_DIFFERENCE_FILES:
        start_worker()
        return _Freshened(STALE, pending)
    else:
        try:
            if isinstance(update_index(job, wait=PEER_WAIT_SECONDS), Busy):
                return _Freshened(REFRESHING, pending)
        except (LockError, StorageFullError) as error:
            return _Freshened(STALE, pending, error.message)
    return _Freshened(*freshness(job.worktree, job.settings))


def _create(job: Job, *, check: bool) -> None:
    """Seed or build an index that is missing or damaged, or wait for the peer that does."""
    done = update_index(job, wait=job.settings.seed_wait, check=check)
    if isinstance(done, Busy) and open_index(job.worktree.index_path) is None:
        raise BusyError(
            f"the index is being made by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )


def _search(job: Job, query: Query, embedder: Embedder) -> tuple[SearchResult, ...]:
    path = job.worktree.index_path
    index = open_index(path)
    if index is None:
        raise StoreError(f"{path} vanished", hint="was the worktree removed?")
    with index, translated(path):
        hits = search_index(index.connection, embedder, query)
    return tuple(
        SearchResult(
            path=hit.path,
            start_line=hit.start_line,
            end_line=hit.end_line,
            symbol=hit.symbol,
            kind=hit.kind,
            language=hit.language,
            score=hit.score,
            snippet=snippet(job.worktree.top, hit),
        )
        for hit in hits
    )
