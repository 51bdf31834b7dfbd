"""Taking indexes away: a worktree's own, or all that a repository has, wherever they lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.indexing.aside import find_asides
from lumen_hooks.indexing.left_overs import find_left_overs
from lumen_hooks.notify.layout import EMBEDDINGS, LOG
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.storage.removal import remove_folder, remove_index, remove_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.git.worktree import Worktree

LOCK_WAIT_SECONDS = 10.0
"""How long to wait for a process that works on an index."""


def purge_indexes(here: Worktree, tell: Callable[[str], object], *, every: bool) -> None:
    """Remove one index, or every one with the embedding store and the log.

    Args:
        here: the worktree, or any of the repository.
        tell: is told of each index, as soon as it is gone.
        every: all worktrees' indexes and what they share, also of worktrees that are gone.

    Raises:
        BusyError: a process is working on one of them; that one and the shared files stay.
        LockError: our folder is a link: nothing is removed where it leads.
        RepositoryError: git refuses the repository; nothing was removed.
        StoreError: something cannot be removed.
    """
    insist_on_trust(here.top)
    _purge_asides(here, tell, every=every)
    worktrees = [here]
    if every:
        from lumen_hooks.indexing.donors import all_worktrees  # few need it

        worktrees = all_worktrees(here)
    for worktree in worktrees:
        if os.path.lexists(worktree.folder):
            remove_index(worktree.folder, wait=LOCK_WAIT_SECONDS)
            tell(f"removed the index of {worktree.top}")
    if every:
        _purge_left_overs(here, tell)
        remove_named(here.shared_folder, EMBEDDINGS, LOG)


def _purge_asides(here: Worktree, tell: Callable[[str], object], *, every: bool) -> None:
    """What was made in the cache folder when a git dir could not be written."""
    inside = os.path.join(here.common_dir, "")
    for found in find_asides(os.environ):
        of_ours = found.git_dir == here.common_dir or found.git_dir.startswith(inside)
        if found.git_dir == here.git_dir or (every and of_ours):
            remove_folder(found.folder, wait=LOCK_WAIT_SECONDS)
            tell(f"removed the index of {found.git_dir} in {found.folder}")


def _purge_left_overs(here: Worktree, tell: Callable[[str], object]) -> None:
    """What worktrees left behind that were removed by hand."""
    for found in find_left_overs(here.common_dir):
        if found.locked:
            tell(f"kept the index of {found.top}: git worktree unlock it first")
            continue
        remove_folder(found.folder, wait=LOCK_WAIT_SECONDS)
        tell(f"removed the index of {found.top}, which is gone")
