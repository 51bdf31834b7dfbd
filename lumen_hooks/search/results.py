"""What is asked of a search, and what it answers with. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lumen_hooks.chunking.chunk import Held

Content = Literal["all", "code", "docs", "config"]
"""What files hold, by their names (`files.roles`): tests are code; release notes and licences are
docs; data and what tells how to build are config. Some, such as a `setup.py`, are two."""

CONTENTS: tuple[Content, ...] = get_args(Content)

MAX_LIMIT = 500
"""A larger limit counts as this."""


class Snapshot(NamedTuple):
    """What files held at some time.

    Attributes:
        blobs: git's blob id of each file that there was, by path.
        as_then: the files that are known to hold the same now, in whatever way git converts them.
    """

    blobs: Mapping[str, bytes]
    as_then: Collection[str]

    def without(self, paths: Iterable[str]) -> Snapshot:
        """The same, knowing nothing of these files."""
        left_out = frozenset(paths)
        blobs = {path: blob for path, blob in self.blobs.items() if path not in left_out}
        return Snapshot(blobs, self.as_then)


class Query(NamedTuple):
    """A question to one worktree's index.

    Attributes:
        text: words, an identifier, a file name, an error message, or code.
        limit: how many hits to return at most, from 1; larger than MAX_LIMIT (500) counts as that.
        path: only below this folder, in this file, or in files that match this glob (`*` and
            `?` within one path component, `**` across them, `{a,b}` either; a glob without a slash
            is for names anywhere). Relative to the worktree's top, case-sensitive. What exists in
            the index by that very name is never read as a glob.
        languages: only these, as the index names them (`python`); empty for all.
        kinds: only these, of `chunking.chunk.KINDS`; empty for all.
        exclude: nothing of these paths and globs; any name without a slash is left out anywhere.
        content: only files that hold this.
        since: only files that hold something else than they did then; None for all.
    """

    text: str
    limit: int = 10
    path: str | None = None
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    content: Content = "all"
    since: Snapshot | None = None


class ExactQuery(NamedTuple):
    """What every place is looked for of, line by line, and where.

    Attributes:
        text: a text as it stands, or a regular expression.
        regex: it is a regular expression (RE2's syntax).
        word: only where no ASCII letter, digit or underscore stands right before or after it.
        ignore_case: letters may be of either case.
        limit: how many places to show at most, from 1; None for all. All are counted.
        within: a query whose text and limit do not count: its filters do.
    """

    text: str
    regex: bool = False
    word: bool = False
    ignore_case: bool = False
    limit: int | None = None
    within: Query = Query("")


class RelatedQuery(NamedTuple):
    """A question for what is most like the code at a line of a file.

    Attributes:
        path: relative to the worktree's top, with `/`.
        line: from 1.
        limit: how many hits to return at most, from 1; larger than MAX_LIMIT (500) counts as that.
        within: a query whose text and limit do not count: its filters do.
    """

    path: str
    line: int
    limit: int = 10
    within: Query = Query("")

    @property
    def text(self) -> str:
        """As it is written on a command line."""
        return f"{self.path}:{self.line}"


class Part(NamedTuple):
    """A chunk that a hit was merged from.

    Attributes:
        start_line: first line, from 1.
        end_line: last line, included.
        key: its embedding key, by which its text is known again; empty if not known.
        score: its own.
    """

    start_line: int
    end_line: int
    key: bytes
    score: float


class Hit(NamedTuple):
    """A stretch of a file that answers a query.

    Attributes:
        chunk_id: the best of the chunks that it was merged from.
        path: relative to the worktree's top.
        start_line: first line, from 1: of the definition where one matched, part of it or all.
        end_line: last line, included.
        symbol: qualified name, heading path or key path; empty if there is none.
        kind: one of `chunking.chunk.KINDS`.
        language: of the file.
        score: from 0 to 1, comparable within one answer only.
        content: git's blob id of the bytes that these lines are lines of; empty if not known.
        key: the best chunk's embedding key; empty if not known.
        holds: the definitions that the best chunk holds, or is a part of.
        parts: the chunks that scored, the best first; those far below it are left out.
        copies: hits with the same text in other places, best first; they have none themselves.
        generated: a program wrote the file, by its head.
    """

    chunk_id: int
    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    score: float
    content: bytes = b""
    key: bytes = b""
    holds: tuple[Held, ...] = ()
    parts: tuple[Part, ...] = ()
    copies: tuple[Hit, ...] = ()
    generated: bool = False


class Found(NamedTuple):
    """What an index holds in answer to a question.

    Attributes:
        hits: best first.
        model: name of the model whose vectors decided, the index's own; None where words alone
            did, or where nothing was embedded.
        problem: why words alone decided; empty where they did not.
        weak: the question may well be one that nothing in the index answers.
        sure: the probability that the question belongs to the index, from 0 to 1.
    """

    hits: tuple[Hit, ...]
    model: str | None = None
    problem: str = ""
    weak: bool = False
    sure: float = 0.0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A hit as it is shown: where it is, and the lines there now. The fields' order is JSON's.

    Attributes:
        path: relative to the worktree's top.
        start_line: first line of what was found, from 1.
        end_line: last line of it, included.
        symbol: qualified name, heading path or key path; empty if there is none.
        kind: one of `chunking.chunk.KINDS`.
        language: of the file.
        score: from 0 to 1, comparable within one answer only.
        snippet: the lines of it that are shown. Where some between them are left out, one line
            says so (`excerpts.excerpt`).
        lines: the first and last line of each stretch that is shown, in order.
        focus: the lines that say most of what was asked, best first.
        copies: where else the same text stands (`path:line`), as far as it was found.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    score: float
    snippet: str
    lines: tuple[tuple[int, int], ...] = ()
    focus: tuple[int, ...] = ()
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """Where something stands in another worktree than the one that it is shown in.

    Attributes:
        worktree: its name among those that were asked.
        path: relative to its top.
        line: from 1.
        moved: the path is another one than in the worktree that it is shown in.
    """

    worktree: str
    path: str
    line: int
    moved: bool = False


@dataclass(frozen=True, slots=True)
class SharedResult(SearchResult):
    """A result among those of several worktrees, shown in the first of them that holds it.

    Attributes:
        worktree: name of the one that it is shown in, among those that were asked.
        top: its top folder, which `path` starts from.
        same_in: where the others of its repository have the same text.
        differs_in: where they have another text of the same definition.
        of: how many worktrees of its repository were searched.
    """

    worktree: str = ""
    top: str = ""
    same_in: tuple[Location, ...] = ()
    differs_in: tuple[Location, ...] = ()
    of: int = 1
