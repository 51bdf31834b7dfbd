"""What every kind of store can do, however it does it.

Whoever does it knows nothing of layouts, patience or counters, raises what
its library raises, and leaves the meaning of that to `refusals`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Entry(NamedTuple):
    """An object, as a listing has it.

    Attributes:
        path: as it is read.
        size: bytes.
        modified: by the store's own clock, in seconds of the epoch; None if it does not say.
    """

    path: str
    size: int
    modified: float | None


class TooLargeError(Exception):
    """An object is larger than its reader takes; nothing more of it was read."""


class NotPlainError(Exception):
    """Something else than a plain file lies in an object's place."""


class UnlistedError(Exception):
    """A store that can only be read, or cannot be listed."""


class Driver(Protocol):
    """A way to a store. Paths are relative to its top."""

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """What an object holds from a place on, `most` bytes of it at most.

        Args:
            path: of the object.
            start: offset in bytes.
            most: bytes.
            whole: an object that holds more than that is refused as soon as that is known.

        Raises:
            TooLargeError: it holds more than `most`, and all of it was wanted; or more was sent.
        """

    def size(self, path: str) -> int:
        """Bytes of an object."""

    def put(self, path: str, data: bytes) -> None:
        """Make or replace an object, whole or not at all."""

    def delete(self, path: str) -> None:
        """Remove an object."""

    def walk(self, prefix: str) -> list[Entry]:
        """All objects whose path begins with a folder's."""


class Way(NamedTuple):
    """How a store is reached.

    Attributes:
        make: makes a driver, which may already wait for the network.
        is_shared: several threads may use it at the same time.
    """

    make: Callable[[], Driver]
    is_shared: bool
