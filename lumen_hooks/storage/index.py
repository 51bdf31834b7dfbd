"""One worktree's index, opened to be written: every statement that changes its rows.

It knows rows and transactions. It does not know git, files on disk, models or
ranking; vectors come as int8 bytes.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from . import facts, sums
from . import vec0 as vectors
from .opening import STAGED_CACHE_KIB, closed_on_error, load_vec0, open_private, open_to_write
from .reader import IndexReader
from .rows import StagedChunk, StagedFile
from .schema import check_header
from .seals import Changes
from .sqlite import only_row, transaction, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from .facts import Facts
    from .rows import Stamp

_FILE = ", ".join(StagedFile._fields)
_CHUNK = "start_line, end_line, symbol, kind, key, holds"

INTO_FILES = f"INSERT INTO files(id, {_FILE}, sum)"
INTO_CHUNKS = f"INSERT INTO chunks(id, file_id, {_CHUNK})"
INTO_WORDS = "INSERT INTO lexical(rowid, words)"
"""Where rows go, and the order of their columns, whether they come from staged ones or at once."""

# SQLite writes temporary tables to a file (one without a name) as far as they exceed their cache.
_STAGING = f"""
PRAGMA temp.cache_size=-{STAGED_CACHE_KIB};
CREATE TEMP TABLE IF NOT EXISTS staged_files(
  id INTEGER PRIMARY KEY, path TEXT, content BLOB, blob BLOB, size INTEGER, changed_ns INTEGER,
  language TEXT, skipped TEXT, cut TEXT, generated INTEGER
);
CREATE TEMP TABLE IF NOT EXISTS staged_chunks(
  id INTEGER PRIMARY KEY, file_id INTEGER, start_line INTEGER, end_line INTEGER,
  symbol TEXT, kind TEXT, key BLOB, vector BLOB, words TEXT, holds TEXT
);
"""


class Index(IndexReader):
    """An index opened to be written, by `open_writer`; and to be read."""

    _changes: Changes | None = None

    def transaction(self) -> AbstractContextManager[None]:
        """One write transaction, taken at once."""
        return self._sealed_by_changes()

    @contextmanager
    def _sealed_by_changes(self) -> Iterator[None]:
        with transaction(self.connection), closing(Changes(self.connection)) as changes:
            self._changes = changes
            try:
                yield
            finally:
                self._changes = None

    def write_facts(self, told: Facts) -> None:
        """Have the index say this of itself. To be called inside a transaction."""
        facts.write(self.connection, told)

    def seal(self) -> None:
        """Note what the extensions' tables hold. To be called last in a transaction of rows."""
        sums.seal(self.connection, self._changes)

    def stage(self, file: StagedFile, chunks: Iterable[StagedChunk]) -> None:
        """Lay a file aside, in temporary tables, for the transaction that will write it.

        Nothing is locked and no reader sees anything. It is kept in memory, beyond
        STAGED_CACHE_KIB in a temporary file.
        """
        (file_id,) = only_row(
            self.connection,
            f"INSERT INTO temp.staged_files({_FILE}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            file,
        )
        self.connection.executemany(
            f"INSERT INTO temp.staged_chunks(file_id, {', '.join(StagedChunk._fields)})"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            f"{INTO_FILES} SELECT id+?, {_FILE}, 0 FROM temp.staged_files",
            (file_base,),
        )
        execute(
            f"{INTO_CHUNKS} SELECT id+?, file_id+?, {_CHUNK} FROM temp.staged_chunks ORDER BY id",
            (chunk_base, file_base),
        )
        execute(f"UPDATE files SET sum={sums.FILE_SUM} WHERE id>?", (file_base,))
        execute(
            f"{INTO_WORDS} SELECT id+?, words FROM temp.staged_chunks ORDER BY id",
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

    def repack(self) -> None:
        """Give back what deletions wasted in the vector table, where that is much."""
        if vectors.is_wasteful(self.connection):
            with transaction(self.connection):
                vectors.repack(self.connection, self.facts().dimensions)
                self.seal()  # of every row: whole tables went
            self.connection.execute("VACUUM")

    def restamp(self, stamps: Iterable[Stamp]) -> None:
        """Note what a look at unchanged files showed, so that the next look can be shorter."""
        self.connection.executemany(
            "UPDATE files SET blob=?, size=?, changed_ns=? WHERE id=?",
            [(stamp.blob, stamp.size, stamp.changed_ns, stamp.file_id) for stamp in stamps],
        )

    def replace_by(self, path: str) -> None:
        """Become what a finished private index is, in one transaction; to be closed then.

        Page by page (sqlite.org/backup.html), so that the file, its WAL and all who have it open
        stay: a reader sees what was there until it asks again. Not inside a transaction.
        """
        with closing(open_private(path)) as source:
            with self.connection.backup("main", source, "main") as backup:
                backup.step(-1)
            # That commits without SQLite's own look at how large the WAL has grown.
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def open_writer(path: str) -> Index | None:
    """Open an existing index for writing, or None when there is no file.

    Raises:
        CorruptIndexError: damaged, no database, or not one of ours.
        NewerIndexError: written by a newer version.
        StoreError: any other reason.
    """
    if not os.path.lexists(path):
        return None
    connection = open_to_write(path)
    with closed_on_error(connection), translated(path):
        load_vec0(connection)
        index = Index(connection, path, check_header(connection, path))
        index.facts()  # refuses what a newer version made
        connection.execute(_STAGING)
    return index
