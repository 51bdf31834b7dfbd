"""One worktree's index, opened to be read: every SELECT on its tables that others need.

Those on files alone are `file_reader`'s. It knows tables, rows and what each
column may hold. It does not know git, files on disk, models or ranking; vectors
and lists of chunks go out as bytes and texts. What cannot be there is damage,
whoever asks.
"""

from __future__ import annotations

import os
import re
from itertools import starmap
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import CorruptIndexError, StoreError

from . import holds, postings, signs, values, vec0
from .file_reader import FileReader
from .opening import closed_on_error, load_vec0, open_to_read
from .rows import ChunkOfFile, ChunkRow
from .schema import HOLDING, SIGNED, check_header
from .signed import SignedVectors
from .sqlite import carray_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lumen_hooks.chunking.chunk import Held

    from .rows import Block, Neighbour

_CHUNK = (
    *(values.natural, values.path, *[values.line] * 2, *[values.text] * 3, *[values.blob] * 2),
    *(values.natural, values.text),
)
_CHUNK_OF_FILE = (*[values.natural] * 2, *[values.line] * 2, *[values.text] * 2)


class IndexReader(FileReader):
    """An open index. Use `open_reader`; close it, or use it in a `with` block."""

    # chunks

    def chunks(self, ids: Collection[int]) -> list[ChunkRow]:
        """These chunks.

        Raises:
            CorruptIndexError: one of them is not there, or cannot be.
        """
        more = "f.generated != 0, c.holds" if self.version >= HOLDING else "0, ''"
        query = (
            "SELECT c.id, f.path, c.start_line, c.end_line, c.symbol, c.kind, f.language,"
            f" coalesce(f.content, x''), c.key, {more} FROM chunks AS c"
            " JOIN files AS f ON f.id = c.file_id WHERE c.id IN (SELECT value FROM carray(?))"
        )
        if not ids:
            return []
        rows = self._read(query, *_CHUNK, bindings=(carray_of(sorted(ids)),))
        if len(rows) != len(ids):
            missing = min(set(ids).difference(row[0] for row in rows))
            raise CorruptIndexError(
                f"the index finds a chunk that it does not hold: {missing}",
                hint="lumen-hooks index --force",
            )
        return list(starmap(ChunkRow, rows))

    def held(self, row: ChunkRow) -> tuple[Held, ...]:
        """The definitions that a chunk holds; none where an older version's index does not tell.

        Raises:
            CorruptIndexError: it is none that was written.
        """
        if self.version < HOLDING:
            return ()
        with values.decoding(self.path):
            return holds.unpacked(row.holds, row.symbol, row.kind, row.start_line, row.end_line)

    def chunks_of_file(self, file_id: int) -> list[ChunkOfFile]:
        """All chunks of a file, by line."""
        return self._chunks_of_files("file_id = ?", file_id)

    def held_by_file(self, file_id: int) -> list[Held]:
        """The definitions in a file, each once; of an older version's index its chunks' symbols."""
        held = "holds" if self.version >= HOLDING else "''"
        query = (
            f"SELECT {held}, symbol, kind, start_line, end_line FROM chunks WHERE file_id = ?"
            " ORDER BY start_line, id"
        )
        kinds = (*[values.text] * 3, *[values.line] * 2)
        rows = self._read(query, *kinds, bindings=(file_id,))
        with values.decoding(self.path):
            return list(dict.fromkeys(one for row in rows for one in holds.unpacked(*row)))

    def chunks_beside(self, ids: Collection[int]) -> list[ChunkOfFile]:
        """All chunks of the files that these chunks are of, by file and line."""
        beside = "file_id IN (SELECT file_id FROM chunks WHERE id IN (SELECT value FROM carray(?)))"
        return self._chunks_of_files(beside, carray_of(sorted(ids)))

    def _chunks_of_files(self, condition: str, binding: Any) -> list[ChunkOfFile]:
        query = (
            "SELECT file_id, id, start_line, end_line, symbol, kind FROM chunks"
            f" WHERE {condition} ORDER BY file_id, start_line, id"
        )
        rows = self._read(query, *_CHUNK_OF_FILE, bindings=(binding,))
        return list(starmap(ChunkOfFile, rows))

    def chunk_ids(
        self, *, languages: Sequence[str], kinds: Sequence[str], files: Sequence[int] | None
    ) -> str:
        """The ids of the chunks in these languages, of these kinds and files.

        As one text, between commas and in no order: a row for each may be a million.

        Args:
            languages: empty for all.
            kinds: those of the chunks, or of what they hold; empty for all.
            files: None for all.
        """
        conditions: list[str] = []
        bindings: list[object] = []
        if languages:
            among = ", ".join("?" * len(languages))
            conditions.append(f"c.file_id IN (SELECT id FROM files WHERE language IN ({among}))")
            bindings.extend(languages)
        if kinds:
            any_of = [f"c.kind IN ({', '.join('?' * len(kinds))})"]
            bindings.extend(kinds)
            if self.version >= HOLDING:
                any_of.extend(["instr(char(10) || c.holds, ?)"] * len(kinds))
                bindings.extend(map(holds.mark_of, kinds))
            conditions.append(f"({' OR '.join(any_of)})")
        if files is not None:
            conditions.append("c.file_id IN (SELECT value FROM carray(?))")
            bindings.append(carray_of(files))
        query = f"SELECT group_concat(c.id) FROM chunks AS c WHERE {' AND '.join(conditions) or 1}"
        ((joined,),) = self._read(query, values.optional(values.text), bindings=tuple(bindings))
        return joined or ""

    def keys(self) -> Iterator[bytes]:
        """The embedding key of every chunk."""
        query = "SELECT DISTINCT key FROM chunks"
        for (key,) in values.stream(self.connection, query, (values.blob,)):
            yield key

    # words

    def lexical_size(self) -> tuple[int, int]:
        """How many chunks have words, and the largest of their ids."""
        return postings.size(self.connection)

    def postings(self, expressions: Sequence[str], first: int | None = None) -> dict[str, str]:
        """The chunks that match each FTS5 expression; see `postings.ids_of`."""
        return postings.ids_of(self.connection, expressions, first)

    def postings_after(self, expression: str, chunk: int) -> str:
        """The chunks after one that match an FTS5 expression; see `postings.ids_after`."""
        return postings.ids_after(self.connection, expression, chunk)

    def postings_about(self, expression: str, last: int, enough: int) -> int:
        """How many chunks match an FTS5 expression, about; see `postings.about`."""
        return postings.about(self.connection, expression, last, enough)

    def files_with(self, expression: str) -> set[int]:
        """The ids of the files of the chunks that an FTS5 expression matches."""
        query = (
            "SELECT DISTINCT file_id FROM chunks"
            " WHERE id IN (SELECT rowid FROM lexical WHERE lexical MATCH ?)"
        )
        return set(self._ids(query, (expression,)))

    def chunks_of_files_named(
        self, name: str, count: int, allowed: NDArray[np.int64] | None
    ) -> list[int]:
        """The ids of the first chunks of the files with this path, or whose path ends with it.

        Args:
            name: a path's last components.
            count: how many ids at most.
            allowed: those that may be returned; None for all.
        """
        escaped = re.sub(r"([%_\\])", r"\\\1", name)
        bindings: list[object] = [escaped, f"%/{escaped}"]
        condition = ""
        if allowed is not None:
            condition = " AND c.id IN (SELECT value FROM carray(?))"
            bindings.append(carray_of(allowed))
        query = (
            "SELECT c.id FROM files AS f JOIN chunks AS c ON c.file_id = f.id"
            f" WHERE (f.path LIKE ? ESCAPE '\\' OR f.path LIKE ? ESCAPE '\\'){condition}"
            f" ORDER BY f.path, c.start_line, c.id LIMIT {count:d}"
        )
        return self._ids(query, tuple(bindings))

    # vectors

    def vectors(self, ids: Iterable[int]) -> dict[int, bytes]:
        """The int8 vectors of these chunks; those without one are passed over."""
        return vec0.read(self.connection, ids)

    def vectors_of_file(self, file_id: int) -> dict[bytes, bytes]:
        """The vectors that a file's chunks have now, by embedding key."""
        query = "SELECT id, key FROM chunks WHERE file_id=?"
        rows = dict(self._read(query, values.integer, values.blob, bindings=(file_id,)))
        return {rows[row]: vector for row, vector in self.vectors(rows).items()}

    def vector_blocks(self, dimensions: int) -> list[Block] | None:
        """All vectors; see `vec0.read_blocks`."""
        return vec0.read_blocks(self.connection, dimensions)

    def signed_vectors(self, dimensions: int) -> SignedVectors | None:
        """Vectors that can be read singly; None of an older version's index."""
        if self.version < SIGNED or not signs.are_possible(dimensions):
            return None
        return SignedVectors(self.connection, dimensions)

    def nearest_by_match(
        self, vector: bytes, count: int, allowed: NDArray[np.int64] | None
    ) -> list[Neighbour]:
        """The nearest chunks by vec0's own search; see `vec0.match`."""
        among = None if allowed is None else carray_of(allowed)
        return vec0.match(self.connection, vector, count, among)

    def _ids(self, query: str, bindings: tuple[object, ...]) -> list[int]:
        return [chunk for (chunk,) in self._read(query, values.natural, bindings=bindings)]


def open_index(path: str) -> IndexReader:
    """Open an index for reading that is there.

    Raises:
        StoreError: there is none, or it cannot be opened.
    """
    index = open_reader(path)
    if index is None:
        raise StoreError(f"{path} vanished", hint="was the worktree removed?")
    return index


def open_reader(path: str) -> IndexReader | None:
    """Open an existing index for reading, or None when there is no file.

    Raises:
        CorruptIndexError: damaged, no database, or not one of ours.
        NewerIndexError: written by a newer version.
        StoreError: any other reason.
    """
    if not os.path.lexists(path):
        return None
    connection = open_to_read(path)
    with closed_on_error(connection):
        load_vec0(connection)
        reader = IndexReader(connection, path, check_header(connection, path))
        reader.facts()  # refuses what a newer version made
    return reader
