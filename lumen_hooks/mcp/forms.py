"""What clients send, read as it is meant.

A model that calls a tool writes its arguments by what other tools are like, and programs in between
send null, numbers as text and keys of their own. Names that other search tools use are taken for
ours, and values in every form that says the same. Knows names and JSON; neither the protocol nor
what a tool does.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SAME: dict[str, str] = {
    "query": "q text search question prompt search_query search_term keywords pattern"
    " information_request",
    "text": "query pattern q search string needle search_term",
    "path": "file file_path filepath filename path_prefix relative_path absolute_path paths uri"
    " relative_workspace_path include include_pattern glob file_pattern target_file"
    " target_directories",
    "line": "line_number lineno row start_line",
    "limit": "top_k k n count max_results num_results max_count head_limit results size",
    "max_lines": "lines snippet_lines context_lines max_snippet_lines",
    "max_tokens": "tokens token_budget budget token_limit",
    "languages": "language lang langs",
    "kinds": "kind symbol_kind symbol_kinds symbol_type",
    "exclude": "excludes exclude_pattern exclude_patterns ignore exclude_globs",
    "content": "content_type",
    "summary": "summary_only paths_only no_code brief",
    "regex": "is_regex regexp use_regex is_regexp",
    "word": "whole_word match_whole_word words",
    "ignore_case": "case_insensitive i insensitive",
    "structured": "structured_content",
}
"""By an argument's name, what others call it."""

_OPPOSITE = {"ignore_case": ("case_sensitive", "match_case")}

_PATTERNS = ("regex", "regexp", "regex_pattern")
"""Under these names a text is a pattern; only what says yes or no is about one."""

_YES_OR_NO = {"true", "yes", "on", "y", "t", "1", "false", "no", "off", "n", "f", "0"}

_FOLDERS = (
    "directory dir folder cwd root working_directory worktree workspace workspace_path"
    " repo repository repo_path project project_path project_root base_path"
)
"""Where a relative path starts, or the path itself if there is none."""

_NOT_FOR_US = re.compile(r"_|.*(?:call_?id|explanation|reason|thought|title$|session|progress)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COMMAS = re.compile("[{},]")
_NOTHING = frozenset({"", "null", "none", "undefined"})
_ANY_TEXT = frozenset({"query", "text"})


def arguments_meant(
    given: Mapping[str, Any], lists: Iterable[str], names: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Arguments under our names, and the names of those that nobody here knows.

    Args:
        given: as the client sent them.
        lists: names of the arguments that are lists.
        names: of all.
    """
    ours = tuple(names)
    by_name = {_plain(name): value for name, value in given.items() if value is not None}
    spelt = {_plain(name): name for name in given}
    if "regex" in ours:
        _take_pattern(by_name)
    meant: dict[str, Any] = {name: by_name.pop(name) for name in ours if name in by_name}
    for name in ours:
        for other in _SAME.get(name, "").split():
            if other in by_name:
                meant.setdefault(name, by_name.pop(other))
        for other in _OPPOSITE.get(name, ()):
            if other in by_name:
                meant.setdefault(name, not _is_true(by_name.pop(other)))
    if "path" in ours:
        _start_at(meant, by_name)
    for name in lists:
        if name in meant:
            meant[name] = listed(meant[name])
    unknown = [spelt[name] for name in by_name if not _NOT_FOR_US.match(name)]
    said = {
        name: value
        for name, value in meant.items()
        if value is not None and (name in _ANY_TEXT or not _is_nothing(value))
    }
    return said, unknown


def _plain(name: str) -> str:
    """`maxResults`, `max-results` and `Max_Results` are one name."""
    return _CAMEL.sub("_", name).replace("-", "_").lower()


def _is_nothing(value: Any) -> bool:
    return value in (None, []) or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() not in {"false", "no", "off", "0"}


def _take_pattern(given: dict[str, Any]) -> None:
    if not given.keys().isdisjoint(("text", *_SAME["text"].split())):
        return
    for name in _PATTERNS:
        value = given.get(name)
        if isinstance(value, str) and value.strip().lower() not in _YES_OR_NO | _NOTHING:
            given.update({"text": given.pop(name), "regex": True})
            return


def _start_at(meant: dict[str, Any], others: dict[str, Any]) -> None:
    folder = next((others.pop(name) for name in _FOLDERS.split() if name in others), None)
    path = one_path(meant.get("path"))
    path = None if _is_nothing(path) else path
    if isinstance(folder, str) and (path is None or isinstance(path, str)):
        is_whole = not path or os.path.isabs(path) or path.startswith("file:")
        path = (path or folder) if is_whole else os.path.join(folder, path or "")
    if path is not None:
        meant["path"] = path


def one_path(value: Any) -> Any:
    """A path; where a list of them is given, one glob for all."""
    meant = _from_json(value) if isinstance(value, str) else value
    if not isinstance(meant, list) or not all(isinstance(path, str) for path in meant):
        return meant if isinstance(meant, str) else value
    paths = [path for path in meant if path]
    if len(paths) < 2:
        return paths[0] if paths else None
    if not all(map(os.path.isabs, paths)):
        return "{" + ",".join(paths) + "}"
    folder = os.path.commonpath(paths)
    below = [os.path.relpath(path, folder) for path in paths]
    return folder if "." in below else os.path.join(folder, "{" + ",".join(below) + "}")


def listed(value: Any) -> Any:
    """A list, of whatever says one: JSON, words with commas between, a single word."""
    if isinstance(value, str):
        value = _from_json(value)
    if isinstance(value, str):
        value = _by_commas(value)
    if isinstance(value, (int, float)):
        value = [value]
    if not isinstance(value, list):
        return value
    texts = (str(one) if isinstance(one, (int, float)) else one for one in value)
    return [one.strip() if isinstance(one, str) else one for one in texts if not _is_nothing(one)]


def _from_json(text: str) -> Any:
    if text.lstrip()[:1] not in {"[", '"'}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _by_commas(text: str) -> list[str]:
    """The parts between commas, but for those in braces."""
    parts, depth, start = [], 0, 0
    for found in _COMMAS.finditer(text):
        depth += {"{": 1, "}": -1 if depth else 0, ",": 0}[found[0]]
        if found[0] == "," and not depth:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def in_words(value: Any) -> Any:
    """A text, where a number or several words are given."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return value
