"""One update under way, under its index lock: what every step of it goes by.

Which model it is for, whether its result is still wanted, and whether the
place that it writes to is still there. Knows no row and no file of the tree.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lumen_hooks.errors import GoneError
from lumen_hooks.storage.fingerprint import fingerprint

from .journal import note
from .progress import NotedProgress

if TYPE_CHECKING:
    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.system.locks import Acquired

    from .job import Job

RECONSIDER_SECONDS = 5.0
"""An update that has taken longer than this asks now and then whether it is still wanted."""


class NotWantedError(Exception):
    """The update was given up, since its result is not wanted any more."""


class UnderWay:
    """An update that has begun.

    Args:
        job: what to update, and with what.
        identity: the model that the index must be made with.
        lock: the index lock.

    Attributes:
        worktree: whose index.
        settings: in force there.
        fingerprint: what the index must have.
        progress: is told how far it is, and notes it in the lock's file.
        store_failed: a store elsewhere was asked, and cannot be used.
        vectors_found: how many vectors came from there.
    """

    def __init__(self, job: Job, identity: ModelIdentity, lock: Acquired) -> None:
        self.job = job
        self.worktree = job.worktree
        self.settings = job.settings
        self.identity = identity
        self.fingerprint = fingerprint(identity)
        self.store_failed = False
        self.vectors_found = 0
        self.progress = NotedProgress(lock, identity.name, job.progress)
        self._lock = lock
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def insist_on_presence(self) -> None:
        """To be called right before a file is made in a folder of ours; see `Worktree`.

        Raises:
            GoneError: the worktree is gone, its git dir, or our folder in it.
        """
        self.worktree.insist_on_presence()
        if not self._lock.is_there():
            raise GoneError(f"the index of {self.worktree.top} was removed")

    def reconsider(self) -> None:
        """Give up an update that takes long and is not wanted any more.

        Raises:
            NotWantedError: `job.still_wanted` said so.
        """
        if self.seconds > RECONSIDER_SECONDS and not self.job.still_wanted():
            raise NotWantedError

    def log(self, event: str, **details: object) -> None:
        """Note something in the repository's log."""
        note(self.worktree, event, **details)
