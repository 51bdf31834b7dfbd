"""From a text to the tree of its definitions, by way of tree-sitter.

The one place that walks syntax trees. It knows what is defined where, and nothing of chunks or
their sizes.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple, cast

from tree_sitter import QueryCursor

from .c_macros import readable
from .chunk import NESTING, TIME, ParseAbandonedError
from .grammars import GRAMMARS, Grammar, parser_and_query
from .nesting import nesting
from .settings import (
    PARSE_SECONDS_MAX,
    PARSE_SECONDS_PER_CHARACTER,
    PART_MIN,
    SIGNATURE_MAX,
    UNNAMED_SIBLINGS_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Parser, Tree, TreeCursor

    from .chunk import Kind
    from .lines import SourceLines

_LEAVES = frozenset({"function", "method", "macro"})
_WITH_METHODS = frozenset({"class", "interface", "struct", "trait", "enum"})
_DEPTH_MAX = 8
_RANK_DEPTH_MAX = 40
_NAME_MAX = 100
_READ_BYTES = 64 * 1024
_GENERICS = re.compile(r"(?<=\w)<[^<>]*>")


class Definition:
    """A definition and those in it that are found on their own.

    Attributes:
        kind: what it defines.
        names: what it declares; more than one for `const (A = 1; B = 2)`.
        first: its first row, with the comments and attributes right above it.
        last: its last row.
        name_node: where the (first) name stands; None for the file itself.
        column: of its first byte in its row.
        start_byte: where the definition itself starts.
        end_byte: where it ends.
        members: definitions within, in order; none within a function.
    """

    __slots__ = (
        "column",
        "end_byte",
        "first",
        "kind",
        "last",
        "members",
        "name_node",
        "names",
        "start_byte",
    )

    def __init__(
        self,
        kind: Kind,
        names: list[str],
        first: int,
        last: int,
        name_node: Node | None = None,
        start_byte: int = 0,
        end_byte: int = 0,
        column: int = 0,
    ) -> None:
        self.kind = kind
        self.names = names
        self.first = first
        self.last = last
        self.name_node = name_node
        self.start_byte = start_byte
        self.end_byte = end_byte
        self.column = column
        self.members: list[Definition] = []


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
    seen, names = readable(source) if grammar.macros else (source, {})
    tree = _tree(parser, seen)
    _insist_on_names(tree.root_node)
    # No progress callback here: the binding (0.26.1) crashes with one on some trees.
    matches = QueryCursor(query).matches(tree.root_node)
    definitions = _Collector(lines, source, grammar, names).collect(matches)
    top = Definition("module", [""], 0, len(lines.rows) - 1, end_byte=len(source) + 1)
    _nest(top, definitions, flat=grammar.macros)
    failed = not grammar.data and _errors_hide(tree.root_node, top, lines)
    return ParsedFile(tree, source, top, failed)


def _tree(parser: Parser, source: bytes) -> Tree:
    # 5 KB of nonsense can keep a parser busy for minutes, and only a parse by read callback can be
    # interrupted. CPU time, so that a file's chunks do not depend on how busy the machine is.
    allowed = PARSE_SECONDS_MAX + PARSE_SECONDS_PER_CHARACTER * len(source)
    deadline = time.thread_time() + allowed
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


class _Collector:
    """Turns a query's matches into definitions, one for each stretch of the file."""

    def __init__(
        self, lines: SourceLines, source: bytes, grammar: Grammar, names: dict[int, str]
    ) -> None:
        self._lines = lines
        self._names = names
        self._source = source
        self._grammar = grammar
        self._leads: dict[int, int] = {}
        self._wraps: dict[int, int] = {}

    def collect(self, matches: list[tuple[int, dict[str, list[Node]]]]) -> list[Definition]:
        best: dict[int, tuple[int, Kind, dict[str, list[Node]]]] = {}
        for pattern, captures in matches:
            if "name" in captures:
                name_byte = captures["name"][0].start_byte
                # Earlier patterns say more ("interface") than later ones ("class").
                if name_byte not in best or pattern < best[name_byte][0]:
                    best[name_byte] = (pattern, _kind(captures), captures)
            elif "lead" in captures:
                self._add_lead(captures["lead"][0])
            elif "wrap" in captures:
                inner, outer = captures["inner"][0], captures["wrap"][0]
                self._wraps[inner.start_byte] = outer.start_point[0]
        ranges: dict[tuple[int, int], tuple[int, Definition]] = {}
        for pattern, kind, captures in best.values():
            found = self._definition(kind, captures)
            key = (found.start_byte, found.end_byte)
            known = ranges.get(key)
            if known is None:
                ranges[key] = (pattern, found)
            else:
                known[1].names.extend(found.names)
                if pattern < known[0]:
                    known[1].kind = kind
                    ranges[key] = (pattern, known[1])
        return [found for _, found in ranges.values()]

    def _definition(self, kind: Kind, captures: dict[str, list[Node]]) -> Definition:
        node, name_node = captures[kind][0], captures["name"][0]
        end = captures["end"][0] if "end" in captures else node
        name = self._clean(name_node)
        if "scope" in captures:
            name = f"{self._clean(captures['scope'][0])}.{name}"
        first = node.start_point[0]
        return Definition(
            kind=kind,
            names=[name],
            first=self._with_leads(min(first, self._wraps.get(node.start_byte, first))),
            last=_last_row(end),
            name_node=name_node,
            start_byte=node.start_byte,
            end_byte=end.end_byte,
            column=node.start_point[1],
        )

    def _add_lead(self, node: Node) -> None:
        row, column = node.start_point
        before = self._lines.rows[row][:column]
        if not before or before.isspace():
            self._leads[_last_row(node)] = row

    def _with_leads(self, first: int) -> int:
        while first - 1 in self._leads:
            first = self._leads[first - 1]
        return first

    def _clean(self, node: Node) -> str:
        """Return a name as symbols write it: dots between its parts, no type arguments."""
        if node.start_byte in self._names:
            return self._names[node.start_byte][:_NAME_MAX]
        end = min(node.end_byte, node.start_byte + 4 * _NAME_MAX)
        name = self._source[node.start_byte : end].decode("utf-8", "replace")
        name = " ".join(name.split()).strip("\"'`")
        while "<" in name and "operator" not in name:
            shorter = _GENERICS.sub("", name)
            if shorter == name:
                break
            name = shorter
        if self._grammar.separator:
            name = name.replace(self._grammar.separator, ".").lstrip(".")
        for dropped in self._grammar.drop:
            name = name.replace(dropped, "")
        return name[:_NAME_MAX]


def _kind(captures: dict[str, list[Node]]) -> Kind:
    for capture in captures:
        if capture not in {"name", "scope", "end"} and not capture.startswith("_"):
            return cast("Kind", capture)  # our queries' own names for what they find
    message = "a query captures a name without a kind"
    raise AssertionError(message)


def _last_row(node: Node) -> int:
    row, column = node.end_point
    # A node that takes its line break along ends at the start of the next row.
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _nest(top: Definition, definitions: list[Definition], *, flat: bool) -> None:
    """Hang every definition under the one around it; drop those within functions.

    Args:
        top: the file.
        definitions: what was found in it.
        flat: functions hold no functions. One that seems to, further left than itself or as far,
            ends before it: its closing brace stands in another branch of an #if.
    """
    definitions.sort(key=lambda one: (one.start_byte, -one.end_byte))
    stack = [top]
    for one in definitions:
        while stack[-1].end_byte < one.end_byte or stack[-1].end_byte <= one.start_byte:
            stack.pop()
        parent = stack[-1]
        if flat and parent.kind in _LEAVES and _cut_short(parent, one):
            stack.pop()
            parent = stack[-1]
        if parent.kind in _LEAVES or len(stack) > _DEPTH_MAX:
            continue
        if parent.kind == one.kind and (parent.first, parent.last) == (one.first, one.last):
            # `typedef struct a {` ... `} a_t;` is one thing.
            continue
        if one.kind == "function" and parent.kind in _WITH_METHODS:
            one.kind = "method"
        parent.members.append(one)
        stack.append(one)


def _cut_short(function: Definition, inner: Definition) -> bool:
    """End a function before one that cannot be in it, if that is so."""
    if inner.kind != "function" or inner.first <= function.first:
        return False
    if inner.column > function.column:
        return False
    function.last = inner.first - 1
    return True


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
        start, end = node.start_point[0], _last_row(node)
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
