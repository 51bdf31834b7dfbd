"""The lines of a hit that say most of what was asked.

The parts of a definition that scored say where to look; in them it is the question's words, each
counting the more the fewer lines have it (as the inverse document frequency does among
documents), with those of the lines beside it, since comments and statements run over several.
What a line has said already counts little in the next one that is chosen. Knows lines and words;
no index.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from lumen_hooks.search.question import last_name
from lumen_hooks.storage.lexical_terms import query_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOCUS_MAX = 4
"""So many lines are named."""

SEARCHED_CHARACTERS_MAX = 200_000
"""Of a hit, so much is looked at; its parts are small, but a changed file may have lost them."""

_SHORT = 3
_WORTH = 0.3
_SAID_BEFORE = 0.2
_BESIDE = 0.4
_REACH = 3
_ENDING = re.compile(r"(?:ings?|ed|es|s|e)$")
_STEM_MIN = 4


class Asked:
    """The words of a question, to be found in lines.

    Args:
        text: the question; empty if it was none in words.
    """

    __slots__ = ("_expression", "_name", "_terms")

    def __init__(self, text: str) -> None:
        terms = sorted(query_terms(text), key=len, reverse=True) if text else []
        one = text.split()
        self._name = last_name(re.sub(r"::|#", ".", one[0])).lower() if len(one) == 1 else ""
        self._terms = {_stem(term): number for number, term in enumerate(terms)}
        patterns = (f"({_pattern(stem)})" for stem in self._terms)
        self._expression = re.compile("|".join(patterns), re.IGNORECASE) if terms else None

    def is_name_of(self, symbol: str) -> bool:
        """The question is nothing but this name: its definition is wanted, from its beginning."""
        return bool(self._name) and self._name == last_name(symbol).lower()

    def focus(self, rows: Sequence[str], stretches: Iterable[tuple[int, int]]) -> tuple[int, ...]:
        """The rows that say most, best first; empty if none says any of it.

        Args:
            rows: all lines of the hit.
            stretches: first and last row of those to look at, the best first.
        """
        places = list(dict.fromkeys(row for one in stretches for row in range(one[0], one[1] + 1)))
        said = self._said([rows[row] for row in places])
        by_row = {row: words for row, words in zip(places, said, strict=True) if words}
        counts: dict[int, int] = {}
        for words in by_row.values():
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        weights = {word: math.log(1 + len(places) / count) for word, count in counts.items()}
        return tuple(_best(by_row, weights))

    def _said(self, rows: Sequence[str]) -> list[set[int]]:
        """Which of the words stand in each row."""
        said: list[set[int]] = [set() for _ in rows]
        if self._expression is None:
            return said
        text = "\n".join(rows)[:SEARCHED_CHARACTERS_MAX]
        starts = list(accumulate((len(row) + 1 for row in rows), initial=0))
        for match in self._expression.finditer(text):
            if match.lastindex is not None:
                said[bisect_right(starts, match.start()) - 1].add(match.lastindex)
        return said


def _best(by_row: dict[int, set[int]], weights: dict[int, float]) -> Iterable[int]:
    worth = dict(weights)
    first = 0.0
    left = dict.fromkeys(by_row)
    for _ in range(FOCUS_MAX):
        scores = {row: _score(row, by_row, worth) for row in left}
        if not scores:
            return
        row = max(scores, key=scores.__getitem__)
        if scores[row] < _WORTH * first or not scores[row]:
            return
        first = first or scores[row]
        yield row
        for near in range(row - _REACH, row + _REACH + 1):
            left.pop(near, None)
            for word in by_row.get(near, ()):
                worth[word] = _SAID_BEFORE * weights[word]


def _score(row: int, by_row: dict[int, set[int]], worth: dict[int, float]) -> float:
    own = by_row[row]
    beside = (by_row.get(row - 1, set()) | by_row.get(row + 1, set())) - own
    return sum(worth[word] for word in own) + _BESIDE * sum(worth[word] for word in beside)


def _stem(term: str) -> str:
    shorter = _ENDING.sub("", term)
    return shorter if len(shorter) >= _STEM_MIN else term


def _pattern(stem: str) -> str:
    escaped = re.escape(stem)
    if len(stem) > _SHORT or not stem.isascii():
        return escaped
    # Not in the middle of a word, but at a hump of one (`getURL`).
    capital = re.escape(stem.capitalize())
    return rf"(?<![^\W_]){escaped}(?![^\W_])|(?-i:{capital})(?-i:(?![a-z]))"
