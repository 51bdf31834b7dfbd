"""Hits as their files are now.

An index is never quite as young as the files, and a reader believes what a
snippet shows. So each file is read once more: where its bytes are those that
were indexed, so are its lines; where they are not, it is cut into chunks again
and the hit is looked for among them. Knows the working tree, no index.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.search.merge import ADJACENT_GAP_LINES
from lumen_hooks.search.results import SearchResult

from .focus import Asked
from .names import stands_in
from .snippets import read_current

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lumen_hooks.chunking.chunk import Chunk
    from lumen_hooks.search.results import Hit

MAX_RECHUNKED_CHARACTERS = 4 << 20
"""Of changed files, so much is cut into chunks again for one answer (about a second's work)."""

DEATHS_MAX = 1
"""Nor is it waited for more texts than this that take their parser seconds, or kill it."""

COPIES_MAX = 50
"""So many other places of a text are looked at."""


def results_now(top: str, hits: Sequence[Hit], question: str = "") -> tuple[SearchResult, ...]:
    """Hits with all the lines that they have in their files now, in the given order.

    Where a file has changed since it was indexed, a hit moves to where its text is now, else to
    the definition of the same name and kind that is nearest. Hits that are nowhere any more are
    left out, and so are those in files that cannot be read; a copy takes their place if there is
    one. Of two with the same text the better one stays.

    Args:
        top: the worktree's top folder.
        hits: best first; the best of two that come to overlap stays.
        question: what was asked in words: they decide which lines are in focus.
    """
    by_path: dict[str, list[tuple[int, Hit]]] = {}
    for number, hit in enumerate(hits):
        by_path.setdefault(hit.path, []).append((number, hit))
    shown: dict[int, SearchResult] = {}
    with Chunker(deaths_max=DEATHS_MAX) as chunker:
        files = _Files(top, chunker, Asked(question))
        for path, there in by_path.items():
            shown.update(files.shown(path, there))
        for number, hit in enumerate(hits):
            for copy in hit.copies[:COPIES_MAX]:
                if number not in shown:
                    shown.update(files.shown(copy.path, [(number, copy)]))
    for number, result in shown.items():
        copies = [copy for copy in (hits[number], *hits[number].copies) if copy.path != result.path]
        places = tuple(_places(top, copies[:COPIES_MAX]))
        shown[number] = replace(result, copies=places)
    return tuple(_once(shown[number] for number in sorted(shown)))


class _Place(NamedTuple):
    """Where a hit is: its lines, and those of its parts that are known, the best first."""

    start: int
    end: int
    parts: tuple[tuple[int, int], ...] = ()


class _Files:
    """Reads files, and looks for hits in them; so much of what has changed is cut again."""

    def __init__(self, top: str, chunker: Chunker, asked: Asked) -> None:
        self._top = top
        self._chunker = chunker
        self._asked = asked
        self._allowance = MAX_RECHUNKED_CHARACTERS

    def shown(self, path: str, hits: Sequence[tuple[int, Hit]]) -> dict[int, SearchResult]:
        """The numbered hits of a file, the best first, that are there now."""
        content = read_current(self._top, path, blob_length=len(hits[0][1].content))
        if content is None:
            return {}
        chunks: Sequence[Chunk] = ()
        if any(hit.content != content.blob for _, hit in hits):
            if len(content.text) > self._allowance:
                return {}
            self._allowance -= len(content.text)
            with suppress(TooManyDeathsError):
                chunks = self._chunker.cut(path, content.text, hits[0][1].language).chunks
        rows = content.text.split("\n")
        shown: dict[int, SearchResult] = {}
        for number, hit in hits:
            place = _as_indexed(hit) if hit.content == content.blob else _among(chunks, hit)
            if place is not None and not _overlaps(place, shown.values()):
                found = self._result(hit, place, rows)
                known = stands_in(hit.symbol, content.text)
                shown[number] = found if known else replace(found, symbol="")
        return shown

    def _result(self, hit: Hit, place: _Place, rows: Sequence[str]) -> SearchResult:
        start, end, parts = place
        own = rows[start - 1 : end]
        within = [(max(first, start) - start, min(last, end) - start) for first, last in parts]
        within = [one for one in within if one[0] <= one[1] < len(own)] or [(0, len(own) - 1)]
        if self._asked.is_name_of(hit.symbol):
            within = []
        # Where no word of the question stands, the best part begins to answer.
        focus = self._asked.focus(own, within) or tuple(row for row, _ in within[:1] if row)
        return SearchResult(
            path=hit.path,
            start_line=start,
            end_line=end,
            symbol=hit.symbol,
            kind=hit.kind,
            language=hit.language,
            score=hit.score,
            snippet="\n".join(own),
            lines=((start, end),),
            focus=tuple(row + start for row in focus),
        )


def _places(top: str, copies: Iterable[Hit]) -> Iterable[str]:
    """Where copies stand, of those whose files are as they were indexed."""
    for copy in copies:
        content = read_current(top, copy.path, blob_length=len(copy.content))
        if content is not None and content.blob == copy.content:
            yield f"{copy.path}:{copy.start_line}"


def _once(results: Iterable[SearchResult]) -> Iterable[SearchResult]:
    """Results with the same words as one, though what shares their chunks may differ."""
    first: dict[str, SearchResult] = {}
    for result in results:
        words = " ".join(result.snippet.split())
        known = first.get(words) if words else None
        if known is None:
            first[words or f"{result.path}:{result.start_line}"] = result
        else:
            place = f"{result.path}:{result.start_line}"
            first[words] = replace(known, copies=(*known.copies, place, *result.copies))
    return first.values()


def _overlaps(place: _Place, others: Iterable[SearchResult]) -> bool:
    return any(place.start <= one.end_line and place.end >= one.start_line for one in others)


def _as_indexed(hit: Hit) -> _Place:
    parts = tuple((part.start_line, part.end_line) for part in hit.parts)
    return _Place(hit.start_line, hit.end_line, parts)


def _among(chunks: Sequence[Chunk], hit: Hit) -> _Place | None:
    """Where a hit's text, or the definition of its name, now stands."""
    same = [number for number, chunk in enumerate(chunks) if _key(chunk) == hit.key]
    if same:
        part = hit.parts[0] if hit.parts else hit
        nearest = min(same, key=lambda number: abs(chunks[number].start_line - part.start_line))
        chunk = chunks[nearest]
        before, after = hit.start_line - part.start_line, part.end_line - hit.end_line
        if before > 0 or after > 0:
            # A definition in a chunk that others share.
            first = chunk.start_line + max(0, before)
            return _Place(first, max(first, chunk.end_line - max(0, after)))
        return _in_parts(chunks, nearest, {one.key for one in hit.parts})
    named = [number for number, chunk in enumerate(chunks) if hit.symbol and _is_named(chunk, hit)]
    if named:
        nearest = min(named, key=lambda number: abs(chunks[number].start_line - hit.start_line))
        return _in_parts(chunks, nearest, set())
    held = [
        _Place(one.start_line, one.end_line)
        for chunk in chunks
        for one in chunk.holds
        if (one.name, one.kind) == (hit.symbol, hit.kind)
    ]
    return min(held, key=lambda one: abs(one.start - hit.start_line), default=None)


def _in_parts(chunks: Sequence[Chunk], nearest: int, keys: set[bytes]) -> _Place:
    """A definition that was cut into parts is one stretch, as it was in the index."""
    first = last = nearest
    while first > 0 and _continues(chunks[first - 1], chunks[first]):
        first -= 1
    while last + 1 < len(chunks) and _continues(chunks[last], chunks[last + 1]):
        last += 1
    whole = chunks[first : last + 1]
    parts = [chunk for chunk in whole if _key(chunk) in keys]
    parts.sort(key=lambda chunk: chunk is not chunks[nearest])
    return _Place(
        whole[0].start_line,
        max(chunk.end_line for chunk in whole),
        tuple((chunk.start_line, chunk.end_line) for chunk in parts),
    )


def _key(chunk: Chunk) -> bytes:
    return embedding_key(embedded_text(chunk.symbol, chunk.header, chunk.text))


def _is_named(chunk: Chunk, hit: Hit) -> bool:
    return (chunk.symbol, chunk.kind) == (hit.symbol, hit.kind)


def _continues(one: Chunk, other: Chunk) -> bool:
    return (
        bool(one.symbol)
        and (one.symbol, one.kind) == (other.symbol, other.kind)
        and other.start_line - one.end_line - 1 <= ADJACENT_GAP_LINES
    )
