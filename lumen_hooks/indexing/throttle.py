"""Who may embed when, and what is small enough to go ahead: nobody's machine is taken over.

A machine-wide limit on how many processes embed at once (slots), then this
repository's turn, so that a text is embedded by one worktree of it. Small
refreshes need no slot, so that nobody who waits for an answer queues behind
another repository's build.

Lock order: a slot is taken after the index lock, before the repository's turn
to embed and SQLite, and never two at a time.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from lumen_hooks.errors import BusyError, LockError
from lumen_hooks.notify.layout import LOCK_SUFFIX
from lumen_hooks.settings import BUILTIN_MODEL
from lumen_hooks.system.locks import Acquired, Failed, acquire, read_holder
from lumen_hooks.system.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SMALL_DIFFERENCE_FILES = 64
"""So many changed files whoever asks a question waits for; more are left to the worker."""

SMALL_REFRESH_FILES = 32
"""A refresh of no more files than this does not queue for an embedding slot."""

SMALL_SLOW_REFRESH_FILES = 8
"""Both limits for other models than the built-in one: a text takes them up to 0.1 s and more, and
each process half a GB."""

TURN_SECONDS = 60.0
"""How long to wait for another worktree's portion to be embedded before embedding beside it."""

WAIT_SECONDS = 1800.0
"""A build of a very large repository with a slow model may keep others waiting this long."""

PARSERS_MAX = 4
"""What more processes than this make of files, no writer keeps up with."""

_POLL_SECONDS, _POLL_SECONDS_MAX = 0.05, 0.5
"""At first, and of whoever has waited for some seconds: twenty of them cost nothing to speak of."""


def may_be_waited_for(files: int, model: str) -> bool:
    """Whether an answer may wait until so many changed files are indexed."""
    return files <= (SMALL_DIFFERENCE_FILES if model == BUILTIN_MODEL else SMALL_SLOW_REFRESH_FILES)


def needs_no_slot(files: int, model: str) -> bool:
    """Whether a refresh of so many files may embed beside whoever does."""
    return files <= (SMALL_REFRESH_FILES if model == BUILTIN_MODEL else SMALL_SLOW_REFRESH_FILES)


def parsers(threads: int | None, *, foreground: bool) -> int:
    """How many processes may make of files what is written, beside the one that writes.

    Args:
        threads: as set; None where it is not.
        foreground: a person waits for this update and for nothing else.
    """
    if threads is not None:
        return min(threads, PARSERS_MAX)
    if not foreground:
        return 1
    cores = _cores()
    # On two cores, two: with one, who waits for whom depends on what the files hold.
    return min(max(cores - 1, 2), PARSERS_MAX) if cores > 1 else 1


def _cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


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

    def begin(self) -> bool:
        """Take a slot ahead of the first turn, if there is a free one; whether it is held now."""
        if self._folder and self._slot is None and not self._without:
            self._slot = self._slot_or_none(wait=False)
        return self._slot is not None

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
            self._slot = self._slot_or_none(wait=True)
        # Worktrees of one repository have most texts in common: each is embedded by one.
        answer = acquire(self._path, timeout=TURN_SECONDS, purpose=self._purpose)
        with answer if isinstance(answer, Acquired) else nullcontext():
            yield

    def _slot_or_none(self, *, wait: bool) -> Acquired | None:
        """A slot; None where anyone's folder, or a file system, is in the way of having any."""
        try:
            if not wait:
                return free_slot(self._folder, self._slots, purpose=self._purpose)
            return acquire_slot(self._folder, self._slots, purpose=self._purpose)
        except LockError as error:
            self._without = True
            self._missing(error.message)
            return None

    def close(self) -> None:
        """Give the slot back."""
        if self._slot is not None:
            self._slot.release()


def runtime_folder(environ: Mapping[str, str]) -> str:
    """This user's folder for slots: in XDG_RUNTIME_DIR, else in the temporary directory.

    After `su` or `sudo -E`, XDG_RUNTIME_DIR is another user's, and nothing is put there.
    """
    base = environ.get("XDG_RUNTIME_DIR", "")
    try:
        if base and os.stat(base).st_uid == os.geteuid() and os.path.isdir(base):
            return os.path.join(base, "lumen-hooks")
    except OSError:  # there is none any more
        pass
    return os.path.join(temporary_folder(environ), f"lumen-hooks-{os.geteuid()}")


def acquire_slot(folder: str, slots: int, *, purpose: str) -> Acquired:
    """Wait for one of the slots; a dead holder's is free at once.

    Args:
        folder: from `runtime_folder`.
        slots: how many there are (`lumen.workers`).
        purpose: what for.

    Raises:
        BusyError: the holders kept all of them for WAIT_SECONDS.
        LockError: the folder is another user's, or locks do not work in it.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    pause = _POLL_SECONDS
    while (slot := free_slot(folder, slots, purpose=purpose)) is None:
        if time.monotonic() > deadline:
            raise BusyError(
                f"all {slots} embedding slots of this machine are taken: {_holders(folder, slots)}",
                hint="wait, end one of them, or raise lumen.workers",
            )
        time.sleep(pause)
        pause = min(pause * 1.2, _POLL_SECONDS_MAX)
    return slot


def free_slot(folder: str, slots: int, *, purpose: str) -> Acquired | None:
    """One of the slots, if any is free; see `acquire_slot`.

    Raises:
        LockError: the folder is another user's, or locks do not work in it.
    """
    _make_private(folder)
    for number in range(slots):
        path = os.path.join(folder, f"slot-{number}{LOCK_SUFFIX}")
        answer = acquire(path, timeout=0, purpose=purpose)
        if isinstance(answer, Acquired):
            return answer
        if isinstance(answer, Failed):
            raise answer.error()
    return None


def _holders(folder: str, slots: int) -> str:
    paths = (os.path.join(folder, f"slot-{number}{LOCK_SUFFIX}") for number in range(slots))
    return ", ".join(str(read_holder(path) or "an unknown process") for path in paths)


def _make_private(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError as error:
        raise LockError(
            f"cannot make {folder}: {error.strerror}",
            hint="set XDG_RUNTIME_DIR to a folder of yours",
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LockError(
            f"{folder} does not belong to you",
            hint="remove it, or set XDG_RUNTIME_DIR to a folder of yours",
        )
