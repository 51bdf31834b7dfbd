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

from . import frequent_words
from .frequent_words import FrequentWords

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

MARKS = ("", NAME_MARK, PATH_MARK)
"""Where a word may stand: in the text, the symbol, the path."""

FIELD_WEIGHTS = (1.0, 3.0, 2.0)
"""How often a word counts that stands there, in the order of MARKS (measured: docs/quality.md)."""

SATURATION = 1.2
"""BM25's k1: how little more a word counts for standing in several fields."""

_LEAST_IDF = 1e-6

COMMON_FROM = 200_000
"""In an index of so many chunks and more, a word that is common there is not listed."""

COMMON_SHARE = 4
"""A word in more than one in so many chunks is common: it says little, and costs what it matches.

Where it is (text, symbol, path) it is passed over, while a rarer word is asked for. With 4 the ten
best answers to 50 questions about 184,000 chunks stay as they are but for one in 150; with 8 it
would be one in 16."""

_FAR_APART = 64
_FEW_IDS = 1 << 20
"""Ids that reach beyond so many for each chunk, and beyond these, number no array: every refresh
takes new ones, and a file that somebody else made may hold any."""

_STRETCH = 256
_DENSE_SHARE = 32
_AT_ONCE = 16_384

_FILE_NAME = re.compile(r"[^\s\x00-\x1f\ud800-\udfff]{0,500}[./][^\s\x00-\x1f\ud800-\udfff]{1,500}")


class Words(NamedTuple):
    """Where the words of a query stand.

    Attributes:
        scores: the best chunks by id with their BM25 score (larger is better), best first.
        terms: what was looked for.
        rarities: of each term, its inverse document frequency, float32 of shape (terms,).
        postings: for each term the ids of its chunks, ascending, by field in the order of MARKS;
            none for a field in which it is common (COMMON_SHARE).
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
                out[term, field] = _among(ids, found)
        return out


def lexical_search(
    index: IndexReader,
    query: str,
    count: int,
    allowed: NDArray[np.int64] | None = None,
    frequent: FrequentWords | None = None,
) -> Words:
    """The chunks whose words match a query best, and where each word stands.

    Robertson's BM25 with the inverse document frequency of FTS5 (sqlite.org/fts5.html, 5.1.1).

    Args:
        index: what to search.
        query: any text.
        count: how many to return at most.
        allowed: ids that may be returned, applied before ranking; None for all.
        frequent: what is known from earlier questions, and is added to.

    Raises:
        CorruptIndexError: a word stands in a chunk that cannot be.
    """
    terms = query_terms(query)
    if not terms or (allowed is not None and not len(allowed)):
        return Words({}, (), np.empty(0, np.float32), [])
    known = (frequent or FrequentWords()).of(index)
    chunks = known.size[0]
    common, begun = _common(index, terms, known)
    postings = _postings(index, terms, common, begun, known)
    counts = [max(common.get(one, 0) for one in _expressions(term)) for term in terms]
    found, scores, rarities = _found(postings, counts, chunks, allowed, count)
    if len(found) > count:
        kept = scores >= np.partition(scores, len(found) - count)[len(found) - count]
        found, scores = found[kept], scores[kept]
    order = np.lexsort((found, -scores))[:count]
    best_first = dict(zip(found[order].tolist(), scores[order].tolist(), strict=True))
    return Words(best_first, terms, rarities, postings)


def _among(ids: NDArray[np.int64], those: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these ids are among those, which ascend."""
    if not len(those):
        return np.zeros(len(ids), bool)
    there: NDArray[np.bool_] = those[np.minimum(those.searchsorted(ids), len(those) - 1)] == ids
    return there


def _expressions(term: str) -> list[str]:
    return [match_expression(term, mark) for mark in MARKS]


def _common(
    index: IndexReader, terms: Sequence[str], known: FrequentWords
) -> tuple[dict[str, int], dict[str, str]]:
    """The expressions that are not worth listing, and how many chunks match each, about.

    A query of nothing but common words has its rarest listed. And the first chunks, `_begun` at
    most, of the expressions that were looked at.
    """
    chunks, last = known.size
    if chunks < COMMON_FROM:
        return {}, {}
    wanted = [one for term in terms for one in _expressions(term)]
    common = {one: count for one in wanted if (count := known.about(one)) is not None}
    asked = [one for one in wanted if one not in known and one not in common]
    first = index.postings(asked, _begun(chunks))
    for one in filter(lambda one: not _is_whole(first[one], chunks), asked):
        count = index.postings_about(one, last, chunks // COMMON_SHARE)
        if count * COMMON_SHARE > chunks:
            common[one] = count
            known.note(one, count)
    if common and not any(one in known or first.get(one) for one in wanted if one not in common):
        del common[min(common, key=common.__getitem__)]
    return common, first


def _begun(chunks: int) -> int:
    """So many chunks are listed at first: that costs less than to count here and there."""
    return max(frequent_words.FREQUENT, chunks // (4 * COMMON_SHARE))


def _is_whole(begun: str, chunks: int) -> bool:
    """Whether the first chunks of an expression are all that match it."""
    return begun.count(",") + 1 < _begun(chunks)


def _postings(
    index: IndexReader,
    terms: Sequence[str],
    passed: Collection[str],
    begun: Mapping[str, str],
    known: FrequentWords,
) -> list[list[NDArray[np.int64]]]:
    """For each term the chunks that have it, by field in the order of MARKS.

    Args:
        index: whose.
        terms: which.
        passed: expressions that are passed over.
        begun: the first chunks of expressions; see `_common`.
        known: what need not be listed again.
    """
    chunks, last = known.size
    wanted = [one for term in terms for one in _expressions(term) if one not in passed]
    joined = index.postings([one for one in wanted if one not in begun and one not in known])

    def listed(expression: str) -> str:
        first = begun.get(expression)
        if first is None or expression in passed:
            return joined.get(expression, "")
        if _is_whole(first, chunks):
            return first
        return f"{first},{index.postings_after(expression, int(first.rpartition(',')[2]))}"

    def chunks_of(expression: str, term: str) -> NDArray[np.int64]:
        ids = known.get(expression)
        if ids is None:
            ids = _ids(index, listed(expression).rstrip(","), term, last)
            if len(ids) * COMMON_SHARE <= chunks:
                known.keep(expression, ids)
        return ids

    return [[chunks_of(expression, term) for expression in _expressions(term)] for term in terms]


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


def _found(
    postings: list[list[NDArray[np.int64]]],
    counts: Sequence[int],
    chunks: int,
    allowed: NDArray[np.int64] | None,
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """The allowed chunks that have any of the words, ascending, and their scores; see `_scores`.

    Those `count` with the best scores are among them, and of the others not many.
    """
    last = max((int(ids[-1]) for fields in postings for ids in fields if len(ids)), default=-1)
    if last < max(_FAR_APART * chunks, _FEW_IDS):
        scores, rarities = _scores(postings, counts, last + 1, chunks)
        if allowed is not None:
            kept = np.zeros(last + 1, bool)
            kept[allowed[: np.searchsorted(allowed, last + 1)]] = True
            scores *= kept
        found = _foremost(scores, count)
        return found, scores[found], rarities
    found = _distinct([ids for fields in postings for ids in fields])
    places = [[np.searchsorted(found, ids) for ids in fields] for fields in postings]
    scores, rarities = _scores(places, counts, len(found), chunks)
    there = slice(None) if allowed is None else _among(found, allowed)
    return found[there], scores[there], rarities


def _foremost(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Where the so many largest scores above 0 are, and some that are smaller.

    So many stretches have a score that is no smaller than the so many largest of their maxima.
    """
    stretches = len(scores) // _STRETCH
    least = np.float32(0)
    if stretches > count:
        maxima = scores[: stretches * _STRETCH].reshape(stretches, _STRETCH).max(axis=1)
        least = np.partition(maxima, stretches - count)[stretches - count]
    return np.flatnonzero(scores >= least if least > 0 else scores != 0)


def _distinct(lists: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """What is in any of these lists, ascending."""
    filled = [ids for ids in lists if len(ids)]
    if len(filled) == 1:
        return filled[0]
    together = np.sort(np.concatenate([np.empty(0, np.int64), *filled]))
    return together[np.diff(together, prepend=-1) > 0]


def _scores(
    postings: list[list[NDArray[np.int64]]], counts: Sequence[int], size: int, chunks: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The score of each chunk id below `size`, 0 for those that have none of the words.

    Args:
        postings: for each term its chunks' ids, by field.
        counts: for each in how many chunks it is at least, where they are not all listed.
        size: one more than the largest id.
        chunks: how many there are in all.

    Returns:
        Scores, and the inverse document frequency of each term.
    """
    worth = worth_of_fields()
    scores, where = np.zeros(size, np.float32), np.zeros(size, np.uint8)
    rarities = np.empty(len(postings), np.float32)
    for term, (found, least) in enumerate(zip(postings, counts, strict=True)):
        for bit, ids in enumerate(found):
            where[ids] |= 1 << bit
        # Of many ids each costs more than to look at all that there are, some at a time.
        is_dense = sum(map(len, found)) * _DENSE_SHARE > size
        ids = found[0] if is_dense else _distinct(found)
        count = max(least, np.count_nonzero(where != 0) if is_dense else len(ids))
        idf = np.log((chunks - count + 0.5) / (count + 0.5)) if count < chunks else 0.0
        rarities[term] = max(float(idf), _LEAST_IDF)
        gains = worth * rarities[term]
        if is_dense:
            for start in range(0, size, _AT_ONCE):
                here = slice(start, start + _AT_ONCE)
                scores[here] += gains.take(where[here], mode="wrap")  # the fastest of its modes
            where.fill(0)
        else:
            scores[ids] += gains[where[ids]]
            where[ids] = 0
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
