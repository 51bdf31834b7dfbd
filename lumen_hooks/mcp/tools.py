"""The tools: what each call asks for, done, with what pays to keep between calls.

Each is one function: find the worktree, ask the service, say it in words and as
data. Knows worktrees, jobs and answers; not the protocol.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from anyio import CapacityLimiter, to_thread

from lumen_hooks.errors import QueryError, RepositoryError
from lumen_hooks.git.config_memory import ConfigMemory
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.search.results import MAX_LIMIT, ExactQuery, Query, RelatedQuery
from lumen_hooks.service.answer import Answer, Answerer, open_searcher
from lumen_hooks.service.caches import Listings, Looks, Models, SearcherCache
from lumen_hooks.service.everywhere import Everyplace
from lumen_hooks.service.freshen import PEER_WAIT_SECONDS
from lumen_hooks.service.status import read_status
from lumen_hooks.service.unindexed import ANSWER_SECONDS, PromptAnswerer, PromptEveryplace
from lumen_hooks.service.workspace import excluded_from_top, open_workspace
from lumen_hooks.storage.reader import open_index
from lumen_hooks.system.terminal import one_line
from lumen_hooks.wording.outline import outline_in_words, outline_of
from lumen_hooks.wording.plain import AS_ARGUMENTS, with_paths, written
from lumen_hooks.wording.sizing import Shape, insist_on_shape
from lumen_hooks.wording.viewpoint import Viewpoint

from .data import definitions_of, places_of, report_of, results_of
from .executor import Executor, Reporter
from .roots import Spot, find_spot, insist_on_belonging
from .schemas import (
    Arguments,
    ExactArguments,
    FileOutline,
    FoundPlaces,
    OutlineArguments,
    RelatedArguments,
    Results,
    SearchArguments,
    StatusArguments,
    StatusReport,
)
from .text import places_in_words, sentence_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pydantic import BaseModel

    from lumen_hooks.indexing.job import Job

T = TypeVar("T")
Q = TypeVar("Q")

SHORT_THREADS = 8
"""Threads for work of some milliseconds, which must not queue behind a build."""


class Call(NamedTuple):
    """What a tool call brings, besides its arguments.

    Attributes:
        roots: the client's folders, absolute; empty where only a full path leads anywhere.
        reporter: takes the client how far the call is.
        asked_at: when it came in (`time.monotonic()`).
        structured: the answer is wanted as structured content, too.
        remark: what the answer has to say of the call itself; may be empty.
    """

    roots: Sequence[str]
    reporter: Reporter
    asked_at: float
    structured: bool = False
    remark: str = ""


class Reply(NamedTuple):
    """What a tool answers: as text, and as data where that is wanted."""

    text: str
    data: BaseModel | None


class Tools:
    """The tools, on any number of worktrees, many at a time. One event loop's.

    Each raises what is wrong with a call as LumenError: see `Answerer.answer`, `read_status`
    and `find_spot`.
    """

    def __init__(self) -> None:
        self._short = CapacityLimiter(SHORT_THREADS)
        self._configurations = ConfigMemory()
        self._models = Models()
        self._looks = Looks()
        self._listings = Listings()
        self._searchers = SearcherCache()
        self.executor = Executor()

    async def semantic_search(self, wanted: SearchArguments, call: Call) -> Reply:
        """Find code by what it does."""
        insist_on_shape(_shape(wanted))
        spot, job = await self._briefly(partial(self._job_at, wanted.path, call, "mcp search"))
        query = _filters(wanted, spot, job, call)._replace(text=wanted.query, limit=wanted.limit)
        return _reply(await self._answer(job, query, "search", call), wanted, call)

    async def exact_search(self, wanted: ExactArguments, call: Call) -> Reply:
        """Find every place that holds a text."""
        shape = Shape(summary=wanted.summary, max_tokens=wanted.max_tokens)
        insist_on_shape(shape)
        spot, job = await self._briefly(partial(self._job_at, wanted.path, call, "mcp exact"))
        within = _filters(wanted, spot, job, call)
        limit = min(wanted.limit, MAX_LIMIT)
        query = ExactQuery(
            wanted.text, wanted.regex, wanted.word, wanted.ignore_case, limit, within
        )
        everyplace = Everyplace(
            job,
            start_worker=partial(spawn_worker, job.worktree.top, "exact"),
            indexes=self._searchers.index,
            look=partial(self._looks.look, asked_at=call.asked_at),
            creates=False,
        )
        beside = replace(everyplace, refresh=False, indexes=open_index)
        prompt = PromptEveryplace(everyplace, call.asked_at + ANSWER_SECONDS, self._listings.files)
        found = await self._ask(job, prompt.find, beside.find, query, call)
        path_of = _path_of(call.roots, found.worktree)
        found = replace(found, differing=tuple(map(path_of, found.differing)))
        text = places_in_words(found, shape, path_of, remark=call.remark)
        return Reply(text, places_of(found, shape, path_of) if call.structured else None)

    async def find_related(self, wanted: RelatedArguments, call: Call) -> Reply:
        """Find code like some that is known."""
        insist_on_shape(_shape(wanted))
        locate = partial(self._job_at, wanted.path, call, "mcp related", globs=False)
        spot, job = await self._briefly(locate)
        file = spot.within(job.worktree.top)
        if file is None:
            raise QueryError(f"{wanted.path} is a folder", hint="give a file and a line in it")
        within = _filters(wanted, Spot(job.worktree.top), job, call)
        query = RelatedQuery(file, wanted.line, wanted.limit, within)
        return _reply(await self._answer(job, query, "related", call), wanted, call)

    async def file_outline(self, wanted: OutlineArguments, call: Call) -> Reply:
        """Tell what a file defines."""
        locate = partial(self._job_at, wanted.path, call, "mcp outline", globs=False)
        spot, job = await self._briefly(locate)
        file = spot.within(job.worktree.top)
        if file is None:
            raise QueryError(f"{wanted.path} is a folder", hint="give a file")
        found = await self.executor.run(partial(outline_of, job, file))
        shown = found._replace(path=_path_of(call.roots, job.worktree.top)(found.path))
        budget = wanted.max_tokens
        text = outline_in_words(shown, budget, AS_ARGUMENTS, remark=call.remark)
        return Reply(text, definitions_of(shown, budget) if call.structured else None)

    async def index_status(self, wanted: StatusArguments, call: Call) -> Reply:
        """Tell the state of an index; changes nothing and waits for nobody."""
        locate = partial(self._job_at, wanted.path, call, "mcp status", globs=False)
        _, job = await self._briefly(locate)
        status = await self._briefly(partial(read_status, job.worktree, job.settings))
        text = one_line(sentence_of(status)) + (f"\nnote: {call.remark}" if call.remark else "")
        return Reply(text, report_of(status) if call.structured else None)

    def keep_house(self) -> None:
        """Close what nobody asked for some time, or what was removed; to be called now and then."""
        self._searchers.close_unused()
        self._listings.drop_old()

    def close(self, seconds: float) -> bool:
        """End the work that runs, and close what is kept; whether all has ended in that time."""
        ended = self.executor.stop(seconds)
        self._searchers.close_unused(idle=0)
        return ended

    async def _answer(
        self, job: Job, question: Query | RelatedQuery, reason: str, call: Call
    ) -> Answer:
        answerer = Answerer(
            job,
            start_worker=partial(spawn_worker, job.worktree.top, reason),
            searchers=self._searchers.using,
            look=partial(self._looks.look, asked_at=call.asked_at),
            creates=False,
        )
        beside = replace(answerer, refresh=False, searchers=open_searcher)
        prompt = PromptAnswerer(answerer, call.asked_at + ANSWER_SECONDS, self._listings.files)
        return await self._ask(job, prompt.answer, beside.answer, question, call)

    async def _ask(
        self,
        job: Job,
        ask: Callable[[Q], T],
        ask_beside: Callable[[Q], T],
        question: Q,
        call: Call,
    ) -> T:
        """Ask one at a time with the index kept open; beside a long update, as it stands.

        Where there is none, `ask` has an answer in time, and none waits for another.
        """
        if _has_index(job):
            key = job.worktree.git_dir
            with suppress(TimeoutError):
                work = partial(ask, question)
                return await self.executor.run_alone(key, work, patience=PEER_WAIT_SECONDS)
            if _has_index(job):
                return await self.executor.run(partial(ask_beside, question))
        call.reporter.say(f"no index yet: seeding or building that of {job.worktree.top}")
        return await self.executor.run(partial(ask, question))

    def _job_at(
        self, path: str | None, call: Call, purpose: str, *, globs: bool = True
    ) -> tuple[Spot, Job]:
        """Where a path leads; without one, the first of the client's folders in a repository."""
        if path:
            spot = find_spot(path, call.roots, globs=globs)
            job = self._job(spot.path, call, purpose, asked=not spot.pattern)
            insist_on_belonging(job.worktree, spot, call.roots)
            return spot, job
        refusal: RepositoryError | None = None
        for root in call.roots:
            try:
                return Spot(root), self._job(root, call, purpose, asked=False)
            except RepositoryError as error:
                refusal = refusal or error
        raise refusal or RepositoryError("the client names no folder", hint="give a path")

    def _job(self, directory: str, call: Call, purpose: str, *, asked: bool) -> Job:
        workspace = open_workspace(directory, asked=asked, memory=self._configurations)
        job = workspace.job(purpose, call.reporter)
        return job._replace(load=self._models.load)

    async def _briefly(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._short)


def _shape(wanted: SearchArguments | RelatedArguments) -> Shape:
    return Shape(wanted.max_lines, wanted.summary, wanted.max_tokens)


def _reply(found: Answer, wanted: SearchArguments | RelatedArguments, call: Call) -> Reply:
    """An answer with paths as the client can open them."""
    shape = _shape(wanted)
    # Who says how many results are wanted gets so many.
    cut = "limit" not in wanted.model_fields_set
    shown = with_paths(found, _path_of(call.roots, found.worktree))
    text = written(shown, shape, AS_ARGUMENTS, cut=cut, remark=call.remark).text
    return Reply(text, results_of(shown, shape, cut=cut) if call.structured else None)


def _path_of(roots: Sequence[str], top: str) -> Callable[[str], str]:
    """How a path in a worktree is shown: from the client's first folder if that lies in it."""
    first = os.path.realpath(roots[0]) if roots else ""
    if os.path.join(first, "").startswith(os.path.join(top, "")):
        return Viewpoint(first, top)
    return partial(os.path.join, top)


def _excluded(patterns: Sequence[str], roots: Sequence[str], top: str) -> tuple[str, ...]:
    """What a search leaves out, given from the client's root in this worktree, or from its top."""
    real = ((root, os.path.realpath(root) + "/") for root in roots)
    root = next((root for root, place in real if place.startswith(top + "/")), top)
    return tuple(excluded_from_top(pattern, root, top) for pattern in patterns)


def _filters(
    wanted: SearchArguments | ExactArguments | RelatedArguments, spot: Spot, job: Job, call: Call
) -> Query:
    """What a search is limited to."""
    top = job.worktree.top
    return Query(
        text="",
        path=spot.within(top),
        languages=tuple(wanted.languages or ()),
        kinds=tuple(wanted.kinds or ()),
        exclude=_excluded(wanted.exclude or (), call.roots, top),
        content=wanted.content,
    )


def _has_index(job: Job) -> bool:
    return os.path.exists(job.worktree.index_path)


class Tool(NamedTuple):
    """A tool as clients are told of it, and what runs it."""

    name: str
    description: str
    takes: type[Arguments]
    gives: type[BaseModel]
    run: Callable[[Tools, Any, Call], Awaitable[Reply]]


TOOLS = (
    Tool(
        "semantic_search",
        "Find code by what it does, by name, or by an error message. Use it before grep when you"
        " do not know where something is done.",
        SearchArguments,
        Results,
        Tools.semantic_search,
    ),
    Tool(
        "exact_search",
        "Every line that holds a text or matches a regex, like grep, all counted, definitions"
        " first. Use it for all uses of a name.",
        ExactArguments,
        FoundPlaces,
        Tools.exact_search,
    ),
    Tool(
        "find_related",
        "Code most like the definition at a line: other implementations, copies.",
        RelatedArguments,
        Results,
        Tools.find_related,
    ),
    Tool(
        "file_outline",
        "Definitions of one file with kinds and lines, nested. Use it before you read a long file.",
        OutlineArguments,
        FileOutline,
        Tools.file_outline,
    ),
    Tool(
        "index_status",
        "State of a worktree's index; changes nothing.",
        StatusArguments,
        StatusReport,
        Tools.index_status,
    ),
)
"""In the order in which clients list them."""
