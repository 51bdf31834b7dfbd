"""Hits as their files are now.

An index is never quite as young as the files, and a reader believes what a
snippet shows. So each file is read once more: where its bytes are those that
were indexed, so are its lines; where they are not, it is cut into chunks again
and the hit is looked for among them. Knows the working tree, no index.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.search.merge import ADJACENT_GAP_LINES
from lumen_hooks.search.results import SearchResult

from .snippets import lines_between, read_current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.chunking.chunk import Chunk
    from lumen_hooks.search.results import Hit

MAX_RECHUNKED_CHARACTERS = 4 << 20
"""Of changed files, so much is cut into chunks again for one answer (about a second's work)."""

DEATHS_MAX = 1
"""Nor is it waited for more texts than this that take their parser seconds, or kill it."""


def results_now(top: str, hits: Sequence[Hit]) -> tuple[SearchResult, ...]:
    """Hits with the lines that their files have now, in the given order.

    Where a file has changed since it was indexed, a hit moves to where its text is now, else to
    the definition of the same name and kind that is nearest. Hits that are nowhere any more are
    left out, and so are those in files that cannot be read.

    Args:
        top: the worktree's top folder.
        hits: best first; the best of two that come to overlap stays.
    """
    by_path: dict[str, list[int]] = {}
    for number, hit in enumerate(hits):
        by_path.setdefault(hit.path, []).append(number)
    shown: dict[int, SearchResult] = {}
    allowance = MAX_RECHUNKED_CHARACTERS
    with Chunker(deaths_max=DEATHS_MAX) as chunker:
        for path, numbers in by_path.items():
            content = read_current(top, path, blob_length=len(hits[numbers[0]].content))
            if content is None:
                continue
            file = _File(path, content.blob, content.text)
            if any(hits[number].content != content.blob for number in numbers):
                if len(content.text) > allowance:
                    continue
                allowance -= len(content.text)
            with suppress(TooManyDeathsError):
                shown.update(
                    _in_file(file, [(number, hits[number]) for number in numbers], chunker)
                )
    return tuple(shown[number] for number in sorted(shown))


class _File(NamedTuple):
    path: str
    blob: bytes
    text: str


def _in_file(file: _File, hits: list[tuple[int, Hit]], chunker: Chunker) -> dict[int, SearchResult]:
    shown: dict[int, SearchResult] = {}
    chunks: Sequence[Chunk] | None = None
    for number, hit in hits:
        lines: tuple[int, int] | None = (hit.start_line, hit.end_line)
        if hit.content != file.blob:
            if chunks is None:
                chunks = chunker.cut(file.path, file.text).chunks
            lines = _lines_among(chunks, hit)
        if lines is None or any(
            lines[0] <= other.end_line and lines[1] >= other.start_line for other in shown.values()
        ):
            continue
        shown[number] = SearchResult(
            path=hit.path,
            start_line=lines[0],
            end_line=lines[1],
            symbol=hit.symbol,
            kind=hit.kind,
            language=hit.language,
            score=hit.score,
            snippet=lines_between(file.text, *lines),
        )
    return shown


def _lines_among(chunks: Sequence[Chunk], hit: Hit) -> tuple[int, int] | None:
    """The lines on which a hit's text, or the definition of its name, now stands."""
    same = [number for number, chunk in enumerate(chunks) if _key(chunk) == hit.key]
    if not same and hit.symbol:
        same = [number for number, chunk in enumerate(chunks) if _is_named(chunk, hit)]
    if not same:
        return None
    nearest = min(same, key=lambda number: abs(chunks[number].start_line - hit.start_line))
    first = last = nearest
    # A definition that was cut into parts is one stretch, as it was in the index.
    while first > 0 and _continues(chunks[first - 1], chunks[first]):
        first -= 1
    while last + 1 < len(chunks) and _continues(chunks[last], chunks[last + 1]):
        last += 1
    return chunks[first].start_line, max(chunk.end_line for chunk in chunks[first : last + 1])


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
