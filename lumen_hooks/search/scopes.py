"""Which definition a line stands in, and whether it is the line that defines its name.

Knows lines, names and one text; neither the index nor files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import MENTIONS

from .pattern import is_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen_hooks.chunking.chunk import Held

    from .pattern import Line, Pattern

SIGNATURE_LINES = 200
"""So far from its first line the name of a definition is looked for: comments stand above it."""

_COMMENT = re.compile(rb"\s*(?://|/\*|\*|--|@|;|%|\"\"\"|'''|#(?!\s*define\b|\s*undef\b))")


class Scopes:
    """The definitions of one text, asked for by rising lines.

    Args:
        scopes: in any order.
        data: the text, in UTF-8.
        pattern: what is looked for in it.
    """

    def __init__(self, scopes: Iterable[Held], data: bytes, pattern: Pattern) -> None:
        self._waiting = sorted(scopes, key=lambda one: (-one.start_line, one.end_line))
        self._around: list[tuple[Held, list[bytes]]] = []
        self._data = data
        self._pattern = pattern
        self._starts: list[int] = []
        self._signatures: dict[tuple[Held, bytes], int] = {}

    def of(self, line: Line) -> tuple[Held | None, bool]:
        """The definition that a line stands in, and whether a match on it is where that is named.

        Where a line defines something, that is what it is said to stand in; else it is the
        innermost.
        """
        number = line.number
        while self._waiting and self._waiting[-1].start_line <= number:
            scope = self._waiting.pop()
            self._around.append((scope, self._names(scope)))
        if any(scope.end_line < number for scope, _ in self._around):
            self._around = [one for one in self._around if one[0].end_line >= number]
        for scope, names in reversed(self._around):
            if names and self._is_defined(scope, names, line):
                return scope, True
        return (self._around[-1][0] if self._around else None), False

    def _names(self, scope: Held) -> list[bytes]:
        """What a definition is called, as far as a match can hold it."""
        if scope.kind in MENTIONS:
            return []
        names = [name.rpartition(".")[2].encode() for name in scope.name.split(", ")]
        fixed = self._pattern.fixed
        return [name for name in names if name and (fixed is None or name in fixed)]

    def _is_defined(self, scope: Held, names: list[bytes], line: Line) -> bool:
        here = [name for name in names if self._data.find(name, line.start, line.end) >= 0]
        return bool(here) and any(
            _word(self._data, name, start, end) >= 0 and self._signature(scope, name) == line.number
            for start, end in self._pattern.matches(self._data, line)
            for name in here
        )

    def _signature(self, scope: Held, name: bytes) -> int:
        """The line that names a definition: the first that is no comment, else the first at all."""
        key = (scope, name)
        if key not in self._signatures:
            self._signatures[key] = self._look(scope, name)
        return self._signatures[key]

    def _look(self, scope: Held, name: bytes) -> int:
        if not self._starts:
            self._starts = [0, *(match.end() for match in re.finditer(rb"\n", self._data))]
        starts, first = self._starts, 0
        last = min(scope.end_line, scope.start_line + SIGNATURE_LINES, len(starts))
        for number in range(scope.start_line, last + 1):
            start = starts[number - 1]
            end = starts[number] - 1 if number < len(starts) else len(self._data)
            if _word(self._data, name, start, end) >= 0:
                if not _COMMENT.match(self._data, start, end):
                    return number
                first = first or number
        return first


def _word(data: bytes, name: bytes, start: int, end: int) -> int:
    """Where a name stands as a word of its own in a stretch of a text; -1 if it does not."""
    while (at := data.find(name, start, end)) >= 0:
        if is_apart(data, at, at + len(name)):
            return at
        start = at + 1
    return -1
