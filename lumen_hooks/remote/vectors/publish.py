"""Vectors into a store: one push is a batch of what the store lacks.

Batches of small pushes are merged when they are many, so that whoever looks for a vector has few
to read. Knows keys and vectors; not of which index they are.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.embedding.text import KEY_BYTES
from lumen_hooks.errors import UntrustedError
from lumen_hooks.remote.parallel import each
from lumen_hooks.remote.signing import insist_on_signers

from .batch import BATCH_BYTES, folder_of, packed, paths, rows_in_batch, unpacked
from .batches import READ_BYTES, Listed, change_list, newest, read_list
from .keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.settings import Settings

    from .batch import Batch

SMALL_BATCHES = 32
"""More than so many are merged, the smaller half of them into one."""

_SMALL_BYTES = BATCH_BYTES // 2
"""Larger batches are never merged: that much is worth a read of its own."""

_LOOKED_UP = 4096
"""Keys that are looked up at once."""


class _Theirs(NamedTuple):
    """A listed batch.

    Attributes:
        listed: as it is listed.
        batch: what it says; None if it is none at all.
        counts: who reads with these settings takes it, so that what it has need not be pushed.
    """

    listed: Listed
    batch: Batch | None
    counts: bool


class _Made(NamedTuple):
    """A batch that was written, and how many of its vectors no other had."""

    listed: Listed
    new: int


def push_vectors(
    store: Store,
    settings: Settings,
    model_key: str,
    dimensions: int,
    vectors: Iterable[tuple[bytes, bytes]],
) -> int:
    """Publish those vectors that a store lacks.

    Args:
        store: where.
        settings: say who signs, and whose signature counts.
        model_key: whose vectors.
        dimensions: of them.
        vectors: keys of texts, and int8 vectors (empty: the model has none for this text), in the
            order in which they are likely to be wanted together.

    Returns:
        How many were published.

    Raises:
        RemoteError: the store cannot be written, the key cannot sign, or it would sign anything.
    """
    insist_on_signers(settings)
    return _Push(store, settings, model_key, dimensions).push(vectors)


class _Push:
    def __init__(self, store: Store, settings: Settings, model_key: str, dimensions: int) -> None:
        self._store = store
        self._signers = settings.remote_signers
        self._signing_key = settings.remote_signing_key
        self._model_key = model_key
        self._dimensions = dimensions
        self._folder = folder_of(model_key)

    def push(self, vectors: Iterable[tuple[bytes, bytes]]) -> int:
        listed = newest(read_list(self._store, self._folder), READ_BYTES)
        theirs = list(each(self._read, listed))
        gone = {found.listed.id for found in theirs if found.batch is None}
        lacking = self._lacking(vectors, theirs)
        first = list(islice(lacking, 1))
        if not first:
            return 0
        old = self._to_merge(theirs)
        gone.update(found.listed.id for found in old)
        made = list(self._published(self._rows_of(old), chain(first, lacking)))
        change_list(self._store, self._folder, [batch.listed for batch in made], gone)
        return sum(batch.new for batch in made)

    def _read(self, listed: Listed) -> _Theirs:
        keys, rows = paths(self._folder, listed.id)
        length = listed.keys_bytes
        data = self._store.read(keys, at_most=length, length=length) or b""
        try:
            batch = self._unpacked(data, listed.id, "")
        except UntrustedError:
            return _Theirs(listed, None, counts=False)
        if (self._store.size(rows) or 0) != batch.rows * batch.row_bytes:
            return _Theirs(listed, None, counts=False)
        try:
            self._unpacked(data, listed.id, self._signers)
        except UntrustedError:
            return _Theirs(listed, batch, counts=False)
        return _Theirs(listed, batch, counts=True)

    def _unpacked(self, data: bytes, batch_id: str, signers: str) -> Batch:
        return unpacked(data, batch_id, self._dimensions, self._model_key, signers)

    def _lacking(
        self, vectors: Iterable[tuple[bytes, bytes]], theirs: list[_Theirs]
    ) -> Iterator[tuple[bytes, bytes]]:
        """Those that no batch has that counts."""
        known = [keys_of(found.batch) for found in theirs if found.batch and found.counts]
        rest = iter(vectors)
        while some := dict(islice(rest, _LOOKED_UP)):
            keys = [key for key, vector in some.items() if self._is_one(key, vector)]
            for of_batch in known:
                rows = zip(keys, of_batch.find(keys), strict=True)
                keys = [key for key, row in rows if row < 0 and key not in of_batch.blank]
            yield from ((key, some[key]) for key in keys)

    def _is_one(self, key: bytes, vector: bytes) -> bool:
        whole = not vector or (len(vector) == self._dimensions and vector.strip(b"\0"))
        return len(key) == KEY_BYTES and bool(whole)

    def _to_merge(self, theirs: list[_Theirs]) -> list[_Theirs]:
        """The batches that go into the new one: the smaller half of many small ones."""
        small = [
            found for found in theirs if found.counts and found.listed.rows_bytes <= _SMALL_BYTES
        ]
        if len(small) < SMALL_BATCHES:
            return []
        small.sort(key=lambda found: found.listed.rows_bytes)
        lengths = accumulate(found.listed.rows_bytes for found in small)
        half = zip(small[: len(small) // 2], lengths, strict=False)
        return [found for found, length in half if length <= BATCH_BYTES]

    def _rows_of(self, old: list[_Theirs]) -> Iterator[tuple[bytes, bytes]]:
        """What is in batches; one that is not what it must be has no more."""
        for found in old:
            batch = found.batch
            if batch is None:
                continue
            yield from ((key, b"") for key in batch.blank_keys())
            _, path = paths(self._folder, found.listed.id)
            length = batch.rows * batch.row_bytes
            data = self._store.read(path, at_most=length, length=length) or b""
            with suppress(UntrustedError):
                for number in range(batch.frames):
                    span = batch.span(number)
                    part = data[span.start : span.start + span.length]
                    yield from batch.frame(number, part).all()

    def _published(
        self, old: Iterator[tuple[bytes, bytes]], new: Iterator[tuple[bytes, bytes]]
    ) -> Iterator[_Made]:
        """Write batches of what is merged and what is new."""
        at_once = rows_in_batch(self._dimensions)
        while True:
            some = dict(islice(old, at_once))
            before = len(some)
            some.update(islice(new, at_once - before))
            if not some:
                return
            keys, rows = packed(
                list(some.items()), self._dimensions, self._model_key, self._signing_key
            )
            batch_id = sha256(keys).hexdigest()
            keys_path, rows_path = paths(self._folder, batch_id)
            if rows:  # first: whoever sees the keys must find them
                self._store.write(rows_path, rows)
            self._store.write(keys_path, keys)
            yield _Made(Listed(batch_id, len(keys), len(rows)), len(some) - before)
