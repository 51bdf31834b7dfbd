"""Members put into JSON and taken out again, everything else kept to the byte.

How a container of ours is known without a record of what was done: **in a
container that was empty a member stands right behind the bracket; behind the
bracket of a container that we made is a blank or a line break.** So what we
made goes with its last member, and what was there stays, an empty one too. A
file that we made is written in lines, one that was there but empty in one
line. Knows no file and no agent.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from .jsonc import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .jsonc import Member, Node

_COMMENTS = re.compile(r"(?:[ \t]*/\*.*?\*/)*(?:[ \t]*//[^\r\n]*)?", re.DOTALL)
_INDENTED = re.compile(r"^([ \t]+)[\"{\[]", re.MULTILINE)
_BREAK = re.compile(r"\r\n|\n")


class _Style(NamedTuple):
    """How a text is laid out: one step of indentation, and its line break."""

    unit: str
    line_break: str


class _Made(list[object]):
    """A list that we make around an element, as opposed to one that belongs to it."""


def put(text: str | None, path: Sequence[str], key: str | None, value: object) -> str:
    """Add a member behind the last one of a container, and make the containers that are missing.

    Args:
        text: None for a file that is not there.
        path: the keys that lead to the container.
        key: of the new member; None adds an element to a list.
        value: what JSON can say.

    Raises:
        JsonError: the text is not JSON, or something else is where a container belongs.
    """
    if text is None:
        return _rendered(_nested(path, key, value), "", _Style("  ", "\n")) + "\n"
    root = parse(text)
    if root is None:
        return text + _in_a_line(_nested(path, key, value))
    node, rest = root, list(path)
    while rest:
        inner = node.find(rest[0])
        if inner is None:
            if node.kind != "object":
                raise JsonError(f"what is around {rest[0]!r} is no object")
            return _insert(text, node, rest[0], _nested(rest[1:], key, value))
        node = inner
        rest.pop(0)
    if node.kind != ("list" if key is None else "object"):
        where = ".".join(path) or "the whole"
        raise JsonError(f"{where} is no {'list' if key is None else 'object'}")
    return _insert(text, node, key, value)


def replace(text: str, node: Node, value: object) -> str:
    """Put another scalar, or a list of scalars, in the place of one."""
    return text[: node.start] + json.dumps(value, ensure_ascii=False) + text[node.end :]


def take(text: str, chain: Sequence[Member], companion: tuple[str, object] | None) -> str | None:
    """Take a member out, and with it the containers that `put` made around it.

    Args:
        text: as it is.
        chain: the member, behind those that it is in, from the root on.
        companion: a member that was put beside the outermost container; it goes with that.

    Returns:
        None if `put` made the file.
    """
    root = parse(text)
    around = [root, *(member.node for member in chain[:-1])]
    for depth in range(len(chain) - 1, -1, -1):
        node = around[depth]
        assert node is not None  # noqa: S101 - a chain is of this text
        index = next(i for i, m in enumerate(node.members) if m.start == chain[depth].start)
        if depth == 0 and companion is not None:
            text, node = _without_companion(text, node, index, companion)
        if len(node.members) > 1 or not _was_made(text, node):
            return _cut(text, node, index)
    assert root is not None  # noqa: S101 - as above
    node = parse(text) or root
    before, after = text[: node.start], text[node.end :]
    if text[node.start + 1] == " ":
        return before + after
    return None if not (before + after).strip("\ufeff \t\r\n") else f"{before}{{}}{after}"


def _without_companion(
    text: str, node: Node, index: int, companion: tuple[str, object]
) -> tuple[str, Node]:
    """The same without the member that `put` added behind a container of its own."""
    inner = node.members[index].node
    follow = [(member.key, member.node.scalar) for member in node.members[index + 1 : index + 2]]
    if follow != [companion] or not inner.members or not _was_made(text, inner):
        return text, node
    changed = _cut(text, node, index + 1)
    return changed, parse(changed) or node


def _was_made(text: str, node: Node) -> bool:
    """Whether a container is of our making and holds one member and nothing else."""
    if len(node.members) != 1:
        return False
    (member,) = node.members
    behind = member.comma + 1 if member.comma >= 0 else member.node.end
    rest = text[node.start + 1 : member.start] + text[behind : node.end - 1]
    return bool(rest) and not rest.strip() and text[node.start + 1].isspace()


def _cut(text: str, node: Node, index: int) -> str:
    member = node.members[index]
    start, end = member.start, member.node.end
    if member.comma >= 0:
        end = member.comma + 1
    if index == 0 and len(node.members) > 1:  # what follows comes into its place
        while text[end].isspace():
            end += 1
        return text[:start] + text[end:]
    while text[start - 1].isspace():
        start -= 1
    text = text[:start] + text[end:]
    if index and member.comma < 0:
        comma = node.members[index - 1].comma
        text = text[:comma] + text[comma + 1 :]
    return text


def _insert(text: str, node: Node, key: str | None, value: object) -> str:
    name = "" if key is None else json.dumps(key, ensure_ascii=False) + ": "
    if not node.members:
        at = node.start + 1
        return text[:at] + name + _in_a_line(value) + text[at:]
    last = node.members[-1]
    at = last.comma + 1 if last.comma >= 0 else last.node.end
    in_lines = "\n" in text[node.start : node.members[0].start]
    behind = at
    if in_lines:
        style = _style(text)
        indent = _indent(text, last.start)
        found = _COMMENTS.match(text, at)
        behind = found.end() if found else at
        piece = style.line_break + indent + name + _rendered(value, indent, style)
    else:
        piece = " " + name + _in_a_line(value)
    if last.comma >= 0:
        return text[:behind] + piece + "," + text[behind:]
    return text[:at] + "," + text[at:behind] + piece + text[behind:]


def _nested(path: Sequence[str], key: str | None, value: object) -> object:
    nested: object = _Made([value]) if key is None else {key: value}
    for name in reversed(path):
        nested = {name: nested}
    return nested


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _style(text: str) -> _Style:
    indented = _INDENTED.search(text)
    line_break = _BREAK.search(text)
    unit = indented[1] if indented else "  "
    return _Style(unit, line_break[0] if line_break else "\n")


def _rendered(value: object, indent: str, style: _Style) -> str:
    """A value in lines, whose further lines are indented; short lists stay in one."""
    inner = indent + style.unit
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {_rendered(v, inner, style)}" for k, v in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and (isinstance(value, _Made) or not _is_flat(value)):
        items = [_rendered(item, inner, style) for item in value]
        brackets = "[]"
    else:
        return json.dumps(value, ensure_ascii=False)
    lines = f",{style.line_break}{inner}".join(items)
    before, after = style.line_break + inner, style.line_break + indent
    return f"{brackets[0]}{before}{lines}{after}{brackets[1]}"


def _is_flat(value: list[object]) -> bool:
    return not any(isinstance(item, dict | list) for item in value)


def _in_a_line(value: object) -> str:
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {_in_a_line(item)}" for key, item in value.items()]
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, list) and (isinstance(value, _Made) or not _is_flat(value)):
        return "[ " + ", ".join(map(_in_a_line, value)) + " ]"
    return json.dumps(value, ensure_ascii=False)
