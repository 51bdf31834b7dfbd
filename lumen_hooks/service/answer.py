"""A question to a worktree, answered from its index and from what its files hold now.

How it is made fresh is `freshen`'s; where the hits are in the files now, `relocate`'s.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import NotIndexedError
from lumen_hooks.excerpts.relocate import results_now
from lumen_hooks.indexing.freshness import look_at
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.results import Query, RelatedQuery
from lumen_hooks.storage.reader import open_index

from .freshen import LISTED_FILES, Freshener
from .not_indexed import explained
from .query_model import note_of, query_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from lumen_hooks.indexing.freshness import State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.query import QueryModel
    from lumen_hooks.search.results import Found, SearchResult, SharedResult
    from lumen_hooks.storage.facts import MadeWith

    from .freshen import Look
    from .several import Asked


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
        weak: the results may well be unrelated: nothing here seems to answer the question.
        seeded_from: the worktree, or the store elsewhere, that the index's first state came from.
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
    weak: bool = False
    seeded_from: str | None = None


@dataclass(frozen=True, slots=True)
class JointAnswer(Answer):
    """What several worktrees answer.

    `worktree`, `head` and `differing` are of the first of them; `state` is `fresh` if all that
    were searched are, `pending_files` counts those of all, `problem` says what is wrong with any.

    Attributes:
        worktrees: what is known of each; the results are of those that were searched.
    """

    results: tuple[SharedResult, ...]
    worktrees: tuple[Asked, ...] = ()


if TYPE_CHECKING:
    Searchers: TypeAlias = Callable[[str], AbstractContextManager[Searcher]]
    """Gives a searcher of the index at a path, for as long as the `with` block lasts. Whoever
    answers many questions keeps searchers open; it must notice when the file was replaced."""


@contextmanager
def open_searcher(path: str) -> Iterator[Searcher]:
    """A searcher of the index at a path, closed at the end of the `with` block.

    Raises:
        StoreError: there is no index, or it cannot be opened.
    """
    with open_index(path) as index:
        yield Searcher(index)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions to one worktree.

    Attributes:
        job: the worktree, how it is updated if it must be, and how models are loaded.
        start_worker: leaves a larger difference to a worker.
        refresh: bring the index up to date first, as far as that is quick.
        searchers: opens the index; for each answer alone, if nobody keeps it open.
        look: takes the first look; may give one that began after the question was asked.
        creates: an index that is missing or damaged may be made while the question waits.
    """

    job: Job
    start_worker: Callable[[], int | None]
    refresh: bool = True
    searchers: Searchers = open_searcher
    look: Look = look_at
    creates: bool = True

    def answer(self, question: Query | RelatedQuery) -> Answer:
        """Search a worktree, or find what is most like the code at a line of it.

        A query is embedded by the model that made the index. A worker makes it anew where the
        settings want another (or the update itself does, with `lumen.refresh` inline). For what is
        like some code no model is needed; its line is one of the file as it is now.

        Raises:
            BusyError: there is no index yet and another process is still making it.
            LockError: there is no index yet and it cannot be made.
            ModelError: there is no index yet and its model cannot be had.
            NotIndexedError: nothing in the index is at the path that a query is limited to; says
                why, if there is something on disk.
            QueryError: the question or a filter cannot be used.
            StoreError: the index cannot be read.
        """
        freshener = Freshener(self.job, self.start_worker, self.refresh, self.look, self.creates)
        fresh, found = freshener.ask(lambda _: self.find(question))
        worktree = self.job.worktree
        words = question.text if isinstance(question, Query) else ""
        note = note_of(fresh.look.outdated, self.job.settings.model, found, fresh.follows)
        return Answer(
            query=question.text,
            worktree=worktree.top,
            state=fresh.state,
            results=results_now(worktree.top, found.hits, words),
            pending_files=len(fresh.look.differing),
            problem="; ".join(filter(None, (fresh.problem, note, worktree.remark))) or None,
            head=fresh.look.head,
            differing=fresh.look.differing[:LISTED_FILES],
            seeded_from=fresh.look.seeded_from,
            model=found.model,
            weak=found.weak,
        )

    def find(self, question: Query | RelatedQuery) -> Found:
        """What the index holds in answer to a question, as it stands.

        Raises:
            NotIndexedError, QueryError, StoreError: as `answer`.
        """
        job = self.job
        try:
            with self.searchers(job.worktree.index_path) as searcher:
                if isinstance(question, RelatedQuery):
                    return searcher.related(question)
                return searcher.search(question, self._model_of)
        except NotIndexedError as error:
            raise explained(error, job.worktree, job.settings) from None

    def _model_of(self, made_with: MadeWith) -> QueryModel:
        return query_model(made_with, self.job.settings, self.job.load)
