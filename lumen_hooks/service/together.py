"""One question to several worktrees, answered as if they were one: each text once, and where it is.

An index that holds what another one does is not ranked again, a question is embedded once for each
model, and a text is shown in the first worktree that has it. What the indexes say becomes one order
in `search.across`; where else a text stands is `whereabouts`'s.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.excerpts.relocate import results_now
from lumen_hooks.search.across import Source, definitions, merged
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.results import MAX_LIMIT, SharedResult
from lumen_hooks.storage.reader import open_index

from .answer import JointAnswer
from .caches import Models
from .freshen import LISTED_FILES
from .query_model import note_of, query_model
from .several import AskedEach, asked_of, state_of_all
from .whereabouts import NOTHING_THERE, Member, Wanted, whereabouts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lumen_hooks.indexing.freshness import Freshness
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.progress import Progress
    from lumen_hooks.search.across import Text
    from lumen_hooks.search.query import QueryEmbedder, QueryModel
    from lumen_hooks.search.results import Found, Hit, Query, SearchResult
    from lumen_hooks.storage.facts import MadeWith

    from .several import Asked, Reply, Spot
    from .whereabouts import Whereabouts


class _Ranked(NamedTuple):
    """What an index holds in answer to a question.

    Attributes:
        path: of the index.
        repository: that it belongs to.
        contents: equal for two that rank alike; None where that cannot be told.
        question: as it was asked there.
        found: by it.
    """

    path: str
    repository: str
    contents: bytes | None
    question: Query
    found: Found


class Together:
    """Asks several worktrees one question.

    Args:
        query_of: the question as one of the worktrees understands it.
        progress: is told how far an update is.
        refresh: indexes are brought up to date first, as far as that is quick.
        creates: one that is missing where somebody named the worktree is made.
    """

    def __init__(
        self,
        query_of: Callable[[Spot], Query],
        *,
        progress: Progress,
        refresh: bool = True,
        creates: bool = True,
    ) -> None:
        self._query_of = query_of
        self._each = AskedEach(
            self._rank, purpose="search", progress=progress, refresh=refresh, creates=creates
        )
        self._models = Models()
        self._embedders: dict[str, QueryEmbedder] = {}
        self._ranked: list[_Ranked] = []

    def answer(self, spots: Sequence[Spot]) -> JointAnswer:
        """Search these worktrees.

        Raises:
            QueryError: the question or a filter cannot be used, or nothing is at what it is
                limited to anywhere.
            LumenError: none could be searched; what keeps the first one out.
        """
        replies = self._each.replies(spots)
        question = self._ranked[0].question
        asked = tuple(map(self._asked, replies))
        searched = [reply for reply in replies if reply.fresh is not None and reply.searched]
        results = _Shown(self._ranked, searched).results(question)
        models = dict.fromkeys(one.model for one in asked if one.model is not None)
        problems = (f"{one.name}: {one.problem}" for one in asked if one.problem)
        return JointAnswer(
            query=question.text,
            worktree=asked[0].worktree,
            state=state_of_all(asked),
            results=tuple(results),
            pending_files=sum(one.pending_files for one in asked),
            problem="; ".join(problems) or None,
            head=asked[0].head,
            differing=replies[0].differing[:LISTED_FILES],
            seeded_from=replies[0].seeded_from,
            model=", ".join(models) or None,
            weak=all(one.found.weak for one in self._ranked),
            worktrees=asked,
        )

    def _asked(self, reply: Reply[int]) -> Asked:
        if reply.found is None or reply.fresh is None or reply.job is None:
            return asked_of(reply)
        found, wanted = self._ranked[reply.found].found, reply.job.settings.model
        note = note_of(reply.fresh.look.outdated, wanted, found, reply.fresh.follows)
        return asked_of(reply, found.model, note)

    def _rank(self, spot: Spot, job: Job, _look: Freshness) -> int:
        """The number of what the index of a worktree holds in answer, in `_ranked`."""
        question, repository = self._query_of(spot), spot.worktree.common_dir
        path = job.worktree.index_path
        with open_index(path) as index:
            with index.one_state():
                contents = index.digest()
            for number, known in enumerate(self._ranked):
                asked = known.repository, known.contents, known.question
                if contents is not None and asked == (repository, contents, question):
                    return number

            def model_of(made_with: MadeWith) -> QueryModel:
                return self._model_of(made_with, job)

            found = Searcher(index).search(question, model_of)
        self._ranked.append(_Ranked(path, repository, contents, question, found))
        return len(self._ranked) - 1

    def _model_of(self, made_with: MadeWith, job: Job) -> QueryModel:
        model = query_model(made_with, job.settings, self._models.load)
        if model.embedder is None:
            return model
        key = made_with.model_key or made_with.fingerprint
        return model._replace(embedder=self._embedders.setdefault(key, _Once(model.embedder)))


class _Once:
    """A model that embeds a question once, however many indexes are asked it."""

    def __init__(self, embedder: QueryEmbedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """As the model does."""
        if text not in self._vectors:
            self._vectors[text] = self._embedder.embed_query(text)
        return self._vectors[text]


class _Shown:
    """Results as they stand in the worktrees that they are shown in, and where else they do.

    Args:
        ranked: what the indexes hold.
        replies: of the worktrees that were searched.
    """

    def __init__(self, ranked: Sequence[_Ranked], replies: Sequence[Reply[int]]) -> None:
        self._ranked = ranked
        self._members = [_member(reply) for reply in replies]
        numbers = [member.number for member in self._members]
        self._first = {number: numbers.index(number) for number in range(len(ranked))}

    def results(self, question: Query) -> list[SharedResult]:
        """As many as are asked for, or as there are."""
        sources = [Source(one.repository, one.found.sure, one.found.hits) for one in self._ranked]
        texts = iter(merged(sources))
        limit = min(question.limit, MAX_LIMIT)
        shown: list[tuple[float, Wanted]] = []
        for text in texts:
            wanted = self._wanted(text, question.text)
            if wanted is not None:
                shown.append((text.score, wanted))
            if len(shown) == limit:
                break
        indexes = [one.path for one in self._ranked]
        places = whereabouts([wanted for _, wanted in shown], self._members, indexes)
        rows = zip(shown, places, strict=True)
        return [self._shared(score, wanted, place) for (score, wanted), place in rows]

    def _wanted(self, text: Text, words: str) -> Wanted | None:
        """A text in the first worktree that has it as it is now; None if none does."""
        for number, hit in text.places:
            at = self._first[number]
            member = self._members[at]
            for result in results_now(member.top, [hit], words):
                content = b"" if result.path in member.differing else _content(hit, result)
                elsewhere = {other: there.path for other, there in text.places if other != number}
                return Wanted(result, at, content, definitions(hit), elsewhere)
        return None

    def _shared(self, score: float, wanted: Wanted, place: Whereabouts) -> SharedResult:
        member, result = self._members[wanted.member], wanted.result
        known = {field.name: getattr(result, field.name) for field in fields(result)}
        return SharedResult(
            **(known | {"score": score}),
            worktree=member.name,
            top=member.top,
            same_in=place.same,
            differs_in=place.differs,
            of=place.of,
        )


def _member(reply: Reply[int]) -> Member:
    spot = reply.spot
    return Member(
        spot.name,
        spot.worktree.top,
        spot.worktree.common_dir,
        NOTHING_THERE if reply.found is None else reply.found,
        frozenset(reply.differing),
    )


def _content(hit: Hit, result: SearchResult) -> bytes:
    """The blob id of the file that a result of a hit is in, which may be that of a copy."""
    copies = (copy.content for copy in hit.copies if copy.path == result.path)
    return hit.content if result.path == hit.path else next(copies, b"")
