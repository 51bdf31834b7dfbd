"""One worktree's index: its tables, and every statement that reads or writes them.

It knows rows and transactions. It does not know git, files on disk, models or
ranking; vectors come and go as int8 bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from . import facts, schema, sums, values
from . import vec0 as vectors
from .schema import SCHEMA_VERSION, check_header
from .sqlite import connect, only_row, transaction, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    import apsw
    from typing_extensions import Self

    from .facts import Facts

_STAGING = """
CREATE TEMP TABLE IF NOT EXISTS staged_files(
  id INTEGER PRIMARY KEY, path TEXT, content BLOB, blob BLOB, size INTEGER, changed_ns INTEGER,
  language TEXT, skipped TEXT, cut TEXT
);
CREATE TEMP TABLE IF NOT EXISTS staged_chunks(
  id INTEGER PRIMARY KEY, file_id INTEGER, start_line INTEGER, end_line INTEGER,
  symbol TEXT, kind TEXT, key BLOB, vector BLOB, words TEXT
);
"""


class FileRow(NamedTuple):
    """What the index holds about a file.

    `content` is git's blob id of the raw bytes that were indexed (None if they were not
    read); `blob` is what git called the file where that differs (a filter or line ends are in
    between); `changed_ns` is -1 when the file was too young for its time stamp to be trusted;
    `skipped` says why the file has no chunks; `cut` why it is cut by lines, not parsed.
    """

    id: int
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    skipped: str | None
    cut: str | None = None


class StagedFile(NamedTuple):
    """A file to be written."""

    path: str
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    language: str
    skipped: str | None
    cut: str | None = None


class Stamp(NamedTuple):
    """What git and the file system say now about a file whose content is as indexed."""

    file_id: int
    blob: bytes | None
    size: int
    changed_ns: int


class StagedChunk(NamedTuple):
    """A chunk to be written: its rows in `chunks`, `vectors` and `lexical`."""

    start_line: int
    end_line: int
    symbol: str
    kind: str
    key: bytes
    vector: bytes | None
    words: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Indexed files, passed-over files, chunks, and chunks with a vector."""

    files: int
    skipped: int
    chunks: int
    vectors: int


class Index:
    """An open index. Use `open_index` or `create_index`; close it, or use it in a `with` block."""

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

    def transaction(self) -> AbstractContextManager[None]:
        """One write transaction, taken at once."""
        return transaction(self.connection)

    # what it says of itself

    def facts(self) -> Facts:
        """What the index says of itself; see `facts.read`."""
        return facts.read(self.connection)

    def write_facts(self, told: Facts) -> None:
        """Have the index say this of itself. To be called inside a transaction."""
        facts.write(self.connection, told)

    def seal(self) -> None:
        """Note what the extensions' tables hold. To be called last in a transaction of rows."""
        sums.seal(self.connection)

    def check(self) -> None:
        """Look at every page, every sum, and at what the extensions keep in their tables.

        Raises:
            CorruptIndexError: something is damaged.
        """
        sums.check(self.connection, self.path, self.version)

    # reading

    def files(self) -> dict[str, FileRow]:
        """Every file that the index knows, skipped ones included, by path."""
        cut = "NULL" if self.version < SCHEMA_VERSION else "cut"
        query = f"SELECT path, id, content, blob, size, changed_ns, skipped, {cut} FROM files"
        blob, text = values.optional(values.blob), values.optional(values.text)
        kinds = (
            values.path,
            values.integer,
            blob,
            blob,
            values.natural,
            values.integer,
            text,
            text,
        )
        return {path: FileRow(*rest) for path, *rest in self._read(query, *kinds)}

    def counts(self) -> Counts:
        """How much the index holds."""
        query = (
            "SELECT (SELECT count(*) FROM files WHERE skipped IS NULL),"
            " (SELECT count(*) FROM files WHERE skipped IS NOT NULL),"
            " (SELECT count(*) FROM chunks), (SELECT count(*) FROM vectors_rowids)"
        )
        (row,) = self._read(query, *[values.natural] * 4)
        return Counts(*row)

    def skipped(self) -> dict[str, int]:
        """How many files were passed over for which reason."""
        query = (
            "SELECT skipped, count(*) FROM files WHERE skipped IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return dict(self._read(query, values.text, values.natural))

    def vectors_of_file(self, file_id: int) -> dict[bytes, bytes]:
        """The vectors that a file's chunks have now, by embedding key."""
        query = "SELECT id, key FROM chunks WHERE file_id=?"
        rows = dict(self._read(query, values.integer, values.blob, bindings=(file_id,)))
        found = vectors.read(self.connection, rows)
        return {rows[row]: vector for row, vector in found.items()}

    def keys(self) -> Iterator[bytes]:
        """The embedding key of every chunk."""
        query = "SELECT DISTINCT key FROM chunks"
        for (key,) in values.stream(self.connection, query, (values.blob,)):
            yield key

    def _read(
        self, query: str, *kinds: values.Kind, bindings: tuple[int, ...] = ()
    ) -> list[tuple[Any, ...]]:
        return values.read(self.connection, query, kinds, bindings)

    # writing

    def stage(self, file: StagedFile, chunks: Iterable[StagedChunk]) -> None:
        """Lay a file aside, in temporary tables, for the transaction that will write it.

        Nothing is locked and no reader sees anything; SQLite spills large amounts to disk.
        """
        (file_id,) = only_row(
            self.connection,
            "INSERT INTO temp.staged_files(path, content, blob, size, changed_ns, language,"
            " skipped, cut) VALUES(?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            file,
        )
        self.connection.executemany(
            "INSERT INTO temp.staged_chunks(file_id, start_line, end_line, symbol, kind, key,"
            " vector, words) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            [(file_id, *chunk) for chunk in chunks],
        )

    def write_staged(self) -> None:
        """Put everything staged in place of what the index holds for these paths.

        To be called inside a transaction; the staged rows are gone afterwards.
        """
        execute = self.connection.execute
        old = "SELECT f.id FROM files f JOIN temp.staged_files s ON s.path=f.path"
        self.remove_files([row[0] for row in execute(old)])
        (file_base,) = only_row(self.connection, "SELECT coalesce(max(id), 0) FROM files")
        (chunk_base,) = only_row(self.connection, "SELECT coalesce(max(id), 0) FROM chunks")
        execute(
            "INSERT INTO files(id, path, content, blob, size, changed_ns, language, skipped, cut,"
            " sum) SELECT id+?, path, content, blob, size, changed_ns, language, skipped, cut, 0"
            " FROM temp.staged_files",
            (file_base,),
        )
        execute(
            "INSERT INTO chunks(id, file_id, start_line, end_line, symbol, kind, key)"
            " SELECT id+?, file_id+?, start_line, end_line, symbol, kind, key"
            " FROM temp.staged_chunks ORDER BY id",
            (chunk_base, file_base),
        )
        execute(f"UPDATE files SET sum={sums.FILE_SUM} WHERE id>?", (file_base,))
        execute(
            "INSERT INTO lexical(rowid, words)"
            " SELECT id+?, words FROM temp.staged_chunks ORDER BY id",
            (chunk_base,),
        )
        vectors.add_from(
            self.connection,
            "SELECT id+? AS id, vector FROM temp.staged_chunks"
            " WHERE vector IS NOT NULL ORDER BY id",
            (chunk_base,),
        )
        execute("DELETE FROM temp.staged_chunks")
        execute("DELETE FROM temp.staged_files")

    def remove_files(self, ids: Iterable[int]) -> None:
        """Delete files with all that hangs on them. To be called inside a transaction."""
        for file_id in ids:
            rows = [
                row[0]
                for row in self.connection.execute(
                    "SELECT id FROM chunks WHERE file_id=?", (file_id,)
                )
            ]
            vectors.remove(self.connection, rows)
            self.connection.executemany(
                "DELETE FROM lexical WHERE rowid=?", [(row,) for row in rows]
            )
            self.connection.execute("DELETE FROM chunks WHERE file_id=?", (file_id,))
            self.connection.execute("DELETE FROM files WHERE id=?", (file_id,))

    def optimise(self) -> None:
        """Make the file as small as it gets, after much was written."""
        with self.transaction():
            self.connection.execute("INSERT INTO lexical(lexical) VALUES('optimize')")
            self.seal()
        self.connection.execute("VACUUM")

    def restamp(self, stamps: Iterable[Stamp]) -> None:
        """Note what a look at unchanged files showed, so that the next look can be shorter."""
        self.connection.executemany(
            "UPDATE files SET blob=?, size=?, changed_ns=? WHERE id=?",
            [(stamp.blob, stamp.size, stamp.changed_ns, stamp.file_id) for stamp in stamps],
        )

    def reset(self, dimensions: int) -> None:
        """Make every table anew, for this version and these vectors. Inside a transaction."""
        schema.create(self.connection, dimensions)
        self.version = SCHEMA_VERSION


def open_index(path: str, *, write: bool = False) -> Index | None:
    """Open an existing index, or None when there is no file.

    Raises:
        CorruptIndexError: damaged, no database, or not one of ours.
        NewerIndexError: written by a newer version.
        StoreError: any other reason.
    """
    if not os.path.lexists(path):
        return None
    connection = connect(path, write=write, vectors=True)
    try:
        index = Index(connection, path, check_header(connection, path))
        index.facts()  # refuses what a newer version made
        if write:
            with translated(path):
                connection.execute(_STAGING)
    except BaseException:
        connection.close()
        raise
    return index


def create_index(path: str, dimensions: int) -> Index:
    """Make a new, empty index in a file that nobody else knows yet."""
    connection = connect(path, write=True, vectors=True, create=True, temporary=True)
    try:
        with translated(path), transaction(connection):
            schema.create(connection, dimensions)
        connection.execute(_STAGING)
    except BaseException:
        connection.close()
        raise
    return Index(connection, path)
