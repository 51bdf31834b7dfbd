"""History through git's command line, for repositories that libgit2 cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError

from .command import git
from .siblings import worktree_names

if TYPE_CHECKING:
    from .worktree import Worktree

_HEX = frozenset("0123456789abcdef")


class CommandLineHistory:
    """See `History`.

    Args:
        worktree: where to run git.
        reason: why it is not libgit2 that answers.
    """

    def __init__(self, worktree: Worktree, reason: str) -> None:
        self._top = worktree.top
        self._common_dir = worktree.common_dir
        self.backend = f"git: {reason}"

    def worktree_names(self) -> list[str]:
        """The names of the linked worktrees; see `History`.

        git's own list has their paths only, so this reads the folder that it makes it from.
        """
        return worktree_names(self._common_dir)

    def head(self) -> str | None:
        """The commit that is checked out; see `History`."""
        found = git(["rev-parse", "-q", "--verify", "HEAD"], cwd=self._top, accept=(0, 1))
        return found.decode().strip() or None

    def differing_files(self, ours: str, theirs: str) -> int:
        """How many paths differ between two commits' trees; see `History`."""
        for commit in (ours, theirs):
            _insist_on_id(commit)
        command = ["diff-tree", "-r", "-z", "--name-only", "--no-renames"]
        paths = git([*command, "--ignore-submodules=none", theirs, ours], cwd=self._top)
        return paths.count(b"\0")

    def tree(self, commit: str) -> str | None:
        """The id of a commit's tree; see `History`."""
        _insist_on_id(commit)
        wanted = ["rev-parse", "-q", "--verify", f"{commit}^{{tree}}"]
        return git(wanted, cwd=self._top, accept=(0, 1, 128)).decode().strip() or None

    def first_parents(self, commit: str, count: int) -> list[str]:
        """A commit and its first ancestors; see `History`."""
        _insist_on_id(commit)
        walk = ["rev-list", "--first-parent", f"--max-count={count}", commit, "--"]
        return git(walk, cwd=self._top).decode().split()


def _insist_on_id(commit: str) -> None:
    """What an index or a store says is a commit must not be taken for an option by git."""
    if not commit or not _HEX.issuperset(commit):
        raise RepositoryError(f"{commit!r} is no commit")
