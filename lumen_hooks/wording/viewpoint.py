"""The folder that somebody looks from: every path that is shown is relative to it.

So that what is printed can be opened, piped and given back as it is, wherever in the worktree
somebody stands. The way back is `workspace.from_top`.
"""

from __future__ import annotations

import os
from functools import lru_cache

_PATHS_KEPT = 64
"""Places come by file."""


class Viewpoint:
    """Shows the paths of a worktree from a folder.

    Args:
        directory: the folder (or a file in it), absolute or relative to the current one.
        top: the worktree's top folder, without symbolic links.
    """

    def __init__(self, directory: str, top: str) -> None:
        self._top = top
        # As the kernel sees it: `..` leads out of where a symbolic link leads to.
        try:
            place = os.path.realpath(directory)
        except OSError:  # it is gone
            place = top
        self._folder = place if os.path.isdir(place) else os.path.dirname(place)
        self._shown = lru_cache(_PATHS_KEPT)(self._look)

    def __call__(self, path: str) -> str:
        """A path relative to the worktree's top, from here; its bytes are kept."""
        return path if self._folder == self._top else self._shown(path)

    def _look(self, path: str) -> str:
        # Both are absolute, so that nobody asks for the current folder, which may be gone.
        return os.path.relpath(os.path.join(self._top, path), self._folder)
