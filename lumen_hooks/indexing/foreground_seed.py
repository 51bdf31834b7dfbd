"""The one thing that is done while a git command, or a first question, waits: the seed.

A detached process may be killed with its parent (sandboxes, job objects,
containers), so the index of a new worktree is put in place before
`git worktree add` returns, within a budget. The rest is the worker's.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import LumenError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import Worktree, find_worktree
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.publish import sweep
from lumen_hooks.system import log
from lumen_hooks.system.locks import Acquired, Failed, acquire

from .aside import housed
from .progress import NoProgress
from .seed import seed

if TYPE_CHECKING:
    from lumen_hooks.settings import Settings


def seed_in_foreground(top: str) -> None:
    """Seed a worktree that has no index, unless that takes long or a peer is at it. Never raises.

    Args:
        top: the new worktree's top folder.
    """
    try:
        worktree = housed(find_worktree(top), os.environ)
        settings = load_settings(top, os.environ)
        if settings.enabled and settings.refresh != "off" and not worktree.read_only:
            seed_if_quick(worktree, fingerprint(identify(settings)), settings)
    except (LumenError, OSError) as error:
        _log_failure(top, error)


def seed_if_quick(worktree: Worktree, wanted: str, settings: Settings) -> None:
    """Seed a worktree that has no index, unless that takes long or a peer is at it.

    Args:
        worktree: with the folder where its index can be written.
        wanted: the fingerprint that the index must have.
        settings: in force there.

    Raises:
        LumenError: it cannot be seeded.
        OSError: our folder cannot be made.
    """
    own_folders.begin(worktree)
    answer = acquire(worktree.lock_path, timeout=0, purpose="seed")
    if isinstance(answer, Failed):
        raise answer.error()
    if not isinstance(answer, Acquired):
        return
    with answer:
        sweep(worktree.index_path, now=time.time())
        if not os.path.lexists(worktree.index_path):
            seed(worktree, wanted, settings, NoProgress(), foreground=True)


def _log_failure(top: str, error: LumenError | OSError) -> None:
    try:
        worktree = find_worktree(top)
    except (LumenError, OSError):
        return
    log.append(
        worktree.common_dir,
        {"event": "seed failed", "worktree": top, "cause": str(error)},
        git_dir=worktree.git_dir,
    )
