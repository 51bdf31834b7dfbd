"""What each tool call asks for, done: find the worktree, run the work, keep what pays to keep.

Knows worktrees, jobs and answers; not the protocol.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

from lumen_hooks.errors import BusyError, QueryError, RepositoryError
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.search.results import Query, RelatedQuery
from lumen_hooks.service.answer import PEER_WAIT_SECONDS, Answer, Answerer, open_searcher
from lumen_hooks.service.status import Status, read_status
from lumen_hooks.service.workspace import open_workspace

from .caches import Looks, Models, SearcherCache
from .executor import Calls
from .roots import Spot, find_spot, insist_on_belonging
from .schemas import DEFAULT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.indexing.job import Job
    from lumen_hooks.service.answer import Look

    from .executor import Reporter
    from .schemas import RelatedArguments, SearchArguments

T = TypeVar("T")

SHORT_THREADS = 8
"""Threads for work of some milliseconds, which must not queue behind a build."""


class Desk:
    """Answers questions to any number of worktrees, many at a time. One event loop's."""

    def __init__(self) -> None:
        self._short = CapacityLimiter(SHORT_THREADS)
        self.models = Models()
        self.searchers = SearcherCache()
        self.looks = Looks()
        self.calls = Calls()

    async def search(
        self, wanted: SearchArguments, roots: Sequence[str], reporter: Reporter
    ) -> Answer:
        """Answer `semantic_search`.

        Raises:
            LumenError: as `Answerer.answer` and `find_spot` do.
        """
        look = partial(self.looks.look, asked_at=time.monotonic())
        if wanted.max_lines < 1:
            raise QueryError(
                f"{wanted.max_lines} lines cannot be shown",
                hint="give max_lines of at least 1, or summary for no code",
            )
        spot, job = await self._briefly(
            partial(self._job_at, wanted.path, roots, "mcp search", reporter)
        )
        query = Query(
            text=wanted.query,
            limit=wanted.limit,
            path=spot.within(job.worktree.top),
            languages=tuple(wanted.languages or ()),
            kinds=tuple(wanted.kinds or ()),
        )
        return await self._ask(job, query, "search", look, reporter)

    async def related(
        self, wanted: RelatedArguments, roots: Sequence[str], reporter: Reporter
    ) -> Answer:
        """Answer `find_related`.

        Raises:
            LumenError: as `Answerer.answer` and `find_spot` do.
        """
        look = partial(self.looks.look, asked_at=time.monotonic())
        spot, job = await self._briefly(
            partial(self._job_at, wanted.path, roots, "mcp related", reporter, globs=False)
        )
        file = spot.within(job.worktree.top)
        if file is None:
            raise QueryError(f"{wanted.path} is a folder", hint="give a file and a line in it")
        question = RelatedQuery(file, wanted.line, DEFAULT_LIMIT)
        return await self._ask(job, question, "related", look, reporter)

    async def status(self, path: str | None, roots: Sequence[str], reporter: Reporter) -> Status:
        """Answer `index_status`; changes nothing and waits for nobody.

        Raises:
            LumenError: as `read_status` and `find_spot` do.
        """

        def look() -> Status:
            _, job = self._job_at(path, roots, "mcp status", reporter, globs=False)
            return read_status(job.worktree, job.settings)

        return await self._briefly(look)

    def close(self, seconds: float) -> bool:
        """End the work that runs, and close what is kept; whether all has ended in that time."""
        ended = self.calls.stop(seconds)
        self.searchers.close_unused(idle=0)
        return ended

    async def _ask(
        self, job: Job, question: Query | RelatedQuery, reason: str, look: Look, reporter: Reporter
    ) -> Answer:
        """Ask one at a time with the index kept open; beside a long update, as it stands."""
        top = job.worktree.top
        start_worker = partial(spawn_worker, top, reason)
        answerer = Answerer(job, start_worker, searchers=self.searchers.using, look=look)

        def work() -> Answer:
            if not _has_index(job):
                reporter.say(f"no index yet: seeding or building that of {top}")
            return answerer.answer(question)

        patience = PEER_WAIT_SECONDS if _has_index(job) else job.settings.seed_wait
        try:
            return await self.calls.run_alone(job.worktree.git_dir, work, patience=patience)
        except TimeoutError:
            if not _has_index(job):
                raise BusyError(
                    f"the index of {top} is being made for another call",
                    hint="ask again in a while; index_status tells how far it is",
                ) from None
        beside = replace(answerer, refresh=False, searchers=open_searcher)
        return await self.calls.run(partial(beside.answer, question))

    def _job_at(
        self,
        path: str | None,
        roots: Sequence[str],
        purpose: str,
        reporter: Reporter,
        *,
        globs: bool = True,
    ) -> tuple[Spot, Job]:
        """Where a path leads; without one, the first of the client's folders in a repository."""
        if path:
            spot = find_spot(path, roots, globs=globs)
            job = self._job(spot, purpose, reporter, asked=not spot.pattern)
            insist_on_belonging(job.worktree, spot, roots)
            return spot, job
        refusal: RepositoryError | None = None
        for root in roots:
            try:
                return Spot(root), self._job(Spot(root), purpose, reporter)
            except RepositoryError as error:
                refusal = refusal or error
        raise refusal or RepositoryError("the client names no folder", hint="give a path")

    def _job(self, spot: Spot, purpose: str, reporter: Reporter, *, asked: bool = False) -> Job:
        job = open_workspace(spot.place, asked=asked).job(purpose, reporter)
        return replace(job, load=self.models.load)

    async def _briefly(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._short)


def _has_index(job: Job) -> bool:
    return os.path.exists(job.worktree.index_path)
