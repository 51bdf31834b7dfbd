"""Several worktrees that are asked the same: which, how they are called, and what keeps one out.

Each is asked by an index that is as fresh as can be had, and whatever is wrong with one keeps none
of the others from answering. What was named is treated as if it was asked alone; what came along
with it is not built, nor is a worker started there. Knows nothing of what is asked.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from lumen_hooks.errors import (
    GoneError,
    LumenError,
    NoFilesError,
    NotIndexedError,
    QueryError,
    StoreError,
)
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.freshness import ABSENT, FRESH, REFRESHING, STALE, look_at
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.indexing.throttle import may_be_waited_for
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.settings import insist_on_trust

from .freshen import Freshener
from .overview import branch_of
from .workspace import from_top, open_workspace, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import Freshness, State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.progress import Progress
    from lumen_hooks.search.results import Query

    from .freshen import Freshened

T = TypeVar("T")

REFRESH_SECONDS = 3.0
"""So long small differences of worktrees that nobody named are closed before an answer."""


class Spot(NamedTuple):
    """A worktree among several.

    Attributes:
        directory: the folder that was named; of what came along its top.
        worktree: that holds it.
        named: somebody asked for this one.
        name: what it is called here: its branch where all are of one repository, else its folder.
        branch: that is checked out (`overview.branch_of`).
    """

    directory: str
    worktree: Worktree
    named: bool
    name: str
    branch: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of one of several worktrees that were asked; the fields' order is JSON's.

    Attributes:
        name: what it is called in the results.
        worktree: its top folder.
        branch: that is checked out; a commit in brackets if none is.
        state: of its index; `absent` where there is none, None where that cannot be told.
        searched: it is part of the answer.
        pending_files: how many files the index does not hold as they are now.
        problem: why it was not searched, or not as it is now; or None.
        head: the commit that was checked out then (hex), None for none.
        model: name of the model whose vectors decided there; None where none did.
    """

    name: str
    worktree: str
    branch: str
    state: State | None
    searched: bool
    pending_files: int = 0
    problem: str | None = None
    head: str | None = None
    model: str | None = None


class Reply(NamedTuple, Generic[T]):
    """What became of the question to one worktree.

    Attributes:
        spot: which.
        job: how its index is updated; None where there is none.
        fresh: how its index compares with its files; None where it was not searched.
        found: what was found there; None where nothing is at what the question is limited to.
        error: why it was not searched, or what the question is limited to and is not there.
        problem: the same, as whoever asked others, too, is told; empty if it was searched.
    """

    spot: Spot
    job: Job | None = None
    fresh: Freshened | None = None
    found: T | None = None
    error: LumenError | None = None
    problem: str = ""

    @property
    def differing(self) -> tuple[str, ...]:
        """The files that the index does not hold as they are."""
        return () if self.fresh is None else self.fresh.look.differing

    @property
    def seeded_from(self) -> str | None:
        """Where the index's first state came from."""
        return None if self.fresh is None else self.fresh.look.seeded_from

    @property
    def searched(self) -> bool:
        """It is part of the answer, if with nothing."""
        return self.error is None or isinstance(self.error, QueryError)


def spots_of(directories: Sequence[str], *, every: bool) -> list[Spot]:
    """The worktrees that hold these directories, each once, the first one first.

    Args:
        directories: as they were named.
        every: their siblings, too: the main worktree first, then by path.

    Raises:
        RepositoryError: one of the directories is in no worktree, or git refuses its repository.
    """
    places: dict[str, tuple[str, Worktree, bool]] = {}
    for directory in directories:
        worktree = find_worktree(directory)
        places.setdefault(worktree.git_dir, (directory, worktree, True))
    if every:
        from lumen_hooks.indexing.donors import all_worktrees  # few need it

        for _, here, _ in list(places.values()):
            insist_on_trust(here.top)
            siblings = sorted(all_worktrees(here), key=lambda one: (one.is_linked, one.top))
            for one in siblings:
                places.setdefault(one.git_dir, (one.top, one, False))
    branches = [branch_of(worktree) for _, worktree, _ in places.values()]
    names = _names([worktree for _, worktree, _ in places.values()], branches)
    rows = zip(places.values(), names, branches, strict=True)
    return [Spot(*place, name, branch) for place, name, branch in rows]


def _names(worktrees: Sequence[Worktree], branches: Sequence[str]) -> list[str]:
    """Short names, no two of them equal."""
    one_repository = len({worktree.common_dir for worktree in worktrees}) == 1
    short = [
        branch if one_repository and branch else os.path.basename(worktree.top)
        for worktree, branch in zip(worktrees, branches, strict=True)
    ]
    counts = Counter(short)
    return [
        name if counts[name] == 1 else worktree.top
        for worktree, name in zip(worktrees, short, strict=True)
    ]


def bound_threads(spots: Iterable[Spot]) -> None:
    """See to it that numerical libraries take no more threads than is set, before their import."""
    for spot in spots:
        with suppress(LumenError):
            open_workspace(spot.directory)
            return


def asked_in_each(
    spots: Sequence[Spot], query: Query, changed_since: str | None = None
) -> Callable[[Spot], Query]:
    """A query as each worktree understands it.

    A path that was given from a folder of the first of a repository means the same in all others,
    but where it is another one in one that was named.

    Args:
        spots: all of them.
        query: as it was given.
        changed_since: a revision; in each only what has changed since is looked at.
    """
    of_repository: dict[str, Query] = {}
    for spot in spots:
        if spot.named and spot.worktree.common_dir not in of_repository:
            given = placed(query, spot.directory, spot.worktree.top)
            of_repository[spot.worktree.common_dir] = given

    def asked(spot: Spot) -> Query:
        top, given = spot.worktree.top, of_repository[spot.worktree.common_dir]
        if spot.named:
            found = placed(query, spot.directory, top)
            here = os.path.join(spot.directory, query.path or "")
            if given.path and not os.path.lexists(here):
                found = found._replace(path=from_top(given.path, top, top))
        else:
            found = placed(given, top, top)
        if changed_since is None:
            return found
        from .since import snapshot_at

        return found._replace(since=snapshot_at(spot.worktree, changed_since))

    return asked


class AskedEach(Generic[T]):
    """Asks several worktrees the same, one after the other.

    Args:
        find: opens and reads the index of a job, with the look that was taken last.
        purpose: what for; shown to whoever finds an index locked.
        progress: is told how far the update of one that was named is.
        refresh: indexes are brought up to date first, as far as that is quick.
        creates: one that is missing where somebody named the worktree is made.
    """

    def __init__(
        self,
        find: Callable[[Spot, Job, Freshness], T],
        *,
        purpose: str,
        progress: Progress,
        refresh: bool,
        creates: bool,
    ) -> None:
        self._find = find
        self._purpose = purpose
        self._progress = progress
        self._refresh = refresh
        self._creates = creates
        self._until = time.monotonic() + REFRESH_SECONDS

    def replies(self, spots: Iterable[Spot]) -> list[Reply[T]]:
        """What each of them says, but for those that were removed meanwhile.

        Raises:
            QueryError: the question cannot be used anywhere.
            LumenError: none could be searched; what keeps the first one out.
        """
        replies = [self._reply(spot) for spot in spots if spot.worktree.is_present()]
        if all(reply.error is not None for reply in replies):
            raise _refusal(replies)
        return replies

    def _reply(self, spot: Spot) -> Reply[T]:
        job = None
        try:
            workspace = open_workspace(spot.directory, asked=None if spot.named else False)
            progress = self._progress if spot.named else NoProgress()
            job = workspace.job(self._purpose, progress)
            fresh, found = self._freshener(spot, job).ask(partial(self._found, spot, job))
        except QueryError:
            raise
        except LumenError as error:
            return Reply(spot, job, error=error, problem=self._unless_made(spot, job, error))
        except OSError as error:
            return Reply(spot, job, error=LumenError(str(error)), problem=str(error))
        if isinstance(found, QueryError):
            return Reply(spot, job, fresh, error=found)
        return Reply(spot, job, fresh, found)

    def _found(self, spot: Spot, job: Job, look: Freshness) -> T | QueryError:
        """What is found; where nothing is at what is asked for, that is no error of the others."""
        try:
            return self._find(spot, job, look)
        except (NotIndexedError, NoFilesError) as error:
            return error

    def _unless_made(self, spot: Spot, job: Job | None, error: LumenError) -> str:
        """How a worktree without an index comes to one; else what the error says."""
        there = job is None or os.path.lexists(job.worktree.index_path)
        if there or type(error) is not StoreError:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        if spot.named and self._refresh:
            spawn_worker(spot.worktree.top, "search")
            return "it has no index yet, which is being made in the background"
        where = quote(spot.worktree.top)
        return f"it has no index (lumen-hooks -C {where} index makes it)"

    def _freshener(self, spot: Spot, job: Job) -> Freshener:
        if spot.named:
            start = partial(spawn_worker, spot.worktree.top, "search")
            return Freshener(job, start, self._refresh, creates=self._creates)
        look = look_at(job.worktree, job.settings)
        return Freshener(
            job,
            lambda: None,
            refresh=self._refresh and self._is_worth_it(look, job),
            look=lambda _worktree, _settings: look,
            creates=False,
        )

    def _is_worth_it(self, look: Freshness, job: Job) -> bool:
        """Whether an index that nobody named is brought up to date before it answers."""
        return (
            look.state == STALE
            and look.outdated is None
            and may_be_waited_for(len(look.differing), job.settings.model)
            and time.monotonic() < self._until
        )


def _refusal(replies: Sequence[Reply[T]]) -> LumenError:
    """What is said where none of several worktrees has anything to search."""
    for reply in replies:
        if isinstance(reply.error, NotIndexedError) and reply.job is not None:
            from .not_indexed import explained  # with numpy

            return explained(reply.error, reply.job.worktree, reply.job.settings)
    errors = [reply.error for reply in replies if reply.error is not None]
    if not errors:
        return GoneError("the worktrees were removed")
    return next((one for one in errors if isinstance(one, QueryError)), errors[0])


def asked_of(reply: Reply[T], model: str | None = None, note: str = "") -> Asked:
    """What is told of a worktree that was asked.

    Args:
        reply: what became of the question.
        model: name of the model whose vectors decided.
        note: what must be said of the index that answered; may be empty.
    """
    spot, fresh = reply.spot, reply.fresh
    known = (spot.name, spot.worktree.top, spot.branch)
    if fresh is None or not reply.searched:
        absent = reply.job is not None and not os.path.lexists(reply.job.worktree.index_path)
        return Asked(*known, ABSENT if absent else None, searched=False, problem=reply.problem)
    remark = reply.job.worktree.remark if reply.job is not None else ""
    return Asked(
        *known,
        fresh.state,
        searched=True,
        pending_files=len(fresh.look.differing),
        problem="; ".join(filter(None, (fresh.problem, note, remark))) or None,
        head=fresh.look.head,
        model=model,
    )


def state_of_all(asked: Iterable[Asked]) -> State:
    """The state of several indexes that were searched: fresh if all are."""
    states = {one.state for one in asked if one.searched}
    return FRESH if states <= {FRESH} else (STALE if STALE in states else REFRESHING)
