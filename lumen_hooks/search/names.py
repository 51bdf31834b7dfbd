"""How the names of a chunk meet a question: equal to what it names, or with words of it.

Knows names and questions; neither rows nor what a match is worth.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.settings import NAMES_MAX
from lumen_hooks.storage.lexical_terms import distinct_words

from .question import last_name, words_of_all, words_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.storage.rows import ChunkRow

    from .question import Question

NAME_COLUMNS = (
    "equal name",
    "equal name, any case",
    "equal qualified name",
    "named share",
    "named in a sentence",
    "name overlap",
    "question in name",
    "name in question",
    "names",
    "depth of name",
    "top level",
    "inline test",
)


def symbol_for(
    question: Question, row: ChunkRow, held: Callable[[ChunkRow], Sequence[Held]]
) -> str:
    """A chunk's symbol, with those it has no room for that the question names."""
    asked = question.names
    if row.holds.count("\n") < NAMES_MAX or not asked:
        return row.symbol
    # A name that the symbol does not give stands in the text of the row.
    text = row.holds.lower()
    if text.isascii() and not any(name in text for name in asked):
        return row.symbol
    there = row.symbol.split(", ")
    names = [name for one in held(row) for name in one.name.split(", ") if name not in there]
    named = [one for one in names if not asked.isdisjoint({one.lower(), last_name(one).lower()})]
    return ", ".join((*named, *there)[:NAMES_MAX]) if named else row.symbol


class Symbol(NamedTuple):
    """A chunk's symbol, taken apart: what does not depend on the question.

    Attributes:
        names: its names; the three below are of these.
        last: the last part of each.
        lower: each in lower case.
        last_lower: the last part of each in lower case.
        text: the symbol in lower case.
        ends: the last parts of the names in that.
        shape: the features that are the same for every question.
    """

    names: list[str]
    last: list[str]
    lower: list[str]
    last_lower: list[str]
    text: str
    ends: list[str]
    shape: tuple[float, float, float, float]


@lru_cache(maxsize=1 << 13)
def symbol_of(symbol: str) -> Symbol:
    """A chunk's symbol, taken apart."""
    names = symbol.split(", ") if symbol else []
    last = [name.rpartition(".")[2] for name in names]
    text = symbol.lower()
    lower = text.split(", ")
    ends = [name.rpartition(".")[2] for name in lower]
    depths = [name.count(".") for name in names]
    # In Greek the lower case of a letter depends on what stands before and after it.
    plain = symbol.isascii()
    return Symbol(
        names,
        last,
        lower if plain else [name.lower() for name in names],
        ends if plain else [name.lower() for name in last],
        text,
        ends,
        (
            float(len(names)),
            float(max(depths, default=0)),
            float(0 in depths),
            float(symbol.startswith(("tests.", "test.")) or symbol in {"tests", "test"}),
        ),
    )


def of_symbol(question: Question, symbol: Symbol) -> tuple[float, ...]:
    """A value for each of NAME_COLUMNS."""
    # A name is taken apart only if it can have a word of the question: most have none.
    words = [word for word in question.inner if word in symbol.text]
    if not words:
        return (*_NOTHING_NAMED, *symbol.shape)
    equal = any_case = qualified = share = mentioned = 0.0
    asked, tokens = question.names, question.tokens
    if not tokens.isdisjoint(symbol.last):
        equal = 1.0
        mentioned = float(not question.identifiers.isdisjoint(symbol.last))
        qualified = float(not tokens.isdisjoint(_with_last(symbol, tokens)))
    if not (asked.isdisjoint(symbol.last_lower) and asked.isdisjoint(symbol.lower)):
        any_case = 1.0
        # In a sentence, a name that is mentioned is one word among others.
        length = max(1, len(question.words))
        share = min(1.0, max(map(_size_of, _with_any_case(symbol, asked))) / length)
    return (
        *(equal, any_case, qualified, share, mentioned),
        *_common_words(question.inner, symbol, words),
        *symbol.shape,
    )


_NOTHING_NAMED: tuple[float, ...] = (0.0,) * 8


def _with_last(symbol: Symbol, tokens: frozenset[str]) -> list[str]:
    """The names whose last part is one of these."""
    return [name for name, last in zip(symbol.names, symbol.last, strict=True) if last in tokens]


def _with_any_case(symbol: Symbol, asked: frozenset[str]) -> list[str]:
    """The names that are one of these, or whose last part is."""
    rows = zip(symbol.names, symbol.lower, symbol.last_lower, strict=False)
    return [name for name, lower, last in rows if last in asked or lower in asked]


def _size_of(name: str) -> int:
    return len(distinct_words(name))


def _common_words(
    inner: frozenset[str], symbol: Symbol, standing: Sequence[str]
) -> tuple[float, float, float]:
    """What names share with the question at best: of both, of the question, and of the name.

    Args:
        inner: the words of the question.
        symbol: whose names.
        standing: those of the words that stand in them.
    """
    overlap = covering = 0.0
    most, asked = 0, len(inner)
    for name, lower in zip(symbol.names, symbol.lower, strict=False):
        for word in standing:
            # Of other writing a name's words may not stand in it as they are.
            if word in lower or not name.isascii():
                break
        else:
            continue
        for words in _words_of_parts(name):
            common, own = len(inner & words), len(words)
            most = max(most, common)
            if common and 2 * common / (asked + own) > overlap:
                overlap = 2 * common / (asked + own)
            if common and common / own > covering:
                covering = common / own
    return overlap, most / asked, covering


@lru_cache(maxsize=1 << 13)
def _words_of_parts(name: str) -> tuple[frozenset[str], ...]:
    """The words of a name's last part, and of all of it where that is more."""
    above, _, last = name.rpartition(".")
    return (words_of_name(last), words_of_all(name, ".")) if above else (words_of_name(last),)
