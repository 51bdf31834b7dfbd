"""An index that nobody knows yet, filled from nothing: each row goes where it belongs at once.

Nobody reads it and a crash leaves a file that is swept, so there is no journal
on disk, and all of it is one transaction: SQLite writes a page when the cache
is full or at the end, which is once for most. FTS5 would merge what it has
after each few chunks; here it keeps large parts until the end and merges those
once, in steps so small that one's pages are free for the next. Knows rows; not
where they come from, and not what becomes of the file.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from . import schema, sums
from . import vec0 as vectors
from .index import INTO_CHUNKS, INTO_FILES, INTO_WORDS, Index
from .opening import closed_on_error, keep_no_journal, load_vec0, open_private, start_wal
from .sqlite import transaction, translated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    import apsw

    from .rows import StagedChunk, StagedFile

_WHILE_LOADING = {"automerge": 0, "crisismerge": 64, "hashsize": 8 << 20}
"""FTS5's settings: no merges beside the writing, and bytes of words that are kept in memory.

A million chunks are some 90 of these parts; more than 64 are merged to one."""

_AFTERWARDS = {"automerge": 8, "crisismerge": 16, "hashsize": 1 << 20}
"""FTS5's own defaults, but for the first: so many segments of a level are merged into one of the
next, so that what a build wrote is seldom written anew.
The settings are rows of FTS5's table, so they must be set back."""

_MERGE_PAGES = 64
"""FTS5's pages (4 KiB) in one step of the merge: so much is free in the file when it is over."""


class NewIndex(Index):
    """An index in the making; see `create_index`."""

    def transaction(self) -> AbstractContextManager[None]:
        """The one that fills it; what it holds is read when it is sealed."""
        return transaction(self.connection)

    def __init__(self, connection: apsw.Connection, path: str) -> None:
        super().__init__(connection, path)
        self._files = 0
        self._chunks = 0

    def stage(self, file: StagedFile, chunks: Iterable[StagedChunk]) -> None:
        """Write a file. To be called inside the one transaction that fills the index."""
        many = self.connection.executemany
        if not self._files:
            self._set_up_words(_WHILE_LOADING)
        self._files += 1
        rows = list(enumerate(chunks, start=self._chunks + 1))
        self._chunks += len(rows)
        self.connection.execute(
            f"{INTO_FILES} VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", (self._files, *file)
        )
        many(
            f"{INTO_CHUNKS} VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (row, self._files, c.start_line, c.end_line, c.symbol, c.kind, c.key, c.holds)
                for row, c in rows
            ),
        )
        many(f"{INTO_WORDS} VALUES(?, ?)", ((row, c.words) for row, c in rows))
        if self._files == 1:
            # A segment of its own, so that there are two to be merged in the end, which makes one
            # of the next level: among those of the lowest, every third refresh would write it anew.
            self.connection.execute("INSERT INTO lexical(lexical) VALUES('flush')")
        vectors.add(self.connection, ((row, c.vector) for row, c in rows if c.vector is not None))

    def write_staged(self) -> None:
        """Do what is done once for all rows. To be called last in the transaction of `stage`."""
        # Not file by file: such a statement has FTS5 write what it keeps, however little.
        self.connection.execute(f"UPDATE files SET sum={sums.FILE_SUM}")
        vectors.seal_all(self.connection)
        self._merge_words()
        self._set_up_words(_AFTERWARDS)

    def _set_up_words(self, settings: dict[str, int]) -> None:
        self.connection.executemany(
            "INSERT INTO lexical(lexical, rank) VALUES(?, ?)", settings.items()
        )

    def _merge_words(self) -> None:
        """Leave one segment (sqlite.org/fts5.html, "The 'merge' Command")."""
        pages = -_MERGE_PAGES  # negative in the first step: whatever there is, is to be merged
        done = 2
        while done >= 2:
            before = self.connection.total_changes()
            self.connection.execute(
                "INSERT INTO lexical(lexical, rank) VALUES('merge', ?)", (pages,)
            )
            done = self.connection.total_changes() - before
            pages = _MERGE_PAGES


def create_index(path: str, dimensions: int) -> NewIndex:
    """Make a new, empty index in a file that nobody else knows yet, or in MEMORY.

    What was written when the process or the machine dies is lost: a file is to be closed and
    synced before others may know of it.
    """
    connection = open_private(path, create=True)
    with closed_on_error(connection), translated(path, writing=True):
        load_vec0(connection)
        keep_no_journal(connection)
        with transaction(connection):
            schema.create(connection, dimensions)
    return NewIndex(connection, path)


def prepare_for_others(path: str) -> None:
    """Put a finished index in the mode in which several processes use it."""
    with closing(open_private(path)) as connection, translated(path):
        start_wal(connection)
