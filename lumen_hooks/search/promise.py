"""Which files promise most of an answer, by how often the words of a question stand in them.

For a worktree without an index: a quick look at the bytes of a file, of which nothing is kept but
counts. Knows words and bytes; neither files nor indexes.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.storage.lexical_terms import query_terms

from .question import TEST_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
"""BM25's k1 and b (Robertson and Zaragoza, 2009), with whole files for documents."""

PATH_WEIGHT = 8
"""A word of the path counts as so many in the text."""

STEM_LETTERS = 4
ENDING_LETTERS = 3
"""So many letters of a word's end may be its ending, as long as so many are left of it."""


class _Counted(NamedTuple):
    path: str
    size: int
    counts: tuple[int, ...]


class Promise:
    """Counts of a question's words in files, and what they are worth.

    Args:
        question: words, a name, or code.
    """

    def __init__(self, question: str) -> None:
        stems = dict.fromkeys(_stem(term) for term in query_terms(question))
        self._stems = tuple(stem.encode("utf-8", "replace") for stem in stems)
        self._paths = tuple(stems)
        self._tests = bool(TEST_WORDS & {*question.lower().split()})
        self._counted: list[_Counted] = []
        self._size = 0
        self.read = 0
        """How many files were looked at."""

    def in_order(self, paths: Iterable[str]) -> list[str]:
        """Paths in the order in which their files are worth reading.

        Those that have the words come first, tests last unless they are asked for. The others
        come from all over the tree, lest a part of it is never read.
        """

        def worth(path: str) -> tuple[int, bool, int]:
            low = path.lower()
            later = not self._tests and "test" in low
            return -self._in_path(low), later, zlib.crc32(path.encode("utf-8", "replace"))

        return sorted(paths, key=worth)

    def note(self, path: str, data: bytes) -> None:
        """Count what a file holds."""
        low = data.lower()
        self.read += 1
        self._size += len(low)
        counts = tuple(low.count(stem) for stem in self._stems)
        if any(counts) or self._in_path(path.lower()):
            self._counted.append(_Counted(path, len(low), counts))

    def best(self, count: int) -> list[str]:
        """The paths of the files that promise most, the best first; none without any word."""
        usual = max(1.0, self._size / max(1, self.read))
        tallied = [(file, self._weighed(file)) for file in self._counted]
        rarities = [
            math.log1p(self.read / (0.5 + sum(1 for _, weights in tallied if weights[at])))
            for at in range(len(self._stems))
        ]

        def worth(one: tuple[_Counted, tuple[int, ...]]) -> float:
            file, weights = one
            room = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * file.size / usual)
            found = sum(r * w / (w + room) for r, w in zip(rarities, weights, strict=True))
            return -found / (1 + (not self._tests and "test" in file.path.lower()))

        return [file.path for file, _ in sorted(tallied, key=worth)[:count]]

    def _weighed(self, file: _Counted) -> tuple[int, ...]:
        low = file.path.lower()
        counts = zip(self._paths, file.counts, strict=True)
        return tuple(count + PATH_WEIGHT * (stem in low) for stem, count in counts)

    def _in_path(self, low: str) -> int:
        return sum(stem in low for stem in self._paths)


def _stem(word: str) -> str:
    """A word without its ending, as far as that can be told of any language: `retries`, `retr`."""
    return word[: max(STEM_LETTERS, len(word) - ENDING_LETTERS)]
