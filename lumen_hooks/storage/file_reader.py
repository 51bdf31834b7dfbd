"""What an open index says of itself and of its files: every SELECT on its table of files.

It knows that table and what each column may hold. What cannot be there is damage, whoever asks.
Chunks, words and vectors are `reader`'s.
"""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.system.unicode import encodable

from . import facts, sums, values
from .rows import Counts, FileRow, KnownFile, KnownPath, ReadableFile
from .schema import HOLDING, SCHEMA_VERSION, SUMMED
from .sqlite import carray_of, one_state, translated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Self

    from .facts import Facts

_BLOB_OR_NONE = values.optional(values.blob)
_TEXT_OR_NONE = values.optional(values.text)

_STAT = (values.natural, values.integer)
_FILE = (values.path, values.integer, *[_BLOB_OR_NONE] * 2, *_STAT, *[_TEXT_OR_NONE] * 2)
_KNOWN_PATH = (values.natural, values.path, values.text, _TEXT_OR_NONE)


class FileReader:
    """An open index, as far as itself and its files go; see `reader.IndexReader`."""

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
            bindings = (carray_of(sorted(ids)),)
        kinds = (values.path, values.natural, values.text, values.blob, values.natural)
        return list(map(ReadableFile._make, self._read(query, *kinds, bindings=bindings)))

    def digest(self) -> bytes | None:
        """Equal for two indexes that hold the same texts at the same paths, by the same model.

        None where that cannot be told.
        """
        generated = "generated" if self.version >= HOLDING else "0"
        query = (
            "SELECT group_concat(file, char(10)), count(*) - count(content) FROM (SELECT content,"
            f" json_array(path, hex(content), language, {generated}) AS file FROM files"
            " WHERE skipped IS NULL ORDER BY path)"
        )
        ((files, unknown),) = self._read(query, _TEXT_OR_NONE, values.natural)
        held = f"{self.facts().made_with!r}\n{files or ''}"
        return None if unknown else sha256(held.encode("utf-8", "surrogateescape")).digest()

    def paths_of(self, contents: Collection[bytes]) -> dict[bytes, str]:
        """The first path of each of these contents (git's blob ids) that a file with text has."""
        query = (
            "SELECT content, min(path) FROM files WHERE skipped IS NULL"
            " AND content IN (SELECT value FROM carray(?)) GROUP BY 1"
        )
        wanted = tuple(contents)  # as a carray at least one
        bindings = (apsw.carray(wanted),) if wanted else ()
        return (
            dict(self._read(query, values.blob, values.path, bindings=bindings)) if wanted else {}
        )

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

    def _read(
        self, query: str, *kinds: values.Kind, bindings: tuple[object, ...] = ()
    ) -> list[tuple[Any, ...]]:
        return values.read(self.connection, query, kinds, bindings)
