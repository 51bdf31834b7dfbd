"""The other worktrees of a repository, found by git's own folders and pointers.

A pointer is believed only if the folder that it leads to points back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError
from lumen_hooks.notify.layout import common_dir_of

from .core_config import core_settings
from .worktree import Worktree, git_dir_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def main_worktree(common_dir: str, recorded: str | None = None) -> Worktree | None:
    """The worktree that `git init` or `git clone` made.

    None if the repository is bare, or its worktree cannot be found: git writes down where it is
    for submodules only. A guess is believed if that folder points to this git directory in turn.

    Args:
        common_dir: the repository's git directory.
        recorded: where the worktree was when its index was last refreshed.
    """
    core = core_settings(common_dir)
    if core.bare:
        return None
    for guess in (os.path.dirname(common_dir), core.worktree, recorded):
        if guess:
            top = os.path.realpath(os.path.join(common_dir, guess))
            if _leads_to(top, common_dir):
                return Worktree(top=top, git_dir=common_dir, common_dir=common_dir)
    return None


def worktree_names(common_dir: str) -> list[str]:
    """The names that git gave to what `git worktree add` made, removed folders' among them."""
    try:
        return os.listdir(os.path.join(common_dir, "worktrees"))
    except OSError:
        return []


def linked_worktrees(common_dir: str, names: Iterable[str]) -> Iterator[Worktree]:
    """Those of the named worktrees that are this repository's and whose folders exist."""
    folder = os.path.join(common_dir, "worktrees")
    for name in names:
        git_dir = os.path.join(folder, name)
        # A symbolic link under worktrees/ could lead to another repository's folder.
        if os.path.realpath(git_dir) != git_dir:
            continue
        found = worktree_of_git_dir(git_dir)
        if found is not None and found.common_dir == common_dir:
            yield found


def worktree_of_git_dir(git_dir: str) -> Worktree | None:
    """The worktree that a linked worktree's git dir points back to, or None when it is gone."""
    try:
        with open(os.path.join(git_dir, "gitdir"), "rb") as file:
            pointer = os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return None
    dot_git = os.path.join(git_dir, pointer)
    top = os.path.realpath(os.path.dirname(dot_git))
    found = os.path.realpath(git_dir)
    if not _leads_to(top, found):
        return None
    return Worktree(top=top, git_dir=found, common_dir=common_dir_of(found))


def _leads_to(top: str, git_dir: str) -> bool:
    """Whether a folder is, by its own account, the worktree of this git dir."""
    try:
        return git_dir_behind(top) == git_dir
    except RepositoryError:  # it points to nowhere, or elsewhere
        return False
