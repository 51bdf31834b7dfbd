"""Answers in time for a worktree that has no index yet, from what there is.

A worker makes the index meanwhile. If that is there soon, it answers; else a sibling's that is at
hand; else the files themselves (`glimpse`). Where an index exists, it is asked as always. Knows
what to ask, in which order and for how long; not how.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import (
    BusyError,
    CorruptIndexError,
    NotIndexedError,
    QueryError,
    RepositoryError,
    StoreError,
)
from lumen_hooks.excerpts.relocate import results_now
from lumen_hooks.files.manifest import scan
from lumen_hooks.indexing.freshness import REFRESHING
from lumen_hooks.indexing.partial import empty_index
from lumen_hooks.indexing.update import put_aside
from lumen_hooks.search.filters import let_through
from lumen_hooks.search.results import Query, RelatedQuery
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.publish import file_identity

from .answer import Answer
from .awaited import await_index, build_at_once, seed_at_once
from .everywhere import Everywhere, pattern_of
from .freshen import PEER_WAIT_SECONDS
from .glimpse import SEARCH_SECONDS, glimpse, look_at_words, promise_of
from .not_indexed import explained
from .places import find_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.indexing.donors import Donor
    from lumen_hooks.indexing.freshness import State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.results import ExactQuery, Found

    from .answer import Answerer
    from .awaited import Awaited
    from .everywhere import Everyplace

    Files: TypeAlias = Callable[[Job, float], Manifest]

T = TypeVar("T")

ANSWER_SECONDS = 4.0
"""How long an answer may take where there is no index; clients give up after five or six."""

INDEX_SECONDS = 1.6
"""Of these the last are for the files themselves, unless an index is there before."""

BUILT_PER_SECOND = 500
"""So many files are indexed in a second at best: a build that takes longer is not waited for."""

LOOKED_AT_FILES = 20_000
"""An index of more files that was published just now is not compared with the tree first."""

WORDS_SECONDS = 0.3
"""What a look at the words of a small tree may take once its index was waited for in vain."""

_LATER = "ask again in a while; lumen-hooks status tells how far it is"


def soon() -> float:
    """When a question that is asked now must have its answer (`time.monotonic()`)."""
    return time.monotonic() + ANSWER_SECONDS


def listed_now(job: Job, _until: float) -> Manifest:
    """A worktree's files, however long it takes to list them.

    Raises:
        RepositoryError: git cannot list them.
    """
    return scan(job.worktree, job.settings)


@dataclass(frozen=True, slots=True)
class PromptAnswerer:
    """Answers questions to one worktree in time, whether it has an index or not.

    Attributes:
        answerer: answers where there is an index; does not make one (`creates`).
        until: when there must be an answer (`time.monotonic()`).
        files: lists a worktree's files, or raises TimeoutError at a given time.
    """

    answerer: Answerer
    until: float = field(default_factory=soon)
    files: Files = listed_now

    def answer(self, question: Query | RelatedQuery) -> Answer:
        """As `Answerer.answer`, but never waits until an index is made.

        Raises:
            BusyError: there is no index yet, and no time to find out anything without one.
            ModelError: there is no index yet, and its model cannot be had.
            NotIndexedError, QueryError, StoreError: as there.
        """
        job = self.answerer.job
        known = _asked(job, lambda: self.answerer.answer(question))
        if known is not None:
            return known
        if seed_at_once(job):
            return self.answerer.answer(question)
        try:
            known = self._from_sibling(question)
            if known is not None:
                return known
            manifest, awaited = _begun(job, self.answerer.start_worker, self.files, self.until)
            if awaited is None:
                return self.answerer.answer(question)
            return self._from_files(awaited, manifest, question)
        except NotIndexedError as error:
            raise explained(error, job.worktree, job.settings) from None

    def _from_sibling(self, question: Query | RelatedQuery) -> Answer | None:
        """From an index that takes a while to be cloned; None without any."""
        job = self.answerer.job
        donor = _nearest_sibling(job)
        if donor is None:
            return None
        awaited = await_index(job, self.answerer.start_worker)
        if awaited.wait(self.until - 2 * SEARCH_SECONDS):
            return self._from_index(question, donor.files)
        sibling = job._replace(worktree=job.worktree._replace(home=donor.worktree.folder))
        try:
            found = replace(self.answerer, job=sibling).find(question)
        except (QueryError, StoreError):  # what is asked about may be here alone
            return None
        note = f"{awaited.in_words()}; this is from that of a sibling, {donor.worktree.top}"
        return self._told(question, found, awaited.state(), note)

    def _from_files(
        self, awaited: Awaited, manifest: Manifest, question: Query | RelatedQuery
    ) -> Answer:
        job = awaited.job
        by_then = self.until - INDEX_SECONDS
        if _may_be_built(manifest) and awaited.wait(by_then):
            return self._from_index(question, len(manifest.files))
        paths = _wanted(manifest, question if isinstance(question, Query) else question.within)
        promise = promise_of(job, question, manifest)
        ordered = promise.in_order(paths)
        by_then = max(by_then, time.monotonic() + WORDS_SECONDS)
        look_at_words(promise, job.worktree.top, ordered, by_then, awaited.look)
        if awaited.is_there:
            return self._from_index(question, len(manifest.files))
        seen = glimpse(job, manifest, question, promise, ordered, self.until)
        if ordered and not seen.indexed:
            raise BusyError(awaited.in_words(), hint=_LATER)
        note = f"{awaited.in_words()}; {seen.in_words()}"
        answer = self._told(question, seen.found, awaited.state(), note)
        return replace(answer, head=manifest.head, pending_files=len(manifest.files))

    def _from_index(self, question: Query | RelatedQuery, files: int) -> Answer:
        """From an index that was published just now, and may be at work on its difference."""
        left = self.until - time.monotonic()
        if files > LOOKED_AT_FILES or left < SEARCH_SECONDS:
            note = "the index was made just now and is not compared with the files yet"
            return self._told(question, self.answerer.find(question), REFRESHING, note)
        return replace(self.answerer, refresh=left > 2 * PEER_WAIT_SECONDS).answer(question)

    def _told(
        self, question: Query | RelatedQuery, found: Found, state: State, note: str
    ) -> Answer:
        worktree = self.answerer.job.worktree
        words = question.text if isinstance(question, Query) else ""
        return Answer(
            query=question.text,
            worktree=worktree.top,
            state=state,
            results=results_now(worktree.top, found.hits, words),
            pending_files=0,
            problem="; ".join(filter(None, (note, worktree.remark))),
            head=None,
            differing=(),
            model=found.model,
            weak=found.weak,
        )


@dataclass(frozen=True, slots=True)
class PromptEveryplace:
    """Finds every place in one worktree in time, whether it has an index or not.

    Attributes:
        everyplace: finds them where there is an index; does not make one (`creates`).
        until: when there must be an answer (`time.monotonic()`).
        files: lists a worktree's files, or raises TimeoutError at a given time.
    """

    everyplace: Everyplace
    until: float = field(default_factory=soon)
    files: Files = listed_now

    def find(self, query: ExactQuery) -> Everywhere:
        """As `Everyplace.find`, but never waits until an index is made: then all files are read.

        Raises:
            BusyError: there is no index yet, and no time to read any file.
            NotIndexedError, QueryError, StorageFullError, StoreError: as there.
        """
        job = self.everyplace.job
        known = _asked(job, lambda: self.everyplace.find(query))
        if known is not None:
            return known
        if seed_at_once(job):
            return self.everyplace.find(query)
        manifest, awaited = _begun(job, self.everyplace.start_worker, self.files, self.until)
        if awaited is None:
            return self.everyplace.find(query)
        try:
            return self._from_files(awaited, manifest, query)
        except NotIndexedError as error:
            raise explained(error, job.worktree, job.settings) from None

    def _from_files(self, awaited: Awaited, manifest: Manifest, query: ExactQuery) -> Everywhere:
        job, worktree = awaited.job, awaited.job.worktree
        pattern = pattern_of(query)
        if _may_be_built(manifest) and awaited.wait(self.until - INDEX_SECONDS):
            return replace(self.everyplace, refresh=False).find(query)
        paths = _wanted(manifest, query.within)
        kinds = Query("", kinds=query.within.kinds)
        with empty_index() as index:
            places = find_places(
                index,
                query._replace(within=kinds),
                pattern,
                top=worktree.top,
                differing=paths,
                max_bytes=job.settings.max_file_bytes,
                until=self.until,
            )
        note = "all files were read"
        if places.unread:
            read_of = f"{len(paths) - places.unread:,} of {len(paths):,} files"
            note = f"only {read_of} were read in time, in the order of their paths"
        return Everywhere(
            query=query.text,
            worktree=worktree.top,
            state=awaited.state(),
            places=places,
            pending_files=len(manifest.files),
            problem="; ".join(filter(None, (awaited.in_words(), note, worktree.remark))),
            head=manifest.head,
            differing=(),
        )


def _asked(job: Job, ask: Callable[[], T]) -> T | None:
    """What an index answers; None if there is none, or none that can be read."""
    path = job.worktree.index_path
    seen = file_identity(path)
    if seen is None:
        return None
    try:
        return ask()
    except CorruptIndexError:
        if job.worktree.read_only:
            raise
        put_aside(job, seen, wait=PEER_WAIT_SECONDS)
    except StoreError:
        if file_identity(path) is not None:
            raise
    return None


def _begun(
    job: Job, start_worker: Callable[[], int | None], files: Files, until: float
) -> tuple[Manifest, Awaited | None]:
    """The files of a worktree, and its index that is awaited; None if that is there by now."""
    try:
        manifest = files(job, until - INDEX_SECONDS / 2)
    except TimeoutError:
        raise BusyError(await_index(job, start_worker).in_words(), hint=_LATER) from None
    if build_at_once(job, manifest):
        return manifest, None
    return manifest, await_index(job, start_worker)


def _nearest_sibling(job: Job) -> Donor | None:
    """The sibling whose index this worktree's is cloned from, if one is worth it."""
    from lumen_hooks.indexing.donors import find_donors  # few need it

    try:
        donors, _ = find_donors(job.worktree, fingerprint(identify(job.settings)))
        donor = next(donors, None)
    except RepositoryError:
        return None
    return donor if donor is not None and donor.pays else None


def _may_be_built(manifest: Manifest) -> bool:
    """Whether an index of so many files may be there in time."""
    return len(manifest.files) <= BUILT_PER_SECOND * ANSWER_SECONDS


def _wanted(manifest: Manifest, query: Query) -> list[str]:
    """The paths of the files that a query's filters let through."""
    return let_through(list(manifest.files), query, manifest.told.languages)
