"""The five rankings that are compared, all over the product's own index, searches and merging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.search import query
from lumen_hooks.search.lexical import lexical_search
from lumen_hooks.search.merge import merge_hits
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query

from .scores import DEPTH, normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lumen_hooks.search.query import QueryEmbedder
    from lumen_hooks.search.results import Hit
    from lumen_hooks.storage.reader import IndexReader

CANDIDATES = 100
RANK_CONSTANT = 10
"""Of reciprocal rank fusion; 60 is usual, 10 measured better here (docs/quality.md)."""

RANKINGS = ("bm25", "dense", "by rank", "by score", "ours")
_FILES_DEEP = 40


class Rankings:
    """Answers one question in every way.

    Args:
        index: what to search.
        embedder: its model.
    """

    def __init__(self, index: IndexReader, embedder: QueryEmbedder) -> None:
        self._index = index
        self._embedder = embedder
        self._searcher = Searcher(index)
        self._model = QueryModel(embedder, "of the benchmark")

    def answers(self, text: str, *, by_file: bool) -> Iterator[tuple[str, list[Hit]]]:
        """Each ranking's name and its hits; more of them where files are what is looked for."""
        depth = _FILES_DEEP if by_file else DEPTH
        with self._index.one_state():
            vector = self._embedder.embed_query(text)
            near = self._searcher._dense(vector, CANDIDATES, None)
            dense = dict(zip(near.ids.tolist(), near.cosines.tolist(), strict=True))
            words = lexical_search(self._index, text, CANDIDATES).scores
            both = {
                "bm25": normalised(words),
                "dense": normalised(dense),
                "by rank": _sum(_reciprocal(dense), _reciprocal(words)),
                "by score": _sum(normalised(dense), normalised(words)),
            }
            for name, scores in both.items():
                yield name, self._hits(scores)[:depth]
        found = self._searcher.search(Query(text, limit=depth), lambda _: self._model)
        yield "ours", list(found.hits)

    def _hits(self, scores: Mapping[int, float]) -> list[Hit]:
        rows = self._index.chunks(scores.keys())
        hits = query._hits(self._index, rows, [scores[row.id] for row in rows])
        return merge_hits(hits, query._parts(self._index, hits))


def _reciprocal(scores: Mapping[int, float]) -> dict[int, float]:
    best_first = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))
    return {chunk: 1 / (RANK_CONSTANT + rank) for rank, chunk in enumerate(best_first, start=1)}


def _sum(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    return {chunk: one.get(chunk, 0.0) + other.get(chunk, 0.0) for chunk in {*one, *other}}
