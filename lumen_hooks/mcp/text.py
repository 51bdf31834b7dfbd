"""What the tools say beside search results: places, and the state of an index.

Knows answers; neither the protocol nor where they come from.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from lumen_hooks.excerpts.excerpt import LEFT_OUT
from lumen_hooks.indexing.freshness import ABSENT, FRESH
from lumen_hooks.search.results import MAX_LIMIT
from lumen_hooks.service.places import TITLES
from lumen_hooks.system.terminal import escape_controls, one_line
from lumen_hooks.system.unicode import encodable
from lumen_hooks.wording.plain import (
    AS_ARGUMENTS,
    files_in_words,
    head_of,
    standing_of,
)
from lumen_hooks.wording.sizing import begin, insist_on_shape, most_that_fit
from lumen_hooks.wording.tokens import tokens_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lumen_hooks.service.everywhere import Everywhere
    from lumen_hooks.service.places import Place, Places
    from lumen_hooks.service.status import Status
    from lumen_hooks.wording.sizing import Shape

_WIDTHS = (240, 120, 60)
_SYMBOL_CHARACTERS = 60


class _Writes(Protocol):
    def __call__(self, places: Sequence[Place], *, is_cut: bool) -> str: ...


def places_in_words(
    found: Everywhere, shape: Shape, path_of: Callable[[str], str], *, remark: str = ""
) -> str:
    """The state, how many places there are, then by role and file each line, within a budget.

    Args:
        found: with the paths of what differs as the reader can open them.
        shape: how much is wanted.
        path_of: gives the path to show for that of a place.
        remark: what else the reader must know.

    Raises:
        QueryError: nothing can be shown so.
    """
    insist_on_shape(shape)
    head = head_of(standing_of(found, remark), shape.max_tokens)
    counts = found.places.in_words()
    if shape.max_tokens is not None and tokens_at_most(counts) > shape.max_tokens // 5:
        counts = f"{found.places.total:,} places in {files_in_words(found.places.files)}"

    def whole(places: Sequence[Place], *, is_cut: bool) -> str:
        note = places_note(found.places, len(places), shape, is_cut=is_cut)
        return "\n".join([head, counts, *_rows(places), *filter(None, [note])])

    places, is_cut = fit_places(
        [one._replace(path=path_of(one.path)) for one in found.places], shape, whole
    )
    return whole(places, is_cut=is_cut)


def fit_places(
    places: Sequence[Place], shape: Shape, whole: _Writes
) -> tuple[Sequence[Place], bool]:
    """Places as they are shown within a budget, and whether that took something from them.

    First their lines become shorter, then places outside of definitions lose theirs, then all do,
    then the last places are left out.
    """
    shown = [place._replace(snippet="") for place in places] if shape.summary else list(places)
    budget = shape.max_tokens
    if budget is None or tokens_at_most(whole(shown, is_cut=False)) <= budget:
        return shown, False
    for shorter in () if shape.summary else _shorter(places):
        shown = shorter
        if tokens_at_most(whole(shown, is_cut=True)) <= budget:
            return shown, True
    count = most_that_fit(
        len(shown), lambda some: tokens_at_most(whole(shown[:some], is_cut=True)) <= budget
    )
    return shown[:count], True


def _shorter(places: Sequence[Place]) -> Iterator[list[Place]]:
    for width in _WIDTHS:
        short = [_narrow(place, width) for place in places]
        yield short
    yield [one if one.role == "definition" else one._replace(snippet="") for one in short]
    yield [place._replace(snippet="") for place in places]


def _narrow(place: Place, width: int) -> Place:
    """A place with so many characters of its line: from the beginning, if the match is in them."""
    line = place.snippet.strip()
    if len(line) <= width:
        return place
    at = place.column - 1 - (len(place.snippet) - len(place.snippet.lstrip()))
    if line.startswith(LEFT_OUT):  # it is what stands around the match already
        at = len(line) // 2
    start = max(0, min(at - width // 3, len(line) - width)) if at > width // 2 else 0
    before, after = LEFT_OUT * (start > 0), LEFT_OUT * (start + width < len(line))
    return place._replace(snippet=f"{before}{line[start : start + width]}{after}")


def places_note(places: Places[Place], shown: int, shape: Shape, *, is_cut: bool) -> str:
    """What is left out, and how to ask for it; may be empty."""
    if is_cut:
        dropped = places.shown - shown
        what = f"{dropped:,} of {places.shown:,} places and code" if dropped else "code"
        wanted = AS_ARGUMENTS.max_tokens.format(2 * (shape.max_tokens or 0))
        return f"{LEFT_OUT} {what} left out to fit ({wanted} shows more)"
    more = places.total - shown
    if more <= 0:
        return ""
    wanted = AS_ARGUMENTS.limit.format(min(MAX_LIMIT, places.total))
    how = f"{wanted} shows {'them' if places.total <= MAX_LIMIT else 'more'}"
    return (
        f"{LEFT_OUT} {more:,} more ({how if shown < MAX_LIMIT else 'a narrower path shows them'})"
    )


def _rows(places: Sequence[Place]) -> Iterator[str]:
    """A role, below it a path, below that `line symbol: code` or all lines of which none is shown.

    Roles stand at the margin, paths a space to the right, and what files hold two.
    """
    for role, alike in groupby(places, lambda place: place.role):
        yield f"{TITLES[role]}:"
        for path, of_file in groupby(alike, lambda place: place.path):
            yield f" {one_line(path)}"
            for has_code, together in groupby(of_file, lambda place: bool(place.snippet)):
                if not has_code:
                    yield "  " + ", ".join(str(place.line) for place in together)
                    continue
                for place in together:
                    named = begin(one_line(place.symbol), _SYMBOL_CHARACTERS)
                    of = f" {named}" if named and role != "definition" else ""
                    yield f"  {place.line}{of}: {escape_controls(place.snippet.strip())}"


def sentence_of(status: Status) -> str:
    """What a status comes to."""
    index = f"The index of {encodable(status.worktree)}"
    holds = f"{files_in_words(status.files)}, {status.chunks:,} chunks"
    if status.problem and status.progress:
        made = f"being made anew with the model {encodable(status.progress.model)}"
        return f"{index} is {made}, {status.progress.in_words()}; the old one answers meanwhile."
    if status.problem:
        return f"{index} needs attention: {encodable(status.problem)}."
    if status.state == ABSENT:
        return (
            f"{index} does not exist yet; the first search makes it"
            f" ({files_in_words(status.pending_files)} to index)."
        )
    if status.state == FRESH:
        return f"{index} is fresh: it holds every file as it is now ({holds})."
    doing = f"; {status.lock} is at work on it" if status.lock else ""
    pending = status.pending_files
    behind = f"{files_in_words(pending)} not as indexed" if pending else holds
    return f"{index} is {status.state}: {behind}{doing}."
