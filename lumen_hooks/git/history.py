"""What donor choice asks of a repository's history; `backend` says who answers."""

from __future__ import annotations

from typing import Protocol

LIBGIT2 = "libgit2"
"""The first backend's name."""


class History(Protocol):
    """A repository's worktrees and commits, as seen from one of its worktrees."""

    @property
    def backend(self) -> str:
        """`libgit2`, or `git: ` and why it is not libgit2."""

    def worktree_names(self) -> list[str]:
        """The names that git gave to the linked worktrees: their folders in `worktrees`.

        Raises:
            RepositoryError: the repository cannot be read.
        """

    def head(self) -> str | None:
        """The commit that is checked out, in hex; None if HEAD is unborn.

        Raises:
            RepositoryError: the repository cannot be read.
        """

    def differing_files(self, ours: str, theirs: str) -> int:
        """How many paths differ between two commits' trees; a rename counts as two.

        Raises:
            RepositoryError: a commit or a tree is not there.
        """

    def tree(self, commit: str) -> str | None:
        """The id of a commit's tree, in hex; None if the commit is not here (a shallow clone).

        Raises:
            RepositoryError: the repository cannot be read.
        """

    def first_parents(self, commit: str, count: int) -> list[str]:
        """A commit and its first ancestors by the first parents, in hex; so many at most.

        Raises:
            RepositoryError: the commit is not there.
        """
