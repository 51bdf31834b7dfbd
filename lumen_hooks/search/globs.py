"""The globs of a search's filters: what they mean, as expressions that never take long.

Braces are those of bash, `*`, `?` and sets those of gitignore(5). Knows patterns and paths as
text; not what is in an index.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import QueryError
from lumen_hooks.files.globs import Groups

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PATTERN_CHARACTERS = 1000
"""Of a path or a glob."""

MAX_ALTERNATIVES = 100
"""So many patterns may the braces of one stand for."""

_FOLDERS = "(?:[^/]*/)*?"
"""Any number of components; to be used where one begins."""

_ANYTHING = ".*?"

_WILDCARD = re.compile(r"[*?\[\\]")
_SPECIAL = re.compile(r"([*?\[\]{},\\])")
_FIRST_SPECIAL = re.compile(r"[*?\[\\{]")


def is_glob(pattern: str) -> bool:
    """Whether anything in a pattern without braces stands for more than itself."""
    return bool(_WILDCARD.search(pattern))


def has_special(pattern: str) -> bool:
    """The same of one that may have braces."""
    return bool(_FIRST_SPECIAL.search(pattern))


def escaped(path: str) -> str:
    """The glob that matches a path and nothing else."""
    return _SPECIAL.sub(r"\\\1", path)


def fixed_folder(glob: str) -> tuple[str, str]:
    """The folders before the first that is no plain name, and the rest: `a/b/*.py` to `a/b`."""
    first = _FIRST_SPECIAL.search(glob)
    folder, slash, _ = glob[: first.start() if first else len(glob)].rpartition("/")
    return folder or slash, glob[len(folder) + len(slash) :]


class _Braces:
    """An open brace: the alternatives before its last comma, and what follows that."""

    __slots__ = ("closed", "current")

    def __init__(self) -> None:
        self.closed: list[list[str]] = []
        self.current = [""]

    def add(self, texts: list[str], pattern: str) -> None:
        """Let any of these texts follow."""
        if len(self.current) * len(texts) > MAX_ALTERNATIVES:
            _refuse_many(pattern)
        self.current = [one + text for one in self.current for text in texts]

    def comma(self) -> None:
        """Begin the next alternative."""
        self.closed.append(self.current)
        self.current = [""]

    def literally(self, pattern: str) -> list[str]:
        """What it stands for if it is never closed: itself, with what is expanded in it."""
        whole = _Braces()
        for number, texts in enumerate([*self.closed, self.current]):
            whole.add([("," if number else "{") + text for text in texts], pattern)
        return whole.current


def alternatives(pattern: str) -> list[str]:
    r"""The patterns that one with braces stands for, as bash expands it (Brace Expansion, bash(1)).

    `{a,b}` is either, also with nothing in it (`a{,b}`) and with others inside. What is not closed
    or has no comma (`{a}`, also `{1..3}`) is no alternative but the name of something, and so is
    what a backslash precedes (`\{`) or a set holds (`[{,}]`).

    Raises:
        QueryError: it is longer than MAX_PATTERN_CHARACTERS, or stands for more than
            MAX_ALTERNATIVES.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise QueryError(
            f"a pattern of {len(pattern):,} characters is too long",
            hint=f"give one of at most {MAX_PATTERN_CHARACTERS:,}",
        )
    open_braces = [_Braces()]
    at = 0
    while at < len(pattern):
        start, at = at, at + 1
        character = pattern[start]
        inner = open_braces[-1]
        if character == "\\":
            at += 1
        elif character == "[":
            at = _set_expression(pattern, at)[1]
        if character == "{":
            open_braces.append(_Braces())
        elif character == "," and len(open_braces) > 1:
            inner.comma()
        elif character == "}" and len(open_braces) > 1:
            open_braces.pop()
            texts = [text for part in [*inner.closed, inner.current] for text in part]
            if not inner.closed:
                texts = ["{" + text + "}" for text in texts]
            open_braces[-1].add(texts, pattern)
        else:
            inner.add([pattern[start:at]], pattern)
    while len(open_braces) > 1:
        unclosed = open_braces.pop()
        open_braces[-1].add(unclosed.literally(pattern), pattern)
    return list(dict.fromkeys(open_braces[0].current))


def _refuse_many(pattern: str) -> None:
    shown = pattern if len(pattern) <= 60 else pattern[:60] + "…"
    raise QueryError(
        f"the braces of {shown} stand for more than {MAX_ALTERNATIVES} patterns",
        hint="give fewer alternatives, or a star",
    )


class Glob(NamedTuple):
    """A glob without braces, and whether it is for names at any depth rather than from the top."""

    pattern: str
    anywhere: bool


def any_of(globs: Sequence[Glob]) -> re.Pattern[str]:
    """One expression that matches the paths that any of these globs matches.

    Raises:
        QueryError: there are more than MAX_ALTERNATIVES.
    """
    if len(globs) > MAX_ALTERNATIVES:
        raise QueryError(
            f"{len(globs):,} patterns are too many", hint=f"give at most {MAX_ALTERNATIVES}"
        )
    groups = Groups()
    sources = [_source(glob.pattern, groups, anywhere=glob.anywhere) for glob in globs]
    return re.compile(f"(?:{'|'.join(sources)})(?:/.*)?", re.DOTALL)


def glob_expression(pattern: str) -> re.Pattern[str]:
    """A glob without braces as a regular expression for whole paths.

    `*` and `?` stay within a path component, `**` crosses them, `[...]` and
    `[!...]` are sets, a backslash takes the next character literally. Without
    a slash the pattern is for file names at any depth (as in gitignore(5)).
    What a pattern matches, everything below it matches too.
    """
    return any_of([Glob(pattern, "/" not in pattern)])


def _source(pattern: str, groups: Groups, *, anywhere: bool) -> str:
    runs = _Runs()
    if anywhere:
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
    return runs.expression(groups)


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

    def expression(self, groups: Groups) -> str:
        """The whole as a regular expression."""
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
