"""The folders of a worktree as they are on disk: which are there, and which are not its own.

Not its own are other repositories inside it, and folders that are never code
(installed packages, caches, build output): git lists what is in them where no
ignore rule mentions them. It knows names and what lies in a folder; it runs no
git and reads no file.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from .gitignore import PatternTree, lineage, parse_patterns
from .ignore import DEPENDENCIES, DEPENDENCY_ENDS, DEPENDENCY_MARKS, DEPENDENCY_NEIGHBOURS, named_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

NESTED = "nested repository"
DEPENDENCY = "dependencies"

_REPOSITORIES = ("/.git", "/.jj")
"""A nested worktree or clone that git recognises it lists as one folder. One whose .git file points
nowhere (moved, pruned), or that is Jujutsu's alone, it takes for a plain folder; we do not."""

_GLOB = re.compile(r"([*?\[\\])")


class Folders:
    """What is known of a worktree's folders; each is looked at once.

    Args:
        worktree: whose.
        settings: `include` brings back folders that are never code, by their names.

    Attributes:
        base: the worktree's top with a slash: git's paths are bytes whatever the locale says.
    """

    def __init__(self, worktree: Worktree, settings: Settings) -> None:
        self.base = os.fsencode(worktree.top) + b"/"
        self._named = settings.include
        self._include = PatternTree({"": parse_patterns(settings.include)})
        self._there: dict[str, bool] = {"": True}
        self._foreign: dict[str, str] = {"": ""}
        for git_dir in (worktree.git_dir, worktree.common_dir):
            # --separate-git-dir may lie in the tree under a name that git does not hide.
            self._foreign[os.path.relpath(git_dir, worktree.top)] = NESTED

    def is_there(self, folder: str) -> bool:
        """Whether a folder is one all the way, and no symbolic link.

        One that cannot be looked at counts: whoever reads what is in it will say what is wrong.
        """
        if folder not in self._there:
            known = True
            for place in lineage(folder):
                if place not in self._there:
                    self._there[place] = known and self._is_folder(place)
                known = self._there[place]
        return self._there[folder]

    def foreign(self, path: str) -> str:
        """Why an untracked path is not the worktree's own, or an empty text.

        `nested repository` or `dependencies`; what the user includes is never the latter.
        """
        folder = path.rpartition("/")[0]
        if folder not in self._foreign:
            known = ""
            for place in lineage(folder):
                if place not in self._foreign:
                    self._foreign[place] = known or self._judged(place)
                known = self._foreign[place]
        reason = self._foreign[folder]
        if reason == DEPENDENCY and self._include and self._brought_back(path):
            return ""
        return reason

    def excluded(self) -> Iterator[str]:
        """Patterns for git, so that it does not even walk the folders that are never code.

        By name everywhere, by what is in them or beside them at the top.
        """
        for name in (*DEPENDENCIES, *DEPENDENCY_ENDS):
            if not named_by(self._named, name):
                yield f"*{name}/" if name in DEPENDENCY_ENDS else f"{name}/"
        with os.scandir(self.base) as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        for folder in folders:
            place = folder.decode("utf-8", "surrogateescape")
            if self.foreign(place + "/") == DEPENDENCY and not named_by(self._named, place):
                yield "/" + _GLOB.sub(r"\\\1", os.fsdecode(folder)) + "/"

    def _is_folder(self, place: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(self.base + _bytes(place)).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True

    def _judged(self, place: str) -> str:
        if any(self._has(place + name) for name in _REPOSITORIES):
            return NESTED
        return DEPENDENCY if self._is_dependency(place) else ""

    def _is_dependency(self, place: str) -> bool:
        name = place.rpartition("/")[2]
        if name in DEPENDENCIES or name.endswith(DEPENDENCY_ENDS):
            return True
        if any(self._has(f"{place}/{mark}") for mark in DEPENDENCY_MARKS):
            return True
        for end, neighbours in DEPENDENCY_NEIGHBOURS.items():
            if f"/{place}".endswith(f"/{end}"):
                beside = place.removesuffix(end)
                return any(self._has(beside + name) for name in neighbours)
        return False

    def _brought_back(self, path: str) -> bool:
        """The user includes the path, and names the folder: `*.svg` alone asks for no packages."""
        folders = path.split("/")[:-1]
        named = any(named_by(self._named, folder) for folder in folders)
        return named and self._include.matches(path)

    def _has(self, path: str) -> bool:
        return os.path.lexists(self.base + _bytes(path))


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
