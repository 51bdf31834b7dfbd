"""What a chunker produces.

Named tuples here and beside it: the process that parses would pay more for importing dataclasses
than for a small refresh's parsing.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "function",
    "method",
    "class",
    "interface",
    "struct",
    "enum",
    "trait",
    "type",
    "constant",
    "macro",
    "module",
    "section",
    "key",
    "text",
]

FUNCTIONS = frozenset({"function", "method", "macro"})
TYPES = frozenset({"class", "interface", "struct", "enum", "trait", "type"})
MENTIONS = frozenset({"module", "text", "section", "key"})
"""Kinds that run, those that say what values are, and those that mention rather than define."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind a chunk may have, as `--kind` takes it."""

TIME, MEMORY, NESTING, CRASH = "time", "memory", "nesting", "crash"
"""Why a parser was not let go on with a text, or what it died of."""

UNTRIED = "untried"
"""Nothing is known of the text: there was no process to parse it in, or none that answered."""


class Held(NamedTuple):
    """A definition that a chunk holds, or is a part of.

    Attributes:
        kind: what it defines.
        name: qualified; where one statement declares several names, the first NAMES_MAX of them,
            with `, ` between.
        start_line: its first line, from 1, with the comments right above it.
        end_line: its last line, included.
    """

    kind: Kind
    name: str
    start_line: int
    end_line: int


class Chunk(NamedTuple):
    """A stretch of one file, usually a definition.

    Attributes:
        start_line: first line, from 1.
        end_line: last line, included.
        symbol: qualified name (`Class.method`), heading path or key path; empty if there is none.
        kind: what it defines, or what it is.
        text: the lines as they stand in the file, without a final line break.
        header: for a later part of a split definition, its repeated signature; else empty.
        holds: the definitions in it: several where small neighbours share it or where a small
            class is whole; for a part of a split definition that one, with all of its lines. Empty
            where `symbol` is.
    """

    start_line: int
    end_line: int
    symbol: str
    kind: Kind
    text: str
    header: str = ""
    holds: tuple[Held, ...] = ()


class ChunkedFile(NamedTuple):
    """The chunks of one file, in order of their lines.

    Attributes:
        language: the language's name as `--lang` takes it (`python`, `typescript`, `text`, ...).
        chunks: together they cover every line that holds anything worth finding.
        parse_failed: the language's parser gave up; it was cut by what its lines show.
        abandoned: why it was not let go on (TIME, ...), so that trying again would be of no use,
            or UNTRIED; empty if it was.
        quoted: the file has its text in quotes (a notebook): the text of a chunk is what its lines
            say, not how they stand there.
    """

    language: str
    chunks: tuple[Chunk, ...]
    parse_failed: bool = False
    abandoned: str = ""
    quoted: bool = False


class ParseAbandonedError(Exception):
    """The text is too much for its parser; the caller cuts it by what its lines show."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TooManyDeathsError(Exception):
    """More children died than whoever waits has time for."""
