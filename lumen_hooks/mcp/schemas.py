"""What the tools take and give, as JSON Schema tells it to clients.

Every session pays for the list of tools, so that a description says in few words, for the model
that chooses, what it could not guess. What else is taken, `forms` knows.
"""

from __future__ import annotations

from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from lumen_hooks.excerpts.excerpt import SNIPPET_LINES
from lumen_hooks.indexing.freshness import State
from lumen_hooks.indexing.progress import Report
from lumen_hooks.search.results import Content  # noqa: TC001  (pydantic reads it)
from lumen_hooks.search.vocabulary import known_content
from lumen_hooks.service.status import Status
from lumen_hooks.wording.sizing import MAX_TOKENS, RESULTS

from .forms import in_words, listed

DEFAULT_PLACES = 20
"""Places of an exact search, unless a call says otherwise; all are counted."""

_PATH = "Worktree, or a folder, file or glob in it to search; default: the first root"


class Arguments(BaseModel):
    """Of any tool; `structured` is taken by all of them, and told in docs/mcp.md alone."""

    model_config = ConfigDict(extra="ignore")

    structured: bool = Field(default=False, exclude=True)


Words = Annotated[str, BeforeValidator(in_words)]


def _content(value: Any) -> Any:
    match listed(value):
        case [str(named)]:
            return known_content(named)
    return value


class _Budget(Arguments):
    max_tokens: int = Field(MAX_TOKENS, description="Budget of the answer")


class _Filters(_Budget):
    exclude: list[str] | None = Field(None, description="Folders, files or globs to leave out")
    content: Annotated[Content, BeforeValidator(_content)] = "all"
    languages: list[str] | None = None
    kinds: list[str] | None = Field(None, description="function, class, method, section, ...")


class _Snippets(_Filters):
    limit: int = RESULTS
    max_lines: int = Field(SNIPPET_LINES, description="Of each result")
    summary: bool = Field(default=False, description="No code")


class SearchArguments(_Snippets):
    """Of `semantic_search`."""

    query: Words
    path: str | None = Field(None, description=_PATH)


class ExactArguments(_Filters):
    """Of `exact_search`."""

    text: Words
    regex: bool = Field(default=False, description="text is a regular expression (RE2)")
    word: bool = False
    ignore_case: bool = False
    path: str | None = Field(None, description=_PATH)
    limit: int = DEFAULT_PLACES
    summary: bool = Field(default=False, description="No code")


class RelatedArguments(_Snippets):
    """Of `find_related`."""

    path: str
    line: int


class OutlineArguments(_Budget):
    """Of `file_outline`."""

    path: str


class StatusArguments(Arguments):
    """Of `index_status`."""

    path: str | None = None


FIRST = ("query", "text", "path", "line")
"""Arguments that stand first, where a tool has them."""


def lists_of(takes: type[Arguments]) -> list[str]:
    """The names of the arguments that are lists."""
    return [name for name, field in takes.model_fields.items() if "list" in str(field.annotation)]


def schema_of(takes: type[Arguments]) -> dict[str, Any]:
    """What a tool takes, without what pydantic adds and nobody needs to read."""
    schema = takes.model_json_schema()
    known = schema["properties"]
    order = [*(name for name in FIRST if name in known), *known]
    properties = {name: _lean(known[name]) for name in dict.fromkeys(order) if name != "structured"}
    lean: dict[str, Any] = {"type": "object", "properties": properties}
    if "required" in schema:
        lean["required"] = [name for name in properties if name in schema["required"]]
    return lean


def _lean(told: dict[str, Any]) -> dict[str, Any]:
    """A property without title, null and a default that says no more than its absence."""
    kinds = [kind for kind in told.get("anyOf", ()) if kind.get("type") != "null"]
    lean = {**told, **kinds[0]} if len(kinds) == 1 else dict(told)
    for name in ("title", "anyOf") if kinds else ("title",):
        lean.pop(name, None)
    if lean.get("default") in {None, False}:
        lean.pop("default", None)
    return lean


class Result(BaseModel):
    """One stretch of a file, as the file is now."""

    path: str = Field(description="Relative to the first root if that is in the worktree.")
    start_line: int
    end_line: int
    symbol: str = Field(description="Qualified name, heading or key; may be empty.")
    kind: str
    language: str
    score: float = Field(description="From 0 to 1, comparable within one answer.")
    snippet: str | None = Field(
        description="At most max_lines of the lines: the signature and those that say what was"
        " asked, with `… N lines (FIRST-LAST)` between where some are left out; null without code."
    )
    lines: list[tuple[int, int]] | None = Field(
        description="First and last line of each stretch of the snippet; null without code."
    )
    copies: list[str] = Field(description="Other places of the same text, path:line.")


class _Answered(BaseModel):
    worktree: str = Field(description="Top folder of the worktree that was searched.")
    head: str | None = Field(description="The commit checked out there; null for none.")
    state: str = Field(
        description="fresh: the index holds every file as it is. stale or refreshing: the files"
        " in `differing` were indexed in another version; results show what they hold now."
    )
    pending_files: int = Field(description="How many files differ from the index.")
    differing: list[str] = Field(description="The first of them.")
    problem: str | None = Field(description="Why the index could not be brought up to date.")
    left_out: str = Field(description="What is left out and how to ask for it; may be empty.")


class Results(_Answered):
    """What `semantic_search` and `find_related` answer."""

    model: str | None = Field(
        description="Embedding model that decided; null where words alone did, or none was needed."
    )
    weak: bool = Field(description="Nothing here seems to be what was asked for.")
    results: list[Result] = Field(description="Best first.")


class Definition(BaseModel):
    """A definition of a file."""

    start_line: int
    end_line: int
    kind: str
    symbol: str = Field(description="Qualified name, heading or key.")
    depth: int = Field(description="How many definitions it stands in.")


class FileOutline(BaseModel):
    """What `file_outline` answers."""

    path: str = Field(description="Relative to the first root if that is in the worktree.")
    language: str
    lines: int = Field(description="How many the file has.")
    left_out: int = Field(description="So many definitions are left out, the inner ones first.")
    definitions: list[Definition] = Field(description="By line.")


class FoundPlace(BaseModel):
    """One line that holds what was looked for."""

    path: str = Field(description="Relative to the first root if that is in the worktree.")
    line: int
    column: int = Field(description="Of the first match, in characters from 1.")
    role: str = Field(description="definition, use, config, test, example, generated, docs, ...")
    symbol: str = Field(description="The definition that it stands in; may be empty.")
    kind: str = Field(description="Of that.")
    language: str
    snippet: str | None = Field(description="The line; null without code.")


class FoundPlaces(_Answered):
    """What `exact_search` answers."""

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
