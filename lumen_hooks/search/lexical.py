"""The chunks whose words match a query best: BM25 over the FTS5 table `lexical`, and file names.

FTS5 keeps the postings and finds the chunks that have a word; the scores are made here. Each word
stands once in a chunk, so that what counts is whether it stands in the text, the symbol or the
path, and numpy scores 100,000 chunks in a fifth of the time that FTS5's bm25() takes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.storage import values
from lumen_hooks.storage.lexical_terms import NAME_MARK, PATH_MARK, match_expression, query_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

MARKS = ("", NAME_MARK, PATH_MARK)
"""Where a word may stand: in the text, the symbol, the path."""

FIELD_WEIGHTS = (1.0, 3.0, 2.0)
"""How often a word counts that stands there, in the order of MARKS (measured: docs/quality.md)."""

SATURATION = 1.2
"""BM25's k1: how little more a word counts for standing in several fields."""

_LEAST_IDF = 1e-6

_FILE_NAME = re.compile(r"[^\s\x00-\x1f\ud800-\udfff]{0,500}[./][^\s\x00-\x1f\ud800-\udfff]{1,500}")


class Words(NamedTuple):
    """Where the words of a query stand.

    Attributes:
        scores: the best chunks by id with their BM25 score (larger is better), best first.
        terms: what was looked for.
        rarities: of each term, its inverse document frequency, float32 of shape (terms,).
        postings: for each term the ids of its chunks, ascending, by field in the order of MARKS.
    """

    scores: dict[int, float]
    terms: tuple[str, ...]
    rarities: NDArray[np.float32]
    postings: list[list[NDArray[np.int64]]]

    def standing_in(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these chunks have which term where: shape (terms, fields, chunks).

        Args:
            ids: in any order.
        """
        out = np.zeros((len(self.terms), len(MARKS), len(ids)), bool)
        for term, fields in enumerate(self.postings):
            for field, found in enumerate(fields):
                if len(found):
                    at = np.minimum(np.searchsorted(found, ids), len(found) - 1)
                    out[term, field] = found[at] == ids
        return out


def lexical_search(
    index: IndexReader,
    query: str,
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> Words:
    """The chunks whose words match a query best, and where each word stands.

    Robertson's BM25 with the inverse document frequency of FTS5 (sqlite.org/fts5.html, 5.1.1).

    Args:
        index: what to search.
        query: any text.
        count: how many to return at most.
        allowed: ids that may be returned, applied before ranking; None for all.

    Raises:
        CorruptIndexError: a word stands in a chunk that cannot be.
    """
    terms = query_terms(query)
    if not terms or (allowed is not None and not len(allowed)):
        return Words({}, (), np.empty(0, np.float32), [])
    chunks, last = index.lexical_size()
    postings = _postings(index, terms, last)
    size = max((int(ids[-1]) + 1 for found in postings for ids in found if len(ids)), default=0)
    scores, rarities = _scores(postings, size, chunks)
    if allowed is not None:
        kept = np.zeros(size, bool)
        kept[allowed[: np.searchsorted(allowed, size)]] = True
        scores[~kept] = 0
    found = np.flatnonzero(scores)
    if len(found) > count:
        best = np.partition(scores[found], len(found) - count)[len(found) - count]
        found = found[scores[found] >= best]
    order = np.lexsort((found, -scores[found]))[:count]
    best_first = dict(zip(found[order].tolist(), scores[found[order]].tolist(), strict=True))
    return Words(best_first, terms, rarities, postings)


def _postings(index: IndexReader, terms: Sequence[str], last: int) -> list[list[NDArray[np.int64]]]:
    """For each term the chunks that have it, by field in the order of MARKS."""
    wanted = [[match_expression(term, mark) for mark in MARKS] for term in terms]
    found = index.postings([expression for fields in wanted for expression in fields])
    return [
        [_ids(index, found[expression], term, last) for expression in fields]
        for term, fields in zip(terms, wanted, strict=True)
    ]


def _ids(index: IndexReader, joined: str, term: str, last: int) -> NDArray[np.int64]:
    """Ids of chunks from a text, ascending, none of them above the last one."""
    with values.decoding(index.path):
        ids = np.fromstring(joined, np.int64, sep=",")
    if len(ids) and not (ids[0] >= 0 and ids[-1] <= last and (ids[1:] > ids[:-1]).all()):
        raise CorruptIndexError(
            f"{index.path} is damaged: {term!r} in chunk {ids[0]} or {ids[-1]}",
            hint=values.REBUILT,
        )
    return ids


def worth_of_fields() -> NDArray[np.float32]:
    """What a word is worth by the set of fields that it stands in, a bit for each of MARKS."""
    sets = range(1 << len(MARKS))
    counts = np.array(
        [sum(w for bit, w in enumerate(FIELD_WEIGHTS) if fields >> bit & 1) for fields in sets]
    )
    return (counts * (SATURATION + 1) / (counts + SATURATION)).astype(np.float32)


def _scores(
    postings: list[list[NDArray[np.int64]]], size: int, chunks: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The score of each chunk id below `size`, 0 for those that have none of the words.

    Args:
        postings: for each term its chunks' ids, by field.
        size: one more than the largest id.
        chunks: how many there are in all.

    Returns:
        Scores, and the inverse document frequency of each term.
    """
    worth = worth_of_fields()
    scores = np.zeros(size, np.float32)
    rarities = np.empty(len(postings), np.float32)
    for term, found in enumerate(postings):
        where = np.zeros(size, np.uint8)
        for bit, ids in enumerate(found):
            where[ids] |= 1 << bit
        ids = np.flatnonzero(where)
        idf = np.log((chunks - len(ids) + 0.5) / (len(ids) + 0.5)) if len(ids) < chunks else 0.0
        rarities[term] = max(float(idf), _LEAST_IDF)
        scores[ids] += worth[where[ids]] * rarities[term]
    return scores, rarities


def file_chunks(
    index: IndexReader,
    query: str,
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> list[int]:
    """The first chunks of the files that a query names (`store.py`, `src/store.py`).

    BM25 alone loses them: all chunks of a file share its path's words, and so do others'.
    """
    name = query.removeprefix("./")
    if not _FILE_NAME.fullmatch(name) or (allowed is not None and not len(allowed)):
        return []
    return index.chunks_of_files_named(name, count, allowed)
