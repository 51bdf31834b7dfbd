"""From a text to the tree of its definitions, by way of tree-sitter.

The one place that walks syntax trees. It knows what is defined where, and nothing of chunks or
their sizes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from tree_sitter import QueryCursor

from lumen_hooks.chunking.chunk import NESTING, TIME, ParseAbandonedError
from lumen_hooks.chunking.definition import Definition, nest
from lumen_hooks.chunking.settings import (
    PARSE_SECONDS_MAX,
    PARSE_SECONDS_PER_CHARACTER,
    PART_MIN,
    READ_ON_MAX,
    SIGNATURE_MAX,
    UNNAMED_SIBLINGS_MAX,
)

from .c_macros import Readable, readable
from .collector import Collector, last_row
from .documents import name_documents, without_template_lines
from .grammars import GRAMMARS, Grammar, parser_and_query
from .lost import blank_before, line_to_read_on_from
from .nesting import nesting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Parser, Query, Tree, TreeCursor

    from lumen_hooks.chunking.lines import SourceLines

_RANK_DEPTH_MAX = 40
_READ_BYTES = 1024
"""Small: the binding (0.26.1) never lets go of a block that it was given, and a lexer that goes
back and forth asks for the same place again and again (Perl's 3,900 times in 32 KB)."""


class ParsedFile(NamedTuple):
    """A parsed text.

    Attributes:
        tree: the syntax tree.
        source: what was parsed; the tree's byte offsets count in it.
        top: the file as a definition without a name; its members are the rest.
        failed: syntax errors cover most of it and hide what is defined.
    """

    tree: Tree
    source: bytes
    top: Definition
    failed: bool


def parse(language: str, text: str, lines: SourceLines) -> ParsedFile:
    """Parse a text and find what it defines.

    Raises:
        KeyError: the language has no grammar.
        ImportError: the grammar is not installed.
        ParseAbandonedError: it takes more time to parse than it may, or is nested too deeply.
    """
    parser, query = parser_and_query(language)
    grammar = GRAMMARS[language]
    if grammar.nesting_max and nesting(text) > grammar.nesting_max:
        raise ParseAbandonedError(NESTING)
    # Lone surrogates have no UTF-8; a replacement of any length leaves the rows as they are.
    source = text.encode("utf-8", "replace")
    seen = _seen(source, grammar)
    # CPU time, so that a file's chunks do not depend on how busy the machine is.
    deadline = time.thread_time() + PARSE_SECONDS_MAX + PARSE_SECONDS_PER_CHARACTER * len(source)
    reading = _Reading(parser, query, grammar, source, lines, deadline)
    tree, definitions = reading.of(seen)
    if tree.root_node.has_error and not grammar.data:
        definitions = _read_on(tree, definitions, seen, reading)
    top = Definition("module", [""], 0, len(lines.rows) - 1, end_byte=len(source) + 1)
    nest(top, definitions, flat=grammar.macros)
    if grammar.documents:
        name_documents(tree.root_node, top, source)
    failed = not grammar.data and _errors_hide(tree.root_node, top, lines)
    return ParsedFile(tree, source, top, failed)


class _Reading(NamedTuple):
    """What it takes to read a text, once or again."""

    parser: Parser
    query: Query
    grammar: Grammar
    source: bytes
    lines: SourceLines
    deadline: float

    def of(self, seen: Readable) -> tuple[Tree, list[Definition]]:
        """The tree of what the parser is given, and what it defines.

        Raises:
            ParseAbandonedError: there is no time left, or the tree would take a query too much.
        """
        tree = _tree(self.parser, seen.source, self.deadline)
        _insist_on_names(tree.root_node)
        # No progress callback here: the binding (0.26.1) crashes with one on some trees.
        matches = QueryCursor(self.query).matches(tree.root_node)
        return tree, Collector(self.lines, self.source, self.grammar, seen).collect(matches)


def _read_on(
    tree: Tree, definitions: list[Definition], seen: Readable, reading: _Reading
) -> list[Definition]:
    """The definitions with those behind errors that the parser did not get over; see `lost`."""
    begin = 0
    for _ in range(READ_ON_MAX):
        row = line_to_read_on_from(tree.root_node, reading.lines, begin)
        if row is None:
            break
        try:
            tree, found = reading.of(seen._replace(source=blank_before(seen.source, row)))
        except ParseAbandonedError:
            break
        definitions = [one for one in definitions if one.first < row] + found
        begin = row + 1
    return definitions


def _seen(source: bytes, grammar: Grammar) -> Readable:
    """What the parser is given to read: a text of the same length, with the same line breaks."""
    if grammar.macros:
        return readable(source)
    plain = without_template_lines(source) if grammar.documents else source
    return Readable(plain, {}, frozenset())


def _tree(parser: Parser, source: bytes, deadline: float) -> Tree:
    # 5 KB of nonsense can keep a parser busy for minutes, and only a parse by read callback can be
    # interrupted.
    try:
        # It must return bytes: what a memoryview does to a later look at a node's text is a crash
        # (py-tree-sitter issue 435).
        return parser.parse(
            lambda offset, _point: source[offset : offset + _READ_BYTES],
            progress_callback=lambda _offset, _has_error: time.thread_time() > deadline,
        )
    except ValueError as error:
        parser.reset()
        raise ParseAbandonedError(TIME) from error


def _insist_on_names(root: Node) -> None:
    """Refuse a tree that a query would need quadratic time for, if it is of the usual kind.

    At each token the query looks among all later siblings for one with a name (ts_tree_cursor_
    current_status in tree_cursor.c). Only where a parser has given up are there so many without.
    """
    if not root.has_error:
        return
    for node in (root, *(child for child in root.children if child.is_error)):
        if node.child_count - node.named_child_count > UNNAMED_SIBLINGS_MAX:
            raise ParseAbandonedError(TIME)


def _errors_hide(root: Node, top: Definition, lines: SourceLines) -> bool:
    """Tell whether errors cover half of the text or more, and definitions less than a quarter."""
    if not root.has_error:
        return False
    size = lines.size(0, len(lines.rows) - 1)
    defined = sum(lines.size(one.first, one.last) for one in top.members)
    if 4 * defined >= size:
        return False
    if root.is_error:
        return True
    errors = 0
    cursor = root.walk()
    more = cursor.goto_first_child()
    while more:
        node = cursor.node
        if node is not None and node.is_error:
            errors += node.end_byte - node.start_byte
        more = cursor.goto_next_sibling()
    return 2 * errors >= root.end_byte - root.start_byte


def signature(definition: Definition, source: bytes) -> str:
    """Return a definition's signature on one line: its text from the name's row to its body."""
    name = definition.name_node
    if name is None:
        return ""
    row_start = name.start_byte - name.start_point[1]
    parent = name.parent
    body = parent.child_by_field_name("body") if parent is not None else None
    if body is not None and body.start_byte > name.end_byte:
        end = body.start_byte
    elif (
        parent is not None and parent.type.endswith("declarator") and "variable" not in parent.type
    ):
        end = parent.end_byte
    else:
        end = source.find(b"\n", name.end_byte)
        end = len(source) if end < 0 else end
    words = source[row_start : min(end, row_start + 4 * SIGNATURE_MAX)].decode("utf-8", "replace")
    return " ".join(words.split()).rstrip(" {")[:SIGNATURE_MAX]


def statement_ranks(
    tree: Tree, lines: SourceLines, first: int, last: int, fallback: Callable[[int], int]
) -> Callable[[int], int]:
    """Rank the rows `first` to `last` by how deep the statement lies that starts there.

    Rows at which nothing starts (within a long string) rank after all others, by `fallback`.
    """
    ranks: dict[int, int] = {}
    _rank_children(tree.root_node.walk(), lines, first, last, ranks)
    return lambda row: ranks[row] if row in ranks else 1000 + fallback(row)


def _rank_children(
    cursor: TreeCursor, lines: SourceLines, first: int, last: int, ranks: dict[int, int]
) -> None:
    depth = cursor.depth
    if depth > _RANK_DEPTH_MAX or cursor.goto_first_child_for_point((first, 0)) is None:
        return
    previous_end, after_comment = -1, False
    more = True
    while more:
        node = cursor.node
        if node is None or node.start_point[0] > last:
            break
        start, end = node.start_point[0], last_row(node)
        if node.is_named and start > max(previous_end, first):
            # What a comment introduces stays with it.
            apart = start > previous_end + 1 or not after_comment
            ranks.setdefault(start, depth if apart else depth + 100)
        if end > start and lines.size(max(start, first), min(end, last)) > PART_MIN:
            _rank_children(cursor, lines, first, last, ranks)
        previous_end = max(previous_end, end)
        after_comment = "comment" in node.type or "attribute" in node.type
        more = cursor.goto_next_sibling()
    cursor.goto_parent()
