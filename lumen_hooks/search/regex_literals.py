"""What every match of a regular expression holds, as far as a careful look at it tells.

A look, and no parser: whatever is not plain (groups, sets, alternatives) is
passed over or ends it, so that nothing is ever claimed that a match could do
without. Knows RE2's syntax (github.com/google/re2/wiki/Syntax), no index.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_COUNT = re.compile(r"\{(\d+)(,\d*)?\}")
_SET = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_GROUP_NAME = re.compile(r"\?(?::|P?<\w+>)")
_GAPS = frozenset("dDwWsSB")
_NO_WORD = frozenset("sW")


class Literal(NamedTuple):
    """A text that stands in every match.

    Attributes:
        text: within one line.
        begins: what stands before it is no letter, digit or underscore, or nothing.
        ends: nor is what stands after it.
    """

    text: str
    begins: bool = False
    ends: bool = False


class _NotPlainError(Exception):
    """Nothing is certain."""


def literals_of(pattern: str) -> tuple[Literal, ...]:
    """The texts that every match of a pattern holds, in order; none if the look does not tell.

    Args:
        pattern: one that RE2 takes, matched with regard to case unless it says otherwise.
    """
    look = _Look(pattern)
    try:
        look.go()
    except _NotPlainError:
        return ()
    return tuple(look.found)


class _Look:
    def __init__(self, pattern: str) -> None:
        self.found: list[Literal] = []
        self._pattern = pattern
        self._text: list[str] = []
        self._begins = False

    def go(self) -> None:
        """Look at the whole pattern."""
        pattern, at = self._pattern, 0
        while at < len(pattern):
            character = pattern[at]
            if character == "|":
                raise _NotPlainError
            if character == "\\":
                at = self._escape(at + 1)
            elif character in "([.":
                end = self._end_of(at)
                self._end()
                at = self._quantifier(end)[0]
            elif character in "^$":
                at = self._anchor(at + 1)
            else:
                at = self._letter(character, at + 1)
        self._end()

    def _escape(self, at: int) -> int:
        """What a backslash before `at` means; where it goes on."""
        character = self._pattern[at : at + 1]
        if character == "b":
            return self._anchor(at + 1)
        if character in _GAPS:
            end, is_certain = self._quantifier(at + 1)
            self._end(bounded=is_certain and character in _NO_WORD)
            return end
        if character.isascii() and not character.isalnum() and character:
            return self._letter(character, at + 1)
        raise _NotPlainError

    def _anchor(self, at: int) -> int:
        """What stands between characters, with what follows it; where it goes on."""
        end, is_certain = self._quantifier(at)
        self._end(bounded=is_certain)
        return end

    def _letter(self, character: str, at: int) -> int:
        """A character that stands for itself, with what follows it; where it goes on."""
        end, is_certain = self._quantifier(at)
        if is_certain:
            self._text.append(character)
        if end > at:
            self._end()
        return end

    def _quantifier(self, at: int) -> tuple[int, bool]:
        """Where a quantifier at `at` ends, if there is one, and whether it wants one at least."""
        character, is_certain, end = self._pattern[at : at + 1], True, at
        if character in {"*", "?"}:
            end, is_certain = at + 1, False
        elif character == "+":
            end = at + 1
        elif count := _COUNT.match(self._pattern, at):
            end, is_certain = count.end(), int(count[1]) > 0
        if end > at and self._pattern[end : end + 1] == "?":  # as few as will do
            end += 1
        return end, is_certain

    def _end_of(self, at: int) -> int:
        """Where the group, set or point that begins at `at` ends."""
        pattern = self._pattern
        if pattern[at] == ".":
            return at + 1
        if pattern[at] == "[":
            found = _SET.match(pattern, at)
            if found is None:
                raise _NotPlainError
            return found.end()
        at += 1
        if pattern[at : at + 1] == "?":
            name = _GROUP_NAME.match(pattern, at)
            if name is None:  # flags for the rest of the pattern among them
                raise _NotPlainError
            at = name.end()
        while at < len(pattern) and pattern[at] != ")":
            if pattern[at] == "\\":
                if pattern[at + 1 : at + 2] == "Q":
                    raise _NotPlainError
                at += 2
            else:
                at = self._end_of(at) if pattern[at] in "([" else at + 1
        return at + 1

    def _end(self, *, bounded: bool = False) -> None:
        """A text ends here, and the next one begins, at what is no word character if `bounded`."""
        if self._text:
            self.found.append(Literal("".join(self._text), self._begins, bounded))
            self._text = []
        self._begins = bounded
