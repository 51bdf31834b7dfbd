"""A file without its documentation, and what that documentation said of which definition."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.syntax.definitions import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from lumen_hooks.chunking.definition import Definition
    from lumen_hooks.chunking.syntax.definitions import ParsedFile


_QUOTES = re.compile(r"^\s*[rRuUbBfF]{0,2}(\"{3}|'{3}|\"|')|(\"{3}|'{3}|\"|')\s*$")
_MARKERS = re.compile(r"^\s*(/\*\*+|\*/|\*+(?!/)|//+!?)[ \t]?|\s*\*+/\s*$", re.MULTILINE)
_TAGGED = re.compile(r"^\s*@(?:summary|description)\s+(\S.*)", re.MULTILINE | re.DOTALL)
_MARKS: dict[str, tuple[str, ...]] = {
    "bash": ("#",),
    "c": ("/*", "//"),
    "cpp": ("/*", "//"),
    "csharp": ("///", "/**"),
    "dart": ("///", "/**"),
    "elixir": (),
    "go": ("//",),
    "lua": ("--",),
    "python": (),
    "ruby": ("#",),
    "rust": ("///", "/**"),
    "swift": ("///", "/**"),
}
"""How a comment begins that documents what it stands above; `/**` elsewhere."""

_PLAIN = frozenset(_MARKS) - {"go", "python"}
_BRIEF = re.compile(r"^\s*[@\\]brief\s+", re.MULTILINE)
_BACKSLASH = re.compile(r"^\s*\\(?=[a-z])", re.MULTILINE)
_HASHES = re.compile(r"^\s*(?:#+|--+)[ \t]?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documented:
    """A definition in the stripped text.

    Attributes:
        symbol: qualified name.
        kind: as the product names it.
        first: first line in the stripped text, from 1.
        last: last line, included.
        sentence: the first sentence of its documentation; empty without any.
    """

    symbol: str
    kind: str
    first: int
    last: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Comment:
    start: int
    end: int
    text: str


def strip_documentation(language: str, text: str) -> tuple[str, list[Documented]]:
    """A text without docstrings and documentation comments, and its definitions.

    Args:
        language: as the product names it.
        text: a whole file.
    """
    lines = SourceLines(text)
    parsed = parse(language, text, lines)
    named = list(_named(parsed.top, ""))
    comments, docstrings = _comments(parsed, language)
    attached: dict[int, _Comment] = {}
    for _, definition in named:
        if definition.name_node is None:
            continue
        name_start = definition.name_node.start_byte
        found = docstrings.get(name_start) or _above(language, definition, comments, parsed.source)
        if found is not None:
            attached[name_start] = found
    cuts = _cuts(language, comments, docstrings, attached, parsed.source)
    stripped = _without(parsed.source, cuts)
    shift = _Shift(cuts, stripped)
    definitions = [
        Documented(
            symbol,
            definition.kind,
            shift.line(definition.start_byte),
            shift.line(max(definition.start_byte, definition.end_byte - 1)),
            first_sentence(attached[start].text, symbol.rsplit(".", 1)[-1])
            if (start := _name_start(definition)) in attached
            else "",
        )
        for symbol, definition in named
    ]
    return stripped.decode("utf-8", "replace"), definitions


def first_sentence(comment: str, name: str) -> str:
    """The first sentence of a documentation comment, without markup and the name it describes."""
    text = _MARKERS.sub("", _QUOTES.sub("", comment.strip()))
    tagged = _TAGGED.search(text)
    text = tagged[1] if tagged else text
    text = re.split(r"\n\s*\n|\n\s*@|^\s*@|\n\s*<p>|\n\s*[-*] ", text.strip(), maxsplit=1)[0]
    text = re.sub(r"\{@\w+\s+#?([^}]*)\}", r"\1", text)
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    text = re.sub(r"<[^>\n]{1,80}>", " ", text)
    text = re.sub(r"&\w+;", " ", text)
    text = re.sub(r"[`*]+", "", text)
    text = " ".join(text.split())
    sentence = re.split(r"(?<=[a-z0-9)\]])[.!?:](?:\s|$)", text, maxsplit=1)[0].strip(" .:")
    head, _, rest = sentence.partition(" ")
    return rest if head.strip("()") == name else sentence


def _named(definition: Definition, prefix: str) -> Iterator[tuple[str, Definition]]:
    for member in definition.members:
        symbol = f"{prefix}{member.names[0]}" if member.names else prefix.rstrip(".")
        yield symbol, member
        yield from _named(member, f"{symbol}." if symbol else "")


def _name_start(definition: Definition) -> int:
    return definition.name_node.start_byte if definition.name_node is not None else -1


def _comments(parsed: ParsedFile, language: str) -> tuple[list[_Comment], dict[int, _Comment]]:
    """All comments in order, and Python's docstrings by where their owner's name starts."""
    comments: list[_Comment] = []
    docstrings: dict[int, _Comment] = {}
    waiting = [parsed.tree.root_node]
    while waiting:
        node = waiting.pop()
        if "comment" in node.type:
            comments.append(_comment(node))
            continue
        if language == "python" and node.type in {
            "module", "class_definition", "function_definition",
        }:  # fmt: skip
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            found = _docstring(node if node.type == "module" else body)
            if found is not None:
                docstrings[name.start_byte if name is not None else -1] = found
        waiting.extend(node.children)
    return sorted(comments, key=lambda comment: comment.start), docstrings


def _comment(node: Node) -> _Comment:
    # Rust's line comments end with their line.
    text = (node.text or b"").rstrip()
    return _Comment(node.start_byte, node.start_byte + len(text), text.decode("utf-8", "replace"))


def _docstring(body: Node | None) -> _Comment | None:
    statements = [] if body is None else [n for n in body.named_children if n.type != "comment"]
    if not statements or statements[0].type != "expression_statement":
        return None
    first = statements[0].named_children
    return _comment(first[0]) if len(first) == 1 and first[0].type == "string" else None


def _above(
    language: str, definition: Definition, comments: list[_Comment], source: bytes
) -> _Comment | None:
    """The documentation comment that stands before a definition's name."""
    marks = _MARKS.get(language, ("/**",))
    end = _name_start(definition)
    number = bisect_right(comments, end, key=lambda comment: comment.start) - 1
    found: list[_Comment] = []
    top = end
    while number >= 0 and len(found) < 200:
        comment = comments[number]
        between = source[comment.end : top]
        if source.count(b"\n", 0, comment.start) < definition.first or (
            found and between.strip(b" \t") != b"\n"
        ):
            break
        if comment.text.startswith(marks):
            found.insert(0, comment)
            top = comment.start
            if comment.text.startswith("/*"):
                break
        number -= 1
    if not found:
        return None
    text = "\n".join(c.text for c in found)
    return _Comment(found[0].start, found[-1].end, _plain(text) if language in _PLAIN else text)


def _plain(text: str) -> str:
    """Without the markers and the `\\brief` of other languages; other tags begin with @."""
    text = _BRIEF.sub("", _MARKERS.sub("", text))
    return _HASHES.sub("", _BACKSLASH.sub("@", text))


def _cuts(
    language: str,
    comments: list[_Comment],
    docstrings: dict[int, _Comment],
    attached: dict[int, _Comment],
    source: bytes,
) -> list[tuple[int, int, bytes]]:
    """What to cut, in order, and what to put there (a body must not become empty)."""
    doomed = {(c.start, c.end) for c in (*docstrings.values(), *attached.values())}
    if language not in {"python", "go"}:
        doomed.update((c.start, c.end) for c in comments if c.text.startswith("/**"))
    cuts: list[tuple[int, int, bytes]] = []
    for start, end in sorted(doomed):
        if cuts and start < cuts[-1][1]:
            continue
        if language == "python":
            cuts.append((start, end, b"..."))
            continue
        line_start = source.rfind(b"\n", 0, start) + 1
        line_end = source.find(b"\n", end)
        line_end = len(source) if line_end < 0 else line_end
        whole = not source[line_start:start].strip() and not source[end:line_end].strip()
        if whole:
            cuts.append((line_start, min(len(source), line_end + 1), b""))
        else:
            cuts.append((start, end, b""))
    return cuts


def _without(source: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    kept, place = [], 0
    for start, end, instead in cuts:
        kept += [source[place:start], instead]
        place = max(place, end)
    return b"".join([*kept, source[place:]])


class _Shift:
    """Where an offset of the whole text is in the stripped one."""

    def __init__(self, cuts: list[tuple[int, int, bytes]], stripped: bytes) -> None:
        self._cuts = cuts
        self._newlines = [n for n, byte in enumerate(stripped) if byte == 10]

    def line(self, offset: int) -> int:
        """The line, from 1, on which an offset of the whole text now stands."""
        gone = sum(
            min(offset, end) - start - (len(instead) if offset >= end else 0)
            for start, end, instead in self._cuts
            if start < offset
        )
        return bisect_right(self._newlines, offset - gone - 1) + 1
