"""Text in writing that puts no spaces between words, and other letters than ASCII's.

A run of such letters has no words that a rule could find, so it is indexed by its pairs of
neighbours, as Lucene's CJKBigramFilter does: a question shares pairs with what it means, wherever
its words begin and end. Knows letters; neither tables nor queries.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = (
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"  # Han
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Kana
    "\u3105-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"  # Hangul
    "\u0e01-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff"  # Khmer
)
_RUN = re.compile(f"[{_LETTERS}]+")
_PIECE = re.compile(f"[{_LETTERS}]+|[^{_LETTERS}]+")
_HIRAGANA = re.compile("[\u3041-\u3096\u309d-\u309f\u30fc]+")

_MAY_BE_MARKED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u1dff\u20d0-\u20f0\u2cef-\u2cf1\u302a-\u302f\u3099\u309a"
    "\ua66f-\uabff\ufb1e\ufe00-\ufe2f\U00010000-\U00011fff\U000e0100-\U000e01ef]"
)
"""Where combining marks are, among letters: a quick look before each character is asked."""

_AT_ONCE = 1000
"""Normalising takes quadratic time in a row of marks, so it is done in stretches of this size."""


def folded(text: str) -> str:
    """A text in one form however it was typed: NFKC, and without what is left of combining marks.

    Half-width kana and full-width Latin letters become ordinary ones, and decomposed Hangul, kana
    and accents (file names of macOS) composed ones. Marks that no composed letter has (vowels in
    Thai or Hindi) would end a word for both Python and FTS5, so they are left out.
    """
    if text.isascii():
        return text
    stretches = (text[start : start + _AT_ONCE] for start in range(0, len(text), _AT_ONCE))
    text = "".join(unicodedata.normalize("NFKC", stretch) for stretch in stretches)
    if _MAY_BE_MARKED.search(text) is None:
        return text
    return "".join(letter for letter in text if unicodedata.category(letter)[0] != "M")


def pieces(word: str) -> list[str]:
    """A word cut where writing without spaces begins and ends."""
    return _PIECE.findall(word)


def is_unspaced(piece: str) -> bool:
    """Whether it is a run of letters that are written without spaces."""
    return _RUN.fullmatch(piece) is not None


def bigrams(run: str) -> list[str]:
    """The pairs of neighbours in a run, in order; the letter itself where there is only one."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def is_inflection(term: str) -> bool:
    """Whether a bigram of Japanese is grammar rather than a word: Hiragana and nothing else."""
    return _HIRAGANA.fullmatch(term) is not None
