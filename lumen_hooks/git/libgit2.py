"""History through libgit2.

All is asked of pygit2's C module alone: while git waits for a seed, the whole package would cost
more than all the rest (70 ms; the module takes 18). The package's repositories refer to themselves,
besides, and so keep packs open until garbage is collected: in a child that goes on, too.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import RepositoryError

from .history import LIBGIT2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .worktree import Worktree

_C_MODULE = "pygit2._pygit2"


class LibGit2History:
    """See `History`.

    Raises:
        ImportError: there is no libgit2, or none that can be loaded.
        RepositoryError: libgit2 cannot open the repository.
    """

    backend = LIBGIT2

    def __init__(self, worktree: Worktree) -> None:
        self._c = _c_module()
        with self._translated():
            backend = self._c.init_file_backend(worktree.git_dir, 0)
            self._bare: Any = self._c.Repository(backend)

    def worktree_names(self) -> list[str]:
        """The names of the linked worktrees; see `History`."""
        with self._translated():
            return list(self._bare.list_worktrees())

    def head(self) -> str | None:
        """The commit that is checked out; see `History`."""
        with self._translated():
            if self._bare.head_is_unborn:
                return None
            return str(self._bare.head.target)

    def differing_files(self, ours: str, theirs: str) -> int:
        """How many paths differ between two commits' trees; see `History`."""
        with self._translated():
            mine, other = self._tree(ours), self._tree(theirs)
            if mine.id == other.id:
                return 0
            # Without the flag a file that became a symbolic link counts as two.
            return len(other.diff_to_tree(mine, self._c.GIT_DIFF_INCLUDE_TYPECHANGE))

    def tree(self, commit: str) -> str | None:
        """The id of a commit's tree; see `History`."""
        with self._translated():
            found = self._bare.git_object_lookup_prefix(commit)
            return str(found.peel(self._c.Tree).id) if found is not None else None

    def first_parents(self, commit: str, count: int) -> list[str]:
        """A commit and its first ancestors; see `History`."""
        found: list[str] = []
        with self._translated():
            at = self._bare.git_object_lookup_prefix(commit)
            if at is None:
                raise KeyError(commit)
            while at is not None and len(found) < count:
                found.append(str(at.id))
                parents = at.parent_ids
                # The last one of a shallow clone has parents that are not here.
                at = self._bare.git_object_lookup_prefix(parents[0]) if parents else None
        return found

    def _tree(self, commit: str) -> Any:
        found = self._bare.git_object_lookup_prefix(commit)
        if found is None:
            raise KeyError(commit)
        return found.peel(self._c.Tree)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (self._c.GitError, KeyError, ValueError, OSError) as error:
            raise RepositoryError(f"libgit2 cannot read this repository ({error})") from error


def _c_module() -> Any:
    """pygit2's C module without the package around it, which finds it loaded if it comes later.

    Raises:
        ImportError: it is not there, or cannot be loaded.
    """
    loaded = sys.modules.get(_C_MODULE)
    if loaded is not None:
        return loaded
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    package = PathFinder.find_spec("pygit2")
    places = package.submodule_search_locations if package is not None else None
    spec = PathFinder.find_spec(_C_MODULE, places)
    if spec is None or spec.loader is None:
        import pygit2._pygit2 as found  # however it is packed: found in the usual way

        return found
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(_C_MODULE, module)
