"""A definition, and how the definitions of a file hang in each other.

Whoever finds definitions, by a syntax tree or without one, brings them here as a list; `nest` makes
the tree of them that chunks are cut by. Knows ranges and rows; no parser and no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chunk import FUNCTIONS
from .settings import CONTAINER_WHOLE_MAX, WHOLE_MAX

if TYPE_CHECKING:
    from tree_sitter import Node

    from .chunk import Kind

_WITH_METHODS = frozenset({"class", "interface", "struct", "trait", "enum"})
_WITHIN_FUNCTIONS = FUNCTIONS | _WITH_METHODS
_DEPTH_MAX = 8


class Definition:
    """A definition and those in it that are found on their own.

    Attributes:
        kind: what it defines.
        names: what it declares; more than one for `const (A = 1; B = 2)`.
        also: what else it is held as: the route in its decorator (`GET /users`).
        first: its first row, with the comments and attributes right above it.
        last: its last row.
        whole_max: up to so many characters it is one piece, members and all. A module has no piece
            of its own: its members stand for themselves, and share chunks if they are tiny.
        has_methods: functions in it are methods.
        is_text: its name is a text (a test's, a route's) rather than an identifier.
        name_row: the row of its (first) name; -1 for the file itself.
        name_node: where that name stands in the syntax tree; None where there is no tree.
        column: of its first byte in its row.
        start_byte: where the definition itself starts, counted in what was read.
        end_byte: where it ends.
        members: definitions within, in order. In a function, those of functions and types on
            several rows.
    """

    __slots__ = (
        "also",
        "column",
        "end_byte",
        "first",
        "has_methods",
        "is_text",
        "kind",
        "last",
        "members",
        "name_node",
        "name_row",
        "names",
        "start_byte",
        "whole_max",
    )

    def __init__(
        self,
        kind: Kind,
        names: list[str],
        first: int,
        last: int,
        name_row: int = -1,
        start_byte: int = 0,
        end_byte: int = 0,
        column: int = 0,
        name_node: Node | None = None,
    ) -> None:
        self.kind = kind
        self.names = names
        self.first = first
        self.last = last
        self.name_row = name_row
        self.name_node = name_node
        self.start_byte = start_byte
        self.end_byte = end_byte
        self.column = column
        self.whole_max = _WHOLE_MAX.get(kind, CONTAINER_WHOLE_MAX)
        self.has_methods = kind in _WITH_METHODS
        self.is_text = False
        self.also: list[str] = []
        self.members: list[Definition] = []


_WHOLE_MAX = {"module": 0, "function": WHOLE_MAX, "method": WHOLE_MAX, "macro": WHOLE_MAX}


def nest(top: Definition, definitions: list[Definition], *, flat: bool) -> None:
    """Hang every definition under the one around it.

    Args:
        top: the file.
        definitions: what was found in it.
        flat: functions hold no functions, but for tests. One that seems to, further left than
            itself or as far, ends before it: its closing brace stands in another branch of an #if.
    """
    definitions.sort(key=lambda one: (one.start_byte, -one.end_byte))
    stack = [top]
    for one in definitions:
        while stack[-1].end_byte < one.end_byte or stack[-1].end_byte <= one.start_byte:
            stack.pop()
        parent = stack[-1]
        if flat and parent.kind in FUNCTIONS and _cut_short(parent, one):
            stack.pop()
            parent = stack[-1]
        if len(stack) > _DEPTH_MAX or (
            parent.kind in FUNCTIONS and not _counts_within(one, flat=flat)
        ):
            continue
        is_same = (parent.kind, parent.first, parent.last) == (one.kind, one.first, one.last)
        if is_same and parent is not top:
            # `typedef struct a {` ... `} a_t;` is one thing with two names.
            parent.names.extend(name for name in one.names if name not in parent.names)
            continue
        if one.kind == "function" and parent.has_methods and not one.is_text:
            one.kind = "method"
        parent.members.append(one)
        stack.append(one)


def _counts_within(one: Definition, *, flat: bool) -> bool:
    """Whether a definition counts that is within a function."""
    if one.last <= one.name_row:
        return False
    return one.is_text or (not flat and one.kind in _WITHIN_FUNCTIONS)


def _cut_short(function: Definition, inner: Definition) -> bool:
    """End a function before one that cannot be in it, if that is so."""
    if inner.kind != "function" or inner.first <= function.first:
        return False
    if inner.column > function.column:
        return False
    function.last = inner.first - 1
    return True
