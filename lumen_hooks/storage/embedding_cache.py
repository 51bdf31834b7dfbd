"""The embedding store: vectors by model and text, shared by all worktrees of a repository.

A cache, never the only place of anything: a damaged file is emptied and
filled again, and whoever cannot open it goes on without it. It knows int8
bytes and keys; it knows no model, index or worktree.
"""

from __future__ import annotations

import time
from array import array
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, final

import apsw

from lumen_hooks.errors import CorruptIndexError, StoreError

from . import values
from .embedding_places import Places
from .embedding_schema import empty_store, open_store
from .embedding_trim import trim
from .sqlite import crc32, one_state, transaction, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

TOUCH_AFTER_DAYS = 7
"""A vector's day of use is rewritten only when it is older: each rewrite costs a 16 KiB page."""

_DAY_SECONDS = 86_400

_SUM = values.optional(values.natural)
"""What version 1 stored has none."""


@final
class EmbeddingStore:
    """An open embedding store. One process opens a store once; any number of processes may.

    The file is made when it is missing (not its folder), and a damaged file is
    emptied, after a copy to `embeddings.db.damaged` unless there is one.

    Args:
        path: the database file.
        clock: Unix time in seconds, for the day on which a vector was used.

    Raises:
        StorageFullError: the disk is full or the place cannot be written. Go on without a store.
        NewerIndexError: a newer version of this tool made it. Go on without a store.
        StoreError: any other reason.
    """

    def __init__(self, path: str, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._may_repair = True
        try:
            self._open()
        except CorruptIndexError:
            self._may_repair = False
            empty_store(path)
            self._open()

    def get(
        self, model_key: str, keys: Sequence[bytes], *, dimensions: int | None = None
    ) -> dict[bytes, bytes]:
        """The vectors that are known, by key. About 5 microseconds for each key asked for.

        Args:
            model_key: whose vectors.
            keys: of which texts.
            dimensions: what a vector must have, if it is not empty.

        Raises:
            StoreError: the file cannot be read. If it was damaged, it is emptied instead.
        """
        try:
            # One state for all reads: after a repair elsewhere, a number means another model.
            with translated(self.path), one_state(self._connection):
                model = self._model(model_key)
                if model is None:
                    return {}
                found = self._places.find(model, keys)
                return {
                    key: vector
                    for table, rows in found.items()
                    for key, vector in self._read(table, rows.values(), model_key, dimensions)
                }
        except CorruptIndexError:
            self._repair()
            return {}

    def put(self, model_key: str, items: Mapping[bytes, bytes]) -> None:
        """Remember vectors, in one transaction. Keys that are known keep the vector they have.

        Raises:
            StorageFullError: the disk is full; nothing was remembered and the store stays usable.
            StoreError: any other reason.
        """
        if not items:
            return
        try:
            self._put(model_key, items)
        except CorruptIndexError:
            self._repair()
            self._put(model_key, items)

    def touch(self, model_key: str, keys: Iterable[bytes]) -> None:
        """Note that vectors were used today, so that `trim` spares them for longer.

        Raises:
            StoreError: the file cannot be written.
        """
        today, wanted = self._today(), list(keys)
        if not wanted:
            return
        with translated(self.path), transaction(self._connection):
            model = self._model(model_key)
            for table, rows in self._places.find(model, wanted).items() if model else ():
                self._connection.executemany(
                    f"UPDATE {table} SET used=? WHERE id=? AND used<?",
                    ((today, row, today - TOUCH_AFTER_DAYS) for row in rows.values()),
                )

    def trim(self, max_bytes: int, in_use: Iterable[bytes]) -> int:
        """If the store is over a size, delete what was used longest ago and no index uses.

        Goes down to 80 % of the size, then rewrites the file, which keeps
        other writers out for about a second for each 200 MB.

        Args:
            max_bytes: how large the store may be.
            in_use: keys to keep, whatever their model; read only if the store is too large.

        Returns:
            How many vectors were deleted.

        Raises:
            StoreError: the file cannot be written.
        """
        with translated(self.path):
            return trim(self._connection, max_bytes, in_use)

    def close(self) -> None:
        """Close the file. Calling it twice does nothing more."""
        if self._places.waiting:
            with suppress(StoreError), translated(self.path), transaction(self._connection):
                self._places.settle()
        self._connection.close()

    def __enter__(self) -> EmbeddingStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        self._connection = open_store(self.path)
        self._places = Places(self._connection)

    def _today(self) -> int:
        return int(self._clock() // _DAY_SECONDS)

    def _model(self, model_key: str) -> int | None:
        query = "SELECT id FROM models WHERE key=?"
        rows = values.read(self._connection, query, (values.natural,), (model_key,))
        return rows[0][0] if rows else None

    def _read(
        self, table: str, rows: Iterable[int], model_key: str, dimensions: int | None
    ) -> Iterator[tuple[bytes, bytes]]:
        """The keys and vectors of rows, if they are as they were written."""
        query = (
            f"SELECT s.key, s.vector, s.sum FROM carray(?) c CROSS JOIN {table} s ON s.id=c.value"
        )
        kinds = (values.blob, partial(_vectors, dimensions), _SUM)
        among = array("q", rows)
        if not among:
            return
        found = values.stream(self._connection, query, kinds, (apsw.carray(among),))
        for key, vector, total in found:
            if total not in {None, crc32(model_key, key, vector)}:
                raise CorruptIndexError(f"{self.path} is damaged: a vector is not as written")
            yield key, vector

    def _put(self, model_key: str, items: Mapping[bytes, bytes]) -> None:
        today = self._today()
        with translated(self.path), transaction(self._connection):
            self._connection.execute("INSERT OR IGNORE INTO models(key) VALUES(?)", (model_key,))
            model = self._model(model_key) or 0
            known = self._places.find(model, list(items)).values()
            new = [key for key in items if not any(key in rows for rows in known)]
            first = self._places.add(new)
            self._connection.executemany(
                "INSERT INTO stored(id, model, key, vector, used, sum) VALUES(?, ?, ?, ?, ?, ?)",
                (
                    (row, model, key, items[key], today, crc32(model_key, key, items[key]))
                    for row, key in enumerate(new, start=first)
                ),
            )

    def _repair(self) -> None:
        """Empty the file, once for each store: what breaks again at once is not the file."""
        if not self._may_repair:
            raise CorruptIndexError(f"{self.path} is damaged again after it was emptied")
        self._may_repair = False
        self._connection.close()
        empty_store(self.path)
        self._open()


def _vectors(dimensions: int | None, column: Sequence[bytes]) -> bool:
    """Empty, or so long and with a direction."""
    return values.blob(column) and (
        dimensions is None
        or all(
            not vector or (len(vector) == dimensions and vector.strip(b"\0")) for vector in column
        )
    )
