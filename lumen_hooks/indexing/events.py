"""The hints that hooks and workers leave: a file that they append to, which a refresh takes away.

Taking renames the file before the tree is read, so a hint that arrives during
a refresh starts a new file and is seen afterwards; and the taken file goes
only when the refresh has succeeded, so a hint outlives a killed worker.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.notify import events as notify
from lumen_hooks.notify.layout import EVENTS_TAKEN
from lumen_hooks.notify.own_files import remove

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree


def pending(worktree: Worktree) -> bool:
    """Whether a hook left a hint that no refresh has answered."""
    return any(_size(path) > 0 for path in (worktree.events_path, _taken(worktree)))


def arrived(worktree: Worktree) -> bool:
    """Whether a hint came in since the last `take`."""
    return _size(worktree.events_path) > 0


def leave(worktree: Worktree, event: str) -> None:
    """Append a hint, as a hook does.

    Raises:
        OSError: it cannot be written; the worktree's folder may be gone.
    """
    notify.leave(worktree.folder, event)


def take(worktree: Worktree) -> None:
    """Set the hints aside before looking at the tree. The caller holds the index lock."""
    if arrived(worktree):
        if not _size(_taken(worktree)):
            remove(_taken(worktree))  # whatever else lies there
        with suppress(FileNotFoundError):
            os.replace(worktree.events_path, _taken(worktree))


def answered(worktree: Worktree) -> None:
    """Drop the hints that were taken: the index holds what they hinted at."""
    remove(_taken(worktree))


def _taken(worktree: Worktree) -> str:
    return os.path.join(worktree.folder, EVENTS_TAKEN)


def _size(path: str) -> int:
    """Bytes in a plain file; nothing else holds hints."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
