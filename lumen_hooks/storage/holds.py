"""The definitions that a chunk holds, as one short text of its row.

A line for each: a letter for its kind, its first line counted from the chunk's,
`+` and how many follow, and its name where the chunk's symbol does not give it:
`f0+3` and `m-2+40=` and `k14:Store.size`. So one that starts with a letter is of that
kind, which SQL can look for. Empty where it is the chunk itself, which most are.
Knows rows and their values; no table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from lumen_hooks.chunking.chunk import Held
from lumen_hooks.chunking.settings import HELD_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.chunking.chunk import Chunk, Kind

_LETTERS: dict[Kind, str] = {
    "function": "f",
    "method": "m",
    "class": "c",
    "interface": "i",
    "struct": "s",
    "enum": "e",
    "trait": "t",
    "type": "y",
    "constant": "k",
    "macro": "a",
    "module": "o",
    "section": "h",
    "key": "j",
    "text": "x",
}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_ENTRY = re.compile(r"([a-z])(-?\d{1,9})(?:\+(\d{1,9}))?(=|:.+)?", re.DOTALL | re.ASCII)


def packed(chunk: Chunk) -> str:
    """What a chunk holds, as its row has it."""
    own = (Held(chunk.kind, chunk.symbol, chunk.start_line, chunk.end_line),)
    if chunk.holds in {own, ()}:
        return ""
    names = iter(chunk.symbol.split(", "))
    expected: str | None = next(names)
    before = ""
    lines = []
    for kind, name, start, end in chunk.holds:
        more = f"+{end - start}" if end > start else ""
        called = f":{name}"
        if name == expected:
            called, expected = "", next(names, None)
        elif name == before:
            called = "="
        before = name
        lines.append(f"{_LETTERS[kind]}{start - chunk.start_line}{more}{called}")
    return "\n".join(lines)


def unpacked(holds: str, symbol: str, kind: str, start: int, end: int) -> tuple[Held, ...]:
    """What a row says of the chunk with this symbol and kind, on these lines.

    Raises:
        ValueError: it is none that `packed` makes.
    """
    if not holds:
        return (Held(cast("Kind", kind), symbol, start, end),) if symbol else ()
    lines = holds.split("\n", HELD_MAX)
    if len(lines) > HELD_MAX:
        raise ValueError("a chunk holds too much")
    return tuple(_entries(lines, symbol, start))


def mark_of(kind: str) -> str:
    """What stands in a row's text, after a line break, if something of this kind is held."""
    return "\n" + _LETTERS[cast("Kind", kind)]


def _entries(lines: Sequence[str], symbol: str, first: int) -> Iterator[Held]:
    names = iter(symbol.split(", "))
    name = ""
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if entry is None or (entry[4] == "=" and not name):
            raise ValueError("what a chunk holds cannot be read")
        if entry[4] != "=":
            name = entry[4][1:] if entry[4] else next(names, "")
        start = first + int(entry[2])
        if start < 1 or not name:
            raise ValueError("a chunk holds what cannot be")
        yield Held(_KINDS[entry[1]], name, start, start + int(entry[3] or 0))
