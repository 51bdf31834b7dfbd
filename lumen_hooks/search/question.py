"""What a query asks for, as far as its text tells: words, names, and what kind of question it is.

Knows texts alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from lumen_hooks.storage.lexical_terms import (
    MAX_QUERY_CHARACTERS,
    STOP_WORDS,
    distinct_words,
    inner_words,
)

if TYPE_CHECKING:
    from collections.abc import Collection

QuestionKind = Literal["name", "path", "code", "error", "question", "phrase"]
"""A bare identifier, a file's name, lines of code, an error message, a sentence that asks, or any
other words."""

QUESTION_KINDS: tuple[QuestionKind, ...] = get_args(QuestionKind)

TEST_WORDS = frozenset({"test", "tests", "testing", "spec", "specs", "fixture", "fixtures", "mock"})
"""A query with one of these asks for tests."""

DOCUMENT_WORDS = frozenset(
    {"changelog", "doc", "docs", "documentation", "guide", "readme", "release", "tutorial"}
)
"""A query with one of these asks for documents."""

MIN_PREFIX = 3
"""Letters that the beginning of a word has at least, for it to stand for that word."""

_SHORT = 3
_READ_CHARACTERS = 2000
_TOKEN = re.compile(r"[\w.:#]*\w")
_LOOKS_NAMED = re.compile(r"[_.]|[a-z0-9][A-Z]|[A-Z]{2}[a-z]")
_PATH = re.compile(r"\S*[/\\]\S*\.\w{1,8}|[\w-]+\.[a-z]{1,4}")
_CODE = re.compile(r"[{}();=<>\[\]]|->|=>|::")
_ERROR = re.compile(
    r"\b(?:\w*(?:Error|Exception|Panic)\b|error:|exception|traceback|panicked|failed to"
    r"|cannot |could not |unexpected |undefined |invalid )"
)
_ASKS = re.compile(r"(?:how|where|what|which|why|when|who|does|is|are|can)\b", re.IGNORECASE)
_CODE_MARKS = 3


class Question(NamedTuple):
    """A query's text, read once.

    Attributes:
        words: its words without those that hold a question together, in lower case.
        inner: the same with identifiers by their parts, without a final s.
        names: what it names as identifiers, in lower case: see `named_symbols`.
        tokens: as written, qualified names with their last part.
        identifiers: those of the tokens that look like one (`get_user`, `HttpResponse`, `a.b`).
        kind: what kind of question it is.
        length: how many words it has in all.
    """

    words: frozenset[str]
    inner: frozenset[str]
    names: frozenset[str]
    tokens: frozenset[str]
    identifiers: frozenset[str]
    kind: QuestionKind
    length: int

    @property
    def wants_tests(self) -> bool:
        """It asks for tests."""
        return bool(TEST_WORDS & self.words)

    @property
    def wants_documents(self) -> bool:
        """It asks for documents."""
        return bool(DOCUMENT_WORDS & self.words)


def read_question(text: str) -> Question:
    """Read a query."""
    words = distinct_words(text)
    inner = inner_words(text)
    found = [token.strip(".:#") for token in _TOKEN.findall(text[:_READ_CHARACTERS])]
    tokens = {*found, *(re.split(r"[.:#]+", token)[-1] for token in found)} - {""}
    return Question(
        words=frozenset(words) - STOP_WORDS or frozenset(words),
        inner=singular(inner - STOP_WORDS or inner),
        names=named_symbols(text),
        tokens=frozenset(tokens),
        identifiers=frozenset(token for token in tokens if _LOOKS_NAMED.search(token)),
        kind=_kind_of(text.strip(), len(found)),
        length=len(found),
    )


def _kind_of(text: str, tokens: int) -> QuestionKind:
    if "\n" not in text and _PATH.fullmatch(text):
        return "path"
    if len(_CODE.findall(text)) >= _CODE_MARKS:
        return "code"
    if tokens == 1:
        return "name"
    if _ASKS.match(text):
        return "question"
    if _ERROR.search(text):
        return "error"
    return "phrase"


def named_symbols(query: str) -> frozenset[str]:
    """What a query names as identifiers, in lower case, with the last part of qualified names.

    In a sentence only what looks like an identifier is a name (`get_user`,
    `HttpResponse`, `a.b`); a query of one or two words is taken at its word.
    """
    found: set[str] = set()
    tokens = _TOKEN.findall(query[:_READ_CHARACTERS])
    for token in tokens:
        plain = re.sub(r"::|#", ".", token).strip(".:")
        if plain and (len(tokens) <= 2 or _LOOKS_NAMED.search(plain)):
            found.update({plain.lower(), last_name(plain).lower()})
    return frozenset(found)


def last_name(symbol: str) -> str:
    """A qualified name's last part."""
    return symbol.rsplit(".", 1)[-1]


@lru_cache(maxsize=1 << 14)
def words_of_name(name: str) -> frozenset[str]:
    """The words of a name or path, without a final s; many candidates share them."""
    return singular(inner_words(name))


def words_of_all(text: str, mark: str) -> frozenset[str]:
    """As `words_of_name`, by what stands between the marks, which many names and paths share."""
    if not text.isascii() or len(text) > MAX_QUERY_CHARACTERS:
        return words_of_name(text)
    return frozenset().union(*map(words_of_name, text.split(mark)))


@lru_cache(maxsize=1 << 14)
def prefixes(word: str) -> frozenset[str]:
    """The beginnings of a word that are long enough to stand for it, itself included."""
    return frozenset(word[:end] for end in range(MIN_PREFIX, len(word) + 1))


def singular(words: Collection[str]) -> frozenset[str]:
    """Words without a final s, so that a query's `uploads` meets a name's `upload`."""
    return frozenset(
        [
            word[:-1] if len(word) > _SHORT and word[-1] == "s" and word[-2] != "s" else word
            for word in words
        ]
    )
