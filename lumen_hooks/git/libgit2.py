"""History through libgit2. Importing this costs more than all the rest of a seed's imports."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import DiffOption

from lumen_hooks.errors import RepositoryError

from .history import LIBGIT2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .worktree import Worktree


class LibGit2History:
    """See `History`.

    Raises:
        RepositoryError: libgit2 cannot open the repository.
    """

    backend = LIBGIT2

    def __init__(self, worktree: Worktree) -> None:
        with _translated():
            self._repository = pygit2.Repository(worktree.git_dir)

    def worktree_names(self) -> list[str]:
        """The names of the linked worktrees; see `History`."""
        with _translated():
            return list(self._repository.list_worktrees())

    def head(self) -> str | None:
        """The commit that is checked out; see `History`."""
        with _translated():
            if self._repository.head_is_unborn:
                return None
            return str(self._repository.head.target)

    def differing_files(self, ours: str, theirs: str) -> int:
        """How many paths differ between two commits' trees; see `History`."""
        with _translated():
            mine, other = self._tree(ours), self._tree(theirs)
            if mine.id == other.id:
                return 0
            # Without the flag a file that became a symbolic link counts as two.
            return len(other.diff_to_tree(mine, flags=DiffOption.INCLUDE_TYPECHANGE))

    def _tree(self, commit: str) -> pygit2.Tree:
        return self._repository[commit].peel(pygit2.Tree)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise RepositoryError(f"libgit2 cannot read this repository ({error})") from error
