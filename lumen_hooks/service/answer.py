"""A question to a worktree, answered from an index that is as fresh as can be had in time.

getOrCreate: a worktree without an index is seeded or built first, under its
lock; a small difference is closed before answering; a large one is left to
the worker, and the answer says so.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lumen_hooks.chunking.process import TooManyDeathsError
from lumen_hooks.errors import (
    BusyError,
    CorruptIndexError,
    LockError,
    ModelError,
    StorageFullError,
    StoreError,
)
from lumen_hooks.indexing.freshness import ABSENT, FRESH, REFRESHING, STALE, look_at
from lumen_hooks.indexing.trim import wants_trimming
from lumen_hooks.indexing.turns import SMALL_SLOW_REFRESH_FILES
from lumen_hooks.indexing.update import Busy, Updated, update_index
from lumen_hooks.search.query import Searcher
from lumen_hooks.settings import BUILTIN_MODEL
from lumen_hooks.storage.index import open_index
from lumen_hooks.storage.publish import file_identity

from .query_model import OwnModel, note_of
from .relocate import results_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import Freshness, Outdated
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.query import QueryEmbedder
    from lumen_hooks.search.related import Place
    from lumen_hooks.search.results import Hit, Query, SearchResult
    from lumen_hooks.settings import Settings

SMALL_DIFFERENCE_FILES = 64
"""So many changed files are indexed before answering, with the built-in model (with others as many
as need no embedding slot); more are left to the worker."""

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
    state: str
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


def answer(
    job: Job,
    query: Query,
    *,
    refresh: bool,
    start_worker: Callable[[], None],
    searchers: Searchers | None = None,
    look: Look = look_at,
) -> Answer:
    """Search a worktree.

    The query is embedded by the model that made the index. A worker makes it anew where the
    settings want another (or the update itself does, with `lumen.refresh` inline).

    Args:
        job: the worktree, how it is updated if it must be, and how models are loaded.
        query: what is asked.
        refresh: bring the index up to date first, as far as that is quick.
        start_worker: leaves a larger difference to a worker.
        searchers: opens the index; without it, it is opened for this answer alone.
        look: takes the first look; may give one that began after the question was asked.

    Raises:
        BusyError: there is no index yet and another process is still making it.
        LockError: there is no index yet and it cannot be made.
        ModelError: there is no index yet and its model cannot be had.
        QueryError: the query or a filter cannot be used.
        StoreError: the index cannot be read.
    """
    own = OwnModel(job.settings, job.load)
    find = partial(
        _find, job, searchers or open_searcher, lambda searcher: searcher.search(query, own)
    )
    freshen = partial(_bring_up_to_date, job, look, refresh=refresh, start_worker=start_worker)
    return _answered(job, query.text, freshen, find, own, repair=refresh)


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
    find = partial(
        _find, job, searchers or open_searcher, lambda searcher: searcher.related(place, limit)
    )
    asked = f"{place.path}:{place.line}"
    freshen = partial(_bring_up_to_date, job, look, refresh=refresh, start_worker=start_worker)
    return _answered(job, asked, freshen, find, None, repair=refresh)


@contextmanager
def open_searcher(path: str, embedder: QueryEmbedder | None = None) -> Iterator[Searcher]:
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
    own: OwnModel | None,
    *,
    repair: bool,
) -> Answer:
    seen = file_identity(job.worktree.index_path)
    try:
        found = freshen()
        results = find()
    except StoreError as error:
        hopeless = not repair or job.worktree.read_only
        if hopeless or type(error) not in {CorruptIndexError, StoreError}:
            raise
        # A reader that met damage is proof enough; of other errors a check tells.
        done = _create(
            job, damaged=seen if isinstance(error, CorruptIndexError) else None, check=True
        )
        found = _Freshened(_look_after(job, done))
        results = find()
    note = note_of(found.look.outdated, job.settings.model, own, found.follows)
    return Answer(
        query=asked,
        worktree=job.worktree.top,
        state=found.state or found.look.state,
        results=results,
        pending_files=len(found.look.differing),
        problem="; ".join(filter(None, (found.problem, note, job.worktree.remark))) or None,
        head=found.look.head,
        differing=found.look.differing[:LISTED_FILES],
        model=own.name or None if own is not None else None,
    )


@dataclass(frozen=True, slots=True)
class _Freshened:
    """What the last look showed, and what is known beyond it.

    `follows` says what becomes of an index that must be made anew.
    """

    look: Freshness
    state: str = ""
    problem: str = ""
    follows: str = "is not built yet"


def _bring_up_to_date(
    job: Job, first_look: Look, *, refresh: bool, start_worker: Callable[[], None]
) -> _Freshened:
    look = first_look(job.worktree, job.settings)
    if look.state == ABSENT:
        if not refresh:
            raise StoreError("this worktree has no index", hint="lumen-hooks index")
        done = _create(job)
    elif look.state == FRESH or not refresh:
        return _Freshened(look)
    elif job.worktree.read_only:
        return _Freshened(look, STALE)
    elif look.outdated is not None and job.settings.refresh != "inline":
        return _leave_to_worker(job, look, look.outdated, start_worker)
    elif look.outdated is not None and look.outdated.refusal:
        return _Freshened(look, STALE)
    elif len(look.differing) > _few_files(job) and look.outdated is None:
        start_worker()
        return _Freshened(look, STALE)
    else:
        try:
            done = update_index(replace(job, deaths_max=1), wait=PEER_WAIT_SECONDS)
            if isinstance(done, Busy):
                return _Freshened(look, REFRESHING)
        except (LockError, ModelError, StorageFullError) as error:
            return _Freshened(look, STALE, error.message)
        except TooManyDeathsError:  # several texts that take their parsers seconds
            start_worker()
            return _Freshened(look, STALE)
    _leave_trimming(job, done, start_worker)
    return _Freshened(_look_after(job, done))


def _look_after(job: Job, done: Updated | Busy) -> Freshness:
    """How the index is now: the update knows it, unless it took long or another process did it."""
    known = done.freshness if isinstance(done, Updated) else None
    return known or look_at(job.worktree, job.settings)


def _few_files(job: Job) -> int:
    """How many changed files whoever asks waits for."""
    built_in = job.settings.model == BUILTIN_MODEL
    return SMALL_DIFFERENCE_FILES if built_in else SMALL_SLOW_REFRESH_FILES


def _leave_to_worker(
    job: Job, look: Freshness, outdated: Outdated, start_worker: Callable[[], None]
) -> _Freshened:
    """Have an index made anew beside the one that answers meanwhile."""
    if outdated.progress is not None:
        return _Freshened(look, REFRESHING)
    if outdated.refusal:
        return _Freshened(look, STALE)
    if job.settings.refresh == "off":
        follows = "is built by lumen-hooks index, since lumen.refresh is off"
        return _Freshened(look, STALE, follows=follows)
    start_worker()
    return _Freshened(look, STALE, follows="is being built in the background")


def _leave_trimming(job: Job, done: Updated | Busy, start_worker: Callable[[], None]) -> None:
    """Have a worker trim an embedding store that this answer filled beyond its limit."""
    if isinstance(done, Busy) or job.settings.refresh == "off":
        return
    if wants_trimming(job.worktree, job.settings, done):
        start_worker()


def _create(
    job: Job, *, check: bool = False, damaged: tuple[int, int] | None = None
) -> Updated | Busy:
    """Seed or build an index that is missing or damaged, or wait for the peer that does."""
    done = update_index(job, wait=job.settings.seed_wait, check=check, damaged=damaged)
    if isinstance(done, Busy) and not os.path.exists(job.worktree.index_path):
        raise BusyError(
            f"the index is being made by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )
    return done


def _find(
    job: Job, searchers: Searchers, ask: Callable[[Searcher], list[Hit]]
) -> tuple[SearchResult, ...]:
    with searchers(job.worktree.index_path) as searcher:
        hits = ask(searcher)
    return results_now(job.worktree.top, hits)
