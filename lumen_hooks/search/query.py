"""One query, from words to hits: filters, two searches, one ranking, merged.

Everything is read in one transaction, so that an answer shows one state of the
index even while a refresh commits. Knows the index through its reader; neither
the working tree nor how results are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from lumen_hooks.errors import QueryError, StoreError
from lumen_hooks.storage.lexical_terms import MAX_QUERY_CHARACTERS
from lumen_hooks.system.unicode import encodable

from .coarse import load_vectors
from .copies import once
from .features import Evidence
from .filters import allowed_chunks
from .foremost import foremost, least_of
from .frequent_words import FrequentWords
from .held import Meant
from .knn import match_cosines, match_search
from .lexical import file_chunks, lexical_search
from .merge import definition_parts, merge_hits
from .ranking import rank
from .related import origin_at
from .results import MAX_LIMIT, Found, Hit, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.storage.facts import MadeWith
    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import ChunkRow

    from .coarse import Coarse
    from .knn import Matrix, Neighbours
    from .ranking import Ranked
    from .results import Query, RelatedQuery

MAX_EMBEDDED_CHARACTERS = 8_000
"""Of a longer query, so much is embedded; models read a few hundred words at most."""

_ATTEMPTS = 10
"""Rebuilds that one search may meet; each takes seconds at least."""

_CANDIDATES = 100
_CANDIDATES_PER_HIT = 2
_CANDIDATES_MORE = 4
_MERGED_PER_HIT = 2
_CANDIDATES_MAX = 2000
_CROWDED_ONE_IN = 4
"""If so many of the candidates are copies of others, more are looked at."""


class QueryEmbedder(Protocol):
    """What a search needs of an embedding model."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A float32 vector of shape (dimensions,); all zeros if the model knows none of it."""
        ...


class QueryModel(NamedTuple):
    """What embeds the queries to an index.

    Attributes:
        embedder: None if it cannot be had: words alone decide then.
        name: of the model; None without one.
        problem: why there is none.
    """

    embedder: QueryEmbedder | None
    name: str | None
    problem: str = ""


if TYPE_CHECKING:
    ModelOf: TypeAlias = Callable[[MadeWith], QueryModel]
    """Finds the model that an index was made with."""


class _Allowed(NamedTuple):
    """What the filters of a query let through, at a moment of the index."""

    mark: tuple[int, int]
    filters: Query
    chunks: NDArray[np.int64] | None


class Searcher:
    """Searches an index repeatedly, keeping its vectors in memory while nothing changes.

    Not for two threads at once.

    Args:
        index: what to search.
    """

    __slots__ = ("_allowed", "_frequent", "_index", "_made_with", "_vectors")

    def __init__(self, index: IndexReader) -> None:
        self._index = index
        self._vectors: Matrix | Coarse | None = None
        self._made_with: tuple[tuple[int, int], MadeWith] | None = None
        self._frequent = FrequentWords()
        self._allowed: _Allowed | None = None

    @property
    def nbytes(self) -> int:
        """What it keeps in memory for the next question, about."""
        allowed = None if self._allowed is None else self._allowed.chunks
        kept = (self._frequent, self._vectors, allowed)
        return sum(one.nbytes for one in kept if one is not None)

    @property
    def index(self) -> IndexReader:
        """What it searches."""
        return self._index

    def search(self, query: Query, model_of: ModelOf) -> Found:
        """The best answers to a query, by falling score, then path and line.

        An index that is made anew with another model meanwhile is asked again.

        Args:
            query: what to look for; a limit above MAX_LIMIT counts as that, and of a very long text
                the beginning is used.
            model_of: finds the model of the index as it is now.

        Raises:
            QueryError: an empty query, a limit below 1, or a filter for what does not exist.
            CorruptIndexError: the index holds a row that cannot be.
            StoreError: the index cannot be read.
        """
        text = query.text.replace("\0", " ").strip()[:MAX_QUERY_CHARACTERS]
        if not text:
            raise QueryError("the query is empty", hint="say in a few words what to look for")
        limit = _checked(query.limit)
        for _ in range(_ATTEMPTS):
            made_with = self._model_noted()
            model = model_of(made_with)
            vector = None
            if model.embedder is not None:
                vector = model.embedder.embed_query(encodable(text[:MAX_EMBEDDED_CHARACTERS]))
            with self._index.one_state():
                if made_with != self._model_noted():
                    continue
                found, ranked = self._distinct(query, text, vector, limit)
                self._index.insist_on_files({hit.path for hit in found})
                meant = Meant(text, query.kinds)
                hits = tuple(meant.narrowed(hit) for hit in found)
                return Found(hits, model.name, model.problem, ranked.weak, ranked.sure)
        raise StoreError(f"{self._index.path} is made anew again and again", hint="try again")

    def _model_noted(self) -> MadeWith:
        """What the index was made with, which is read again once something was written."""
        mark = self._index.change_mark()
        if self._made_with is None or self._made_with[0] != mark:
            self._made_with = mark, self._index.facts().made_with
        return self._made_with[1]

    def _distinct(
        self, query: Query, text: str, vector: NDArray[np.float32] | None, limit: int
    ) -> tuple[list[Hit], Ranked]:
        """The best hits of different texts, looked for further where copies take the places.

        And how the candidates were ranked.
        """
        count = max(_CANDIDATES, _CANDIDATES_PER_HIT * limit)
        allowed = self._allowed_by(query)
        while True:
            rows, ranked = self._ranked(text, vector, count, allowed)
            hits = self._first(rows, ranked.scores, limit)
            crowded = sum(len(hit.copies) for hit in hits) * _CROWDED_ONE_IN > count
            if len(hits) >= limit or not crowded or count >= _CANDIDATES_MAX:
                return _told(self._index, hits[:limit], rows), ranked
            count *= _CANDIDATES_MORE

    def _first(
        self, rows: Sequence[ChunkRow], scores: NDArray[np.float32], limit: int
    ) -> list[Hit]:
        """The first hits of different texts, `limit` of them at least, or all that there are.

        Of most candidates none of that is worth the time: see `foremost`.
        """
        count = _MERGED_PER_HIT * limit
        while True:
            least = least_of(scores, count)
            few = foremost(rows, scores, least)
            hits = _hits(self._index, [rows[at] for at in few], scores[few].tolist())
            found = once(merge_hits(hits, _parts(self._index, hits)))
            if len(few) == len(rows):
                return found
            first = [hit for hit in found if hit.score >= least]
            if len(first) >= limit:
                return first
            count *= _CANDIDATES_MORE

    def _ranked(
        self,
        text: str,
        vector: NDArray[np.float32] | None,
        count: int,
        allowed: NDArray[np.int64] | None,
    ) -> tuple[Sequence[ChunkRow], Ranked]:
        """The candidates, and how well they answer."""
        evidence, named = self.gather(text, vector, count, allowed)
        return evidence.rows, rank(text, evidence, named)

    def gather(
        self,
        text: str,
        vector: NDArray[np.float32] | None,
        count: int,
        allowed: NDArray[np.int64] | None,
    ) -> tuple[Evidence, list[int]]:
        """All that either search finds, with what both know of it, and chunks of files it names.

        Args:
            text: the query.
            vector: the same, embedded; None without a model.
            count: how many candidates of each search.
            allowed: chunks that may be found; None for all.
        """
        words = lexical_search(self._index, text, count, allowed, self._frequent)
        named = file_chunks(self._index, text, count, allowed)
        ids = {*words.scores, *named}
        near = None if vector is None else self._dense(vector, count, allowed)
        if near is not None:
            ids.update(near.ids.tolist())
        rows = self._index.chunks(ids)
        if vector is None or near is None:
            unknown = np.full(len(rows), np.nan, np.float32)
            return Evidence(rows, unknown, 0.0, 1.0, words, self._index.held), named
        there = np.array([row.id for row in rows], np.int64)
        if self._vectors is None:
            cosines = match_cosines(self._index, vector, there)
        else:
            cosines = self._vectors.cosines(vector, there)
        evidence = Evidence(rows, cosines, near.mean, near.deviation, words, self._index.held)
        return evidence, named

    def related(self, query: RelatedQuery) -> Found:
        """What is most like the chunk at a line, by the cosine of their vectors alone.

        The chunk itself, the other parts of its definition and what overlaps them are left out.

        Raises:
            QueryError: nothing is indexed there, a limit below 1, or a filter that cannot be used.
            CorruptIndexError: the index holds a row that cannot be.
            StoreError: the index cannot be read.
        """
        limit = _checked(query.limit)
        index = self._index
        with index.one_state():
            origin = origin_at(index, query)
            count = max(_CANDIDATES, _CANDIDATES_PER_HIT * limit) + len(origin.chunk_ids)
            near = self._dense(origin.vector, count, self._allowed_by(query.within))
            cosines = dict(zip(near.ids.tolist(), near.cosines.tolist(), strict=True))
            rows = index.chunks(cosines.keys() - origin.chunk_ids)
            hits = _hits(index, rows, [max(0.0, cosines[row.id]) for row in rows])
            parts = _parts(index, hits)
            found = [hit for hit in merge_hits(hits, parts) if not origin.overlaps(hit)]
            apart = _told(index, once(found)[:limit], rows)
            index.insist_on_files({origin.path, *(hit.path for hit in apart)})
        return Found(tuple(apart))

    def _allowed_by(self, query: Query) -> NDArray[np.int64] | None:
        """The chunks that a query's filters let through: `allowed_chunks`, or as it said last.

        Questions come in series with the same filters, and of a million chunks many are let
        through.
        """
        filters, mark = query._replace(text="", limit=1), self._index.change_mark()
        kept = self._allowed
        if kept is None or kept.mark != mark or kept.filters != filters:
            self._allowed = kept = _Allowed(mark, filters, allowed_chunks(self._index, query))
        return kept.chunks

    def _dense(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None
    ) -> Neighbours:
        if self._vectors is None or not self._vectors.is_current(self._index):
            self._vectors = load_vectors(self._index, len(vector), self._vectors)
        if self._vectors is None:
            return match_search(self._index, vector, count, allowed)
        return self._vectors.search(vector, count, allowed)


def _checked(limit: int) -> int:
    if limit < 1:
        raise QueryError(f"{limit} results cannot be shown", hint="give a limit of at least 1")
    return min(limit, MAX_LIMIT)


def _hits(index: IndexReader, rows: Sequence[ChunkRow], scores: Sequence[float]) -> list[Hit]:
    """The hits of these chunks with these scores.

    What they hold is told where it is one definition that they are a part of; else see `_told`.
    """
    parts = {row.id: index.held(row) for row in rows if row.holds and "\n" not in row.holds}
    return [
        _hit(row, parts.get(row.id, ()), score) for row, score in zip(rows, scores, strict=True)
    ]


def _told(index: IndexReader, hits: Sequence[Hit], rows: Iterable[ChunkRow]) -> list[Hit]:
    """The hits with all that they hold, which is not worth reading of others."""
    by_id = {row.id: row for row in rows}

    def told(hit: Hit) -> Hit:
        holds = hit.holds or index.held(by_id[hit.chunk_id])
        return hit._replace(holds=holds, copies=tuple(map(told, hit.copies)))

    return list(map(told, hits))


def _hit(row: ChunkRow, holds: tuple[Held, ...], score: float) -> Hit:
    return Hit(
        chunk_id=row.id,
        path=row.path,
        start_line=row.start_line,
        end_line=row.end_line,
        symbol=row.symbol,
        kind=row.kind,
        language=row.language,
        score=score,
        content=row.content,
        key=row.key,
        holds=holds,
        parts=(Part(row.start_line, row.end_line, row.key, score),),
        generated=bool(row.generated),
    )


def _parts(index: IndexReader, hits: list[Hit]) -> dict[int, int]:
    """Which of these hits are parts of one definition, by chunk id."""
    together: dict[tuple[str, str, str], list[int]] = {}
    for hit in hits:
        if hit.symbol:
            together.setdefault((hit.path, hit.symbol, hit.kind), []).append(hit.chunk_id)
    ids = {group[0] for group in together.values() if len(group) > 1}
    return definition_parts(index.chunks_beside(ids)) if ids else {}
