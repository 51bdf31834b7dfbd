"""Which of a text is code, and which is comment or string.

One pass from the start to the end, linear in the text whatever it holds: an opening that is never
closed is looked for once and then taken as a mere character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lumen_hooks.chunking.outlined.rules.rule import Span

STRING = "\x1a"
"""Stands where a character of a string stood; a comment's are blanks."""

_OPEN_ENDS_MAX = 64
"""So many openings whose closing depends on them may stay open; then no more is looked for."""

_NOT_BREAK = re.compile(r"[^\n]")


class Masked(NamedTuple):
    """A text without its comments and strings.

    Attributes:
        code: of the same length, line breaks where they were.
        comments: by the offset of its last character, the offset of each comment's first.
    """

    code: str
    comments: dict[int, int]


class Masker:
    """Finds the comments and strings of one language."""

    def __init__(self, spans: tuple[Span, ...], flags: re.RegexFlag) -> None:
        self._spans = spans
        self._opening = re.compile(
            "|".join(_numbered(n, one) for n, one in enumerate(spans)) or r"(?!)",
            flags | re.MULTILINE,
        )
        self._ends = [None if one.plain else re.compile(one.closing, re.MULTILINE) for one in spans]

    def mask(self, text: str) -> Masked:
        """Replace what is no code."""
        parts: list[str] = []
        comments: dict[int, int] = {}
        unclosed: set[str] = set()
        position = 0
        while (opening := self._opening.search(text, position)) is not None:
            index = int((opening.lastgroup or "s0")[1:])
            span = self._spans[index]
            end = self._end(text, opening, index, unclosed)
            parts.append(text[position : opening.start()])
            if end is None:
                parts.append(opening[0])
                end = opening.end()
            else:
                inside = text[opening.start() : end]
                parts.append(_NOT_BREAK.sub(" " if span.comment else STRING, inside))
                if span.comment:
                    comments[end - 1] = opening.start()
            if end == opening.start():
                # An opening that takes nothing would be found for ever.
                parts.append(text[end : end + 1])
                end += 1
            position = end
            if position >= len(text):
                break
        parts.append(text[position:])
        return Masked("".join(parts), comments)

    def _end(self, text: str, opening: re.Match[str], index: int, unclosed: set[str]) -> int | None:
        """Return the offset behind a span, or None if nothing closes it."""
        span = self._spans[index]
        pattern = self._ends[index]
        if pattern is not None:
            match = pattern.match(text, opening.end())
            return opening.end() if match is None else match.end()
        tag = opening.groupdict().get(f"tag{index}") if "{0}" in span.closing else None
        closing = span.closing.replace("{0}", tag or "")
        if closing in unclosed or len(unclosed) > _OPEN_ENDS_MAX:
            return None
        if span.nests and span.nests not in unclosed:
            end = _nested_end(text, opening.end(), span.nests, closing)
            if end is not None:
                return end
            unclosed.add(span.nests)
        found = text.find(closing, opening.end())
        if found >= 0:
            return found + len(closing)
        unclosed.add(closing)
        return None


def _numbered(number: int, span: Span) -> str:
    return f"(?P<s{number}>{span.opening.replace('(?P<tag>', f'(?P<tag{number}>')})"


def _nested_end(text: str, position: int, opening: str, closing: str) -> int | None:
    depth = 1
    for match in re.compile(f"{re.escape(opening)}|{re.escape(closing)}").finditer(text, position):
        depth += 1 if match[0] == opening else -1
        if not depth:
            return match.end()
    return None
