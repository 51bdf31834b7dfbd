"""The parts of a text in the place of the host's rows that they stand on.

The host and each part were cut on their own (`pieces`); here they become the pieces of one file,
in which every row is in exactly one. Knows no language.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import FUNCTIONS
from lumen_hooks.chunking.pieces import CLOSED, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lumen_hooks.chunking.lines import SourceLines
    from lumen_hooks.chunking.pieces import Defined, Piece, Ranks


class Overlay(NamedTuple):
    """The pieces of a part, on the rows `first` to `last` of the file."""

    first: int
    last: int
    pieces: list[Piece]


def moved(pieces: list[Piece], rows: int) -> list[Piece]:
    """The pieces of a part as they are in a file in which it begins after so many rows."""
    for piece in pieces:
        piece.first += rows
        piece.last += rows
        piece.defined = [
            one._replace(first=one.first + rows, last=one.last + rows) for one in piece.defined
        ]
        piece.ranks = _moved_ranks(piece.ranks, rows)
    return pieces


def _moved_ranks(ranks: Ranks, rows: int) -> Ranks:
    def in_file(first: int, last: int) -> Callable[[int], int]:
        rank = ranks(first - rows, last - rows)
        return lambda row: rank(row - rows)

    return in_file


def unwrapped(pieces: list[Piece], wrapper: str) -> list[Piece]:
    """Pieces without the name of a class that was only put around them."""
    prefix = f"{wrapper}."
    for piece in pieces:
        piece.names = [one.removeprefix(prefix) for one in piece.names if one != wrapper]
        piece.defined = [
            one._replace(name=one.name.replace(prefix, ""))
            for one in piece.defined
            if one.name != wrapper
        ]
        if piece.owner == wrapper:
            piece.owner, piece.header = "", str
        if not piece.names and not piece.owner:
            piece.kind = "module"
    return pieces


def overlaid(
    host: Sequence[Piece], overlays: Sequence[Overlay], lines: SourceLines, *, prose: bool
) -> list[Piece]:
    """Put parts in the place of the host's rows. A part in a function of the host stays its own.

    Args:
        host: its pieces, which cover the file.
        overlays: in order and apart from each other.
        lines: those of the file.
        prose: what a part defines is a section below the one that shows it.
    """
    out: list[Piece] = []
    waiting = list(reversed(overlays))
    taken = -1  # the last row of a part
    for piece in host:
        position = max(piece.first, taken + 1)
        while waiting and waiting[-1].first <= piece.last:
            part = waiting.pop()
            if part.first < position or (piece.names and piece.kind in FUNCTIONS):
                continue
            out.extend(_rest(piece, position, part.first - 1, lines))
            for one in part.pieces:
                if one.parent != CLOSED:
                    one.parent = piece.parent
                out.append(_as_section(one, piece) if prose else one)
            taken, position = part.last, part.last + 1
        out.extend(_rest(piece, position, piece.last, lines))
    return merged(out, lines)


def broken(host: Sequence[Piece], breaks: Sequence[int]) -> list[Piece]:
    """Pieces that end before each of some rows, and share nothing across them."""
    out: list[Piece] = []
    starts = [*breaks, sys.maxsize]
    passed = 0
    for piece in host:
        first = piece.first
        while first <= piece.last:
            while starts[passed] <= first:
                passed += 1
            last = min(piece.last, starts[passed] - 1)
            part = piece.within(first, last)
            if part.parent != CLOSED:
                part.parent = hash((part.parent, passed)) or 1
            out.append(part)
            first = last + 1
    return out


def _rest(piece: Piece, first: int, last: int, lines: SourceLines) -> Iterator[Piece]:
    """Yield what is left of a piece of the host, unless it is blank."""
    if (first, last) == (piece.first, piece.last):
        yield piece
    elif lines.trimmed(first, last) is not None:
        yield piece.within(first, last)


def _as_section(piece: Piece, around: Piece) -> Piece:
    """A piece of a listing as one of the document: below the heading it stands under."""
    above = [one.name for one in around.defined if one.first <= piece.first]
    heading = above[-1] if above else around.owner
    prefix = f"{heading} > " if heading else ""
    piece.names = [prefix + name for name in piece.names]
    piece.owner = prefix + piece.owner if piece.owner else heading
    piece.defined = [_shown(one, prefix) for one in piece.defined]
    piece.kind = "section"
    return piece


def _shown(one: Defined, prefix: str) -> Defined:
    names = ", ".join(prefix + name for name in one.name.split(", "))
    return one._replace(kind="section", name=names)
