"""One batch of vectors as two objects of a store: whose they are, and the vectors.

The first is small and is sealed in an envelope; who has read it knows which texts' vectors are in
the batch, and reads of the second the frames that it needs. Rows are in the order in which they
were pushed, which is that of an index: what a reader needs together lies together. They are not
compressed, since zstd takes no more than 8 % off int8 vectors. Knows bytes; no store.

::

    ID.keys (ID: sha256 of all of it), an envelope called `vectors of MODEL KEY`, all integers
    of 4 bytes with the highest byte first:
        dimensions
        rows             how many vectors
        blank            how many texts that the model has no vector for
        rows in a frame
        sha256           32 bytes for each frame
        heads            of each row's key the first 6 bytes
        keys             16 bytes for each text without a vector
    ID.rows, frames of so many rows (the last may have less), of each:
        tails            of each row's key the other 10 bytes
        vectors          int8, for each row as many as there are dimensions
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.embedding.text import KEY_BYTES
from lumen_hooks.errors import UntrustedError
from lumen_hooks.remote.envelope import opened, seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEAD_BYTES = 6
"""Two of a million keys have the same head once in 560 pushes; then a text is embedded."""

BATCH_BYTES = 32 << 20
BATCH_ROWS = 250_000
"""No batch has more: it is in memory when it is pushed."""

KEYS_BYTES = 8 << 20
"""No `.keys` is longer."""

FRAME_BYTES = 128 << 10
"""About; less than what a round trip to a store takes at 10 MB/s."""

LONGEST_ROWS = BATCH_BYTES + FRAME_BYTES
"""No `.rows` is longer."""

_DIMENSIONS = 65_536
_HEADER = Struct(">4I")
_DIGEST_BYTES = 32
_TAIL_BYTES = KEY_BYTES - HEAD_BYTES


class Span(NamedTuple):
    """Some rows of a batch, and where they are in its second object, in bytes."""

    first: int
    rows: int
    start: int
    length: int


class Batch(NamedTuple):
    """Whose vectors are in a batch.

    Attributes:
        dimensions: of each vector.
        rows: how many vectors.
        rows_in_frame: how many of them are read at least.
        digests: of each frame.
        heads: of the rows' keys, one after the other.
        blank: keys of texts without a vector, one after the other.
    """

    dimensions: int
    rows: int
    rows_in_frame: int
    digests: bytes
    heads: bytes
    blank: bytes

    @property
    def frames(self) -> int:
        """How many there are."""
        return -(-self.rows // self.rows_in_frame)

    @property
    def row_bytes(self) -> int:
        """Of a vector with the tail of its key."""
        return _TAIL_BYTES + self.dimensions

    def span(self, frame: int) -> Span:
        """Where a frame is."""
        first = frame * self.rows_in_frame
        rows = min(self.rows_in_frame, self.rows - first)
        return Span(first, rows, first * self.row_bytes, rows * self.row_bytes)

    def blank_keys(self) -> Iterator[bytes]:
        """The keys of the texts without a vector."""
        for at in range(0, len(self.blank), KEY_BYTES):
            yield self.blank[at : at + KEY_BYTES]

    def frame(self, number: int, data: bytes) -> Frame:
        """A frame of which this is the content.

        Raises:
            UntrustedError: it is not.
        """
        at = number * _DIGEST_BYTES
        if sha256(data).digest() != self.digests[at : at + _DIGEST_BYTES]:
            raise UntrustedError("its vectors are not those that were pushed")
        return Frame(self, number, self.span(number), data)


class Frame(NamedTuple):
    """Rows as they were pushed."""

    batch: Batch
    number: int
    span: Span
    data: bytes

    def row(self, number: int) -> tuple[bytes, bytes]:
        """The key and the vector of a row of the batch, which must be in this frame.

        Raises:
            UntrustedError: no model makes such a vector.
        """
        heads, wide = number * HEAD_BYTES, self.batch.dimensions
        tails = (number - self.span.first) * _TAIL_BYTES
        at = self.span.rows * _TAIL_BYTES + (number - self.span.first) * wide
        key = self.batch.heads[heads : heads + HEAD_BYTES] + self.data[tails : tails + _TAIL_BYTES]
        vector = self.data[at : at + wide]
        if not vector.strip(b"\0"):
            raise UntrustedError("it has a vector without a direction")
        return key, vector

    def all(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and vectors."""
        first, rows, _, _ = self.span
        return map(self.row, range(first, first + rows))


def folder_of(model_key: str) -> str:
    """Where a store has a model's vectors."""
    return f"v1/vectors/{sha256(model_key.encode()).hexdigest()[:32]}"


def paths(folder: str, batch_id: str) -> tuple[str, str]:
    """Of a batch's two objects."""
    return f"{folder}/batches/{batch_id}.keys", f"{folder}/batches/{batch_id}.rows"


def rows_in_batch(dimensions: int) -> int:
    """How many vectors a batch has at most."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES // (_TAIL_BYTES + dimensions)))


def packed(
    items: Sequence[tuple[bytes, bytes]], dimensions: int, model_key: str, signing_key: str
) -> tuple[bytes, bytes]:
    """The two objects of a batch.

    Args:
        items: keys, and vectors that have the dimensions or are empty; no more than
            `rows_in_batch`.
        dimensions: of the vectors.
        model_key: whose.
        signing_key: see `envelope.seal`.

    Raises:
        RemoteError: the key cannot sign.
    """
    full = [(key, vector) for key, vector in items if vector]
    blank = [key for key, vector in items if not vector]
    at_once = max(1, FRAME_BYTES // (_TAIL_BYTES + dimensions))
    frames = []
    for first in range(0, len(full), at_once):
        some = full[first : first + at_once]
        tails = b"".join(key[HEAD_BYTES:] for key, _ in some)
        frames.append(tails + b"".join(vector for _, vector in some))
    said = b"".join(
        (
            _HEADER.pack(dimensions, len(full), len(blank), at_once),
            *(sha256(frame).digest() for frame in frames),
            *(key[:HEAD_BYTES] for key, _ in full),
            *blank,
        )
    )
    return seal(said, signing_key, name=_name(model_key)), b"".join(frames)


def unpacked(data: bytes, batch_id: str, dimensions: int, model_key: str, signers: str) -> Batch:
    """What the first object of a batch says.

    Args:
        data: the object; anybody's bytes.
        batch_id: what the batch is called.
        dimensions: what its vectors must have.
        model_key: whose they must be.
        signers: see `envelope.opened`.

    Raises:
        UntrustedError: it is no batch of this name and model, or of nobody who may sign it.
        RemoteError: signatures cannot be verified here.
    """
    if sha256(data).hexdigest() != batch_id:
        raise UntrustedError("it is damaged, or another object in its place")
    said = opened(data, signers, name=_name(model_key))
    if len(said.payload) < _HEADER.size:
        raise UntrustedError("it is too short")
    wide, rows, blank, at_once = _HEADER.unpack_from(said.payload)
    if wide != dimensions or not 0 < wide <= _DIMENSIONS:
        raise UntrustedError(f"its vectors have {wide} dimensions, and should have {dimensions}")
    if not 0 < rows + blank <= BATCH_ROWS or not 0 < at_once <= BATCH_ROWS:
        raise UntrustedError("its counts cannot be")
    frames = -(-rows // at_once)
    digests = _HEADER.size + frames * _DIGEST_BYTES
    heads = digests + rows * HEAD_BYTES
    if len(said.payload) != heads + blank * KEY_BYTES:
        raise UntrustedError("its lengths are wrong")
    row_bytes = _TAIL_BYTES + wide
    if rows * row_bytes > LONGEST_ROWS or (at_once > 1 and at_once * row_bytes > 4 * FRAME_BYTES):
        raise UntrustedError("its vectors, or a frame of them, are too long")
    payload = said.payload
    return Batch(
        wide,
        rows,
        at_once,
        payload[_HEADER.size : digests],
        payload[digests:heads],
        payload[heads:],
    )


def _name(model_key: str) -> str:
    return f"vectors of {model_key}"
