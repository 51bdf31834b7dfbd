"""Chunks of one stretch of a file become one hit.

A long definition is indexed in parts; a reader wants it once. Knows lines,
symbols and scores; neither SQLite nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lumen_hooks.storage.rows import ChunkOfFile

    from .results import Hit, Part

_TEXTS = frozenset({"section", "key", "module", "text"})
"""Kinds of which a part is read without the rest."""

ADJACENT_GAP_LINES = 1
"""Two parts are neighbours with so many lines (blank ones) between them."""

PARTS_MAX = 3
PARTS_SCORE_MIN = 0.8
"""So many parts of a hit are remembered, if they score so much of what the best one does."""

MAX_WINDOW_LINES = 120
"""Neighbouring stretches without a symbol grow to so many lines at most; definitions freely."""


def merge_hits(hits: Iterable[Hit], definitions: Mapping[int, int]) -> list[Hit]:
    """Join overlapping and neighbouring hits; the best score of each group stands.

    Args:
        hits: one for each chunk, in any order.
        definitions: for chunks that are parts of a split definition, a number that all parts
            of that definition share, by chunk id.

    Returns:
        Hits by falling score, then path and line; no two of them overlap.
    """
    merged: list[Hit] = []
    of_definition: dict[tuple[str, int], int] = {}
    nameless: dict[str, list[int]] = {}
    for hit in sorted(hits, key=_rank):
        new = len(merged)
        if hit.symbol:
            part = definitions.get(hit.chunk_id)
            number = new if part is None else of_definition.setdefault((hit.path, part), new)
        else:
            there = nameless.setdefault(hit.path, [])
            number = next((one for one in there if _is_one(merged[one], hit)), new)
            if number == new:
                there.append(new)
        if number == new:
            merged.append(hit)
        else:
            merged[number] = _joined(merged[number], hit)
    return _without_overlaps(list(map(_whole, merged)))


def definition_parts(chunks: Iterable[ChunkOfFile]) -> dict[int, int]:
    """Which chunks are parts of one definition.

    Args:
        chunks: all of their files', ordered by file and line.

    Returns:
        For each chunk that has a symbol, the id of the first of the unbroken run of chunks with
        the same symbol and kind that it stands in.
    """
    parts: dict[int, int] = {}
    previous: tuple[int, str, str] | None = None
    first = last_line = 0
    for file_id, chunk_id, start_line, end_line, symbol, kind in chunks:
        here = (file_id, symbol, kind)
        if here != previous or start_line - last_line - 1 > ADJACENT_GAP_LINES:
            first = chunk_id
        previous, last_line = here, end_line
        if symbol:
            parts[chunk_id] = first
    return parts


def _parts(best: Hit, other: Hit) -> tuple[Part, ...]:
    if len(best.parts) == PARTS_MAX or other.score < PARTS_SCORE_MIN * best.score:
        return best.parts
    return (*best.parts, *other.parts)


def _whole(hit: Hit) -> Hit:
    """A hit in a part of one definition as that definition: where it begins says what it is."""
    if len(hit.holds) != 1 or hit.kind in _TEXTS:
        return hit
    return hit._replace(
        start_line=min(hit.start_line, hit.holds[0].start_line),
        end_line=max(hit.end_line, hit.holds[0].end_line),
    )


def _joined(best: Hit, other: Hit) -> Hit:
    return best._replace(
        start_line=min(best.start_line, other.start_line),
        end_line=max(best.end_line, other.end_line),
        parts=_parts(best, other),
    )


def _is_one(best: Hit, other: Hit) -> bool:
    """Of two stretches without a symbol."""
    lines = max(best.end_line, other.end_line) - min(best.start_line, other.start_line) + 1
    return _gap(best, other) <= ADJACENT_GAP_LINES and lines <= MAX_WINDOW_LINES


def _gap(one: Hit, other: Hit) -> int:
    """Lines between two hits; negative if they overlap."""
    return max(one.start_line, other.start_line) - min(one.end_line, other.end_line) - 1


def _without_overlaps(merged: list[Hit]) -> list[Hit]:
    """Of hits that overlap, the better one alone: a method within its class, or the reverse."""
    kept: list[Hit] = []
    lines: dict[str, list[Hit]] = {}
    for hit in merged:
        there = lines.setdefault(hit.path, [])
        for other in there:
            if other.start_line <= hit.end_line and hit.start_line <= other.end_line:
                break
        else:
            there.append(hit)
            kept.append(hit)
    return kept


def _rank(hit: Hit) -> tuple[float, str, int, int]:
    return (-hit.score, hit.path, hit.start_line, hit.chunk_id)
