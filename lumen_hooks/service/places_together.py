"""Every place in several worktrees, those with the same line once.

A file that several have, byte for byte at one path, is read once; of one that they have otherwise,
what each says is set beside the others. Knows files and places; `places` finds them.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from lumen_hooks.errors import StoreError
from lumen_hooks.search.exact import candidates
from lumen_hooks.search.vocabulary import known_kinds
from lumen_hooks.storage.reader import open_index

from .everywhere import pattern_of
from .freshen import LISTED_FILES
from .places import FilesRead, Places, SharedPlace
from .several import AskedEach, asked_of, state_of_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from lumen_hooks.indexing.freshness import Freshness, State
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.progress import Progress
    from lumen_hooks.search.pattern import Pattern
    from lumen_hooks.search.results import ExactQuery, Query
    from lumen_hooks.storage.rows import ReadableFile

    from .places import Place, PlaceRole
    from .several import Asked, Reply, Spot

Holders: TypeAlias = "tuple[str, int, tuple[int, ...]]"
"""A path, a line, and the numbers of the worktrees that hold a place there."""

_OPEN_AT_ONCE = 16
"""So many indexes are open at a time."""


@dataclass(frozen=True, slots=True)
class JointPlaces:
    """Every place in several worktrees, and what is known of them.

    Attributes:
        query: what was looked for.
        worktree: top folder of the first of them; `head`, `differing`, `seeded_from` are its, too.
        state: `fresh` if all that were searched are.
        places: definitions first; counted, and shown up to the query's limit.
        pending_files: how many files the indexes do not hold as they are now, in all.
        problem: what is wrong with any of them, or None.
        head: the commit that is checked out (hex), None for none.
        differing: the first of the pending files' paths.
        seeded_from: the worktree, or the store elsewhere, that the index's first state came from.
        worktrees: what is known of each.
        searched: those that were searched, in the order of the numbers that places have.
        repositories: equal for those of one repository, in the same order.
    """

    query: str
    worktree: str
    state: State
    places: Places[SharedPlace]
    pending_files: int
    problem: str | None
    head: str | None
    differing: tuple[str, ...]
    seeded_from: str | None
    worktrees: tuple[Asked, ...]
    searched: tuple[Asked, ...]
    repositories: tuple[str, ...]


class _Version(NamedTuple):
    """A file as some worktrees have it, byte for byte."""

    file: ReadableFile
    members: list[int]


class PlacesTogether:
    """Finds every place in several worktrees.

    Args:
        query: what is looked for; its limit counts for all together.
        within_of: where that is looked for in one of them.
        progress: is told how far an update is.
        refresh: indexes are brought up to date first, as far as that is quick.
        creates: one that is missing where somebody named the worktree is made.

    Raises:
        QueryError: what is looked for, or the limit, cannot be used.
    """

    def __init__(
        self,
        query: ExactQuery,
        within_of: Callable[[Spot], Query],
        *,
        progress: Progress,
        refresh: bool = True,
        creates: bool = True,
    ) -> None:
        self._query = query
        self._within_of = within_of
        self._pattern = pattern_of(query)
        self._each = AskedEach(
            self._candidates, purpose="search", progress=progress, refresh=refresh, creates=creates
        )

    def find(self, spots: Sequence[Spot]) -> JointPlaces:
        """Every place that holds a text or matches a pattern.

        Raises:
            QueryError: a filter cannot be used, or nothing is at what is asked for anywhere.
            StorageFullError: there is no room to keep so many places.
            LumenError: none could be searched; what keeps the first one out.
        """
        replies = self._each.replies(spots)
        asked = tuple(map(asked_of, replies))
        searched = [number for number, reply in enumerate(replies) if asked[number].searched]
        places = self._places([replies[number] for number in searched])
        first = replies[0]
        problems = (f"{one.name}: {one.problem}" for one in asked if one.problem)
        return JointPlaces(
            query=self._query.text,
            worktree=asked[0].worktree,
            state=state_of_all(asked),
            places=places,
            pending_files=sum(one.pending_files for one in asked),
            problem="; ".join(problems) or None,
            head=asked[0].head,
            differing=first.differing[:LISTED_FILES],
            seeded_from=first.seeded_from,
            worktrees=asked,
            searched=tuple(asked[number] for number in searched),
            repositories=tuple(replies[number].spot.worktree.common_dir for number in searched),
        )

    def _candidates(self, spot: Spot, job: Job, look: Freshness) -> list[ReadableFile]:
        with open_index(job.worktree.index_path) as index, index.one_state():
            return candidates(index, self._pattern, self._within_of(spot), look.differing)

    def _places(self, replies: Sequence[Reply[list[ReadableFile]]]) -> Places[SharedPlace]:
        found = Places(self._query.limit, _remade)
        kinds = frozenset(known_kinds(self._query.within.kinds))
        jobs = [reply.job for reply in replies if reply.job is not None]
        with _Readers(jobs, self._pattern) as readers:
            for versions in _by_file(replies):
                before = found.total
                for place, of_file in _shared(versions, readers):
                    if not kinds or place.kind in kinds:
                        found.add(place, of_file)
                found.files += found.total > before
        return found


def _remade(values: Iterable[Any]) -> SharedPlace:
    """A place from the values of its row, in which JSON knows no tuples."""
    place = SharedPlace._make(values)
    return place._replace(
        held=tuple((path, line, tuple(there)) for path, line, there in place.held)
    )


def _by_file(replies: Sequence[Reply[list[ReadableFile]]]) -> Iterator[list[_Version]]:
    """The files that are to be read, by path: each as those have it who have it alike."""
    files: dict[tuple[str, str], dict[tuple[object, ...], _Version]] = {}
    for number, reply in enumerate(replies):
        changed = frozenset(reply.differing)
        repository = reply.spot.worktree.common_dir
        for file in reply.found or ():
            versions = files.setdefault((file.path, repository), {})
            # What is not as it was indexed is what nobody else is known to have.
            own = number if file.path in changed or not file.content else -1
            key = own, file.content, file.language, file.generated
            versions.setdefault(key, _Version(file, [])).members.append(number)
    yield from _with_renamed(files)


def _with_renamed(
    files: dict[tuple[str, str], dict[tuple[object, ...], _Version]],
) -> Iterator[list[_Version]]:
    """Files by path; one with another's bytes that nobody has beside it is that one renamed."""
    known: dict[tuple[object, ...], list[_Version]] = {}
    groups: list[list[_Version]] = []
    first_seen = sorted(files.items(), key=lambda one: (_first(one[1].values()), one[0]))
    for (_, repository), versions in first_seen:
        theirs = {number for version in versions.values() for number in version.members}
        found = (known[repository, *key] for key in versions if (repository, *key) in known)
        group = next((one for one in found if theirs.isdisjoint(_members(one))), [])
        if not group:
            groups.append(group)
        group.extend(versions.values())
        known.update({(repository, *key): group for key in versions if key[0] == -1})
    yield from sorted(groups, key=lambda group: group[0].file.path)


def _first(versions: Iterable[_Version]) -> int:
    return min(version.members[0] for version in versions)


def _members(versions: Iterable[_Version]) -> Iterator[int]:
    return (number for version in versions for number in version.members)


def _shared(
    versions: Sequence[_Version], readers: _Readers
) -> Iterator[tuple[SharedPlace, PlaceRole]]:
    """The places in a file, by line, each with all who have it, if on another line.

    Of equal lines in one definition the first is the first of the others, and so on.
    """
    found: dict[tuple[object, ...], tuple[Place, PlaceRole, list[Holders]]] = {}
    for file, members in versions:
        counts: Counter[tuple[object, ...]] = Counter()
        numbers = tuple(members)
        for place, of_file in readers.places(file, numbers):
            line = place.role, place.symbol, place.kind, place.snippet
            counts[line] += 1
            _, _, held = found.setdefault((*line, counts[line]), (place, of_file, []))
            held.append((place.path, place.line, numbers))
    for place, of_file, held in sorted(found.values(), key=lambda one: one[0].line):
        yield SharedPlace(*place, held=tuple(held)), of_file


class _Readers:
    """Reads the files of worktrees, with a few of their indexes open. For use in a `with` block.

    Args:
        jobs: of the worktrees, by number.
        pattern: what is looked for.
    """

    def __init__(self, jobs: Sequence[Job], pattern: Pattern) -> None:
        self._jobs = jobs
        self._pattern = pattern
        self._open: OrderedDict[int, tuple[FilesRead, ExitStack]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._open.popitem()[1][1].close()

    def places(self, file: ReadableFile, numbers: Sequence[int]) -> list[tuple[Place, PlaceRole]]:
        """The places in a file that these have alike, as the first says whose index is there."""
        for number in numbers:
            with suppress(StoreError):
                return list(self._files(number).places(file))
        return []

    def _files(self, number: int) -> FilesRead:
        if number not in self._open:
            self._open[number] = self._opened(self._jobs[number])
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)[1][1].close()
        self._open.move_to_end(number)
        return self._open[number][0]

    def _opened(self, job: Job) -> tuple[FilesRead, ExitStack]:
        stack = ExitStack()
        index = stack.enter_context(open_index(job.worktree.index_path))
        top, max_bytes = job.worktree.top, job.settings.max_file_bytes
        return stack.enter_context(FilesRead(top, max_bytes, self._pattern, index, math.inf)), stack
