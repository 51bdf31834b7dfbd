"""Vectors of one model out of a store, for whoever would have to make them.

Reads little and checks all of it: a batch that is not what it must be is not used, a store that
fails is asked no more, and what is not found is made by the caller. Knows keys of texts; no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.embedding.text import KEY_BYTES
from lumen_hooks.errors import RemoteError, UntrustedError
from lumen_hooks.remote.parallel import each

from .batch import folder_of, paths, unpacked
from .batches import READ_BYTES, newest, read_list
from .frames import FrameReader
from .keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.settings import Settings

    from .batch import Batch
    from .batches import Listed
    from .keys import Keys

_SAID = 8
"""So many batches that are not used are told of: a list may have hundreds that are none."""


class VectorSource:
    """The vectors that a store has for one model. Nothing is read until the first are wanted.

    Args:
        store: where.
        settings: say whose signature counts.
        model_key: whose vectors.
        dimensions: what they must have.
        complain: is told what is not used, and why; that of the store once.
        keys_bytes: so much may be read to find out which vectors there are.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        model_key: str,
        dimensions: int,
        complain: Callable[[str], None] = lambda _: None,
        *,
        keys_bytes: int = READ_BYTES,
    ) -> None:
        self._store = store
        self._signers = settings.remote_signers
        self._model_key = model_key
        self._dimensions = dimensions
        self._folder = folder_of(model_key)
        self._complain = complain
        self._keys_bytes = min(keys_bytes, READ_BYTES)
        self._keys: dict[str, Keys] = {}
        self._frames: FrameReader | None = None
        self._failed = False
        self._refused = 0

    def get(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The vectors of these texts that the store has; empty ones, too.

        Args:
            keys: as `embedding_key` makes them.
        """
        found: dict[bytes, bytes] = {}
        if self._failed:
            return found
        try:
            if self._frames is None:
                self._frames = self._begin()
            wanted = [key for key in keys if len(key) == KEY_BYTES]
            while wanted and self._keys:
                wanted = self._take(self._frames, wanted, found)
        except RemoteError as error:
            self._failed = True
            self._frames, self._keys = None, {}
            self._complain(error.message)
        return found

    def _begin(self) -> FrameReader:
        """Find out which vectors there are; those of the newest batches are taken first."""
        chosen = newest(read_list(self._store, self._folder), self._keys_bytes)
        batches: dict[str, Batch] = {}
        for listed, batch in zip(chosen, each(self._batch, chosen), strict=True):
            if isinstance(batch, UntrustedError):
                self._refuse(listed.id, batch)
            else:
                batches[listed.id] = batch
                self._keys[listed.id] = keys_of(batch)
        return FrameReader(self._store, self._folder, batches)

    def _batch(self, listed: Listed) -> Batch | UntrustedError:
        path, _ = paths(self._folder, listed.id)
        length = listed.keys_bytes
        data = self._store.read(path, at_most=length, length=length)
        if data is None:
            return UntrustedError("it is gone")
        try:
            return unpacked(data, listed.id, self._dimensions, self._model_key, self._signers)
        except UntrustedError as error:
            return error

    def _take(
        self, frames: FrameReader, keys: list[bytes], found: dict[bytes, bytes]
    ) -> list[bytes]:
        """Add what the batches have; the keys of batches that turned out to be none are left."""
        places = self._places(keys, found)
        for batch_id, frame in frames.read(
            {batch_id: set(of_frames) for batch_id, of_frames in places.items()}
        ):
            if batch_id not in self._keys:
                continue
            try:
                if isinstance(frame, UntrustedError):
                    raise frame
                for row, wanted in places[batch_id].get(frame.number, {}).items():
                    key, vector = frame.row(row)
                    if key == wanted:
                        found[key] = vector
            except UntrustedError as error:
                self._refuse(batch_id, error)
                del self._keys[batch_id]
        refused = places.keys() - self._keys.keys()
        return [
            key
            for batch_id in refused
            for rows in places[batch_id].values()
            for key in rows.values()
            if key not in found
        ]

    def _places(
        self, keys: list[bytes], found: dict[bytes, bytes]
    ) -> dict[str, dict[int, dict[int, bytes]]]:
        """By batch, frame and row the key that seems to be there; adds those without a vector."""
        places: dict[str, dict[int, dict[int, bytes]]] = {}
        for batch_id, listed in self._keys.items():
            left = []
            for key, row in zip(keys, listed.find(keys), strict=True):
                if key in listed.blank:
                    found[key] = b""
                elif row < 0:
                    left.append(key)
                else:
                    of_batch = places.setdefault(batch_id, {})
                    of_batch.setdefault(row // listed.rows_in_frame, {})[row] = key
            keys = left
        return places

    def _refuse(self, batch_id: str, error: UntrustedError) -> None:
        self._refused += 1
        if self._refused <= _SAID:
            self._complain(f"{self._store.name}: vectors of batch {batch_id[:16]}: {error.message}")
