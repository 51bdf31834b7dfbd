"""Answers as text for a model to read: compact, the state first, then results with their code.

Also where answers are cut to a size that a client will take. Knows answers,
neither the protocol nor where they come from.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from lumen_hooks.indexing.freshness import ABSENT, FRESH
from lumen_hooks.service.excerpt import ends, excerpt
from lumen_hooks.service.places import TITLES
from lumen_hooks.system.terminal import MAX_LINE_CHARACTERS, escape_controls, one_line
from lumen_hooks.system.unicode import encodable

from .schemas import FoundPlace, FoundPlaces, Result, Results, StatusReport

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lumen_hooks.search.results import SearchResult
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.service.everywhere import Everywhere
    from lumen_hooks.service.places import PlaceRole
    from lumen_hooks.service.status import Status

MAX_CODE_CHARACTERS = 60_000
"""Of code in one answer; results beyond it come without theirs. Some clients refuse more."""

COPIES_NAMED = 3
"""So many other places of a result's text are named in words."""

_SHORT_ID = 12
_NAMED_FILES = 5
_TICKS = re.compile("`{3,}")


def results_of(answer: Answer, *, max_lines: int, summary: bool) -> Results:
    """An answer with its snippets cut."""
    room = MAX_CODE_CHARACTERS
    results = []
    for found in answer.results:
        snippet, lines = None, None
        if not summary:
            snippet, lines = _shown(found, max_lines, room)
            room -= len(snippet)
        results.append(
            Result(
                path=found.path,
                start_line=found.start_line,
                end_line=found.end_line,
                symbol=found.symbol,
                kind=found.kind,
                language=found.language,
                score=round(found.score, 4),
                snippet=snippet,
                lines=lines,
                copies=list(found.copies),
            )
        )
    return Results(
        worktree=encodable(answer.worktree),
        head=answer.head,
        state=answer.state,
        pending_files=answer.pending_files,
        differing=list(answer.differing),
        problem=None if answer.problem is None else encodable(answer.problem),
        model=None if answer.model is None else encodable(answer.model),
        weak=answer.weak,
        results=results,
    )


def _shown(found: SearchResult, max_lines: int, room: int) -> tuple[str, list[tuple[int, int]]]:
    """The code of a result that is shown, and where it stands: fewer lines where room is short."""
    while True:
        shown = excerpt(found, max_lines)
        rows = shown.snippet.split("\n")
        snippet = "\n".join(row[:MAX_LINE_CHARACTERS] for row in rows)
        if len(snippet) <= room:
            return snippet, list(shown.lines)
        max_lines = min(max_lines, len(rows)) // 2
        if not max_lines:
            return "", []


def describe_results(found: Results) -> str:
    """The state in one line, then `path:start-end symbol kind score` and code for each result."""
    blocks = [_state_line(found)]
    if found.problem:
        blocks[0] += f"\nproblem: {escape_controls(found.problem)}"
    if found.weak and found.results:
        blocks[0] += "\nweak match: nothing here seems to be what was asked for"
    if not found.results:
        blocks.append("no results")
    for result in found.results:
        title = f"{result.path}:{result.start_line}-{result.end_line}"
        words = (title, result.symbol, result.kind, f"{result.score:.2f}")
        block = " ".join(one_line(word) for word in words if word)
        if result.copies:
            named = ", ".join(one_line(place) for place in result.copies[:COPIES_NAMED])
            more = len(result.copies) - COPIES_NAMED
            block += f"\nsame in {named}" + (f" and {more:,} more" if more > 0 else "")
        if result.snippet:
            block += f"\n{_fenced(result)}"
        blocks.append(block)
    separator = "\n" if all(result.snippet is None for result in found.results) else "\n\n"
    return separator.join(blocks)


def found_places(found: Everywhere) -> FoundPlaces:
    """Every place that was found, up to the limit."""
    return FoundPlaces(
        worktree=encodable(found.worktree),
        head=found.head,
        state=found.state,
        pending_files=found.pending_files,
        differing=list(found.differing),
        problem=None if found.problem is None else encodable(found.problem),
        total=found.places.total,
        files=found.places.files,
        counts=found.places.by_role(),
        results=[FoundPlace(**place._asdict()) for place in found.places],
    )


def describe_places(found: FoundPlaces, in_words: str) -> str:
    """The state, how many there are, then by role and file `line symbol: code` for each place."""
    lines = [_state_line(found)]
    if found.problem:
        lines.append(f"problem: {escape_controls(found.problem)}")
    lines.append(in_words)
    role = path = ""
    for place in found.results:
        if place.role != role:
            lines.append(TITLES[cast("PlaceRole", place.role)])
        if (place.role, place.path) != (role, path):
            lines.append(f"  {one_line(place.path)}")
        role, path = place.role, place.path
        of = f" {one_line(place.symbol)}" if place.symbol and role != "definition" else ""
        lines.append(f"    {place.line}{of}: {escape_controls(place.snippet.strip())}")
    return "\n".join(lines)


def report_of(status: Status) -> BaseModel:
    """A status with a sentence that says what it comes to: a `StatusReport`."""
    return StatusReport(sentence=sentence_of(status), **_encodable_values(asdict(status)))


def _encodable_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encodable_values(inner) for key, inner in value.items()}
    return encodable(value) if isinstance(value, str) else value


def _state_line(found: Results | FoundPlaces) -> str:
    head = found.head[:_SHORT_ID] if found.head else "no commit"
    line = f"worktree {one_line(found.worktree)} at {head}: {found.state}"
    if found.state == FRESH:
        return line
    if found.pending_files:
        named = ", ".join(one_line(path) for path in found.differing[:_NAMED_FILES])
        more = found.pending_files - min(_NAMED_FILES, len(found.differing))
        line += f", {_files(found.pending_files)} not as indexed ({named}"
        line += f" and {more:,} more)" if more else ")"
    return f"{line}; what is shown is what the files hold now"


def _fenced(result: Result) -> str:
    code = escape_controls(result.snippet or "")
    above, below = ends(result.start_line, result.end_line, result.lines or ())
    code = f"{above}\n{code}" if above else code
    more = f"\n{below}" if below else ""
    longest = max((len(ticks) for ticks in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{result.language}\n{code}\n{fence}{more}"


def sentence_of(status: Status) -> str:
    """What a status comes to."""
    index = f"The index of {encodable(status.worktree)}"
    holds = f"{_files(status.files)}, {status.chunks:,} chunks"
    if status.problem and status.progress:
        made = f"being made anew with the model {encodable(status.progress.model)}"
        return f"{index} is {made}, {status.progress.in_words()}; the old one answers meanwhile."
    if status.problem:
        return f"{index} needs attention: {encodable(status.problem)}."
    if status.state == ABSENT:
        return (
            f"{index} does not exist yet; the first search makes it"
            f" ({_files(status.pending_files)} to index)."
        )
    if status.state == FRESH:
        return f"{index} is fresh: it holds every file as it is now ({holds})."
    doing = f"; {status.lock} is at work on it" if status.lock else ""
    behind = f"{_files(status.pending_files)} not as indexed" if status.pending_files else holds
    return f"{index} is {status.state}: {behind}{doing}."


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
