"""The chunk at a line of a file, to look for others like it.

Knows chunks and their vectors; neither models nor the working tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumen_hooks.errors import QueryError

from .filters import not_indexed
from .merge import definition_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import ChunkOfFile

    from .results import Hit, RelatedQuery


class Origin(NamedTuple):
    """The chunk at a line, with the other parts of its definition.

    Attributes:
        path: of its file.
        start_line: first line of the definition, or of the chunk where there is none.
        end_line: last line of it.
        chunk_ids: the chunk and the other parts.
        vector: of the chunk, float32 of shape (dimensions,), not normalised.
    """

    path: str
    start_line: int
    end_line: int
    chunk_ids: frozenset[int]
    vector: NDArray[np.float32]

    def overlaps(self, hit: Hit) -> bool:
        """The hit shows some of the same lines."""
        return (
            hit.path == self.path
            and hit.start_line <= self.end_line
            and hit.end_line >= self.start_line
        )


def origin_at(index: IndexReader, query: RelatedQuery) -> Origin:
    """The smallest chunk that holds a line, or else the nearest one.

    Args:
        index: where.
        query: the line.

    Raises:
        QueryError: the file is not indexed, has no such line, or nothing there has a vector.
    """
    chunks = _chunks_of(index, query.path)
    last = max(chunk.end_line for chunk in chunks)
    if not 1 <= query.line <= last:
        raise QueryError(
            f"{query.path} has nothing indexed at line {query.line}",
            hint=f"give a line from 1 to {last}",
        )
    nearest = min(chunks, key=lambda chunk: _remoteness(chunk, query.line))
    parts = definition_parts(chunks)
    part = parts.get(nearest.id)
    together = [
        chunk
        for chunk in chunks
        if chunk is nearest or (part is not None and parts.get(chunk.id) == part)
    ]
    ids = [nearest.id, *(chunk.id for chunk in together if chunk is not nearest)]
    found = index.vectors(ids)
    stored = next((found[chunk_id] for chunk_id in ids if chunk_id in found), None)
    if stored is None:
        raise QueryError(
            f"{query.path}:{query.line} holds no word that the model knows",
            hint="give a line with code or text on it",
        )
    return Origin(
        path=query.path,
        start_line=min(chunk.start_line for chunk in together),
        end_line=max(chunk.end_line for chunk in together),
        chunk_ids=frozenset(ids),
        vector=np.frombuffer(stored, np.int8).astype(np.float32),
    )


def _remoteness(chunk: ChunkOfFile, line: int) -> tuple[int, int, int]:
    away = max(chunk.start_line - line, line - chunk.end_line, 0)
    return away, chunk.end_line - chunk.start_line, chunk.id


def _chunks_of(index: IndexReader, path: str) -> list[ChunkOfFile]:
    file = index.file_at(path)
    if file is None or file.skipped:
        known = index.files_below(path)
        if any(not below.skipped for below in known):
            raise QueryError(
                f"{path} is not indexed: it is a folder", hint="give a file and a line in it"
            )
        raise not_indexed(index, path, known)
    chunks = index.chunks_of_file(file.id)
    if not chunks:
        raise QueryError(f"{path} holds nothing", hint="give a file with code or text in it")
    return chunks
