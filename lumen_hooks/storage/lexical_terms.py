"""What the lexical index holds of a chunk, and what a query asks of it.

The two must agree on how an identifier falls into words, or a query never
meets what was indexed; so both live here. The tokenizer itself is FTS5's
`porter unicode61 tokenchars '_:'`, which keeps `snake_case` and `camelCase`
whole: the inner words are added beside the whole form. Of writing without
spaces (Chinese, Japanese, Korean, Thai, ...) the words are bigrams (`unspaced`).
A word of a symbol or a path carries a mark in front (`n:parse`, `p:parse`),
which no word of a text can have. There are no positions, so phrases cannot be
searched for. Knows no table.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from lumen_hooks.chunking.identifiers import split_identifiers
from lumen_hooks.chunking.settings import LONG_LINE_SLICE

from .unspaced import bigrams, folded, is_inflection, is_unspaced, pieces

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_QUERY_CHARACTERS = 20_000
"""Of a longer query, only the beginning is read."""

MAX_QUERY_TERMS = 64
"""Terms in one FTS5 expression; each costs a posting list, and its depth is limited to 256."""

_STOP_WORDS = (
    "a about after all also an and any are as at be been before but by can could did do does"
    " for from had has have he her his how i if in into is it its may me might must my no not of"
    " on or our out over shall she should so some such than that the their them then there these"
    " they this those through to under until up us was we were what when where which while who"
    " why will with would you your"
    # Chinese: how, what, where, whether; Korean: where, how, what, and endings of questions.
    " 如何 怎么 怎样 什么 哪里 哪儿 在哪 为什 是否"
    " 어디 에서 어떻 떻게 무엇 나요 는지 니까 습니 합니"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that hold a question together; they are asked for only when a query has no others."""

NAME_MARK = "n:"
"""In front of the words of a chunk's symbol."""

PATH_MARK = "p:"
"""In front of the words of its file's path."""

UNTOLD = "x:untold"
"""A word of chunks whose other words do not tell all that their text holds; see `is_untold`."""

_WORD = re.compile(r"\w+")
_SPACED = bytes(code if re.match(r"\w", chr(code), re.ASCII) else 32 for code in range(256))
"""What `_WORD` finds in ASCII stands between spaces then, which takes a quarter of the time."""

_DIGITS = re.compile(r"(?<=\D)(?=\d)|(?<=\d)(?=\D)")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
"""The parts of an ASCII word: what `spaced_parts` puts spaces between, in a third of the time."""

SMALLEST_PART = 2
LONGEST_WORD = 100

_UNTOLD = re.compile(
    rf"[0-9A-Za-z_](?:[^\x00-\x7f]|\w{{{LONGEST_WORD}}})|[^\x00-\x7f][0-9A-Za-z_]", re.ASCII
)


@lru_cache(maxsize=1 << 16)
def parts(word: str) -> tuple[str, ...]:
    """The inner words of an identifier in lower case, split at case, underscore and digits.

    `parseHTTPResponse2` gives `parse`, `http`, `response`; a word without an
    inner boundary gives nothing. Parts of a single character are left out.
    """
    inner = _PARTS.findall(word) if word.isascii() else spaced_parts(word).split()
    found = tuple([part.lower() for part in inner if len(part) >= SMALLEST_PART])
    return () if found == (word.lower(),) else found


@lru_cache(maxsize=1 << 16)
def _terms(word: str) -> tuple[str, ...]:
    """A word of writing with spaces and its parts, in lower case; nothing of a single letter."""
    if len(word) < SMALLEST_PART and word.isascii():
        return ()
    return (word.lower(), *parts(word))


def spaced_parts(word: str) -> str:
    """An identifier with a space at every place where a part of it ends."""
    return _DIGITS.sub(" ", split_identifiers(word).replace("_", " "))


def distinct_words(text: str, *, ends: bool = False) -> list[str]:
    """Each word of a text and each of its parts once, in lower case, in order.

    Single characters that are ASCII are left out: they are loop variables and digits.
    Words of more than 100 characters are left out: they are encoded data.

    Args:
        text: what to take apart.
        ends: add the last letter of each run that is written without spaces. Then every letter of
            it begins a word, and a query of a single one finds it.
    """
    if text.isascii():
        return list(dict.fromkeys(chain.from_iterable(map(_terms, _words(text)))))
    found: dict[str, None] = {}
    for word in _words(text):
        if word.isascii() or not is_unspaced(word):
            found.update(dict.fromkeys(_terms(word)))
            continue
        found.update(dict.fromkeys(bigrams(word)))
        if ends:
            found[word[-1]] = None
    return list(found)


def inner_words(text: str) -> frozenset[str]:
    """The words of a text in lower case, identifiers by their parts alone."""
    if text.isascii() and text.isidentifier() and len(text) <= LONGEST_WORD:
        return frozenset(parts(text) or (text.lower(),))
    found: set[str] = set()
    for word in _words(text[:MAX_QUERY_CHARACTERS]):
        if not word.isascii() and is_unspaced(word):
            found.update(bigrams(word))
        else:
            found.update(parts(word) or (word.lower(),))
    return frozenset(found)


def _words(text: str) -> Collection[str]:
    """The words of a text as they stand, those without spaces apart from others."""
    found: Collection[str]
    if text.isascii():
        found = dict.fromkeys(text.encode().translate(_SPACED).decode().split())
    else:
        found = dict.fromkeys(_WORD.findall(folded(text)))
        found = [one for word in found for one in ([word] if word.isascii() else pieces(word))]
    if max(map(len, found), default=0) <= LONGEST_WORD:
        return found
    return [word for word in found if len(word) <= LONGEST_WORD or is_unspaced(word)]


def lexical_words(path: str, symbol: str, text: str, *, untold: bool = False) -> str:
    """A chunk for the lexical index: the words of its text, and marked those of symbol and path.

    Args:
        path: of its file, relative to the worktree's top.
        symbol: its qualified name; may be empty.
        text: its lines.
        untold: other words stand on its lines than in its text.
    """
    names = (NAME_MARK + word for word in lexical_name(symbol).split())
    folders = (PATH_MARK + word for word in lexical_path(path).split())
    mark = (UNTOLD,) if untold or is_untold(text) else ()
    return " ".join((lexical_code(text), *names, *folders, *mark))


def is_untold(text: str) -> bool:
    """Whether a chunk's text may hold an ASCII word that its terms do not show.

    Words of more than 100 characters are left out; beside a letter of another writing a word is
    cut or joined; and of a line that is cut into slices, words at the cuts are in none of them,
    and some slices are no chunk.
    """
    if text.isascii() and max(map(len, text.split("\n"))) <= LONGEST_WORD:
        return False  # as most texts are; the pattern looks at every letter
    is_slice = len(text) >= LONG_LINE_SLICE and "\n" not in text
    return is_slice or _UNTOLD.search(text) is not None


def lexical_code(text: str) -> str:
    """The words of a chunk's text, once each.

    Counting a word once ranks better in chunks this small than counting every
    use does (MRR@10 0.443 against 0.435, 374 docstring queries over 21,000
    chunks of Python), and the index needs neither counts nor positions.
    """
    return " ".join(distinct_words(text, ends=True))


def lexical_name(symbol: str) -> str:
    """The words of a qualified symbol name."""
    return " ".join(distinct_words(symbol, ends=True))


@lru_cache(maxsize=64)
def lexical_path(path: str) -> str:
    """The words of a path, relative to the worktree's top.

    Without the file's extension: a word that half the chunks share finds nothing and costs
    every query for a file name the time to rank them all.
    """
    return " ".join(distinct_words(posixpath.splitext(path)[0], ends=True))


def query_terms(query: str) -> tuple[str, ...]:
    """The distinct terms that a query asks for, at most MAX_QUERY_TERMS.

    Leaving out stop words raises MRR@10 from 0.406 to 0.443 (measured as for `lexical_code`).
    """
    found = [word for word in distinct_words(query[:MAX_QUERY_CHARACTERS]) if word.strip("_")]
    wanted = [word for word in found if not _holds_together(word)] or found
    return _as_cut_by_fts5(wanted[:MAX_QUERY_TERMS])


def _holds_together(word: str) -> bool:
    return word in STOP_WORDS or (not word.isascii() and is_inflection(word))


def _as_cut_by_fts5(words: list[str]) -> tuple[str, ...]:
    """Words as terms: FTS5 knows another Unicode than Python, so it ends some at other letters.

    Such a word would be a phrase to it, and an index without positions refuses those.
    """
    if all(map(str.isascii, words)):
        return tuple(words)
    import apsw  # not for whoever only makes words

    # Not kept: two threads must not share one.
    tokenizer = apsw.Connection(":memory:").fts5_tokenizer("unicode61", ["tokenchars", "_:"])
    terms: dict[str, None] = {}
    for word in words:
        options = {"include_offsets": False, "include_colocated": False}
        found = list(tokenizer(word.encode(), apsw.FTS5_TOKENIZE_QUERY, None, **options))
        terms.update(dict.fromkeys([word] if len(found) == 1 else map(str, found)))
    return tuple(terms)[:MAX_QUERY_TERMS]


def match_expression(term: str, mark: str = "") -> str:
    """An FTS5 expression that finds a term of `query_terms`.

    A quoted string of letters, digits, underscores and the mark (no quote and
    no control character is a word character), so that nothing in a query is
    read as an operator. A single letter of writing without spaces is found
    wherever a term begins with it.

    Args:
        term: what to find.
        mark: NAME_MARK or PATH_MARK to find it in symbols or paths; in texts without one.
    """
    return f'"{mark}{term}"' + "*" * (len(term) == 1 and is_unspaced(term))
