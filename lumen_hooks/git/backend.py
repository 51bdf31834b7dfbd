"""What donor choice asks of git, and who answers: libgit2 or git's command line.

libgit2 comes first. Where it cannot open a repository (SHA-256, reftable,
extensions that it does not know, an owner that it takes for someone else), or
fails at a question, git itself answers from there on. Where git refuses too,
its refusal stands. Neither ever fetches what a partial clone left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError

from .history import LIBGIT2

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .history import History
    from .worktree import Worktree

    Answer = TypeVar("Answer")


def open_history(worktree: Worktree) -> History:
    """The history seen from a worktree, through the first backend that can read it."""
    return _FirstThatCan(worktree)


def backend_of(worktree: Worktree) -> str:
    """Which backend reads this repository: `libgit2`, or `git: ` and the reason.

    Raises:
        RepositoryError: neither does, git's own words are in the message.
    """
    history = open_history(worktree)
    head = history.head()
    if head is not None:
        history.differing_files(head, head)
    return history.backend


class _FirstThatCan:
    """libgit2 until it fails, from then on git."""

    def __init__(self, worktree: Worktree) -> None:
        self._worktree = worktree
        self._chosen = _libgit2(worktree)

    @property
    def backend(self) -> str:
        return self._chosen.backend

    def worktree_names(self) -> list[str]:
        return self._ask(lambda history: history.worktree_names())

    def head(self) -> str | None:
        return self._ask(lambda history: history.head())

    def differing_files(self, ours: str, theirs: str) -> int:
        return self._ask(lambda history: history.differing_files(ours, theirs))

    def tree(self, commit: str) -> str | None:
        return self._ask(lambda history: history.tree(commit))

    def first_parents(self, commit: str, count: int) -> list[str]:
        return self._ask(lambda history: history.first_parents(commit, count))

    def _ask(self, question: Callable[[History], Answer]) -> Answer:
        if self._chosen.backend == LIBGIT2:
            try:
                return question(self._chosen)
            except RepositoryError as error:
                self._chosen = _command_line(self._worktree, error)
        return question(self._chosen)


def _libgit2(worktree: Worktree) -> History:
    try:
        from .libgit2 import LibGit2History
    except ImportError as error:
        return _command_line(worktree, RepositoryError(f"libgit2 cannot be loaded ({error})"))
    try:
        return LibGit2History(worktree)
    except RepositoryError as error:
        return _command_line(worktree, error)


def _command_line(worktree: Worktree, reason: RepositoryError) -> History:
    from .command_line import CommandLineHistory

    return CommandLineHistory(worktree, reason.message)
