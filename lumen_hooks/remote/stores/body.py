"""The body of an answer, read as it comes: no further than was wanted, and no slower than bearable.

For the drivers that get a stream. A server may send more than it said, or a
byte now and then; neither costs more than its caller is ready to give.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from .driver import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SLOWEST = 1 << 15
"""Bytes a second. What comes or goes slower than that, after patience, does not come at all."""

LARGEST = 8 << 20
"""Bytes of the largest objects of ours; for what is larger, nobody waits longer."""

_PIECE = 1 << 18


def allowed_seconds(patience: float, carried: int) -> float:
    """How long a call may take that carries so many bytes."""
    return patience + min(carried, LARGEST) / SLOWEST


class Wanted(NamedTuple):
    """The part of an object that is read.

    Attributes:
        start: offset in bytes.
        most: bytes.
        whole: the object must not hold more than that.
        patience: seconds that count for nothing.
    """

    start: int
    most: int
    whole: bool
    patience: float

    @property
    def header(self) -> dict[str, str]:
        """The range of the request (RFC 9110, 14.2); a whole object needs none."""
        if self.whole:
            return {}
        return {"Range": f"bytes={self.start}-{self.start + self.most - 1}"}

    async def of(
        self, read: Callable[[int], Awaitable[bytes]], length: int, *, is_part: bool
    ) -> bytes:
        """What was wanted, out of a body.

        Args:
            read: gives at most so many bytes of the body, and none at its end.
            length: of the body, as its head has it; 0 if that does not say.
            is_part: the body begins with what was wanted; some servers know no ranges.

        Raises:
            TooLargeError: the object holds more, or more was sent than was asked for.
            TimeoutError: it comes too slowly.
        """
        skip = 0 if is_part or self.whole else self.start
        ends_early = not is_part and not self.whole
        enough = skip + self.most
        if not ends_early and length > enough:
            raise TooLargeError
        began = time.monotonic()
        data = bytearray()
        while len(data) < enough + (not ends_early):
            piece = await read(min(_PIECE, enough + 1 - len(data)))
            if not piece:
                break
            data += piece
            if time.monotonic() - began > self.patience + len(data) / SLOWEST:
                raise TimeoutError
        if len(data) > enough and not ends_early:
            raise TooLargeError
        return bytes(data[skip:enough])
