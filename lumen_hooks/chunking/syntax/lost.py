"""Where to read on behind an error that a parser does not get over.

A parser that loses its way makes one error of what follows, often up to the end of the text, though
most of it is sound. A later line on which a definition may begin is a place to read on from, with
everything in front of it blank. Knows rows and errors; no language by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lumen_hooks.chunking.settings import WHOLE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from lumen_hooks.chunking.lines import SourceLines

_BEGINS = re.compile(r"[^\W\d]|[@\[/]")
"""How a line begins that a definition, its attributes or the comment above it may begin."""

_BODY = re.compile(rb"[^\n]+")
_PHP = b"<?php"


def line_to_read_on_from(root: Node, lines: SourceLines, first: int) -> int | None:
    """The first row, from `first` on, in a large error on which something may begin."""
    for start, last in _errors(root):
        for row in range(max(first, start + 1), last + 1):
            if lines.size(row, last) < WHOLE_MAX:
                break
            if lines.is_blank(row - 1) and _BEGINS.match(lines.rows[row]):
                return row
    return None


def _errors(root: Node) -> Iterator[tuple[int, int]]:
    """First and last row of each error at the top of a text."""
    for node in (root,) if root.is_error else root.children:
        if node.is_error and node.end_point[0] > node.start_point[0]:
            yield node.start_point[0], node.end_point[0]


def blank_before(source: bytes, row: int) -> bytes:
    """The text with nothing but line breaks and blanks in front of a row, as long as it was."""
    at = 0
    for _ in range(row):
        at = source.index(b"\n", at) + 1
    kept = len(_PHP) if source.startswith(_PHP) and row else 0
    blank = _BODY.sub(lambda found: b" " * len(found[0]), source[kept:at])
    return source[:kept] + blank + source[at:]
