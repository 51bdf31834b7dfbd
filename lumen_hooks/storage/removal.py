"""Takes indexes away, under their locks, and nothing that is not ours."""

from __future__ import annotations

import os
from contextlib import suppress

from lumen_hooks.errors import BusyError, StoreError
from lumen_hooks.notify.layout import (
    EVENTS,
    INDEX,
    INDEX_LOCK,
    LOG,
    ORIGIN,
    WATCH_LOCK,
    WORKER_LOCK,
)
from lumen_hooks.notify.own_files import remove_all
from lumen_hooks.system.locks import Acquired, Failed, acquire, failed

_ALL = (INDEX, EVENTS, INDEX_LOCK, WORKER_LOCK, WATCH_LOCK, LOG, ORIGIN)


def remove_index(folder: str, *, wait: float) -> None:
    """Remove an index and its events; the locks stay, since others may be waiting for them.

    Args:
        folder: our folder in a git dir.
        wait: seconds to wait for a process that works on the index.

    Raises:
        BusyError: a process went on working on it.
        LockError: the folder is a link, or the lock cannot be taken at all.
        StoreError: something cannot be removed.
    """
    with _locked(folder, wait):
        remove_named(folder, INDEX, EVENTS)


def remove_folder(folder: str, *, wait: float) -> None:
    """Remove our folder of a worktree that is gone, locks and all.

    Nobody waits for these locks: work begins only where the worktree is. What is not ours stays.

    Raises:
        BusyError, LockError, StoreError: as `remove_index`.
    """
    with _locked(folder, wait):
        remove_named(folder, *_ALL)
    with suppress(OSError):
        os.rmdir(folder)


def remove_named(folder: str, *beginnings: str) -> None:
    """Remove those of our files in a folder whose names begin so.

    Raises:
        StoreError: something cannot be removed.
    """
    try:
        remove_all(folder, lambda name: name.startswith(beginnings))
    except OSError as error:
        found = failed(folder, error)
        raise StoreError(f"cannot empty {folder}: {found.cause}", hint=found.hint) from error


def _locked(folder: str, wait: float) -> Acquired:
    answer = acquire(os.path.join(folder, INDEX_LOCK), timeout=wait, purpose="purge")
    if isinstance(answer, Failed):
        raise answer.error()
    if not isinstance(answer, Acquired):
        raise BusyError(
            f"the index in {folder} is in use by {answer.holder or 'another process'}",
            hint="try again when it is done",
        )
    return answer
