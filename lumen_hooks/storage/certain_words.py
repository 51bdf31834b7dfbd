"""Which words of the lexical index a chunk has for certain, if its text holds a given one.

So that a search for an exact text reads few files and misses none. A word at
the edge of what is looked for may be a part of a longer one in a file
(`Query` of `QuerySet`); what lies between its own parts may not. Only ASCII
words are certain: others are folded, joined and cut. A chunk that the rule
does not hold for carries a mark (`lexical_terms.UNTOLD`). Knows no table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .lexical_terms import LONGEST_WORD, SMALLEST_PART, UNTOLD, spaced_parts

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_WORDS = 8
"""So many words narrow; each costs a posting list, and the longest are the rarest."""

_WORD = re.compile(r"\w+")


def certain_words(
    text: str, *, begins: bool = False, ends: bool = False, any_case: bool = False
) -> frozenset[str]:
    """The words that every chunk has whose text holds this one, but for those marked UNTOLD.

    Args:
        text: within one line.
        begins: a word at its beginning is no part of a longer one.
        ends: nor is one at its end.
        any_case: letters may be of either case, so that case ends no part.
    """
    found: set[str] = set()
    for match in _WORD.finditer(text):
        word = match[0]
        if not word.isascii():
            continue
        is_first, is_last = match.start() == 0 and not begins, match.end() == len(text) and not ends
        if not (is_first or is_last):
            if SMALLEST_PART <= len(word) <= LONGEST_WORD:
                found.add(word.lower())
        elif not any_case:
            found.update(_inner_parts(word, is_first=is_first, is_last=is_last))
    return frozenset(found)


def _inner_parts(word: str, *, is_first: bool, is_last: bool) -> list[str]:
    """The parts that a word has whatever stands before it (`is_first`) or after it (`is_last`)."""
    spaced = spaced_parts(word)
    if is_first:
        spaced = spaced.partition(" ")[2]
    if is_last:
        spaced = spaced.rpartition(" ")[0]
    return [part.lower() for part in spaced.split() if len(part) >= SMALLEST_PART]


def chunks_with(words: Collection[str]) -> str:
    """The FTS5 expression for the chunks that have all of some certain words, or are UNTOLD.

    Args:
        words: at least one.
    """
    rarest = sorted(words, key=lambda word: (-len(word), word))[:MAX_WORDS]
    return f"({' AND '.join(_quoted(word) for word in rarest)}) OR {_quoted(UNTOLD)}"


def _quoted(word: str) -> str:
    """As FTS5 has it: letters, digits, underscores and a colon, none of them an operator."""
    return f'"{word}"'
