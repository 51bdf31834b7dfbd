"""From the matches of a language's query to its definitions, one for each stretch of the file.

What the captures mean, `grammars` tells. Knows nodes and names, and nothing of what lies in what.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from lumen_hooks.chunking.definition import Definition
from lumen_hooks.chunking.settings import CONTAINER_WHOLE_MAX, TINY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from lumen_hooks.chunking.chunk import Kind
    from lumen_hooks.chunking.lines import SourceLines

    from .c_macros import Readable
    from .grammars import Grammar

    Captures = dict[str, list[Node]]

_NAME_MAX = 100
_GENERICS = re.compile(r"(?<=\w)<[^<>]*>")
_VERB = re.compile(
    r"(?:map|http)?(get|post|put|patch|delete|head|options)(?:mapping)?", re.IGNORECASE
)
_ANNOTATES = re.compile(
    r"\s{0,200}(?:U(?:CLASS|STRUCT|ENUM|INTERFACE|FUNCTION|PROPERTY|DELEGATE)"
    r"|\w{0,40}(?:DEPRECATED|ATTRIBUTE|NODISCARD|EXPORT|NOINLINE|_API))\b"
)
"""A macro in front of a definition in C, on its own line (Unreal's, and attributes)."""

_QUOTES = ('"', "'", "`")
_BESIDE_KIND = frozenset({"name", "text", "verb", "label", "scope", "end", "open"})
_KINDS: dict[str, Kind] = {"unit": "module", "impl": "module", "table": "constant"}


class Collector:
    """Turns a query's matches into definitions, one for each stretch of the file."""

    def __init__(self, lines: SourceLines, source: bytes, grammar: Grammar, seen: Readable) -> None:
        self._lines = lines
        self._names = seen.names
        self._texts = seen.texts
        self._seen = seen.source.split(b"\n") if seen.source is not source else []
        self._source = source
        self._grammar = grammar
        self._leads: dict[int, int] = {}
        self._wraps: dict[int, int] = {}
        self._also: dict[int, list[str]] = {}
        self._open: list[Definition] = []

    def collect(self, matches: list[tuple[int, Captures]]) -> list[Definition]:
        """The definitions of these matches, in no order."""
        best: dict[tuple[int, int], tuple[int, str, Captures]] = {}
        for pattern, captures in matches:
            if "also" in captures:
                self._also.setdefault(captures["also"][0].start_byte, []).append(
                    self._name(captures)
                )
            elif named := captures.get("name") or captures.get("text"):
                if named[0].is_missing:
                    continue
                verb = captures["verb"][0].start_byte if "verb" in captures else -1
                key = (named[0].start_byte, verb)
                # Earlier patterns say more ("interface") than later ones ("class").
                if key not in best or pattern < best[key][0]:
                    best[key] = (pattern, _kind(captures), captures)
            elif "lead" in captures:
                self._add_lead(captures["lead"][0])
            elif "wrap" in captures:
                inner, outer = captures["inner"][0], captures["wrap"][0]
                self._wraps[inner.start_byte] = outer.start_point[0]
        definitions = self._one_for_each_range(best.values())
        self._let_go_on()
        return definitions

    def _one_for_each_range(self, found: Iterable[tuple[int, str, Captures]]) -> list[Definition]:
        ranges: dict[tuple[int, int], tuple[int, Definition]] = {}
        for pattern, kind, captures in found:
            one = self._definition(kind, captures)
            if kind == "table" and one.end_byte - one.start_byte < TINY:
                continue
            if one.names[0].startswith("(*"):
                # A function that returns a function pointer: another pattern has its name.
                continue
            key = (one.start_byte, one.end_byte)
            known = ranges.get(key)
            if known is None:
                ranges[key] = (pattern, one)
            else:
                self._add_name(known[1], one)
                if pattern < known[0]:
                    known[1].kind = one.kind
                    ranges[key] = (pattern, known[1])
        return [one for _, one in ranges.values()]

    def _add_name(self, known: Definition, one: Definition) -> None:
        """Give a definition another name, or the next part of its one."""
        if self._grammar.joint and one.kind == "function":
            known.names[0] = f"{known.names[0]}{self._grammar.joint}{one.names[0]}"[:_NAME_MAX]
        else:
            known.names.extend(name for name in one.names if name not in known.names)

    def _let_go_on(self) -> None:
        """End what is only opened, by a line of its own, where the next such thing begins."""
        self._open.sort(key=lambda one: one.start_byte)
        for one, following in zip_longest(self._open, self._open[1:]):
            last = following.first - 1 if following else len(self._lines.rows) - 1
            _, one.last = self._lines.trimmed(one.first, last) or (one.first, one.first)
            one.end_byte = following.start_byte if following else len(self._source)

    def _definition(self, kind: str, captures: Captures) -> Definition:
        node, name_node = captures[kind][0], (captures.get("name") or captures["text"])[0]
        end = captures["end"][0] if "end" in captures else node
        first = node.start_point[0]
        found = Definition(
            kind=_KINDS.get(kind) or cast("Kind", kind),  # our queries' own names
            names=[self._name(captures)],
            first=self._with_leads(min(first, self._wraps.get(node.start_byte, first))),
            last=self._last_row(end),
            name_row=name_node.start_point[0],
            start_byte=node.start_byte,
            end_byte=end.end_byte,
            column=node.start_point[1],
            name_node=name_node,
        )
        found.also = self._also.get(node.start_byte, [])
        found.is_text = "text" in captures or name_node.start_byte in self._texts
        if "open" in captures:
            self._open.append(found)
        if kind == "unit":
            found.whole_max = CONTAINER_WHOLE_MAX
        elif kind == "impl":
            found.has_methods = True
        return found

    def _last_row(self, node: Node) -> int:
        row, column = node.end_point
        # Where blocks are told by indentation, a node may end at what comes after it.
        before = self._lines.rows[row][:column]
        return row - 1 if row > node.start_point[0] and not before.strip() else row

    def _add_lead(self, node: Node) -> None:
        row, column = node.start_point
        before = self._lines.rows[row][:column]
        if not before or before.isspace():
            self._leads[last_row(node)] = row

    def _with_leads(self, first: int) -> int:
        while first - 1 in self._leads or self._is_macro(first - 1):
            first = self._leads.get(first - 1, first - 1)
        return first

    def _is_macro(self, row: int) -> bool:
        """Whether nothing stands in a row but a macro that annotates what is below."""
        blank = 0 <= row < len(self._seen) and not self._seen[row].strip()
        return blank and _ANNOTATES.match(self._lines.rows[row]) is not None

    def _name(self, captures: Captures) -> str:
        """What a definition is called, within what it stands in."""
        if "text" in captures:
            name = self._text(captures["text"][0])
            if "verb" in captures:
                name = f"{_verb(self._words(captures['verb'][0]))} {name}"
            elif "label" in captures:
                name = f"{self._words(captures['label'][0])} {name}"
        else:
            name = self._clean(captures["name"][0])
        if "macro" in captures:
            name = self._grammar.sigil + name
        if "scope" in captures:
            name = f"{self._clean(captures['scope'][0])}.{name}"
        return name[:_NAME_MAX]

    def _words(self, node: Node) -> str:
        end = min(node.end_byte, node.start_byte + 4 * _NAME_MAX)
        text = self._source[node.start_byte : end].decode("utf-8", "replace")
        return " ".join(text.split())

    def _text(self, node: Node) -> str:
        """Return a text as it stands, without its quotes; a comma would end a name."""
        text = self._words(node).removeprefix(":").strip("\"'`")
        if node.type == "infix_expression":
            text = text.replace('"', "")
        return text.replace(", ", " ") or "?"

    def _clean(self, node: Node) -> str:
        """Return a name as symbols write it: dots between its parts, no type arguments."""
        if node.start_byte in self._names:
            return self._names[node.start_byte][:_NAME_MAX]
        name = self._words(node)
        if name.startswith(_QUOTES):
            name = name.strip("\"'`")
        while "<" in name and "operator" not in name:
            shorter = _GENERICS.sub("", name)
            if shorter == name:
                break
            name = shorter
        if self._grammar.separator:
            name = name.replace(self._grammar.separator, ".").lstrip(".")
        for dropped in self._grammar.drop:
            name = name.replace(dropped, "")
        return name.replace(", ", ",")[:_NAME_MAX]  # a comma and a blank end a name


def _verb(word: str) -> str:
    """A route's verb, whatever the function that declares it is called."""
    found = _VERB.fullmatch(word)
    return (found[1] if found else word).upper()


def _kind(captures: Captures) -> str:
    for capture in captures:
        if capture not in _BESIDE_KIND and not capture.startswith("_"):
            return capture
    message = "a query captures a name without a kind"
    raise AssertionError(message)


def last_row(node: Node) -> int:
    """The last row that a node has something on."""
    row, column = node.end_point
    # A node that takes its line break along ends at the start of the next row.
    return row - 1 if column == 0 and row > node.start_point[0] else row
