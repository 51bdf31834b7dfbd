"""Every place that names something in a worktree, by an index that is as fresh as can be had.

The words of the index narrow, the files decide (`places`); how it is made fresh
is `freshen`'s. Loads no model and no vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import NotIndexedError, QueryError
from lumen_hooks.indexing.freshness import look_at
from lumen_hooks.search.pattern import compile_pattern
from lumen_hooks.storage.reader import open_index

from .freshen import LISTED_FILES, Freshener
from .places import find_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from lumen_hooks.indexing.freshness import Freshness, State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.pattern import Pattern
    from lumen_hooks.search.results import ExactQuery
    from lumen_hooks.storage.reader import IndexReader

    from .freshen import Look
    from .places import Place, Places

    Indexes: TypeAlias = Callable[[str], AbstractContextManager[IndexReader]]
    """Gives the index at a path, for as long as the `with` block lasts."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Every place, and what is known of the index that was asked.

    Attributes:
        query: what was looked for.
        worktree: top folder of the worktree that was searched.
        state: `fresh`, or `stale` / `refreshing` when files have changed since. Files that the
            index knows to differ are read all the same.
        places: definitions first; counted, and shown up to the query's limit.
        pending_files: how many files the index does not hold as they are now.
        problem: why the index could not be brought up to date, or None.
        head: the commit that was checked out when the state was looked at (hex), None for none.
        differing: the first LISTED_FILES of the pending files' paths.
        seeded_from: the worktree, or the store elsewhere, that the index's first state came from.
    """

    query: str
    worktree: str
    state: State
    places: Places[Place]
    pending_files: int
    problem: str | None
    head: str | None
    differing: tuple[str, ...]
    seeded_from: str | None = None


@dataclass(frozen=True, slots=True)
class Everyplace:
    """Finds every place in one worktree.

    Attributes:
        job: the worktree, and how its index is updated if it must be.
        start_worker: leaves a larger difference to a worker.
        refresh: bring the index up to date first, as far as that is quick.
        indexes: opens the index; for each answer alone, if nobody keeps it open.
        look: takes the first look; may give one that began after the question was asked.
        creates: an index that is missing or damaged may be made while the question waits.
    """

    job: Job
    start_worker: Callable[[], int | None]
    refresh: bool = True
    indexes: Indexes = open_index
    look: Look = look_at
    creates: bool = True

    def find(self, query: ExactQuery) -> Everywhere:
        """Every place that holds a text or matches a pattern.

        Raises:
            BusyError: there is no index yet and another process is still making it.
            LockError: there is no index yet and it cannot be made.
            ModelError: there is no index yet and its model cannot be had.
            QueryError: what is looked for, a filter or the limit cannot be used.
            StorageFullError: there is no room to keep so many places.
            StoreError: the index cannot be read.
        """
        pattern = pattern_of(query)
        worktree = self.job.worktree

        def find(look: Freshness) -> Places[Place]:
            try:
                with self.indexes(worktree.index_path) as index:
                    return find_places(
                        index,
                        query,
                        pattern,
                        top=worktree.top,
                        differing=look.differing,
                        max_bytes=self.job.settings.max_file_bytes,
                    )
            except NotIndexedError as error:
                from .not_indexed import explained  # with numpy

                raise explained(error, worktree, self.job.settings) from None

        freshener = Freshener(self.job, self.start_worker, self.refresh, self.look, self.creates)
        fresh, places = freshener.ask(find)
        return Everywhere(
            query=query.text,
            worktree=worktree.top,
            state=fresh.state,
            places=places,
            pending_files=len(fresh.look.differing),
            problem="; ".join(filter(None, (fresh.problem, worktree.remark))) or None,
            head=fresh.look.head,
            differing=fresh.look.differing[:LISTED_FILES],
            seeded_from=fresh.look.seeded_from,
        )


def pattern_of(query: ExactQuery) -> Pattern:
    """What is looked for.

    Raises:
        QueryError: that, or the limit, cannot be used.
    """
    if query.limit is not None and query.limit < 1:
        raise QueryError(f"{query.limit} places cannot be shown", hint="give a limit of at least 1")
    return compile_pattern(query)
