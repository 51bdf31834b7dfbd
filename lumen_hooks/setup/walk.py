"""Finds the repositories in folders that a user named, within bounds.

Follows no symbolic link, leaves the file system of no folder, and does not
look into what nobody keeps repositories of their own in: hidden folders,
installed packages, caches, and repositories, except one that holds the user's
home folder, which itself is passed over. It reads names only; what is done
with a repository is somebody else's business.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError
from lumen_hooks.files.ignore import DEPENDENCIES, DEPENDENCY_MARKS
from lumen_hooks.git.core_config import core_settings
from lumen_hooks.git.worktree import Worktree, find_worktree
from lumen_hooks.notify.layout import git_dir_of
from lumen_hooks.settings import holds_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_FOLDERS = 50_000
"""So many are looked at for each folder that was named; that takes two or three seconds."""


class Missed(NamedTuple):
    """A folder that could not be looked at, or all that are left: what they are, and why not."""

    path: str
    reason: str


def find_repositories(
    folders: Sequence[str], most: int = MOST_FOLDERS
) -> Iterator[Worktree | Missed]:
    """One worktree of each repository, those least deep first.

    Args:
        folders: where to look; each may be a worktree itself.
        most: folders to look at in each of them.
    """
    seen: set[str] = set()
    for folder in folders:
        for found in _walk(os.path.realpath(folder), most):
            if isinstance(found, Missed):
                yield found
            elif found.common_dir not in seen:
                seen.add(found.common_dir)
                yield found


def _walk(start: str, most: int) -> Iterator[Worktree | Missed]:
    waiting = deque([start])
    try:
        device = os.stat(start).st_dev
    except OSError as error:
        yield Missed(start, error.strerror or str(error))
        return
    looked_at = 0
    while waiting:
        folder = waiting.popleft()
        looked_at += 1
        if looked_at > most:
            yield Missed(start, f"has more than {most:,} folders; the rest was not looked at")
            return
        found = _repository_at(folder)
        if found is not None:
            yield found
            continue
        try:
            with os.scandir(folder) as entries:
                names = {entry.name: entry for entry in entries}
        except OSError as error:
            yield Missed(folder, error.strerror or str(error))
            continue
        waiting.extend(_worth_a_look(names, device))


def _repository_at(folder: str) -> Worktree | Missed | None:
    if not os.path.lexists(os.path.join(folder, ".git")) or holds_home(folder):
        return None
    try:
        found = find_worktree(folder)
    except RepositoryError as error:
        # A bare repository that a `.git` file names often has its worktrees beside it.
        return None if _is_bare(folder) else Missed(folder, error.message)
    return found if found.top == folder else None


def _is_bare(folder: str) -> bool:
    try:
        git_dir = git_dir_of(folder)
    except OSError:
        return False
    return git_dir is not None and core_settings(git_dir).bare


def _worth_a_look(names: dict[str, os.DirEntry[str]], device: int) -> Iterable[str]:
    if not names.keys().isdisjoint(DEPENDENCY_MARKS) or {"HEAD", "objects", "refs"} <= names.keys():
        return  # installed packages, or a bare repository
    for name in sorted(names):
        entry = names[name]
        if name.startswith(".") or name in DEPENDENCIES:
            continue
        try:
            if entry.is_dir(follow_symlinks=False) and entry.stat().st_dev == device:
                yield entry.path
        except OSError:  # gone by now
            continue
