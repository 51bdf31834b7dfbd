"""Who may embed when: a slot of the machine's, then this repository's turn.

Small refreshes need no slot, so that nobody who waits for an answer queues
behind another repository's build.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from lumen_hooks.errors import LockError
from lumen_hooks.notify.layout import LOCK_SUFFIX
from lumen_hooks.settings import BUILTIN_MODEL
from lumen_hooks.system.locks import Acquired, acquire

from .slots import acquire_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL_REFRESH_FILES = 32
"""A refresh of no more files than this does not queue for an embedding slot."""

SMALL_SLOW_REFRESH_FILES = 8
"""The same for other models than the built-in one: a text takes them up to 0.1 s and more, and each
process half a GB."""

TURN_SECONDS = 60.0
"""How long to wait for another worktree's portion to be embedded before embedding beside it."""


def is_small(files: int, model: str) -> bool:
    """Whether a refresh of so many files needs no slot, and may be waited for."""
    return files <= (SMALL_REFRESH_FILES if model == BUILTIN_MODEL else SMALL_SLOW_REFRESH_FILES)


class Turns:
    """One update's turns to embed. A slot, once taken, is kept until `close`.

    Args:
        folder: of the machine-wide slots; empty for an update that needs none.
        slots: how many there are.
        embeddings_path: of the repository's embedding store.
        purpose: what for; shown to whoever waits.
        missing: is told why no slot can be had here, once; the update goes on without.
    """

    def __init__(
        self,
        folder: str,
        slots: int,
        embeddings_path: str,
        purpose: str,
        missing: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._slots = slots
        self._path = embeddings_path + LOCK_SUFFIX
        self._purpose = purpose
        self._missing = missing
        self._without = False
        self._slot: Acquired | None = None

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn; what is embedded in the block must be stored in it, too.

        Raises:
            BusyError: no slot came free for very long.
        """
        if not self._folder:
            yield
            return
        if self._slot is None and not self._without:
            self._slot = self._acquire_slot()
        # Worktrees of one repository have most texts in common: each is embedded by one.
        answer = acquire(self._path, timeout=TURN_SECONDS, purpose=self._purpose)
        with answer if isinstance(answer, Acquired) else nullcontext():
            yield

    def _acquire_slot(self) -> Acquired | None:
        """A slot; None where anyone's folder, or a file system, is in the way of having any."""
        try:
            return acquire_slot(self._folder, self._slots, purpose=self._purpose)
        except LockError as error:
            self._without = True
            self._missing(error.message)
            return None

    def close(self) -> None:
        """Give the slot back."""
        if self._slot is not None:
            self._slot.release()
