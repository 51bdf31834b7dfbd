"""An answer made to fit: what is worth its tokens, and no more of these than were asked for.

What scores far below the best is left out, or comes without its code, where nobody said how many
results are wanted. A budget shortens before it drops: fewer lines of each result, then narrower
ones, then none of the last, and only then fewer results. Knows results, and by a function what one
costs in the form that it is written in; no form itself.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import QueryError
from lumen_hooks.excerpts.excerpt import LEFT_OUT, SNIPPET_LINES, excerpt
from lumen_hooks.system.terminal import MAX_LINE_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lumen_hooks.search.results import SearchResult

RESULTS = 5
"""So many results for whoever reads without a terminal and does not say how many."""

MAX_TOKENS = 1500
"""Of an answer, unless more are asked for."""

LEAST_TOKENS = 100
"""A smaller budget has no room for what an answer must say."""

CODE_SHARE = 0.1
"""The code of a result that scores so much of what the best one does is worth its tokens ...

Scores are probabilities, which fall by a factor of ten from one result to the next."""

PLACE_SHARE = 0.02
"""... and its place is, of one that scores so much."""

LEAST_SHOWN = 2
"""So many results come with their code whatever they score."""

_NARROWER = (240, 120)
_LEAST_WORDS = 8


class Shape(NamedTuple):
    """How much of an answer is wanted.

    Attributes:
        max_lines: of the code of each result, from 1; lines that say what is left out not counted.
        summary: no code at all.
        max_tokens: of the whole answer, from LEAST_TOKENS; None for no budget.
    """

    max_lines: int = SNIPPET_LINES
    summary: bool = False
    max_tokens: int | None = MAX_TOKENS


class Fitted(NamedTuple):
    """Results as they are to be shown.

    Attributes:
        results: best first; of those that come without code the snippet is empty.
        weaker: how many were left out for what they score.
        dropped: how many were left out for the budget.
        bare: how many lost their code to the budget.
        is_shortened: code was shortened to fit.
    """

    results: tuple[SearchResult, ...]
    weaker: int = 0
    dropped: int = 0
    bare: int = 0
    is_shortened: bool = False


def insist_on_shape(shape: Shape) -> None:
    """See to it that something can be shown so.

    Raises:
        QueryError: it cannot.
    """
    if shape.max_lines < 1:
        raise QueryError(
            f"{shape.max_lines} lines cannot be shown",
            hint="ask for at least 1 line, or for a summary without code",
        )
    if shape.max_tokens is not None and shape.max_tokens < LEAST_TOKENS:
        raise QueryError(
            f"no answer fits in {shape.max_tokens} tokens",
            hint=f"give a budget of at least {LEAST_TOKENS} tokens",
        )


def begin(text: str, length: int) -> str:
    """The beginning of a text that is longer than so many characters."""
    return text if len(text) <= length else text[:length] + LEFT_OUT


def end(text: str, length: int) -> str:
    """The end of a text that is longer than so many characters: of a path it tells most."""
    return text if len(text) <= length else LEFT_OUT + text[len(text) - length :]


def lengths(texts: Iterable[str]) -> Iterator[int]:
    """How long texts may be: as they are, then a third less at a time, as long as that says any."""
    longest = max(map(len, texts), default=0)
    yield longest
    while longest > _LEAST_WORDS:
        longest = longest * 2 // 3
        yield longest


def most_that_fit(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to a count that fits; 0 where none does.

    Args:
        count: how many there are.
        fits: whether so many do; what is less than a number that fits does, too.
    """
    if fits(count):
        return count
    return bisect_left(range(1, count), True, key=lambda number: not fits(number))


def fit(
    results: Sequence[SearchResult],
    shape: Shape,
    cost: Callable[[SearchResult], int],
    room: int | None,
    *,
    cut: bool,
) -> Fitted:
    """Results of which all together cost no more than there is room for.

    Args:
        results: best first, with all of their lines, or with those that are to be shown.
        shape: what is wanted at most.
        cost: of one result as it is written, in tokens.
        room: for all, in tokens; None for no budget.
        cut: leave out what scores far below the best one.
    """
    kept, coded = _worth(results, summary=shape.summary) if cut else (len(results), len(results))
    coded = 0 if shape.summary else coded
    chosen = results[:kept]
    weaker = len(results) - kept
    places = [replace(result, snippet="", lines=()) for result in chosen]
    costs = [cost(place) for place in places]
    if room is not None and sum(costs) > room:
        shown = _as_many(costs, room)
        return Fitted(tuple(places[:shown]), weaker, kept - shown, min(coded, shown))
    for step, (lines, width) in enumerate(_steps(shape.max_lines)):
        shown_so = [_narrow(excerpt(one, lines), width) for one in chosen[:coded]]
        of_code = [cost(one) for one in shown_so]
        if room is None or sum(of_code) + sum(costs[coded:]) <= room:
            return Fitted(tuple(shown_so + places[coded:]), weaker, is_shortened=step > 0)
    left = coded
    while sum(of_code[:left]) + sum(costs[left:]) > (room or 0):
        left -= 1
    return Fitted(tuple(shown_so[:left] + places[left:]), weaker, 0, coded - left, True)


def fit_whole(
    results: Sequence[SearchResult],
    shape: Shape,
    cost: Callable[[SearchResult], int],
    whole: Callable[[Fitted], str],
    *,
    cut: bool,
) -> Fitted:
    """Results that fit together with all that is said around them.

    Args:
        results: best first.
        shape: what is wanted at most.
        cost: of one result as it is written, in tokens.
        whole: writes the answer, which without a result must fit.
        cut: as for `fit`.
    """
    from .tokens import tokens_at_most  # 10 ms, for whoever has results

    known = cache(cost)
    budget = shape.max_tokens
    room = None if budget is None else budget - tokens_at_most(whole(Fitted(())))
    while True:
        fitted = fit(results, shape, known, room, cut=cut)
        if budget is None or room is None or not fitted.results:
            return fitted
        over = tokens_at_most(whole(fitted)) - budget
        if over <= 0:
            return fitted
        room -= over


def _worth(results: Sequence[SearchResult], *, summary: bool) -> tuple[int, int]:
    """How many results are worth a line, and how many of them their code."""
    best = results[0].score if results else 0.0

    def reach(share: float) -> int:
        above = sum(result.score >= share * best for result in results)
        return min(len(results), max(LEAST_SHOWN, above))

    return (len(results) if summary else reach(PLACE_SHARE)), reach(CODE_SHARE)


def _as_many(costs: Sequence[int], room: int) -> int:
    for number, cost in enumerate(costs):
        room -= cost
        if room < 0:
            return number
    return len(costs)


def _steps(max_lines: int) -> Iterator[tuple[int, int]]:
    """Lines and their characters: ever less."""
    yield max_lines, MAX_LINE_CHARACTERS
    lines = max_lines
    while lines > 1:
        yield lines, _NARROWER[0]
        lines = lines - 1 if lines <= SNIPPET_LINES else max(SNIPPET_LINES, lines * 3 // 4)
    for width in _NARROWER:
        yield 1, width


def _narrow(result: SearchResult, width: int) -> SearchResult:
    rows = result.snippet.split("\n")
    if all(len(row) <= width for row in rows):
        return result
    return replace(result, snippet="\n".join(begin(row, width) for row in rows))
