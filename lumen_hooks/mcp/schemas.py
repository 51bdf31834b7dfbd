"""What the tools take and give, as JSON Schema tells it to clients.

Descriptions are written for the model that chooses the tool.
"""

from __future__ import annotations

from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.indexing.freshness import State
from lumen_hooks.indexing.progress import Report
from lumen_hooks.search.results import Content  # noqa: TC001  (pydantic reads it)
from lumen_hooks.service.status import Status

DEFAULT_LIMIT = 10
DEFAULT_PLACES = 50
DEFAULT_LINES = 40
"""Lines of each snippet, unless a call says otherwise: ten results of that size are read."""

_PATH = (
    "Selects the worktree: an absolute path in it, or one relative to the client's first root."
    " Default: that root, or else the server's working directory."
)


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchArguments(_Arguments):
    """Of `semantic_search`."""

    query: str = Field(
        description="What to find: a sentence, an identifier, an error message, a file name."
    )
    path: str | None = Field(
        None,
        description=f"{_PATH} A folder or file below the worktree's top, or a glob there"
        " (src/**/*.{ts,tsx}), also limits the results to it.",
    )
    exclude: list[str] | None = Field(
        None,
        description="Leave these out: folders, files, or globs; a name without a slash (vendor,"
        " *.min.js) wherever it is.",
    )
    content: Content = Field(
        "all",
        description="Only code (tests are code), docs (release notes too), or config (data too).",
    )
    limit: int = Field(DEFAULT_LIMIT, description="Results at most: from 1 to 500.")
    languages: list[str] | None = Field(
        None, description="Only these languages: python, ts, c++, ... (names, aliases, endings)."
    )
    kinds: list[str] | None = Field(
        None, description=f"Only these kinds of code: {', '.join(KINDS)}."
    )
    summary: bool = Field(
        default=False, description="Leave the code out: places, symbols and scores alone."
    )
    max_lines: int = Field(
        DEFAULT_LINES,
        description="Lines of each snippet at most, from 1: its signature, and what matched.",
    )


class ExactArguments(_Arguments):
    """Of `exact_search`."""

    text: str = Field(description="The text as it stands in a line, or a regular expression.")
    regex: bool = Field(default=False, description="It is a regular expression (RE2's syntax).")
    word: bool = Field(default=False, description="Only as a whole word.")
    ignore_case: bool = Field(default=False, description="Letters of either case.")
    path: str | None = Field(
        None,
        description=f"{_PATH} A folder or file below the worktree's top, or a glob there, also"
        " limits the places to it.",
    )
    exclude: list[str] | None = Field(None, description="Leave these folders, files, globs out.")
    content: Content = Field("all", description="Only code, docs, or config.")
    limit: int = Field(
        DEFAULT_PLACES, description="Places at most: from 1 to 500. All are counted."
    )
    languages: list[str] | None = Field(None, description="Only these languages.")
    kinds: list[str] | None = Field(
        None, description="Only in definitions of these kinds (function, method, class, ...)."
    )


class RelatedArguments(_Arguments):
    """Of `find_related`."""

    path: str = Field(
        description="A file: absolute, or relative to the client's first root (or else to the"
        " server's working directory). It also selects the worktree."
    )
    line: int = Field(description="A line of the code to compare with, from 1.")


class StatusArguments(_Arguments):
    """Of `index_status`."""

    path: str | None = Field(None, description=_PATH)


class Result(BaseModel):
    """One stretch of a file, as the file is now."""

    path: str = Field(description="Relative to the worktree.")
    start_line: int
    end_line: int
    symbol: str = Field(description="Qualified name, heading or key; may be empty.")
    kind: str
    language: str
    score: float = Field(description="From 0 to 1, comparable within one answer.")
    snippet: str | None = Field(
        description="At most max_lines of the lines: the signature and those that say what was"
        " asked, with `… N lines (FIRST-LAST)` between where some are left out; null with summary."
    )
    lines: list[tuple[int, int]] | None = Field(
        description="First and last line of each stretch of the snippet; null with summary."
    )
    copies: list[str] = Field(description="Other places of the same text, path:line.")


class Results(BaseModel):
    """What `semantic_search` and `find_related` answer."""

    worktree: str = Field(description="Top folder of the worktree that was searched.")
    head: str | None = Field(description="The commit checked out there; null for none.")
    state: str = Field(
        description="fresh: the index holds every file as it is. stale or refreshing: the files"
        " in `differing` were indexed in another version; results show what they hold now."
    )
    pending_files: int = Field(description="How many files differ from the index.")
    differing: list[str] = Field(description="The first of them.")
    problem: str | None = Field(description="Why the index could not be brought up to date.")
    model: str | None = Field(
        description="Embedding model that decided; null where words alone did, or none was needed."
    )
    weak: bool = Field(description="Nothing here seems to be what was asked for.")
    results: list[Result] = Field(description="Best first.")


class FoundPlace(BaseModel):
    """One line that holds what was looked for."""

    path: str = Field(description="Relative to the worktree.")
    line: int
    column: int = Field(description="Of the first match, in characters from 1.")
    role: str = Field(description="definition, use, config, test, example, generated, docs, ...")
    symbol: str = Field(description="The definition that it stands in; may be empty.")
    kind: str = Field(description="Of that.")
    language: str
    snippet: str = Field(description="The line.")


class FoundPlaces(BaseModel):
    """What `exact_search` answers."""

    worktree: str = Field(description="Top folder of the worktree that was searched.")
    head: str | None = Field(description="The commit checked out there; null for none.")
    state: str = Field(description="As of semantic_search; files that differ are read as they are.")
    pending_files: int = Field(description="How many files differ from the index.")
    differing: list[str] = Field(description="The first of them.")
    problem: str | None = Field(description="Why the index could not be brought up to date.")
    total: int = Field(description="How many places there are in all.")
    files: int = Field(description="How many files hold one.")
    counts: dict[str, int] = Field(description="How many places there are of each role.")
    results: list[FoundPlace] = Field(description="Definitions first, then uses, tests, docs.")


_STATUS_DESCRIPTIONS = {
    "state": "absent, building, refreshing, stale or fresh",
    "head": "Commit checked out at the last refresh.",
    "seeded_from": "Worktree that this index was cloned from.",
    "skipped": "Files that are not indexed, by reason.",
    "languages": "Files by language.",
    "by_lines": "Those of them that no parser is here for.",
    "lock": "The process that is changing the index now.",
    "wanted_model": "The model that the index is to be made with.",
    "progress": "How far the process that changes the index is: percent, chunks, chunks_expected,"
    " embedded, per_second, seconds_left, ...",
}
_STATUS_KINDS = {State: str, Report | None: dict[str, Any] | None}
"""Kinds that are told more simply than they are kept."""


def _status_fields() -> dict[str, Any]:
    kinds = get_type_hints(Status)
    return {
        name: (_STATUS_KINDS.get(kind, kind), Field(description=_STATUS_DESCRIPTIONS.get(name)))
        for name, kind in kinds.items()
    }


StatusReport: type[BaseModel] = create_model(
    "StatusReport",
    __doc__="What `index_status` answers.",
    sentence=(str, Field(description="The state in words.")),
    **_status_fields(),
)
"""All that `status --json` tells, and a sentence."""
