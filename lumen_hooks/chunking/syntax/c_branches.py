"""The branches of `#if` that cannot stand beside each other in one syntax tree.

    #ifdef FAST
        if (a) {
    #else
        if (b) {
    #endif

opens two braces for one that is closed. A compiler sees one of the branches; so does the parser
here, the first. Branches whose braces are even stay as they are, since the parser takes them all.
Knows braces and directives; a preprocessor knows more.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DIRECTIVE = re.compile(
    rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b", re.MULTILINE
)
_CODE = re.compile(
    rb"\"(?:[^\"\\\n]|\\.){0,1000}\"|'(?:[^'\\\n]|\\.){0,10}'|//[^\n]*|/\*(?:.*?\*/|.*)|([{}])",
    re.DOTALL,
)
_NOT_BREAK = re.compile(rb"[^\n]")


class _Branch(NamedTuple):
    """A branch: where its directive begins and ends, and how many braces it leaves open."""

    start: int
    end: int
    open: int


def without_other_branches(source: bytes) -> bytes:
    """The text with those branches and their directives blank, of the same length and lines."""
    if b"{" not in source or _DIRECTIVE.search(source) is None:
        return source
    blank: list[tuple[int, int]] = []
    groups: list[list[_Branch]] = []
    depths: list[int] = []
    depth = 0
    position = 0
    for match in _DIRECTIVE.finditer(source):
        opened = _open_braces(source, position, match.start())
        depth += opened
        position = _line_end(source, match.end())
        word = match[1]
        if word.startswith(b"if"):
            groups.append([_Branch(match.start(), position, 0)])
            depths.append(depth)
        elif groups:
            group, before = groups[-1], depths[-1]
            group[-1] = group[-1]._replace(open=depth - before)
            group.append(_Branch(match.start(), position, 0))
            if word == b"endif":
                groups.pop()
                depths.pop()
                depth = before + group[0].open
                if _cannot_stand(group, before):
                    first, second, last = group[0], group[1], group[-1]
                    blank += [(first.start, first.end), (second.start, last.end)]
            else:
                depth = before
    return _without(source, blank)


def _cannot_stand(group: list[_Branch], depth: int) -> bool:
    """Whether the branches of a group leave braces open, all of them as many.

    One alone does so around a header for C++ (`extern "C" {`), which the parser can read.
    """
    branches = group[:-1]
    opened = branches[0].open
    if opened == 0 or any(branch.open != opened for branch in branches):
        return False
    return len(branches) > 1 or depth > 0


def _without(source: bytes, ranges: list[tuple[int, int]]) -> bytes:
    if not ranges:
        return source
    text = bytearray(source)
    done = 0
    for first, end in sorted(ranges):
        # A group may lie in a branch that is blank already.
        start = max(first, done)
        if end > start:
            text[start:end] = _NOT_BREAK.sub(b" ", text[start:end])
            done = end
    return bytes(text)


def _open_braces(source: bytes, start: int, end: int) -> int:
    """How many braces are open at the end of a stretch that were not at its start."""
    if source.count(b"{", start, end) == source.count(b"}", start, end):
        return 0
    braces = [match[1] for match in _CODE.finditer(source, start, end) if match[1]]
    return 2 * braces.count(b"{") - len(braces)


def _line_end(source: bytes, start: int) -> int:
    """Where a directive ends, with the lines that it goes on with."""
    while True:
        end = source.find(b"\n", start)
        if end < 0:
            return len(source)
        if source[end - 1 : end] != b"\\":
            return end
        start = end + 1
