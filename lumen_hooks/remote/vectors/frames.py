"""The rows of batches, read in few and growing pieces, kept for a while, and checked.

Where one piece follows on the one before, as in a build, it is twice as long: a build of any size
waits for few round trips, and whoever needs three vectors reads three frames. Knows batches whose
keys are known; not which text a row is of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RemoteError, UntrustedError
from lumen_hooks.remote.parallel import each

from .batch import FRAME_BYTES, paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lumen_hooks.remote.stores.store import Store

    from .batch import Batch, Frame

READ_BYTES = 4 << 20
"""One read brings no more, but for a frame that is longer."""

CACHE_BYTES = 32 << 20
"""Of frames that are kept, since the next texts may be in them."""

_GAP_FRAMES = 2
"""So many frames that nobody needs are read rather than waited for once more."""

_FIRST_BYTES = 8 * FRAME_BYTES
"""What is read in vain, if nothing else is wanted of it, does not count as too much."""


class Piece(NamedTuple):
    """Frames of a batch that one read brings: the first, and the one behind the last."""

    id: str
    first: int
    behind: int


class FrameReader:
    """Frames of some batches.

    Args:
        store: where they are.
        folder: in it; see `vector_batch.folder_of`.
        batches: by their ids.
    """

    def __init__(self, store: Store, folder: str, batches: Mapping[str, Batch]) -> None:
        self._store = store
        self._folder = folder
        self._batches = batches
        self._kept: dict[tuple[str, int], Frame] = {}
        self._kept_bytes = 0
        self._last: dict[str, Piece] = {}
        # Texts in no order at all would have frames read again and again.
        self._left = sum(
            2 * batch.rows * batch.row_bytes + _FIRST_BYTES for batch in batches.values()
        )

    def read(
        self, wanted: Mapping[str, Collection[int]]
    ) -> Iterator[tuple[str, Frame | UntrustedError]]:
        """Frames by number, of batches by id; for what is wrong with a batch, that.

        Raises:
            RemoteError: the store cannot be read, or too much was read of it.
        """
        pieces: list[Piece] = []
        for batch_id, numbers in wanted.items():
            lacking = []
            for number in sorted(numbers):
                kept = self._kept.get((batch_id, number))
                if kept is not None:
                    yield batch_id, kept
                else:
                    lacking.append(number)
            pieces += self._pieces(batch_id, lacking)
        self._left -= sum(self._place(piece)[1] for piece in pieces)
        if self._left < 0:
            raise RemoteError(f"{self._store.name}: vectors lie too scattered there")
        for piece, data in zip(pieces, each(self._fetch, pieces), strict=True):
            for frame in self._frames(piece, data):
                yield piece.id, frame

    def _pieces(self, batch_id: str, numbers: list[int]) -> list[Piece]:
        """What to read for these frames, which are in order."""
        batch = self._batches[batch_id]
        most = max(1, READ_BYTES // batch.span(0).length) if batch.rows else 1
        pieces: list[Piece] = []
        for number in numbers:
            last = pieces[-1] if pieces else None
            if last and number - last.behind <= _GAP_FRAMES and number < last.first + most:
                pieces[-1] = last._replace(behind=number + 1)
            else:
                pieces.append(Piece(batch_id, number, number + 1))
        before = self._last.get(batch_id)
        if before is not None and len(pieces) == 1 and 0 <= pieces[0].first - before.behind <= 1:
            (piece,) = pieces
            wide = max(piece.behind - piece.first, 2 * (before.behind - before.first))
            behind = min(piece.first + min(wide, most), batch.frames)
            pieces = [piece._replace(behind=max(behind, piece.behind))]
        if pieces:
            self._last[batch_id] = pieces[-1]
        return pieces

    def _fetch(self, piece: Piece) -> bytes | None:
        start, length = self._place(piece)
        _, path = paths(self._folder, piece.id)
        return self._store.read(path, at_most=length, start=start, length=length)

    def _place(self, piece: Piece) -> tuple[int, int]:
        """Where a piece begins, and how long it is, in bytes."""
        batch = self._batches[piece.id]
        first, last = batch.span(piece.first), batch.span(piece.behind - 1)
        return first.start, last.start + last.length - first.start

    def _frames(self, piece: Piece, data: bytes | None) -> Iterator[Frame | UntrustedError]:
        """The frames of a piece; the last one is an error, if there is one."""
        batch = self._batches[piece.id]
        if data is None:
            yield UntrustedError("its vectors are gone")
            return
        start, _ = self._place(piece)
        for number in range(piece.first, piece.behind):
            span = batch.span(number)
            at = span.start - start
            try:
                frame = batch.frame(number, data[at : at + span.length])
            except UntrustedError as error:
                yield error
                return
            self._keep(piece.id, number, frame)
            yield frame

    def _keep(self, batch_id: str, number: int, frame: Frame) -> None:
        self._kept[batch_id, number] = frame
        self._kept_bytes += len(frame.data)
        while self._kept_bytes > CACHE_BYTES and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            self._kept_bytes -= len(self._kept.pop(oldest).data)
