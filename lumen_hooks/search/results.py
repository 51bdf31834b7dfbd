"""What is asked of a search, and what it answers with. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Content = Literal["all", "code", "docs", "config"]
"""What files hold, by their names (`files.roles`): tests are code; release notes and licences are
docs; data and what tells how to build are config. Some, such as a `setup.py`, are two."""

CONTENTS: tuple[Content, ...] = get_args(Content)

MAX_LIMIT = 500
"""A larger limit counts as this."""


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
    """

    text: str
    limit: int = 10
    path: str | None = None
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    content: Content = "all"


class RelatedQuery(NamedTuple):
    """A question for what is most like the code at a line of a file.

    Attributes:
        path: relative to the worktree's top, with `/`.
        line: from 1.
        limit: how many hits to return at most, from 1; larger than MAX_LIMIT (500) counts as that.
    """

    path: str
    line: int
    limit: int = 10

    @property
    def text(self) -> str:
        """As it is written on a command line."""
        return f"{self.path}:{self.line}"


class Hit(NamedTuple):
    """A stretch of a file that answers a query.

    Attributes:
        chunk_id: the best of the chunks that it was merged from.
        path: relative to the worktree's top.
        start_line: first line, from 1.
        end_line: last line, included.
        symbol: qualified name, heading path or key path; empty if there is none.
        kind: one of `chunking.chunk.KINDS`.
        language: of the file.
        score: from 0 to 1, comparable within one answer only.
        content: git's blob id of the bytes that these lines are lines of; empty if not known.
        key: the best chunk's embedding key, by which its text is known again; empty if not known.
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


class Found(NamedTuple):
    """What an index holds in answer to a question.

    Attributes:
        hits: best first.
        model: name of the model whose vectors decided, the index's own; None where words alone
            did, or where nothing was embedded.
        problem: why words alone decided; empty where they did not.
    """

    hits: tuple[Hit, ...]
    model: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A hit as it is shown: where it is, and the lines there now. The fields' order is JSON's."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    score: float
    snippet: str
