"""What is said of an answer of several worktrees: where each result stands, what each is worth.

Knows answers and where they are looked at from; no form of output.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.system.terminal import one_line

from .viewpoint import Viewpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lumen_hooks.search.results import Location, SharedResult
    from lumen_hooks.service.several import Asked

NAMED = 3
"""So many worktrees are named where there are more."""


def whereabouts(result: SharedResult) -> Iterator[str]:
    """Lines that say which worktrees hold a result, and which hold another version of it."""
    moved = [place for place in result.same_in if place.moved]
    if result.of == 1:
        yield f"in {one_line(result.worktree)}"
    elif len(result.same_in) + 1 == result.of:
        yield f"in all {result.of:,} worktrees" + (f" ({_listed(_named(moved))})" if moved else "")
    else:
        yield in_some([one_line(result.worktree), *_named(result.same_in)], result.of)
    if result.differs_in:
        yield f"differs in {_listed(_named(result.differs_in))}"


def in_some(names: Sequence[str], of: int) -> str:
    """Which worktrees hold something, and of how many."""
    return f"in {_listed(names)}{' alone' if len(names) == 1 else ''}, of {of:,} worktrees"


def notes_of(asked: Sequence[Asked]) -> Iterator[str]:
    """What is to be said of worktrees that were not searched, or not as they are now."""
    refused: dict[str, list[str]] = {}
    troubled: dict[str, list[str]] = {}
    for one in asked:
        if one.problem is not None:
            group = troubled if one.searched else refused
            group.setdefault(one.problem.replace(one.worktree, "\0"), []).append(one.name)
    tops = {one.name: one.worktree for one in asked}
    for problem, names in refused.items():
        verb = "was" if len(names) == 1 else "were"
        told = problem.replace("\0", tops[names[0]])
        yield f"{_listed(names)} {verb} not searched: {one_line(told)}"
    for problem, names in troubled.items():
        yield f"{_listed(names)}: {one_line(problem.replace(chr(0), tops[names[0]]))}"
    stale = [one for one in asked if one.searched and one.state != FRESH and one.pending_files]
    if stale:
        stale.sort(key=lambda one: -one.pending_files)
        behind = [f"{one.name} ({one.state}, {_files(one.pending_files)})" for one in stale]
        yield f"not as indexed: {_listed(behind)}"


def seen_from(
    results: Iterable[SharedResult], directory: str, asked: Sequence[Asked]
) -> tuple[SharedResult, ...]:
    """Results of several worktrees with every path as it is seen from a folder."""
    views: dict[str, Callable[[str], str]] = {
        one.name: Viewpoint(directory, one.worktree) for one in asked
    }

    def moved(place: Location) -> Location:
        return replace(place, path=views[place.worktree](place.path))

    def shown(result: SharedResult) -> SharedResult:
        seen = views[result.worktree]
        copies = (place.rpartition(":") for place in result.copies)
        return replace(
            result,
            path=seen(result.path),
            copies=tuple(f"{seen(path)}:{line}" for path, _, line in copies),
            same_in=tuple(map(moved, result.same_in)),
            differs_in=tuple(map(moved, result.differs_in)),
        )

    return tuple(map(shown, results))


def _named(places: Iterable[Location]) -> list[str]:
    """Worktrees, with the place in those where it is another one."""
    return [
        one_line(f"{one.worktree} at {one.path}:{one.line}" if one.moved else one.worktree)
        for one in places
    ]


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    named = [*map(one_line, names[:NAMED])]
    more = len(names) - NAMED
    return ", ".join(named) + (f" and {more:,} more" if more > 0 else "")
