"""Every place in a worktree's files that names something, in the order in which it is read.

Definitions first, then uses in code, then tests, copies and documentation.
Knows the working tree, and the index through `search.exact`.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.chunking.naming.languages import language_of
from lumen_hooks.chunking.process import SILENCE_SECONDS, Chunker
from lumen_hooks.excerpts.names import stands_in
from lumen_hooks.excerpts.relocate import DEATHS_MAX, MAX_RECHUNKED_CHARACTERS
from lumen_hooks.excerpts.snippets import is_inside
from lumen_hooks.files.content import Content, read_file_with
from lumen_hooks.files.roles import roles_of
from lumen_hooks.search.exact import NO_FILE, candidates
from lumen_hooks.search.scopes import Scopes
from lumen_hooks.search.vocabulary import known_kinds

from .shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.search.pattern import Line, Pattern
    from lumen_hooks.search.results import ExactQuery
    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import ReadableFile

PlaceRole: TypeAlias = Literal[
    "definition",
    "use",
    "config",
    "test",
    "example",
    "generated",
    "vendored",
    "docs",
    "changelog",
]
"""What a place is, in the order in which places come; all but the first two go by the file."""

ROLES: tuple[PlaceRole, ...] = get_args(PlaceRole)
_RANKS = {role: rank for rank, role in enumerate(ROLES)}

TITLES: dict[PlaceRole, str] = {
    "definition": "definitions",
    "use": "uses",
    "config": "in settings",
    "test": "in tests",
    "example": "in examples",
    "generated": "in generated files",
    "vendored": "in vendored files",
    "docs": "in docs",
    "changelog": "in changelogs",
}
"""What places of a role are called where they are listed or counted."""

SHOWN_BYTES = 500
"""Of a longer line, so much is shown around the match."""

_BEFORE_MATCH_BYTES = 100

_SHA1_BYTES = 20


class Place(NamedTuple):
    """A line that holds what was looked for; the fields' order is JSON's.

    Attributes:
        path: relative to the worktree's top.
        line: from 1.
        column: where the first match begins, in characters from 1.
        role: what the place is.
        symbol: qualified name of the definition (heading, key) that it stands in; may be empty.
        kind: of that; empty if there is none.
        language: of the file.
        snippet: the line; of one longer than SHOWN_BYTES what is around the match, with `…` where
            something is left out.
    """

    path: str
    line: int
    column: int
    role: PlaceRole
    symbol: str
    kind: str
    language: str
    snippet: str


class SharedPlace(NamedTuple):
    """A line in several worktrees of a repository, as `Place` in the first of them.

    Attributes:
        held: paths, lines, and the numbers of those that hold it there; the first of the first
            is where it is shown. Many places share few sets of numbers.
    """

    path: str
    line: int
    column: int
    role: PlaceRole
    symbol: str
    kind: str
    language: str
    snippet: str
    held: tuple[tuple[str, int, tuple[int, ...]], ...]


P = TypeVar("P", Place, SharedPlace)


class Places(Generic[P]):
    """What was found: counted, and kept in order as far as it is wanted.

    Args:
        limit: how many are wanted; None for all.
        make: one of them from its values.

    Attributes:
        counts: how many places there are of each role.
        files: how many files hold one.
        unread: how many files might hold one, and could not be read in time.
    """

    __slots__ = ("_limit", "_make", "_shelves", "counts", "files", "unread")

    def __init__(self, limit: int | None, make: Callable[[Iterable[Any]], P]) -> None:
        self.counts: Counter[PlaceRole] = Counter()
        self.files = 0
        self.unread = 0
        self._limit = limit
        self._make: Callable[[Iterable[Any]], P] = make
        self._shelves: dict[tuple[int, int], Shelf[P]] = {}

    @property
    def total(self) -> int:
        """How many places there are."""
        return self.counts.total()

    @property
    def shown(self) -> int:
        """How many of them are given out."""
        return self.total if self._limit is None else min(self._limit, self.total)

    def by_role(self) -> dict[str, int]:
        """How many there are of each role that there is, in the order of ROLES."""
        return {role: self.counts[role] for role in ROLES if self.counts[role]}

    def in_words(self) -> str:
        """How many places there are, of which roles, and how many of them are given out."""
        if not self.total:
            return "no places"
        counts = ", ".join(_counted(self.counts[role], role) for role in ROLES if self.counts[role])
        which = f"the first {self.shown:,} of " if self.shown < self.total else ""
        places = f"{self.total:,} place{'' if self.total == 1 else 's'}"
        files = f"{self.files:,} file{'' if self.files == 1 else 's'}"
        return f"{which}{places} in {files}: {counts}"

    def add(self, place: P, of_file: PlaceRole) -> None:
        """Put a place behind those of its role that are there.

        Args:
            place: found after all others of files that come before its own.
            of_file: what a place in its file is that defines nothing; definitions go by it.

        Raises:
            StorageFullError: there are more than fit in memory, and no room to keep them.
        """
        self.counts[place.role] += 1
        rank = _RANKS[place.role], _RANKS[of_file]
        shelf = self._shelves.get(rank)
        if shelf is None:
            shelf = self._shelves[rank] = Shelf(self._make)
        if self._limit is None or len(shelf) < self._limit:
            shelf.add(place)

    def __iter__(self) -> Iterator[P]:
        in_order = (self._shelves[rank] for rank in sorted(self._shelves))
        return islice(chain.from_iterable(in_order), self._limit)


def _counted(count: int, role: PlaceRole) -> str:
    return (
        f"1 {role}" if count == 1 and role in {"definition", "use"} else f"{count:,} {TITLES[role]}"
    )


def find_places(
    index: IndexReader,
    query: ExactQuery,
    pattern: Pattern,
    *,
    top: str,
    differing: Sequence[str],
    max_bytes: int,
    until: float = math.inf,
) -> Places[Place]:
    """Every place in the files of an index that holds what is looked for, as the files are now.

    Args:
        index: read in one transaction.
        query: where is looked, and how many places are to be shown.
        pattern: what is looked for.
        top: the worktree's top folder.
        differing: paths of the files that the index does not hold as they are.
        max_bytes: larger files are not indexed.
        until: when no more files are read (`time.monotonic()`).

    Raises:
        QueryError: a filter cannot be used.
        CorruptIndexError: the index holds a row that cannot be.
        StorageFullError: there are more places than fit in memory, and no room to keep them.
        StoreError: the index cannot be read.
    """
    found = Places(query.limit, Place._make)
    kinds = frozenset(known_kinds(query.within.kinds))
    with index.one_state(), FilesRead(top, max_bytes, pattern, index, until) as files:
        chosen = candidates(index, pattern, query.within, differing)
        for number, file in enumerate(sorted(chosen)):
            if time.monotonic() > until:
                found.unread = len(chosen) - number
                break
            before = found.total
            for place, of_file in files.places(file):
                if not kinds or place.kind in kinds:
                    found.add(place, of_file)
            found.files += found.total > before
    return found


def role_of_file(file: ReadableFile) -> PlaceRole:
    """What a place in a file is that defines nothing."""
    roles = roles_of(file.path) | ({"generated"} if file.generated else set())
    for role in ("changelog", "vendored", "generated"):
        if role in roles:
            return role
    if "docs" in roles and "code" not in roles:
        return "docs"
    if "test" in roles:
        return "test"
    if "example" in roles or "benchmark" in roles:
        return "example"
    return "config" if "config" in roles and "code" not in roles else "use"


class FilesRead:
    """The files of a worktree, read one at a time. For use in a `with` block.

    Args:
        top: the worktree's top folder.
        max_bytes: larger files are not indexed.
        pattern: what is looked for.
        index: tells what files define that are as they were indexed.
        until: when no more is parsed (`time.monotonic()`).
    """

    def __init__(
        self, top: str, max_bytes: int, pattern: Pattern, index: IndexReader, until: float
    ) -> None:
        self._top = top
        self._root = os.path.realpath(os.fsencode(top))
        self._max_bytes = max_bytes
        self._pattern = pattern
        self._index = index
        self._chunker = Chunker(
            deaths_max=DEATHS_MAX,
            patience=lambda: min(SILENCE_SECONDS, max(0.0, until - time.monotonic())),
        )
        self._allowance = MAX_RECHUNKED_CHARACTERS
        self._folder = ("", True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._chunker.close()

    def places(self, file: ReadableFile) -> Iterator[tuple[Place, PlaceRole]]:
        """The places in a file, by line; none if it cannot be read, or would not be indexed.

        Each with the role of those that define nothing.
        """
        path = file.path
        if not self._is_inside(path):
            return
        content = read_file_with(
            self._top,
            path,
            max_bytes=self._max_bytes,
            blob_length=len(file.content) or _SHA1_BYTES,
            may_be_in=self._pattern.may_be_in,
        )
        if not isinstance(content, Content):
            return
        data = content.text.encode("utf-8", "replace")
        lines = self._pattern.lines(data)
        first = next(lines, None)
        if first is None:
            return
        scopes = Scopes(self._scopes(file, content), data, self._pattern)
        role, language = role_of_file(file), file.language or language_of(path)
        for line in chain((first,), lines):
            scope, is_definition = scopes.of(line)
            place = Place(
                path=path,
                line=line.number,
                column=_characters(data, line.start, line.match[0]) + 1,
                role="definition" if is_definition else role,
                symbol=scope.name if scope is not None else "",
                kind=scope.kind if scope is not None else "",
                language=language,
                snippet=_shown(data, line),
            )
            yield place, role

    def _scopes(self, file: ReadableFile, content: Content) -> list[Held]:
        """What a file defines: as the index has it, or found out if the file is another by now."""
        if file.id != NO_FILE and file.content == content.blob:
            held = self._index.held_by_file(file.id)
            return [one for one in held if stands_in(one.name, content.text)]
        self._allowance -= len(content.text)
        if self._allowance < 0:
            return []
        told = "" if file.id == NO_FILE else file.language
        try:
            chunks = self._chunker.cut(file.path, content.text, told).chunks
        except TooManyDeathsError:
            self._allowance = 0
            return []
        return list(dict.fromkeys(held for chunk in chunks for held in chunk.holds))

    def _is_inside(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        if folder != self._folder[0]:
            self._folder = folder, is_inside(self._root, folder)
        return self._folder[1]


def _characters(data: bytes, start: int, end: int) -> int:
    return len(data[start:end].decode(errors="replace"))


def _shown(data: bytes, line: Line) -> str:
    start, end = line.start, line.end
    if end - start > SHOWN_BYTES:
        start = max(start, min(line.match[0] - _BEFORE_MATCH_BYTES, end - SHOWN_BYTES))
        end = start + SHOWN_BYTES
        while start > line.start and data[start] & 0xC0 == 0x80:  # within a character
            start += 1
        while end < line.end and data[end] & 0xC0 == 0x80:
            end -= 1
    before, after = "…" * (start > line.start), "…" * (end < line.end)
    return before + data[start:end].decode(errors="replace") + after
