"""The chunk at a line of a file, to look for others like it.

Knows the tables `files` and `chunks` and the stored vectors; neither models
nor the working tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lumen_hooks.errors import QueryError
from lumen_hooks.storage import values
from lumen_hooks.storage import vec0 as vectors
from lumen_hooks.system.unicode import encodable

from .merge import definition_parts

if TYPE_CHECKING:
    import apsw
    from numpy.typing import NDArray

    from .results import Hit, RelatedQuery


CHUNK_OF_FILE = (
    values.natural,
    values.natural,
    values.line,
    values.line,
    values.text,
    values.text,
)
"""File id, chunk id, start line, end line, symbol, kind."""


@dataclass(frozen=True, slots=True)
class Origin:
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


def origin_at(connection: apsw.Connection, query: RelatedQuery) -> Origin:
    """The smallest chunk that holds a line, or else the nearest one.

    Args:
        connection: an index, opened for reading with sqlite-vec loaded.
        query: the line.

    Raises:
        QueryError: the file is not indexed, has no such line, or nothing there has a vector.
    """
    chunks = _chunks_of(connection, query.path)
    last = max(end for _, _, _, end, _, _ in chunks)
    if not 1 <= query.line <= last:
        raise QueryError(
            f"{query.path} has nothing indexed at line {query.line}",
            hint=f"give a line from 1 to {last}",
        )

    def remoteness(chunk: tuple[int, int, int, int, str, str]) -> tuple[int, int, int]:
        _, chunk_id, start, end, _, _ = chunk
        return max(start - query.line, query.line - end, 0), end - start, chunk_id

    nearest = min(chunks, key=remoteness)
    parts = definition_parts(chunks)
    together = [
        chunk
        for chunk in chunks
        if chunk is nearest or (nearest[1] in parts and parts.get(chunk[1]) == parts[nearest[1]])
    ]
    ids = [nearest[1], *(chunk[1] for chunk in together if chunk is not nearest)]
    found = vectors.read(connection, ids)
    stored = next((found[chunk_id] for chunk_id in ids if chunk_id in found), None)
    if stored is None:
        raise QueryError(
            f"{query.path}:{query.line} holds no word that the model knows",
            hint="give a line with code or text on it",
        )
    return Origin(
        path=query.path,
        start_line=min(start for _, _, start, _, _, _ in together),
        end_line=max(end for _, _, _, end, _, _ in together),
        chunk_ids=frozenset(ids),
        vector=np.frombuffer(stored, np.int8).astype(np.float32),
    )


def _chunks_of(connection: apsw.Connection, path: str) -> list[tuple[int, int, int, int, str, str]]:
    """A file's chunks as (file id, chunk id, start line, end line, symbol, kind), by line."""
    files = values.read(
        connection,
        "SELECT id, skipped FROM files WHERE path = ?",
        (values.natural, values.optional(values.text)),
        (encodable(path),),
    )
    if not files or files[0][1]:
        reason = f": {files[0][1]}" if files else ""
        raise QueryError(
            f"{path} is not indexed{reason}",
            hint="give a file as search names it; lumen-hooks status counts what is passed over",
        )
    rows: list[Any] = values.read(
        connection,
        "SELECT file_id, id, start_line, end_line, symbol, kind FROM chunks WHERE file_id = ?"
        " ORDER BY start_line, id",
        CHUNK_OF_FILE,
        (files[0][0],),
    )
    if not rows:
        raise QueryError(f"{path} holds nothing", hint="give a file with code or text in it")
    return rows
