"""In which of several worktrees the same text stands, and where another one of its definition.

An index says which files are the same, and only those that are not are read. Knows worktrees, what
their indexes hold, and what was found; not how it was ranked.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import StoreError
from lumen_hooks.excerpts.snippets import read_current
from lumen_hooks.search.results import Location
from lumen_hooks.storage.reader import open_index

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.search.results import SearchResult


NOTHING_THERE = -1
"""For the number of an index that has nothing of what the question is limited to."""


class Member(NamedTuple):
    """A worktree that was searched.

    Attributes:
        name: what it is called.
        top: its top folder.
        repository: equal for those of one repository.
        number: of an index that holds what its own does, or NOTHING_THERE.
        differing: the files that its index does not hold as they are.
    """

    name: str
    top: str
    repository: str
    number: int
    differing: Collection[str]


class Wanted(NamedTuple):
    """A result that is looked for in other worktrees.

    Attributes:
        result: as it stands in the worktree that it is shown in.
        member: number of that one.
        content: git's blob id of its file there; empty if the file was changed since.
        defines: names and kinds of what it defines.
        elsewhere: its path in indexes that have it at another one, by their numbers.
    """

    result: SearchResult
    member: int
    content: bytes
    defines: Collection[tuple[str, str]]
    elsewhere: Mapping[int, str]


class Whereabouts(NamedTuple):
    """Where a result stands in other worktrees.

    Attributes:
        same: with the same text.
        differs: with another text of the same definition.
        of: how many worktrees of its repository were searched.
    """

    same: tuple[Location, ...]
    differs: tuple[Location, ...]
    of: int


class _File(NamedTuple):
    """A file in an index: its path, blob id, and the definitions in it where it is another one."""

    path: str
    content: bytes
    holds: Sequence[Held]


def whereabouts(
    wanted: Sequence[Wanted], members: Sequence[Member], indexes: Sequence[str]
) -> list[Whereabouts]:
    """Where each of these results stands in all other worktrees of its repository.

    Args:
        wanted: what is looked for.
        members: all worktrees that were searched.
        indexes: the path of each index.
    """
    known = [_files(number, path, wanted, members) for number, path in enumerate(indexes)]
    texts = _Texts()
    return [
        _of(one, members, [files[at] for files in known], texts) for at, one in enumerate(wanted)
    ]


def _files(
    number: int, path: str, wanted: Sequence[Wanted], members: Sequence[Member]
) -> list[_File | None]:
    """What an index holds where each result may stand; nothing if it cannot be read by now."""
    repository = next(one.repository for one in members if one.number == number)
    paths = {
        at: one.elsewhere.get(number, one.result.path)
        for at, one in enumerate(wanted)
        if members[one.member].repository == repository
    }
    changed = {path for one in members if one.number == number for path in one.differing}
    found: list[_File | None] = [None] * len(wanted)
    with suppress(StoreError), open_index(path) as index, index.one_state():
        rows = index.files_at(set(paths.values()))
        missing = {wanted[at].content for at, there in paths.items() if there not in rows}
        moved = index.paths_of(missing - {b""})
        for at, there in paths.items():
            content, row = wanted[at].content, rows.get(there)
            if row is None:
                found[at] = _File(moved[content], content, ()) if content in moved else None
            else:
                as_shown = row.content == content and there not in changed
                holds = () if as_shown else index.held_by_file(row.id)
                found[at] = _File(there, row.content or b"", holds)
    return found


def _of(
    wanted: Wanted, members: Sequence[Member], files: Sequence[_File | None], texts: _Texts
) -> Whereabouts:
    shown = members[wanted.member]
    same, differs, of = [], [], 0
    for number, member in enumerate(members):
        if member.repository != shown.repository:
            continue
        of += 1
        file = None if member.number == NOTHING_THERE else files[member.number]
        if number == wanted.member or file is None:
            continue
        line, moved = wanted.result.start_line, file.path != wanted.result.path
        if not (file.content == wanted.content and file.path not in member.differing):
            line = texts.line_of(member, file, wanted.result)
        if line:
            same.append(Location(member.name, file.path, line, moved))
        elif line := _defined_at(file.holds, wanted):
            differs.append(Location(member.name, file.path, line, moved))
    return Whereabouts(tuple(same), tuple(differs), of)


def _defined_at(holds: Iterable[Held], wanted: Wanted) -> int:
    """The line of the nearest definition of a result's names and kinds; 0 for none.

    What defines nothing stands for whatever is there.
    """
    line = wanted.result.start_line
    if not wanted.defines:
        return line
    lines = [one.start_line for one in holds if (one.name, one.kind) in wanted.defines]
    return min(lines, key=lambda one: abs(one - line), default=0)


class _Texts:
    """Files that are read, those with the same bytes once for each result."""

    def __init__(self) -> None:
        self._lines: dict[tuple[bytes, str], int] = {}

    def line_of(self, member: Member, file: _File, result: SearchResult) -> int:
        """The line where a result's text begins in a worktree's file as it is; 0 if it does not."""
        as_indexed = file.content if file.path not in member.differing else b""
        key = as_indexed, result.snippet
        if as_indexed and key in self._lines:
            return self._lines[key]
        content = read_current(member.top, file.path)
        line = 0 if content is None else _line_in(content.text, result)
        if as_indexed:
            self._lines[key] = line
        return line


def _line_in(text: str, result: SearchResult) -> int:
    """Where whole lines stand in a text, nearest to where they stand in theirs; 0 if nowhere."""
    looked, lines = f"\n{text}\n", []
    at = looked.find(f"\n{result.snippet}\n")
    while at >= 0:
        lines.append(looked.count("\n", 0, at) + 1)
        at = looked.find(f"\n{result.snippet}\n", at + 1)
    return min(lines, key=lambda line: abs(line - result.start_line), default=0)
