"""What a repository says of its own code: each file's definitions, and the documentation of both.

Knows sources; neither what will be asked of them nor indexes.
"""

from __future__ import annotations

import os
import re
import subprocess
from bisect import bisect_left
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import FUNCTIONS, TYPES
from lumen_hooks.chunking.naming.languages import language_of, language_of_text
from lumen_hooks.files.roles import roles_of
from training.comments import first_sentence, is_prose
from training.pairs import (
    Comment,
    comments_of,
    docstring_of,
    named_definitions,
    parsed_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lumen_hooks.chunking.definition import Definition

MAX_FILES = 7000
"""A repository with more text files is passed over: it teaches no more than others do."""

MAX_FILE_BYTES = 400_000
WORDS = (4, 40)
"""The least and the most of a question's words."""

_HEAD_LINES = 60
_PLAIN = (".txt", ".rst", ".adoc", ".hs", ".zig", ".jl", ".ml", ".mli", ".r", ".pl", ".pm", ".nim",
          ".clj", ".erl", ".hrl", ".f90", ".vim", ".el", ".m", ".mm", ".fs", ".v", ".sv", ".vhd",
          ".pas", ".nix")  # fmt: skip
_OTHERS = frozenset({"test", "example", "benchmark", "vendored", "generated", "docs"})
_NO_DOCUMENTATION = re.compile(
    r"copyright|licen[cs]e|spdx|all rights reserved|generated|@author|eslint|prettier|coding[:=]"
    r"|vim:|usr/bin|noqa|pragma",
    re.IGNORECASE,
)
_PYTHON_HEAD = re.compile(rb"(?:\s*#[^\n]*\n|\s*\n)*\s*[rRuU]?(\"\"\"|''')(.*?)\1", re.DOTALL)
_ELSE_IN_FRONT = re.compile(rb"[\s{%]*(<\?php)?\s*")


class Span(NamedTuple):
    """Bytes of a file that say what a question asks; what is put in their place, before its lines.

    A docstring leaves `...`, since Python wants a statement there.
    """

    start: int
    end: int
    instead: bytes


class Described(NamedTuple):
    """A definition.

    Attributes:
        path: of its file.
        kind: `function` or `type`.
        symbol: its qualified name.
        sentence: the first of its documentation; empty if it has none that could be asked.
        spans: where that stands.
        first: its first line, from 1.
        last: its last line.
    """

    path: str
    kind: str
    symbol: str
    sentence: str
    spans: tuple[Span, ...]
    first: int
    last: int

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.symbol.rsplit(".", 1)[-1]


class Outline(NamedTuple):
    """What one file holds.

    Attributes:
        definitions: in order.
        sentence: the first of what it says of itself at its head; empty without one.
        span: where that stands.
    """

    definitions: tuple[Described, ...]
    sentence: str = ""
    span: Span | None = None


def texts_of(repository: Path, commit: str) -> dict[str, bytes]:
    """The text files of a commit that an index would hold, by path; none if they are too many."""
    listed = _git(repository, "ls-tree", "-rz", "-l", commit)
    wanted: list[tuple[str, bytes]] = []
    for row in filter(None, listed.split(b"\0")):
        about, path = row.split(b"\t", 1)
        mode, kind, blob, size = about.split()
        name = os.fsdecode(path)
        # A snapshot may lack its largest blobs; git gives no number for their size then.
        is_file = kind == b"blob" and mode != b"120000" and size.isdigit()
        if not is_file or int(size) > MAX_FILE_BYTES:
            continue
        if language_of(name) != "text" or name.lower().endswith(_PLAIN):
            wanted.append((name, blob))
    if len(wanted) > MAX_FILES:
        return {}
    asked = b"".join(blob + b"\n" for _, blob in wanted)
    return dict(_texts(wanted, _git(repository, "cat-file", "--batch", stdin=asked)))


def _texts(wanted: list[tuple[str, bytes]], batch: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for path, _ in wanted:
        end = batch.index(b"\n", at)
        head = batch[at:end].split()
        at = end + 1
        if head[-1] == b"missing":
            continue
        text = batch[at : at + int(head[2])]
        at += int(head[2]) + 1
        if b"\0" not in text[:8000]:
            yield path, text


def outline_of(path: str, source: bytes) -> Outline | None:
    """A file's outline; None for tests, examples, others' code and what does not parse."""
    if roles_of(path) & _OTHERS:
        return None
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return None
    language = language_of_text(path, text)
    parsed = parsed_file(language, text)
    if parsed is None or parsed.source != source:
        return None
    comments = comments_of(language, parsed.tree.root_node)
    definitions = tuple(
        _described(path, language, source, comments, symbol, definition)
        for symbol, definition in named_definitions(parsed.top, "")
        if symbol and definition.kind in FUNCTIONS | TYPES
    )
    span, words = _head(language, source, comments)
    sentence = first_sentence(words, PurePosixPath(path).stem) if span else ""
    if not _can_be_asked(sentence) or _NO_DOCUMENTATION.search(sentence):
        return Outline(definitions)
    return Outline(definitions, sentence, span)


def _described(
    path: str,
    language: str,
    source: bytes,
    comments: list[Comment],
    symbol: str,
    definition: Definition,
) -> Described:
    start, end = definition.start_byte, definition.end_byte
    if language == "python":
        found = docstring_of(definition)
        documentation = found.text if found else ""
        spans = [Span(found.start, found.end, b"...")] if found else []
    else:
        block = _comments_at(source, comments, definition)
        documentation = "\n".join(one.text for one in block)
        spans = [Span(one.start, one.end, b"") for one in block]
    sentence = first_sentence(documentation, symbol.rsplit(".", 1)[-1]) if documentation else ""
    return Described(
        path,
        "function" if definition.kind in FUNCTIONS else "type",
        symbol,
        sentence if _can_be_asked(sentence) else "",
        tuple(spans),
        source.count(b"\n", 0, start) + 1,
        source.count(b"\n", 0, max(start, end - 1)) + 1,
    )


def _comments_at(source: bytes, comments: list[Comment], definition: Definition) -> list[Comment]:
    """Those right above a definition, and those between its start and its name."""
    start = definition.start_byte
    after = bisect_left(comments, start, key=lambda one: one.start)
    above: list[Comment] = []
    top = start
    for one in reversed(comments[:after]):
        between = source[one.end : top].count(b"\n")
        too_high = source.count(b"\n", 0, one.start) < definition.first
        line = source.rfind(b"\n", 0, one.start) + 1
        if too_high or between > 1 + 3 * (not above) or source[line : one.start].strip():
            break
        above.insert(0, one)
        top = one.start
        if one.text.startswith("/*"):
            break
    name = definition.name_node
    until = name.start_byte if name is not None else start
    return above + [one for one in comments[after : after + 40] if one.end <= until]


def _head(language: str, source: bytes, comments: list[Comment]) -> tuple[Span | None, str]:
    """Where a file says what it is for, and the words; no licence and no instructions to tools."""
    if language == "python":
        found = _PYTHON_HEAD.match(source)
        if found is None:
            return None, ""
        return Span(found.start(2), found.end(2), b"doc"), found[2].decode("utf-8", "replace")
    for block in _leading_blocks(source, comments):
        words = "\n".join(one.text for one in block)
        if not _NO_DOCUMENTATION.search(words):
            return Span(block[0].start, block[-1].end, b""), words
    return None, ""


def _leading_blocks(source: bytes, comments: list[Comment]) -> list[list[Comment]]:
    """The comments at the top of a file, those on neighbouring lines together."""
    blocks: list[list[Comment]] = []
    for one in comments:
        if source[: one.start].count(b"\n") > _HEAD_LINES:
            break
        if not blocks:
            if not _ELSE_IN_FRONT.fullmatch(source[: one.start]):
                break
            blocks.append([one])
            continue
        gap = source[blocks[-1][-1].end : one.start]
        if gap.strip():
            break
        if gap.count(b"\n") <= 1:
            blocks[-1].append(one)
        else:
            blocks.append([one])
    return blocks


def _can_be_asked(sentence: str) -> bool:
    least, most = WORDS
    return least <= len(sentence.split()) <= most and sentence.isascii() and is_prose(sentence)


def _git(repository: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
