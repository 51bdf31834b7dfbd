"""One worktree's index, opened to be read: every SELECT on its tables that others need.

It knows tables, rows and what each column may hold. It does not know git, files
on disk, models or ranking; vectors and lists of chunks go out as bytes and texts.
What cannot be there is damage, whoever asks.
"""

from __future__ import annotations

import os
import re
from array import array
from contextlib import contextmanager
from itertools import starmap
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.errors import CorruptIndexError, StoreError
from lumen_hooks.system.unicode import encodable

from . import facts, holds, postings, signs, sums, values, vec0
from .opening import closed_on_error, load_vec0, open_to_read
from .rows import ChunkOfFile, ChunkRow, Counts, FileRow, KnownFile, KnownPath, ReadableFile
from .schema import HOLDING, SCHEMA_VERSION, SIGNED, SUMMED, check_header
from .signed import SignedVectors
from .sqlite import one_state, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from lumen_hooks.chunking.chunk import Held

    from .facts import Facts
    from .rows import Block, Neighbour

_BLOB_OR_NONE = values.optional(values.blob)
_TEXT_OR_NONE = values.optional(values.text)

_NO_ID = array("q", [-1])
"""Nothing has it."""

_STAT = (values.natural, values.integer)
_FILE = (values.path, values.integer, *[_BLOB_OR_NONE] * 2, *_STAT, *[_TEXT_OR_NONE] * 2)
_CHUNK = (
    *(values.natural, values.path, *[values.line] * 2, *[values.text] * 3, *[values.blob] * 2),
    *(values.natural, values.text),
)
_KNOWN_PATH = (values.natural, values.path, values.text, _TEXT_OR_NONE)
_CHUNK_OF_FILE = (*[values.natural] * 2, *[values.line] * 2, *[values.text] * 2)


class IndexReader:
    """An open index. Use `open_reader`; close it, or use it in a `with` block."""

    def __init__(
        self, connection: apsw.Connection, path: str, version: int = SCHEMA_VERSION
    ) -> None:
        self.connection = connection
        self.path = path
        self.version = version

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; its temporary tables go with it."""
        with translated(self.path):
            self.connection.close()

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Whatever is read within the block is of one moment, while refreshes commit."""
        with translated(self.path), one_state(self.connection):
            yield

    def change_mark(self) -> tuple[int, int]:
        """Another one after every commit of another connection, and every write of this one."""
        ((version,),) = self._read("PRAGMA data_version", values.natural)
        return version, self.connection.total_changes()

    def facts(self) -> Facts:
        """What the index says of itself; see `facts.read`."""
        return facts.read(self.connection)

    def check(self) -> None:
        """Look at every page, every sum, and at what the extensions keep in their tables.

        Raises:
            CorruptIndexError: something is damaged.
        """
        sums.check(self.connection, self.path, self.version)

    def insist_on_files(self, paths: Iterable[str]) -> None:
        """Compare the sums of these files, which an answer names.

        Raises:
            CorruptIndexError: one of them is not as it was written.
        """
        sums.insist_on_files(self.connection, paths)

    # files

    def files(self) -> dict[str, FileRow]:
        """Every file that the index knows, skipped ones included, by path."""
        cut = "cut" if self.version >= SUMMED else "NULL"
        query = f"SELECT path, id, content, blob, size, changed_ns, skipped, {cut} FROM files"
        return {path: FileRow(*rest) for path, *rest in self._read(query, *_FILE)}

    def files_at(self, paths: Collection[str]) -> dict[str, FileRow]:
        """Those of these files that the index knows, by path."""
        cut = "cut" if self.version >= SUMMED else "NULL"
        query = (
            f"SELECT path, id, content, blob, size, changed_ns, skipped, {cut} FROM files"
            " WHERE path IN (SELECT value FROM carray(?))"
        )
        wanted = tuple(paths)  # as a carray at least one
        rows = self._read(query, *_FILE, bindings=(apsw.carray(wanted),)) if wanted else []
        return {path: FileRow(*rest) for path, *rest in rows}

    def cuts(self) -> dict[tuple[bytes, str], str]:
        """Why texts are cut by lines, where that is a parser's doing, by content and language.

        It holds wherever they stand. Not to be asked of an older version's index.
        """
        query = "SELECT content, language, cut FROM files WHERE cut IS NOT NULL AND content NOTNULL"
        rows = self._read(query, values.blob, values.text, values.text)
        return {(content, language): cut for content, language, cut in rows if cut != UNTRIED}

    def file_at(self, path: str) -> KnownFile | None:
        """The file with this path, or None."""
        query = "SELECT id, skipped FROM files WHERE path = ?"
        bindings = (encodable(path),)
        rows = self._read(query, values.natural, _TEXT_OR_NONE, bindings=bindings)
        return KnownFile(*rows[0]) if rows else None

    def files_below(self, path: str) -> list[KnownPath]:
        """The file with this path, or the files in the folder with it."""
        # '0' follows '/', so this range is what begins with `path/`, found through the index.
        condition = "path = ?1 OR (path > ?1 || '/' AND path < ?1 || '0')"
        return self._paths(f"WHERE {condition}", encodable(path))

    def paths(self) -> list[KnownPath]:
        """Every file."""
        return self._paths("")

    def _paths(self, condition: str, *bindings: object) -> list[KnownPath]:
        query = f"SELECT id, path, language, skipped FROM files {condition}"
        rows = self._read(query, *_KNOWN_PATH, bindings=bindings)
        return list(map(KnownPath._make, rows))

    def readable_files(self, ids: Collection[int] | None) -> list[ReadableFile]:
        """The files that have text, in no particular order.

        Args:
            ids: only these; None for all.
        """
        generated = "generated" if self.version >= HOLDING else "0"
        query = f"SELECT path, id, language, coalesce(content, x''), {generated} FROM files"
        query += " WHERE skipped IS NULL"
        bindings: tuple[object, ...] = ()
        if ids is not None:
            query += " AND id IN (SELECT value FROM carray(?))"
            bindings = (_carray(sorted(ids)),)
        kinds = (values.path, values.natural, values.text, values.blob, values.natural)
        return list(map(ReadableFile._make, self._read(query, *kinds, bindings=bindings)))

    def languages(self) -> dict[str, int]:
        """How many files there are in which language, those of most files first."""
        query = "SELECT language, count(*) FROM files WHERE skipped IS NULL GROUP BY 1"
        return dict(self._read(f"{query} ORDER BY 2 DESC, 1", values.text, values.natural))

    def skipped(self) -> dict[str, int]:
        """How many files were passed over for which reason."""
        query = (
            "SELECT skipped, count(*) FROM files WHERE skipped IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return dict(self._read(query, values.text, values.natural))

    def counts(self) -> Counts:
        """How much the index holds."""
        query = (
            "SELECT (SELECT count(*) FROM files WHERE skipped IS NULL),"
            " (SELECT count(*) FROM files WHERE skipped IS NOT NULL),"
            " (SELECT count(*) FROM chunks), (SELECT count(*) FROM vectors_rowids)"
        )
        (row,) = self._read(query, *[values.natural] * 4)
        return Counts(*row)

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
        rows = self._read(query, *_CHUNK, bindings=(_carray(sorted(ids)),))
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
        return self._chunks_of_files(beside, _carray(sorted(ids)))

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
            bindings.append(_carray(files))
        query = f"SELECT group_concat(c.id) FROM chunks AS c WHERE {' AND '.join(conditions) or 1}"
        ((joined,),) = self._read(query, _TEXT_OR_NONE, bindings=tuple(bindings))
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

    def postings_about(self, expression: str, last: int) -> int:
        """How many chunks match an FTS5 expression, about; see `postings.about`."""
        return postings.about(self.connection, expression, last)

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
            bindings.append(_carray(allowed))
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
        among = None if allowed is None else _carray(allowed)
        return vec0.match(self.connection, vector, count, among)

    def _ids(self, query: str, bindings: tuple[object, ...]) -> list[int]:
        return [chunk for (chunk,) in self._read(query, values.natural, bindings=bindings)]

    def _read(
        self, query: str, *kinds: values.Kind, bindings: tuple[object, ...] = ()
    ) -> list[tuple[Any, ...]]:
        return values.read(self.connection, query, kinds, bindings)


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


def _carray(ids: Sequence[int] | NDArray[np.int64]) -> Any:
    """Many ids as one parameter, or none: `IN (SELECT value FROM carray(?))`."""
    if not len(ids):  # which apsw refuses to pass on
        return apsw.carray(_NO_ID)
    return apsw.carray(array("q", ids) if isinstance(ids, list) else ids)
