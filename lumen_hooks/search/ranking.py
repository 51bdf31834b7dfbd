"""One score from two searches and a few facts about each chunk.

Knows numbers, words and the columns of a chunk; neither SQLite nor files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lumen_hooks.files.roles import roles_of
from lumen_hooks.storage.lexical_terms import STOP_WORDS, distinct_words, inner_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of a score counts. `WEIGHTS` are the values in use.

    The sum of all but the factors is divided out, so that scores stay between 0 and 1. Chosen on
    the tune set of the quality benchmark (3,000 questions to sources in four languages, the
    built-in model); docs/quality.md has what each of them gives.

    Attributes:
        dense: the cosine, min-max normalised over the candidates.
        lexical: BM25, normalised alike.
        exact_name: the query names the symbol itself.
        partial_name: share of the query's words and of a name's words that they have in common
            (their harmonic mean), of the best of the symbol's names.
        path_words: share of the query's words that are words of the path.
        definition: the chunk defines something, rather than mentioning it.
        tests: factor for tests, unless the query asks for them.
        generated: factor for code that a program wrote, by its file's name.
    """

    dense: float = 0.4
    lexical: float = 0.6
    exact_name: float = 0.2
    partial_name: float = 0.4
    path_words: float = 0.2
    definition: float = 0.1
    tests: float = 0.6
    generated: float = 0.75

    @property
    def total(self) -> float:
        """The largest sum that a chunk can reach."""
        return (
            self.dense
            + self.lexical
            + self.exact_name
            + self.partial_name
            + self.path_words
            + self.definition
        )


WEIGHTS = Weights()

_SHORT = 3

_MENTIONS = frozenset({"module", "text", "section", "key"})
_TEST_WORDS = frozenset({"test", "tests", "testing", "spec", "specs", "fixture", "fixtures"})


class Ranking:
    """Scores chunks for one query.

    Args:
        query: what was asked.
        dense: cosine by chunk id, of the dense candidates.
        lexical: BM25 by chunk id, of the lexical candidates.
        in_named_files: chunks of files that the query names: they come before all others.
        weights: what counts how much.
    """

    __slots__ = (
        "_dense",
        "_in_named_files",
        "_inner",
        "_lexical",
        "_named",
        "_share",
        "_tests_wanted",
        "_weights",
        "_words",
    )

    def __init__(
        self,
        query: str,
        dense: Mapping[int, float],
        lexical: Mapping[int, float],
        in_named_files: Collection[int] = (),
        weights: Weights = WEIGHTS,
    ) -> None:
        self._dense = normalised(dense)
        self._lexical = normalised(lexical)
        # A search that has no opinion at all leaves its share to the other.
        self._share = (not dense, not lexical)
        self._weights = weights
        self._in_named_files = frozenset(in_named_files)
        words = distinct_words(query)
        self._words = frozenset(words) - STOP_WORDS or frozenset(words)
        inner = inner_words(query)
        self._inner = _singular(inner - STOP_WORDS or inner)
        self._named = named_symbols(query)
        self._tests_wanted = bool(_TEST_WORDS & set(words))

    def score(self, chunk_id: int, path: str, symbol: str, kind: str) -> float:
        """How well a chunk answers, from 0 to 1."""
        weights = self._weights
        dense, lexical = self._dense.get(chunk_id, 0.0), self._lexical.get(chunk_id, 0.0)
        if self._share[0]:
            dense = lexical
        elif self._share[1]:
            lexical = dense
        points = weights.dense * dense + weights.lexical * lexical
        if symbol:
            points += weights.exact_name * self._exact_name(symbol)
            points += weights.partial_name * self._partial_name(symbol)
        points += weights.path_words * self._path_words(path)
        points += weights.definition * (kind not in _MENTIONS)
        roles = roles_of(path)
        if "test" in roles and not self._tests_wanted:
            points *= weights.tests
        if "generated" in roles:
            points *= weights.generated
        score = min(1.0, points / weights.total)
        if self._in_named_files:
            return (score + (chunk_id in self._in_named_files)) / 2
        return score

    def _exact_name(self, symbol: str) -> float:
        if not self._named:
            return 0.0
        for name in symbol.split(", "):
            if name.lower() in self._named or _last(name).lower() in self._named:
                # In a sentence, a name that is mentioned is one word among others.
                return min(1.0, len(distinct_words(name)) / max(1, len(self._words)))
        return 0.0

    def _partial_name(self, symbol: str) -> float:
        return max(
            _overlap(self._inner, _inner_of(form))
            for name in symbol.split(", ")
            for form in (name, _last(name))
        )

    def _path_words(self, path: str) -> float:
        if not self._inner:
            return 0.0
        return len(self._inner & _inner_of(path.rsplit(".", 1)[0])) / len(self._inner)


@lru_cache(maxsize=1 << 14)
def _inner_of(name: str) -> frozenset[str]:
    """The words of a name or path; many candidates share them."""
    return _singular(inner_words(name))


def _singular(words: Collection[str]) -> frozenset[str]:
    """Words without a final s, so that a query's `uploads` meets a name's `upload`."""
    return frozenset(
        word[:-1] if len(word) > _SHORT and word[-1] == "s" and word[-2] != "s" else word
        for word in words
    )


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """The harmonic mean of the shares of each that both have."""
    common = len(one & other)
    return 2 * common / (len(one) + len(other)) if common else 0.0


def normalised(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores between 0 and 1: their distance from the lowest, by the distance of the highest.

    Equal scores are all 1.
    """
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    return {key: (value - low) / width if width > 0 else 1.0 for key, value in scores.items()}


def named_symbols(query: str) -> frozenset[str]:
    """What a query names as identifiers, in lower case, with the last part of qualified names.

    In a sentence only what looks like an identifier is a name (`get_user`,
    `HttpResponse`, `a.b`); a query of one or two words is taken at its word.
    """
    found: set[str] = set()
    tokens = re.findall(r"[\w.:#]*\w", query[:2000])
    for token in tokens:
        plain = re.sub(r"::|#", ".", token).strip(".:")
        looks_named = (
            "_" in plain or "." in plain or re.search(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]", plain)
        )
        if plain and (len(tokens) <= 2 or looks_named):
            found.update({plain.lower(), _last(plain).lower()})
    return frozenset(found)


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]
