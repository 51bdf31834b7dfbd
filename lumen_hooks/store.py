"""One worktree's index: its tables, and every statement that reads or writes them.

It knows rows and transactions. It does not know git, files on disk, models or
ranking; vectors come and go as int8 bytes.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from . import vectors
from .errors import CorruptIndexError, NewerIndexError
from .fingerprint import INDEX_VERSION
from .sqlite import connect, only_row, transaction, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import apsw
    from typing_extensions import Self

APPLICATION_ID = 0x4C554D4E
"""`LUMN`, in the database header."""

SCHEMA_VERSION = 2
"""The tables' shape, in `PRAGMA user_version`; a change of what rows mean is INDEX_VERSION's.

2  2026-11-23  one column of marked words without positions in `lexical`
"""

# detail=none: which chunks have a word, and neither where nor how often (each word is given once).
# That is less than half of the bytes, and what bm25() needs is lost, so search/lexical.py scores.
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT
);
CREATE TABLE chunks(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files(id),
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  kind TEXT NOT NULL,
  key BLOB NOT NULL
);
CREATE INDEX chunks_by_file ON chunks(file_id);
CREATE VIRTUAL TABLE lexical USING fts5(
  words, content='', contentless_delete=1, detail=none,
  tokenize="porter unicode61 tokenchars '_:'"
);
"""

_STAGING = """
CREATE TEMP TABLE IF NOT EXISTS staged_files(
  id INTEGER PRIMARY KEY, path TEXT, content BLOB, blob BLOB, size INTEGER, changed_ns INTEGER,
  language TEXT, skipped TEXT
);
CREATE TEMP TABLE IF NOT EXISTS staged_chunks(
  id INTEGER PRIMARY KEY, file_id INTEGER, start_line INTEGER, end_line INTEGER,
  symbol TEXT, kind TEXT, key BLOB, vector BLOB, words TEXT
);
"""


# The last two lines make SQLite open the extensions' tables, which checks how they are laid out.
_AGREEMENT = f"""
SELECT CASE
  WHEN EXISTS({vectors.DAMAGED_BLOCKS}) THEN 'a block of vectors is not whole'
  WHEN EXISTS(SELECT rowid FROM vectors_rowids EXCEPT SELECT id FROM chunks)
    THEN 'a vector has no chunk'
  WHEN EXISTS(SELECT id FROM chunks EXCEPT SELECT id FROM lexical_docsize)
    OR EXISTS(SELECT id FROM lexical_docsize EXCEPT SELECT id FROM chunks)
    THEN 'the lexical index and the chunks differ'
  WHEN EXISTS(SELECT 1 FROM vectors WHERE id=-1) THEN 'a vector has a negative number'
  WHEN EXISTS(SELECT 1 FROM lexical WHERE rowid=-1) THEN 'a chunk has a negative number'
  ELSE 'ok' END
"""


class FileRow(NamedTuple):
    """What the index holds about a file.

    `content` is git's blob id of the raw bytes that were indexed (None if they were not
    read); `blob` is what git called the file where that differs (a filter or line ends are in
    between); `changed_ns` is -1 when the file was too young for its time stamp to be trusted;
    `skipped` says why the file has no chunks.
    """

    id: int
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    skipped: str | None


class StagedFile(NamedTuple):
    """A file to be written."""

    path: str
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    language: str
    skipped: str | None


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

    def __init__(self, connection: apsw.Connection, path: str) -> None:
        self.connection = connection
        self.path = path

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

    # meta

    def meta(self) -> dict[str, str]:
        """All of the index's own facts: fingerprint, complete, head, refreshed, ..."""
        with translated(self.path):
            return dict(self.connection.execute("SELECT key, value FROM meta"))

    def set_meta(self, values: Mapping[str, str | None]) -> None:
        """Write facts; None deletes one."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
            [(key, storable(value)) for key, value in values.items() if value is not None],
        )
        self.connection.executemany(
            "DELETE FROM meta WHERE key=?",
            [(key,) for key, value in values.items() if value is None],
        )

    def check(self) -> None:
        """Look at every page, and at what the extensions keep in their tables.

        Raises:
            CorruptIndexError: something is damaged.
        """
        with translated(self.path):
            (verdict,) = only_row(self.connection, "PRAGMA quick_check(1)")
        if verdict != "ok":
            raise CorruptIndexError(f"{self.path} is damaged: {verdict}")
        check_agreement(self.connection, self.path)

    # reading

    def files(self) -> dict[str, FileRow]:
        """Every file that the index knows, skipped ones included, by path."""
        query = "SELECT path, id, content, blob, size, changed_ns, skipped FROM files"
        with translated(self.path):
            return {path: FileRow(*rest) for path, *rest in self.connection.execute(query)}

    def counts(self) -> Counts:
        """How much the index holds."""
        query = (
            "SELECT (SELECT count(*) FROM files WHERE skipped IS NULL),"
            " (SELECT count(*) FROM files WHERE skipped IS NOT NULL),"
            " (SELECT count(*) FROM chunks), (SELECT count(*) FROM vectors_rowids)"
        )
        with translated(self.path):
            return Counts(*only_row(self.connection, query))

    def skipped(self) -> dict[str, int]:
        """How many files were passed over for which reason."""
        query = (
            "SELECT skipped, count(*) FROM files WHERE skipped IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        with translated(self.path):
            return dict(self.connection.execute(query))

    def vectors_of_file(self, file_id: int) -> dict[bytes, bytes]:
        """The vectors that a file's chunks have now, by embedding key."""
        rows = dict(
            self.connection.execute("SELECT id, key FROM chunks WHERE file_id=?", (file_id,))
        )
        found = vectors.read(self.connection, rows)
        return {rows[row]: vector for row, vector in found.items()}

    def keys(self) -> Iterator[bytes]:
        """The embedding key of every chunk."""
        for (key,) in self.connection.execute("SELECT DISTINCT key FROM chunks"):
            yield key

    # writing

    def stage(self, file: StagedFile, chunks: Iterable[StagedChunk]) -> None:
        """Lay a file aside, in temporary tables, for the transaction that will write it.

        Nothing is locked and no reader sees anything; SQLite spills large amounts to disk.
        """
        (file_id,) = only_row(
            self.connection,
            "INSERT INTO temp.staged_files(path, content, blob, size, changed_ns, language,"
            " skipped) VALUES(?, ?, ?, ?, ?, ?, ?) RETURNING id",
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
            "INSERT INTO files(id, path, content, blob, size, changed_ns, language, skipped)"
            " SELECT id+?, path, content, blob, size, changed_ns, language, skipped"
            " FROM temp.staged_files",
            (file_base,),
        )
        execute(
            "INSERT INTO chunks(id, file_id, start_line, end_line, symbol, kind, key)"
            " SELECT id+?, file_id+?, start_line, end_line, symbol, kind, key"
            " FROM temp.staged_chunks ORDER BY id",
            (chunk_base, file_base),
        )
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
        self.connection.execute("INSERT INTO lexical(lexical) VALUES('optimize')")
        self.connection.execute("VACUUM")

    def restamp(self, stamps: Iterable[Stamp]) -> None:
        """Note what a look at unchanged files showed, so that the next look can be shorter."""
        self.connection.executemany(
            "UPDATE files SET blob=?, size=?, changed_ns=? WHERE id=?",
            [(stamp.blob, stamp.size, stamp.changed_ns, stamp.file_id) for stamp in stamps],
        )

    def reset(self, dimensions: int) -> None:
        """Empty every table, for vectors of other dimensions. To be called inside a transaction."""
        execute = self.connection.execute
        vectors.drop(self.connection)
        vectors.create(self.connection, dimensions)
        execute("DROP TABLE lexical")
        execute("DELETE FROM chunks")
        execute("DELETE FROM files")
        execute("DELETE FROM meta")
        execute(_SCHEMA[_SCHEMA.index("CREATE VIRTUAL TABLE lexical") :])


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
    index = Index(connection, path)
    try:
        check_header(connection, path)
        _check_version(index)
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
            connection.execute(_SCHEMA)
            vectors.create(connection, dimensions)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute(_STAGING)
    except BaseException:
        connection.close()
        raise
    return Index(connection, path)


def check_header(connection: apsw.Connection, path: str) -> None:
    """Refuse a database that is not an index, or is a newer version's.

    Raises:
        CorruptIndexError: another application's database, one without a schema, or one with an
            older schema: like a damaged index it is made again.
        NewerIndexError: written by a newer version.
    """
    with translated(path):
        (application,) = only_row(connection, "PRAGMA application_id")
        (version,) = only_row(connection, "PRAGMA user_version")
    if application != APPLICATION_ID:
        raise CorruptIndexError(
            f"{path} is no lumen index", hint="it is rebuilt by: lumen-hooks index"
        )
    if version > SCHEMA_VERSION:
        raise NewerIndexError(
            f"{path} was written by a newer lumen-hooks"
            f" (schema {version}, ours is {SCHEMA_VERSION})",
            hint="upgrade lumen-hooks, or remove the index with: lumen-hooks purge",
        )
    if version < SCHEMA_VERSION:
        raise CorruptIndexError(
            f"{path} has an older version's tables (schema {version}, ours is {SCHEMA_VERSION})",
            hint="it is rebuilt by: lumen-hooks index",
        )


def _check_version(index: Index) -> None:
    """Refuse what a newer version made: rebuilding it would start a tug of war."""
    version = int(index.meta().get("index_version", "0"))
    if version > INDEX_VERSION:
        raise NewerIndexError(
            f"{index.path} was made by a newer lumen-hooks"
            f" (version {version}, ours is {INDEX_VERSION})",
            hint="upgrade lumen-hooks here, or run the newer one",
        )


def check_agreement(connection: apsw.Connection, path: str) -> None:
    """Look at what a check of the pages cannot see: whether the tables fit each other.

    Raises:
        CorruptIndexError: they do not.
    """
    with translated(path):
        (verdict,) = only_row(connection, _AGREEMENT)
    if verdict != "ok":
        raise CorruptIndexError(f"{path} is damaged: {verdict}")


def storable(text: str) -> str:
    """A text, or a path that is not UTF-8, as SQLite can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()


def decode_json(text: str | None) -> dict[str, object] | None:
    """A fact that was stored as a JSON object."""
    if not text:
        return None
    value = json.loads(text)
    return value if isinstance(value, dict) else None
