"""A text as its outline sees it: its code, its brackets, and the lines that rules have matched."""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen_hooks.chunking.lines import SourceLines
    from lumen_hooks.chunking.outlined.rules.rule import Rule

PREFIX = 400
"""So many characters of a line are looked at."""

CLOSED_BY = {"(": ")", "[": "]", "{": "}"}

_BLANK_ROWS_MAX = 3
_TOKENS = re.compile(r"[()\[\]{};]")
_TOKENS_AND_LINES = re.compile(r"[()\[\]{};\n]")


class Candidate:
    """A line that a rule has matched.

    Attributes:
        rule: the rule.
        name: of what it defines.
        row: the line.
        column: of its first character that is not blank.
        level: how high it stands; 1 is highest.
        word: what its `end` may repeat.
        head_end: the offset behind what the rule matched.
        last: its last row; -1 until it is known.
        has_body: a `{` was found.
    """

    __slots__ = ("column", "has_body", "head_end", "last", "level", "name", "row", "rule", "word")

    def __init__(
        self, rule: Rule, name: str, row: int, column: int, level: int, word: str, head_end: int
    ) -> None:
        self.rule = rule
        self.name = name
        self.row = row
        self.column = column
        self.level = level
        self.word = word.lower()
        self.head_end = head_end
        self.last = -1
        self.has_body = False


class Scan:
    """A text as its outline sees it: the lines, and what of them is code."""

    def __init__(self, lines: SourceLines, code: str, *, with_breaks: bool) -> None:
        self.lines = lines
        self.code = code
        self._with_breaks = with_breaks
        self.rows = code.split("\n")
        self.is_blank = [not row or row.isspace() for row in self.rows]
        self._brackets: Brackets | None = None

    @property
    def brackets(self) -> Brackets:
        """Its brackets, found when first asked for."""
        if self._brackets is None:
            tokens = _TOKENS_AND_LINES if self._with_breaks else _TOKENS
            self._brackets = Brackets(tokens.finditer(self.code))
        return self._brackets

    def indent(self, row: int) -> int:
        """The column of a row's first character that is not blank."""
        text = self.rows[row]
        return len(text) - len(text.lstrip())

    def next_code(self, row: int) -> int:
        """The next row with code, if it is near; else one past the last row."""
        for at in range(row + 1, min(row + 2 + _BLANK_ROWS_MAX, len(self.rows))):
            if not self.is_blank[at]:
                return at
        return len(self.rows)


class Brackets:
    """The brackets, `;` and perhaps line ends of a text, each bracket with its partner.

    A closing bracket closes the nearest opening one of its kind, and those in between stay open.
    """

    def __init__(self, tokens: Iterable[re.Match[str]]) -> None:
        self.at = array("q")
        self.partner = array("q")
        self.kinds: list[str] = []
        stack: list[int] = []
        open_of = dict.fromkeys(")]}", 0)
        for index, token in enumerate(tokens):
            kind = sys.intern(token[0])
            self.at.append(token.start())
            self.partner.append(-1)
            self.kinds.append(kind)
            if kind in CLOSED_BY:
                stack.append(index)
                open_of[CLOSED_BY[kind]] += 1
            elif open_of.get(kind):
                while True:
                    opening = stack.pop()
                    closed_by = CLOSED_BY[self.kinds[opening]]
                    open_of[closed_by] -= 1
                    if closed_by == kind:
                        break
                self.partner[opening], self.partner[index] = index, opening

    def first_from(self, offset: int) -> int:
        """The first of them at an offset or behind it."""
        return bisect_left(self.at, offset)
