"""Indexes of worktrees that were removed by hand: git knows of them still, their folders are gone.

`git worktree remove` and `prune` take our folder with the git dir; `rm -rf` of the worktree
leaves both until git prunes, three months later by default (gc.worktreePruneExpire). What is
removed here is ours alone: git's own files are git's to prune.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import LumenError
from lumen_hooks.git.siblings import worktree_names, worktree_of_git_dir
from lumen_hooks.notify.layout import FOLDER
from lumen_hooks.storage.removal import remove_folder

from .aside import find_asides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .aside import Aside

QUIET_SECONDS = 86_400.0
"""A git dir in which nothing was written for so long is swept unasked. A worktree that was moved by
hand looks the same until `git worktree repair`, but git and we write there while it is used; swept
by mistake, its index is seeded anew."""


class LeftOver(NamedTuple):
    """Our folder in the git dir of a worktree that is not where git last saw it.

    Attributes:
        git_dir: the linked worktree's.
        top: where the worktree was.
        locked: `git worktree lock` says that it is only away: on another disk, for instance.
        size_bytes: of what is in our folder.
    """

    git_dir: str
    top: str
    locked: bool
    size_bytes: int

    @property
    def folder(self) -> str:
        """Our folder in the git dir."""
        return os.path.join(self.git_dir, FOLDER)

    def is_abandoned(self, now: float) -> bool:
        """Whether it may be removed unasked: the folder around the worktree is there, it is not.

        Never if it is locked, or its disk may not be mounted.

        Args:
            now: the time (Unix, seconds).
        """
        if self.locked or not os.path.isdir(os.path.dirname(self.top)):
            return False
        written = [_modified(os.path.join(self.git_dir, name)) for name in ("HEAD", "index")]
        written += [_modified(os.path.join(self.git_dir, "gitdir")), _modified(self.folder)]
        written += [_modified(path) for path in _files(self.folder)]
        return now - max(written) > QUIET_SECONDS


def find_left_overs(common_dir: str) -> list[LeftOver]:
    """Our folders in the git dirs of worktrees that are gone, by where those were."""
    return sorted(_left_overs(common_dir), key=lambda found: found.top)


def _left_overs(common_dir: str) -> Iterator[LeftOver]:
    for name in worktree_names(common_dir):
        git_dir = os.path.join(common_dir, "worktrees", name)
        # A link could lead to another repository's folder, or anywhere.
        if os.path.realpath(git_dir) != git_dir or not _is_folder(os.path.join(git_dir, FOLDER)):
            continue
        try:
            with open(os.path.join(git_dir, "gitdir"), "rb") as file:
                pointer = os.fsdecode(file.read().rstrip(b"\n"))
        except OSError:
            continue  # not a worktree's; git says so, too
        if worktree_of_git_dir(git_dir) is None:
            yield LeftOver(
                git_dir,
                top=os.path.dirname(os.path.normpath(os.path.join(git_dir, pointer))),
                locked=os.path.lexists(os.path.join(git_dir, "locked")),
                size_bytes=sum(_size(path) for path in _files(os.path.join(git_dir, FOLDER))),
            )


def sweep_left_overs(common_dir: str) -> list[LeftOver]:
    """Remove those that are abandoned and that nobody works on, and return them."""
    swept = []
    for found in find_left_overs(common_dir):
        if found.is_abandoned(time.time()):
            with suppress(LumenError):
                remove_folder(found.folder, wait=0)
                swept.append(found)
    return swept


def sweep_asides(environ: Mapping[str, str]) -> list[Aside]:
    """Remove the indexes in the cache folder whose git dirs are gone, and return them."""
    swept = []
    for found in find_asides(environ):
        written = max(map(_modified, (found.folder, *_files(found.folder))))
        if found.gone and time.time() - written > QUIET_SECONDS:
            with suppress(LumenError):
                remove_folder(found.folder, wait=0)
                swept.append(found)
    return swept


def _files(folder: str) -> list[str]:
    with suppress(OSError):
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    return []


def _is_folder(path: str) -> bool:
    """A folder itself, not a link to one."""
    with suppress(OSError):
        return stat.S_ISDIR(os.lstat(path).st_mode)
    return False


def _modified(path: str) -> float:
    with suppress(OSError):
        return os.lstat(path).st_mtime
    return 0.0


def _size(path: str) -> int:
    with suppress(OSError):
        return os.lstat(path).st_size
    return 0
