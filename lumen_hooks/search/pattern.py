"""What an exact search looks for, and on which lines of a text it stands.

Texts are UTF-8 bytes, in which a place is found at the speed of memory. Regular
expressions are RE2's: their time is proportional to the text, whatever the
pattern, so there is none that keeps a machine busy for ever. Knows neither
files nor indexes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lumen_hooks.errors import QueryError

from .regex_literals import Literal, literals_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .results import ExactQuery

MAX_CHARACTERS = 10_000
"""Of a text or a pattern that is looked for."""

_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""What git takes for a part of a word, and RE2: ASCII alone."""

_UNBOUNDED = ("(?=", "(?!", "(?<", "(?P=", "(?>")


class Line(NamedTuple):
    """A line that holds a match, in a text of UTF-8 bytes.

    Attributes:
        number: from 1.
        start: where it begins.
        end: where it ends, its line feed not included.
        match: where its first match begins and ends.
    """

    number: int
    start: int
    end: int
    match: tuple[int, int]


class _Finder(Protocol):
    def __call__(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Where the first match from `at` on begins and ends; it is within one line."""
        ...


class Pattern:
    """What is looked for. Made by `compile_pattern`.

    Attributes:
        literals: texts that every match holds, in this case; none if none is known.
        any_case: the case of letters does not count.
        fixed: what every match is, in UTF-8; None if they are not all the same.
    """

    __slots__ = ("_find", "_held", "any_case", "fixed", "literals")

    def __init__(
        self,
        find: _Finder,
        literals: tuple[Literal, ...],
        *,
        any_case: bool,
        fixed: bytes | None = None,
    ) -> None:
        self._find = find
        self.fixed = fixed
        self.literals = literals
        self.any_case = any_case
        self._held = () if any_case else tuple(literal.text.encode() for literal in literals)

    def lines(self, data: bytes) -> Iterator[Line]:
        """The lines that hold a match; the last one ends at a line feed or with the text."""
        at = counted = 0
        number = 1
        while at < len(data) and (match := self._find(data, at)) is not None:
            start = data.rfind(b"\n", 0, match[0]) + 1
            if start >= len(data):
                return  # there is no line after the last line feed
            end = data.find(b"\n", match[1])
            end = len(data) if end < 0 else end
            number += data.count(b"\n", counted, start)
            yield Line(number, start, end, match)
            at, counted = end + 1, start

    def matches(self, data: bytes, line: Line) -> Iterator[tuple[int, int]]:
        """All matches on a line that `lines` gave."""
        match: tuple[int, int] | None = line.match
        while match is not None and match[0] <= line.end:
            yield match
            match = self._find(data, max(match[1], match[0] + 1))

    def may_be_in(self, raw: bytes) -> bool:
        """False only if no text can hold a match of which these are the bytes in UTF-8."""
        return all(held in raw for held in self._held)


def compile_pattern(query: ExactQuery) -> Pattern:
    """Make what is looked for ready.

    Raises:
        QueryError: there is nothing to look for, it is too long or goes beyond a line, or it is
            no regular expression of RE2's.
    """
    text = query.text
    what = "pattern" if query.regex else "text"
    if not text:
        raise QueryError(f"the {what} is empty", hint="say what to look for")
    if len(text) > MAX_CHARACTERS:
        raise QueryError(
            f"a {what} of {len(text):,} characters is too long",
            hint=f"give one of at most {MAX_CHARACTERS:,}",
        )
    if "\n" in text or "\r" in text or "\0" in text:
        raise QueryError(
            f"the {what} holds a line break or a NUL, and places are looked for line by line",
            hint="look for what one of its lines holds",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(f"the {what} is not UTF-8", hint="give it in UTF-8") from error
    if query.regex:
        literals = () if query.ignore_case else literals_of(text)
        find = _regex_finder(text, word=query.word, any_case=query.ignore_case)
        return Pattern(find, literals, any_case=query.ignore_case)
    literals = (Literal(text, query.word, query.word),)
    if query.ignore_case:
        find = _regex_finder(re.escape(text), word=query.word, any_case=True)
        return Pattern(find, literals, any_case=True)
    fixed = text.encode()
    return Pattern(_literal_finder(fixed, word=query.word), literals, any_case=False, fixed=fixed)


def _literal_finder(wanted: bytes, *, word: bool) -> _Finder:
    def find(data: bytes, at: int) -> tuple[int, int] | None:
        while (start := data.find(wanted, at)) >= 0:
            end = start + len(wanted)
            if not word or is_apart(data, start, end):
                return start, end
            at = start + 1
        return None

    return find


def is_apart(data: bytes, start: int, end: int) -> bool:
    """No word character stands right before or after a stretch (git grep's -w)."""
    return not (
        (start > 0 and data[start - 1] in _WORD_BYTES)
        or (end < len(data) and data[end] in _WORD_BYTES)
    )


def _regex_finder(pattern: str, *, word: bool, any_case: bool) -> _Finder:
    import re2  # for those alone who have a regular expression

    options = re2.Options()
    options.never_nl = True
    options.log_errors = False
    options.case_sensitive = not any_case
    options.never_capture = not word
    re2.purge()  # it keeps 128 of them, with up to 8 MiB each
    try:
        re2.compile(pattern, options)
        # Any match that stands apart will do, so RE2 looks for it together with what is around.
        lines = rf"(?m)(?:^|\W)((?:{pattern}))(?:\W|$)" if word else f"(?m){pattern}"
        search = re2.compile(lines, options).search
    except re2.error as error:
        raise _invalid(pattern, error) from error
    group = int(word)

    def find(data: bytes, at: int) -> tuple[int, int] | None:
        match = search(data, at)
        return None if match is None else match.span(group)

    return find


def _invalid(pattern: str, error: Exception) -> QueryError:
    """What RE2 says of a pattern, with the place of what it says it of."""
    reason = error.args[0] if error.args else ""
    reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    what, _, fragment = reason.partition(": ")
    where = ""
    if fragment and fragment != pattern and fragment in pattern:
        where = f" at character {pattern.index(fragment) + 1} ({fragment})"
    hint = "a backslash takes away what ( ) [ ] { } . * + ? | ^ $ mean; --exact takes text as it is"
    if any(opening in pattern for opening in _UNBOUNDED) or re.search(r"\\[1-9]", pattern):
        hint = "RE2 knows neither look-around nor back-references, whose time has no bound"
    return QueryError(f"{pattern} is no regular expression: {what}{where}", hint=hint)
