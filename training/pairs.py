"""What one file teaches: pairs of something to ask and the code that answers it.

The code is what the product would embed for it: the qualified symbol and the lines, without the
words that became the question.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tree_sitter

from lumen_hooks.chunking.chunk import FUNCTIONS, TYPES, ParseAbandonedError
from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.identifiers import split_identifiers
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.naming.languages import language_of_text
from lumen_hooks.chunking.settings import WHOLE_MAX
from lumen_hooks.chunking.syntax.definitions import parse
from lumen_hooks.chunking.syntax.grammars import GRAMMARS, parser_and_query
from lumen_hooks.files.roles import is_test

from .comments import first_sentence, is_prose, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.chunking.definition import Definition
    from lumen_hooks.chunking.syntax.definitions import ParsedFile

_COMMENT_NODES = (
    "comment", "line_comment", "block_comment", "multiline_comment", "doc_comment",
    "documentation_comment",
)  # fmt: skip
_ELIXIR_DOC = re.compile(rb"@doc\s+(?:~S)?\"{3}(.*?)\"{3}\s*", re.DOTALL)
MIN_CODE = 60
MAX_REMARKS = 2
"""So many comments within one function become questions."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and what answers it.

    Attributes:
        kind: `doc`, `remark` (a comment within), `name`, `heading` or `commit`.
        language: as the product names it.
        query: the question.
        symbol: the qualified symbol; empty where the name is the question.
        code: the lines.
    """

    kind: str
    language: str
    query: str
    symbol: str
    code: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or docstring, by its bytes in the source."""

    start: int
    end: int
    text: str


def pairs_of_file(path: str, text: str) -> Iterator[Pair]:
    """All pairs of one file. A file that does not parse gives none."""
    language = language_of_text(path, text)
    if is_test(path):
        return
    if language == "markdown":
        yield from _sections(path, text)
        return
    parsed = parsed_file(language, text)
    if parsed is None:
        return
    comments = comments_of(language, parsed.tree.root_node)
    for symbol, definition in named_definitions(parsed.top, ""):
        if definition.kind in FUNCTIONS or definition.kind in TYPES:
            yield from _of_definition(language, parsed.source, comments, symbol, definition)


def definitions_of_file(path: str, text: str) -> Iterator[str]:
    """The code of every definition, as a `doc` pair has it where there is no documentation."""
    parsed = parsed_file(language_of_text(path, text), text)
    if parsed is None:
        return
    for _, definition in named_definitions(parsed.top, ""):
        if definition.kind in FUNCTIONS or definition.kind in TYPES:
            start, end = definition.start_byte, definition.end_byte
            yield _without(parsed.source, start, end, [])[:WHOLE_MAX]


def parsed_file(language: str, text: str) -> ParsedFile | None:
    """A file of a programming language, parsed; None for all others and where that fails."""
    grammar = GRAMMARS.get(language)
    if grammar is None or grammar.data:
        return None
    try:
        parsed = parse(language, text, SourceLines(text))
    except (ParseAbandonedError, ImportError, RecursionError):
        return None
    return None if parsed.failed else parsed


def _sections(path: str, text: str) -> Iterator[Pair]:
    for chunk in chunk_file(path, text).chunks:
        if chunk.kind != "section" or not chunk.symbol or chunk.header:
            continue
        heading = text_of(chunk.symbol.rsplit(" > ", 1)[-1])
        rows = chunk.text.split("\n")
        code = "\n".join(row for row in rows if not row.startswith("#")).strip()
        if len(code) >= 2 * MIN_CODE and 2 <= len(heading.split()) <= 12:
            yield Pair("heading", "markdown", heading, "", code)


@functools.cache
def _comment_query(language: str) -> tree_sitter.Query:
    parser, _ = parser_and_query(language)
    grammar = parser.language
    assert grammar is not None
    known = [name for name in _COMMENT_NODES if grammar.id_for_node_kind(name, True)]
    return tree_sitter.Query(grammar, " ".join(f"({name}) @comment" for name in known))


def comments_of(language: str, root: tree_sitter.Node) -> list[Comment]:
    """All comments below a node, in order; none within another."""
    captured = tree_sitter.QueryCursor(_comment_query(language)).captures(root)
    found = {
        (node.start_byte, node.end_byte): (node.text or b"").decode("utf-8", "replace")
        for nodes in captured.values()
        for node in nodes
    }
    comments: list[Comment] = []
    # Rust's `line_comment` holds a `doc_comment`, which may be empty.
    for (start, _), text in sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])):
        if text.strip() and (not comments or start >= comments[-1].end):
            comments.append(Comment(start, start + len(text.rstrip().encode()), text.rstrip()))
    return comments


def named_definitions(definition: Definition, prefix: str) -> Iterator[tuple[str, Definition]]:
    """Every definition in another, at any depth, with its qualified name below `prefix`."""
    for member in definition.members:
        symbol = f"{prefix}{member.names[0]}" if member.names else prefix.rstrip(".")
        yield symbol, member
        yield from named_definitions(member, f"{symbol}." if symbol else "")


def _of_definition(
    language: str, source: bytes, comments: list[Comment], symbol: str, definition: Definition
) -> Iterator[Pair]:
    start, end = definition.start_byte, definition.end_byte
    name = symbol.rsplit(".", 1)[-1]
    first = bisect_left(comments, start, key=lambda one: one.start)
    after = bisect_left(comments, end, key=lambda one: one.start)
    within = comments[first:after]
    cut: list[tuple[int, int]] = []
    if language == "python":
        found = docstring_of(definition)
        doc = found.text if found else ""
        cut += [(found.start, found.end)] if found else []
    else:
        doc = _above(source, comments[:first], start, definition.first)
    if language == "elixir":
        doc = _elixir_doc(source, start) or doc
    sentence = first_sentence(doc, name) if doc else ""
    bare = _without(source, start, end, cut)
    if len(bare) < MIN_CODE:
        return
    if sentence:
        yield Pair("doc", language, sentence, symbol, bare[:WHOLE_MAX])
    if definition.kind not in FUNCTIONS:
        return
    yield from _remarks(language, source, within, (start, end), cut, symbol)
    words = " ".join(split_identifiers(name).replace("_", " ").lower().split())
    if not sentence and len(words.split()) >= 2 and len(name) >= 8 and len(bare) >= 3 * MIN_CODE:
        masked = re.sub(rf"\b{re.escape(name)}\b", " ", bare)
        yield Pair("name", language, words, symbol.rpartition(".")[0], masked[:WHOLE_MAX])


def _remarks(
    language: str,
    source: bytes,
    within: list[Comment],
    span: tuple[int, int],
    cut: list[tuple[int, int]],
    symbol: str,
) -> Iterator[Pair]:
    taken = 0
    for block in _blocks(source, within):
        text = " ".join(text_of("\n".join(one.text for one in block)).split()).strip(" .:;-")
        if len(text.split()) < 5 or not is_prose(text) or taken == MAX_REMARKS:
            continue
        taken += 1
        bounds = (block[0].start, block[-1].end)
        around = max(span[0], bounds[0] - WHOLE_MAX // 2)
        around = max(span[0], source.rfind(b"\n", 0, around) + 1)
        code = _without(source, around, span[1], sorted([*cut, bounds]))
        if len(code) >= MIN_CODE:
            yield Pair("remark", language, text, symbol, code[:WHOLE_MAX])


def _blocks(source: bytes, comments: list[Comment]) -> Iterator[list[Comment]]:
    """Comments on lines of their own, those on neighbouring lines together."""
    block: list[Comment] = []
    for one in comments:
        line = source.rfind(b"\n", 0, one.start) + 1
        if source[line : one.start].strip():
            continue
        if block and source[block[-1].end : one.start].strip(b" \t") in {b"\n", b""}:
            block.append(one)
            continue
        if block:
            yield block
        block = [one]
    if block:
        yield block


def docstring_of(definition: Definition) -> Comment | None:
    """Python's."""
    name = definition.name_node
    owner = name.parent if name is not None else None
    body = owner.child_by_field_name("body") if owner is not None else None
    for statement in body.named_children if body is not None else []:
        if statement.type == "comment":
            continue
        inner = statement.named_children
        if statement.type == "string":
            inner = [statement]
        elif statement.type != "expression_statement" or len(inner) != 1:
            return None
        if inner[0].type != "string":
            return None
        text = (inner[0].text or b"").decode("utf-8", "replace")
        return Comment(inner[0].start_byte, inner[0].end_byte, text)
    return None


def _above(source: bytes, comments: list[Comment], start: int, first_row: int) -> str:
    """The comment that ends right above a definition (attributes may stand in between)."""
    found: list[str] = []
    top = start
    for one in reversed(comments):
        between = source[one.end : top]
        if source.count(b"\n", 0, one.start) < first_row or between.count(b"\n") > 1 + 3 * (
            not found
        ):
            break
        line = source.rfind(b"\n", 0, one.start) + 1
        if source[line : one.start].strip():
            break
        found.insert(0, one.text)
        top = one.start
        if one.text.startswith("/*"):
            break
    return "\n".join(found)


def _elixir_doc(source: bytes, start: int) -> str:
    before = source[max(0, start - 6000) : start]
    found = list(_ELIXIR_DOC.finditer(before))
    if not found or re.search(rb"^\s*defp?\b", before[found[-1].end() :], re.MULTILINE):
        return ""
    return found[-1][1].decode("utf-8", "replace")


def _without(source: bytes, start: int, end: int, cuts: list[tuple[int, int]]) -> str:
    kept, place = [], start
    for first, last in cuts:
        if first >= place and last <= end:
            kept.append(source[place:first])
            place = last
    kept.append(source[place:end])
    text = b"".join(kept).decode("utf-8", "replace")
    return "\n".join(line for line in text.split("\n") if line.strip())
