"""Which chunks a query may find at all: its path, language and kind filters.

They become one sorted array of chunk ids before anything is ranked, so that a
rare folder's chunks cannot be crowded out by better ones elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import numpy as np

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.errors import QueryError
from lumen_hooks.files.globs import Groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

    from .results import Query


MAX_PATTERN_CHARACTERS = 1000
"""Of a path or a glob."""

_FOLDERS = "(?:[^/]*/)*?"
"""Any number of components; to be used where one begins."""

_ANYTHING = ".*?"


def allowed_chunks(index: IndexReader, query: Query) -> NDArray[np.int64] | None:
    """The ids of the chunks that a query's filters let through, ascending; None without filters.

    Raises:
        QueryError: a language that the index has no file of, a kind that does not exist, or a
            path outside of the worktree.
    """
    pattern = None if query.path is None else _normalised(query.path)
    if not (pattern or query.languages or query.kinds):
        return None
    languages = _known("language", query.languages, index.languages, "in this index")
    kinds = _known("kind", query.kinds, lambda: list(KINDS), "there are")
    files = _files_at(index, pattern) if pattern else None
    found = [] if files == [] else index.chunk_ids(languages=languages, kinds=kinds, files=files)
    return np.array(found, np.int64)


def glob_expression(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression for whole paths.

    `*` and `?` stay within a path component, `**` crosses them, `[...]` and
    `[!...]` are sets, a backslash takes the next character literally. Without
    a slash the pattern is for file names at any depth (as in gitignore(5)).
    What a pattern matches, everything below it matches too.

    Raises:
        QueryError: it is longer than MAX_PATTERN_CHARACTERS.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise QueryError(
            f"a pattern of {len(pattern):,} characters is too long",
            hint=f"give one of at most {MAX_PATTERN_CHARACTERS:,}",
        )
    runs = _Runs()
    if "/" not in pattern:
        runs.span(_FOLDERS)
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            stars = 1
            while at < len(pattern) and pattern[at] == "*":
                at, stars = at + 1, stars + 1
            if stars == 1:
                runs.star()
            elif pattern[at : at + 1] == "/" and runs.at_component:
                at += 1
                runs.span(_FOLDERS)
            else:
                runs.span(_ANYTHING)
        elif character == "?":
            runs.add("[^/]")
        elif character == "[":
            expression, at = _set_expression(pattern, at)
            runs.add(expression)
        else:
            if character == "\\" and at < len(pattern):
                character, at = pattern[at], at + 1
            runs.add(re.escape(character))
    return re.compile(runs.expression() + "(?:/.*)?", re.DOTALL)


class _Runs:
    """A glob in the making: what spans components, and between two of that a run without.

    A run ends as early as it can where it starts as early as it can, and whatever spans
    components goes on from there to all that it could reach from a later end. So each run but the
    last is matched at its first chance, and the whole takes at most quadratic time.
    """

    def __init__(self) -> None:
        self._spans: list[str] = []
        self._runs: list[list[str]] = [[""]]
        self._last = ""

    @property
    def at_component(self) -> bool:
        """Whether a path component begins here."""
        return self._last in {"", "/", _FOLDERS}

    def add(self, expression: str) -> None:
        """Add what matches one character."""
        self._runs[-1][-1] += expression
        self._last = expression

    def star(self) -> None:
        """Add what matches within a component."""
        self._runs[-1].append("")
        self._last = "*"

    def span(self, what: str) -> None:
        """Add what matches over components."""
        if what != _FOLDERS or self._last != _FOLDERS:
            self._spans.append(what)
            self._runs.append([""])
        self._last = what

    def expression(self) -> str:
        """The whole as a regular expression."""
        groups = Groups()
        if not self._spans:
            return groups.starred(self._runs[0])
        first, *middle, last = self._runs
        out = groups.starred(first, last_is_free=False)
        for span, run in zip(self._spans, middle, strict=False):
            out += groups.first(span + groups.starred(run, last_is_free=False))
        return out + self._spans[-1] + groups.starred(last)


def _set_expression(pattern: str, at: int) -> tuple[str, int]:
    """The set whose `[` is before `at`, and where it ends; a mere `[` if it never does."""
    start = at + 1 if pattern[at : at + 1] in ("!", "^") else at
    end = pattern.find("]", start + 1)
    if end < 0:
        return re.escape("["), at
    members = re.sub(r"([\\\[\]^&~|])", r"\\\1", pattern[start:end])
    try:
        re.compile(f"[{members}]")
    except re.error:
        members = re.escape(pattern[start:end])
    return (f"(?!/)[^{members}]" if start > at else f"(?!/)[{members}]"), end + 1


def _normalised(path: str) -> str:
    """A path as the index has it; empty for the worktree's top."""
    if path.startswith("/"):
        raise QueryError(
            f"{path} is an absolute path", hint="give a path relative to the worktree's top"
        )
    plain = posixpath.normpath(path) if path else "."
    if plain == ".." or plain.startswith("../"):
        raise QueryError(
            f"{path} is outside of the worktree", hint="give a path relative to the worktree's top"
        )
    return "" if plain == "." else plain


def _files_at(index: IndexReader, pattern: str) -> list[int]:
    """The ids of the files at a path or below it; if there are none, of those that a glob means."""
    literal = index.files_below(pattern)
    if literal or not re.search(r"[*?\[\\]", pattern):
        return literal
    matches = glob_expression(pattern).fullmatch
    return [file for file, path in index.paths() if matches(path)]


def _known(
    what: str, wanted: Sequence[str], there_are: Callable[[], list[str]], where: str
) -> list[str]:
    """Names as they are spelled in an index, once each; refused where one is not known."""
    names = list(dict.fromkeys(name.strip().lower() for name in wanted))
    known = there_are() if names else []
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = ", ".join(known) or "none"
        raise QueryError(f"no {what} is called {unknown[0]!r} here", hint=f"{where}: {listed}")
    return names
