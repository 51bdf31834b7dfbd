"""An answer in plain text, for whoever reads without a terminal: agents, and commands in a pipe.

One writer for both, so that both cost the same. First what the answer is worth, then of each result
its place, in a form that can be opened at once, and its code, each line one space to the right: of
all forms that were measured (docs/mcp.md) the cheapest in which no line of a file can pass for the
place of another result. Nothing in it can steer who or what reads it (system/terminal).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.excerpts.excerpt import LEFT_OUT, ends
from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.search.results import SharedResult
from lumen_hooks.service.answer import Answer
from lumen_hooks.system.terminal import escape_controls, one_line

from .sizing import Fitted, begin, end, fit_whole, insist_on_shape, lengths
from .together import whereabouts
from .tokens import tokens_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lumen_hooks.indexing.freshness import State
    from lumen_hooks.search.results import SearchResult
    from lumen_hooks.service.everywhere import Everywhere

    from .sizing import Shape

COPIES_NAMED = 3
"""So many other places of a result's text are named."""

_SHORT_ID = 8
_NAMED_FILES = 5
_SYMBOL_CHARACTERS = 100
WEAK_MATCH = "weak match: nothing here seems to be what was asked for"


class Asking(NamedTuple):
    """How the caller asks for more: each with `{}` where a number goes."""

    limit: str
    max_tokens: str


AS_ARGUMENTS = Asking("limit={}", "max_tokens={}")
"""As a tool is called."""

AS_OPTIONS = Asking("-n {}", "--max-tokens {}")
"""As a command is."""


class Written(NamedTuple):
    """An answer in words.

    Attributes:
        head: where was searched and what it is worth, a line or two.
        body: the results, or that there are none.
        note: what is left out and how to ask for it; may be empty.
        fitted: the results that are shown, as they are shown.
    """

    head: str
    body: str
    note: str
    fitted: Fitted

    @property
    def text(self) -> str:
        """All of it, which costs no more than its budget."""
        return "\n".join(filter(None, (self.head, self.body, self.note)))


class Standing(NamedTuple):
    """What is known of an index that was asked, for the head of an answer.

    Attributes:
        worktree: as it is named.
        head: commit (hex), or None.
        state: of the index.
        pending_files: how many files it does not hold as they are.
        differing: the first of their paths.
        problem: why it could not be brought up to date, or None.
        is_weak: nothing that was found seems to be what was asked for.
        remark: what else is to be said at once; may be empty.
    """

    worktree: str
    head: str | None
    state: State
    pending_files: int
    differing: Sequence[str]
    problem: str | None
    is_weak: bool = False
    remark: str = ""


def written(
    answer: Answer, shape: Shape, asking: Asking, *, cut: bool, remark: str = ""
) -> Written:
    """An answer in no more tokens than its shape allows.

    Args:
        answer: with paths as the reader can open them.
        shape: how much is wanted.
        asking: how the reader asks for more.
        cut: the reader did not say how many results are wanted: leave out the far weaker ones.
        remark: what else the reader must know.

    Raises:
        QueryError: nothing can be shown so.
    """
    insist_on_shape(shape)
    budget = shape.max_tokens
    head = head_of(standing_of(answer, remark), budget)

    def done(fitted: Fitted) -> Written:
        body = results_in_words(fitted.results) if answer.results else "no results"
        return Written(head, body, note_of(fitted, budget or 0, asking), fitted)

    def whole(fitted: Fitted) -> str:
        return done(fitted).text

    return done(fit_whole(answer.results, shape, _block_cost, whole, cut=cut))


def standing_of(found: Answer | Everywhere, remark: str = "") -> Standing:
    """What is said of an index in front of what was found in it."""
    return Standing(
        found.worktree,
        found.head,
        found.state,
        found.pending_files,
        found.differing,
        found.problem,
        isinstance(found, Answer) and found.weak and bool(found.results),
        remark,
    )


def results_in_words(results: Sequence[SearchResult]) -> str:
    """Each result's block; an empty line stands between those that show code."""
    return "\n".join(map(_block, results)).rstrip("\n")


def _block(result: SearchResult) -> str:
    """`path:start-end symbol kind score`, copies, and code."""
    place = f"{one_line(result.path)}:{result.start_line}-{result.end_line}"
    words = (place, short_name(result.symbol), one_line(result.kind), f"{result.score:.2f}")
    lines = [" ".join(filter(None, words))]
    if result.copies:
        named = ", ".join(one_line(place) for place in result.copies[:COPIES_NAMED])
        more = len(result.copies) - COPIES_NAMED
        lines.append(f" same in {named}" + (f" and {more:,} more" if more > 0 else ""))
    if isinstance(result, SharedResult):
        lines += [f" {line}" for line in whereabouts(result)]
    if not result.snippet:
        return lines[0] if len(lines) == 1 else "\n".join(lines)
    above, below = ends(result.start_line, result.end_line, result.lines)
    code = (row.rstrip() for row in escape_controls(result.snippet).split("\n"))
    lines += [
        row and f" {row}" for row in (*filter(None, [above]), *code, below) if row is not None
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def short_name(symbol: str) -> str:
    """A name that is harmless and no longer than is worth reading."""
    return begin(one_line(symbol), _SYMBOL_CHARACTERS)


def _block_cost(result: SearchResult) -> int:
    return _cost(_block(result))


def _cost(text: str) -> int:
    return tokens_at_most(text + "\n")


def head_of(standing: Standing, budget: int | None) -> str:
    """The worktree, its commit, the index's state, and what hinders it, in half of a budget."""
    shortest = ""
    for shortest in _heads(standing):
        if budget is None or _cost(shortest) <= budget // 2:
            break
    return shortest


def _heads(standing: Standing) -> Iterator[str]:
    """From all that is known to what must be said."""
    worktree, problem = one_line(standing.worktree), one_line(standing.problem or "")
    remark = one_line(standing.remark)
    yield _head(standing, worktree, problem, remark, _NAMED_FILES)
    length = 0
    for length in lengths((worktree, problem, remark)):
        short = begin(problem, length), begin(remark, length)
        yield _head(standing, end(worktree, 2 * length), *short, 0)
    weak = ", weak match" if standing.is_weak else ""
    yield f"worktree {end(worktree, length)}: {standing.state}{weak}"


def _head(standing: Standing, worktree: str, problem: str, remark: str, named_files: int) -> str:
    commit = standing.head[:_SHORT_ID] if standing.head else "no commit"
    line = f"worktree {worktree} at {commit}: {standing.state}"
    if standing.state != FRESH:
        if standing.pending_files:
            line += f", {files_in_words(standing.pending_files)} not as indexed"
            named = [one_line(path) for path in standing.differing[:named_files]]
            more = standing.pending_files - len(named)
            names = ", ".join(named) + (f" and {more:,} more" if more else "")
            line += f" ({names})" if named else ""
        line += "; what is shown is what the files hold now"
    if standing.is_weak:
        line += f"; {WEAK_MATCH}"
    lines = (line, problem and f"problem: {problem}", remark and f"note: {remark}")
    return "\n".join(filter(None, lines))


def note_of(fitted: Fitted, budget: int, asking: Asking) -> str:
    """What is left out and how to ask for it, in a line; empty if nothing is."""
    short = []
    if fitted.dropped:
        short.append(f"{_results(fitted.dropped)} left out")
    if fitted.bare:
        short.append(f"code of {fitted.bare:,} left out")
    elif fitted.is_shortened:
        short.append("code shortened")
    if short:
        wanted = asking.max_tokens.format(2 * budget)
        return f"{LEFT_OUT} {', '.join(short)} to fit ({wanted} shows more)"
    if fitted.weaker:
        wanted = asking.limit.format(len(fitted.results) + fitted.weaker)
        return f"{LEFT_OUT} {_results(fitted.weaker)} far weaker left out ({wanted} shows them)"
    return ""


def _results(count: int) -> str:
    return f"{count:,} result{'' if count == 1 else 's'}"


def files_in_words(count: int) -> str:
    """`1 file`, `1,234 files`."""
    return f"{count:,} file{'' if count == 1 else 's'}"


def with_paths(answer: Answer, path_of: Callable[[str], str]) -> Answer:
    """An answer whose paths start elsewhere.

    Args:
        answer: with paths relative to its worktree's top.
        path_of: gives the path to show for one of these.
    """

    def moved(result: SearchResult) -> SearchResult:
        copies = (place.rpartition(":") for place in result.copies)
        return replace(
            result,
            path=path_of(result.path),
            copies=tuple(f"{path_of(path)}:{line}" for path, _, line in copies),
        )

    return replace(
        answer,
        results=tuple(map(moved, answer.results)),
        differing=tuple(map(path_of, answer.differing)),
    )
