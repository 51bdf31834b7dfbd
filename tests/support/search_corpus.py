"""Small indexes to search: real tables, real vec0, real FTS5, a deterministic embedder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from lumen_hooks.storage.lexical_terms import lexical_words
from lumen_hooks.storage.new_index import create_index
from lumen_hooks.storage.opening import start_wal
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import transaction
from lumen_hooks.storage.sums import FILE_SUM

from .fake_embedder import DIMENSIONS, FakeEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import apsw

    from lumen_hooks.search.query import QueryEmbedder
    from lumen_hooks.search.results import Content, Hit
    from lumen_hooks.storage.reader import IndexReader


def search(searcher: Searcher, embedder: QueryEmbedder, query: Query) -> list[Hit]:
    """Ask with a model that is at hand, whatever the index says of its own."""
    model = QueryModel(embedder, "of the test")
    return list(searcher.search(query, lambda _: model).hits)


def search_index(index: IndexReader, embedder: QueryEmbedder, query: Query) -> list[Hit]:
    """The same of an index that is asked once."""
    return search(Searcher(index), embedder, query)


def paths_of(hits: Iterable[Hit]) -> list[str]:
    """The paths of hits and of their copies, sorted."""
    return sorted(one.path for hit in hits for one in (hit, *hit.copies))


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk of a corpus; `holds` as its row has it (storage/holds.py)."""

    path: str
    code: str
    symbol: str = ""
    kind: str = "function"
    lines: tuple[int, int] = (1, 5)
    language: str = "python"
    has_vector: bool = True
    holds: str = ""


def sum_up(writer: apsw.Connection) -> None:
    """Write the check sums of what statements of a test put into an index."""
    writer.execute(f"UPDATE files SET sum={FILE_SUM}")
    writer.execute(
        "INSERT OR REPLACE INTO vector_sums SELECT chunk_id, crc32(validity, rowids, vectors),"
        " crc32(validity, rowids)"
        " FROM vectors_chunks JOIN vectors_vector_chunks00 v ON v.rowid=chunk_id"
    )


@dataclass
class Corpus:
    """An index on disk, filled piece by piece; chunk ids count from 1."""

    file: Path
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    writer: apsw.Connection = field(init=False)
    reader: IndexReader = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.writer = create_index(str(self.file), DIMENSIONS).connection
        start_wal(self.writer)
        reader = open_reader(str(self.file))
        assert reader is not None
        self.reader = reader

    def add(self, *pieces: Piece) -> Corpus:
        """Write pieces in one transaction."""
        vectors = self.embedder.embed_documents(
            [embedded_text(piece.symbol, "", piece.code) for piece in pieces]
        )
        with transaction(self.writer):
            for piece, vector in zip(pieces, vectors, strict=True):
                self._write(piece, vector if piece.has_vector else None)
            sum_up(self.writer)
        return self

    def _write(self, piece: Piece, vector: bytes | None) -> None:
        execute = self.writer.execute
        self.count += 1
        key = embedding_key(embedded_text(piece.symbol, "", piece.code))
        execute(
            "INSERT OR IGNORE INTO files(path, size, changed_ns, language, generated, sum)"
            " VALUES(?, 0, 0, ?, 0, 0)",
            (piece.path, piece.language),
        )
        execute(
            "INSERT INTO chunks(id, file_id, start_line, end_line, symbol, kind, key, holds)"
            " SELECT ?, id, ?, ?, ?, ?, ?, ? FROM files WHERE path = ?",
            (self.count, *piece.lines, piece.symbol, piece.kind, key, piece.holds, piece.path),
        )
        execute(
            "INSERT INTO lexical(rowid, words) VALUES(?, ?)",
            (self.count, lexical_words(piece.path, piece.symbol, piece.code)),
        )
        if vector is not None:
            execute(
                "INSERT INTO vectors(id, embedding) VALUES(?, vec_int8(?))", (self.count, vector)
            )

    def search(
        self,
        text: str,
        *,
        limit: int = 10,
        path: str | None = None,
        languages: tuple[str, ...] = (),
        kinds: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        content: Content = "all",
        embedder: QueryEmbedder | None = None,
    ) -> list[Hit]:
        """Search as a command would."""
        query = Query(text, limit, path, languages, kinds, exclude, content)
        return search_index(self.reader, embedder or self.embedder, query)

    def paths(self, text: str, path: str | None = None) -> list[str]:
        """The paths of the hits and of their copies, sorted."""
        return sorted(set(paths_of(self.search(text, path=path, limit=500))))
