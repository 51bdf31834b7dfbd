"""The parts of a page that are not markup: its scripts and styles, found by their tags.

No parser: which grammar a page would need (Vue, Svelte, a template engine) is often not there, and
what ends a script is the same in all: its end tag, whatever stands before it (HTML 13.2.5,
"raw text" and "script data"). Knows nothing of languages. Every step takes time linear in the text.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG_MAX = 4000
"""A tag longer than this is none."""

_COMMENT = "!--"
_SPACES = re.compile(r"\s*")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
_SCRIPT_TOKEN = re.compile(r"<!--|-->|<(/?)script(?=[\s/>])", re.IGNORECASE)
_LINE_REST = re.compile(r"[^\n]")
_PROGRAMS = re.compile(
    r"<\?.*?(?:\?>|\Z)|<%.*?(?:%>|\Z)|\{\{[^\n{}]*\}\}|\{[%#!][^\n{}]*[%#!]\}", re.DOTALL
)


class Element(NamedTuple):
    """An element whose content is not markup, or is taken as a whole.

    Attributes:
        name: of its tag, in lower case.
        attributes: values by name, in lower case; empty for those without a value.
        start: offset of its start tag.
        inner: of what follows that.
        inner_end: of its end tag.
        end: of what follows it.
    """

    name: str
    attributes: dict[str, str]
    start: int
    inner: int
    inner_end: int
    end: int


def elements(text: str, raw: tuple[str, ...], nested: tuple[str, ...] = ()) -> Iterator[Element]:
    """Yield elements in order; none within another, in a comment or without an end tag.

    Args:
        text: of the page.
        raw: names of elements that end at the first end tag of their name.
        nested: names of elements that may hold others of their name.
    """
    opening = _opening((*raw, *nested))
    unclosed: set[str] = set()
    position = 0
    while (match := opening.search(text, position)) is not None:
        name = match[1].lower()
        position = match.end()
        if name in unclosed:
            continue
        if name == _COMMENT:
            closed = text.find("-->", position)
            position = closed + 3 if closed >= 0 else position
        elif (tag := _tag(text, match.end())) is None:
            continue
        else:
            attributes, inner, is_empty = tag
            position = inner
            if is_empty:
                continue
            closed = _end_of(text, inner, name, nested=name in nested)
            if closed >= 0:
                after = text.find(">", closed, closed + TAG_MAX)
                position = after + 1 if after >= 0 else len(text)
                yield Element(name, attributes, match.start(), inner, closed, position)
        if closed < 0:
            # Nor does any that begins later have an end.
            unclosed.add(name)


def without_programs(text: str) -> str:
    """A page with all that a template engine replaces (`<?php ?>`, `<% %>`, `{{ }}`) as `_`.

    Of the same length and rows. What stands for a value in a script is a name then, what stands for
    a statement is one, and a tag in a program's string is none.
    """
    return _PROGRAMS.sub(lambda match: _LINE_REST.sub("_", match[0]), text)


@functools.cache
def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"<(!--|(?:{'|'.join(names)})(?=[\s/>]))", re.IGNORECASE)


@functools.cache
def _tags(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){name}(?=[\s/>])", re.IGNORECASE)


def _tag(text: str, start: int) -> tuple[dict[str, str], int, bool] | None:
    """Attributes, what follows the tag, and whether it ends itself; None if it is no tag."""
    attributes: dict[str, str] = {}
    tag = text[start : start + TAG_MAX]
    at, is_empty = 0, False
    while True:
        spaces = _SPACES.match(tag, at)
        at = spaces.end() if spaces else at
        if at >= len(tag) or tag[at] == "<":
            return None
        if tag[at] == ">":
            return attributes, start + at + 1, is_empty
        is_empty = tag[at] == "/"
        attribute = _ATTRIBUTE.match(tag, at)
        if attribute is None:
            at += 1
            continue
        value = attribute[2] or attribute[3] or attribute[4] or ""
        attributes.setdefault(attribute[1].lower(), value.strip().lower())
        at = attribute.end()


def _end_of(text: str, start: int, name: str, *, nested: bool) -> int:
    """The offset of the end tag of an element whose content starts here; -1 if there is none."""
    if name == "script":
        return _end_of_script(text, start)
    depth = 1
    for match in _tags(name).finditer(text, start):
        if match[1]:
            depth -= 1
        elif nested and not _ends_itself(text, match.end()):
            depth += 1
        if depth == 0:
            return match.start()
    return -1


def _ends_itself(text: str, start: int) -> bool:
    tag = _tag(text, start)
    return tag is not None and tag[2]


def _end_of_script(text: str, start: int) -> int:
    """As HTML has it: a script within a comment within a script has an end tag of its own."""
    in_comment = in_inner = False
    for token in _SCRIPT_TOKEN.finditer(text, start):
        if token[1] == "/":
            if not in_inner:
                return token.start()
            in_inner = False
        elif token[0] == "<!--":
            in_comment = True
        elif token[0] == "-->":
            in_comment = in_inner = False
        else:
            in_inner = in_comment
    return -1
