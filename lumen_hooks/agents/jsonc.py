"""JSON as coding agents' programs read it, with the place of everything in the text.

Comments and trailing commas are taken (VS Code, Zed, OpenCode); all else is
RFC 8259. The standard library's parser says no offsets, and edits that keep
the rest to the byte need them. Knows no file and no agent.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

MAX_DEPTH = 200
"""Deeper nesting is refused; nobody configures by it. `Node.value` takes two of Python's 1,000
frames for each level."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_SPACE_STARTS = frozenset(" \t\r\n/")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_SCALAR = re.compile(r"(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])")
_BOM = "\ufeff"


class JsonError(ValueError):
    """The text is not JSON, even with comments; says where."""


class Member(NamedTuple):
    """A member of an object or an element of a list.

    Attributes:
        key: None in a list.
        start: where it begins: at its key, in a list at its value.
        node: its value.
        comma: where the comma behind it is, -1 without one.
    """

    key: str | None
    start: int
    node: Node
    comma: int


@dataclass(slots=True)
class Node:
    """A value and where it lies in the text.

    Attributes:
        kind: what it is.
        start: its first character.
        end: behind its last one.
        scalar: the value of a scalar.
        members: what an object or a list holds, in order.
    """

    kind: Literal["object", "list", "scalar"]
    start: int
    end: int = -1
    scalar: object = None
    members: list[Member] = field(default_factory=list)

    def find(self, key: str) -> Node | None:
        """The value under a key; of several the last, which is the one that parsers take."""
        if self.kind != "object":
            return None
        return next((found.node for found in reversed(self.members) if found.key == key), None)

    def value(self) -> object:
        """What it says, as the standard library's parser would give it."""
        if self.kind == "object":
            return {str(member.key): member.node.value() for member in self.members}
        if self.kind == "list":
            return [member.node.value() for member in self.members]
        return self.scalar


class _Open(NamedTuple):
    """A container that is being read, and the member that it is in the one around it."""

    node: Node
    key: str | None
    start: int


@lru_cache(maxsize=8)
def parse(text: str) -> Node | None:
    """Read a text; None if there is nothing in it but blanks and comments.

    A text that is looked at again and again, and may be megabytes, is read once (0.3 s for one).

    Raises:
        JsonError: it is something else.
    """
    at = _skip(text, 1 if text.startswith(_BOM) else 0)
    if at == len(text):
        return None
    root, at = _read(text, at)
    at = _skip(text, at)
    if at != len(text):
        raise _error(text, at, "there is something behind the end")
    return root


def _read(text: str, at: int) -> tuple[Node, int]:
    """One value and what is in it, without recursion: depth is other people's."""
    stack: list[_Open] = []
    key: str | None = None
    start = at
    while True:
        node, at = _begin(text, at)
        if node.kind != "scalar":
            stack.append(_Open(node, key, start))
            if len(stack) > MAX_DEPTH:
                raise _error(text, at, "it is nested too deep")
        else:
            if not stack:
                return node, at
            at = _add(text, stack[-1].node, key, start, node)
        at = _skip(text, at)
        while text[at : at + 1] == ("}" if stack[-1].node.kind == "object" else "]"):
            closed = stack.pop()
            at += 1
            closed.node.end = at
            if not stack:
                return closed.node, at
            at = _skip(text, _add(text, stack[-1].node, closed.key, closed.start, closed.node))
        around = stack[-1].node
        if around.members and around.members[-1].comma < 0:
            raise _error(text, at, "a comma or a closing bracket is missing")
        start = at
        key, at = _key(text, at) if around.kind == "object" else (None, at)


def _begin(text: str, at: int) -> tuple[Node, int]:
    """A scalar, or a container of which the opening bracket was read."""
    first = text[at : at + 1]
    if first in {"{", "["}:
        return Node("object" if first == "{" else "list", at), at + 1
    found = _STRING.match(text, at) or _SCALAR.match(text, at)
    if found is None:
        raise _error(text, at, "a value is missing")
    return Node("scalar", at, found.end(), _decoded(text, found)), found.end()


def _decoded(text: str, found: re.Match[str]) -> object:
    if found[0][0] == '"' and "\\" not in found[0]:
        return found[0][1:-1]
    try:
        return json.loads(found[0])
    except ValueError:
        raise _error(text, found.start(), "it is no value") from None


def _add(text: str, around: Node, key: str | None, start: int, node: Node) -> int:
    """Put a member where it belongs; where to read on."""
    at = _skip(text, node.end)
    comma = at if text[at : at + 1] == "," else -1
    around.members.append(Member(key, start, node, comma))
    return at + 1 if comma >= 0 else node.end


def _key(text: str, at: int) -> tuple[str, int]:
    found = _STRING.match(text, at)
    if found is None:
        raise _error(text, at, "a key is missing")
    colon = _skip(text, found.end())
    if text[colon : colon + 1] != ":":
        raise _error(text, colon, "a colon is missing")
    return str(_decoded(text, found)), _skip(text, colon + 1)


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] not in _SPACE_STARTS:
        return at
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _error(text: str, at: int, what: str) -> JsonError:
    line = text.count("\n", 0, at) + 1
    return JsonError(f"line {line}: {what}")
