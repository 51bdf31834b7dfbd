"""Every worktree of a repository at a glance, and a glance that may be taken again and again.

A whole look at a worktree reads its tree. Whoever watches asks every few
seconds, so that what the index says is looked at when its files change, and
the tree no oftener than it can be afforded. Knows nothing of how it is shown.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.command import git
from lumen_hooks.git.worktree import checked_out_branch, checked_out_commit
from lumen_hooks.indexing.progress import read_report
from lumen_hooks.notify.layout import INDEX_LOCK
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.storage.sqlite import size_on_disk
from lumen_hooks.system.locks import Holder, read_holder

from .status import look_beside, status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lumen_hooks.git.worktree import Worktree

    from .status import Status

    Traces: TypeAlias = tuple[object, ...]

LOOK_SHARE = 20
"""Trees are looked at for a twentieth of the time of whoever watches them."""

_SHORT_COMMIT = 7


class Row(NamedTuple):
    """One worktree among others.

    Attributes:
        status: of its index.
        branch: that is checked out; a commit in brackets if none is; empty if that cannot be told.
        is_here: it is the one that was asked from.
        is_main: `git init` or `git clone` made it.
    """

    status: Status
    branch: str
    is_here: bool
    is_main: bool


class Overview(NamedTuple):
    """All worktrees that are there, by path.

    Attributes:
        rows: one for each.
        store_bytes: size on disk of the embedding store that they share.
    """

    rows: tuple[Row, ...]
    store_bytes: int

    @property
    def indexes(self) -> int:
        """How many have an index."""
        return sum(row.status.index_bytes > 0 for row in self.rows)

    @property
    def index_bytes(self) -> int:
        """Size on disk of all indexes."""
        return sum(row.status.index_bytes for row in self.rows)


class Watched:
    """One worktree's status, for whoever asks for it again and again.

    Args:
        worktree: which.
        look: a whole look at it.
        clock: seconds.

    Attributes:
        among: how many are watched together, which share the time for looks.
    """

    def __init__(
        self,
        worktree: Worktree,
        look: Callable[[Worktree], Status | None] = status_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.among = 1
        self._worktree = worktree
        self._look = look
        self._clock = clock
        self._status: Status | None = None
        self._traces: Traces = ()
        self._due = 0.0

    def status(self) -> Status | None:
        """What is known of its index now; None if the worktree was removed.

        What the index says is of this moment. How many files differ from it may be as old as
        `LOOK_SHARE` looks at all of them take, unless index, branch, staged files or writer
        changed.

        Raises:
            LumenError: as the look does.
        """
        traces, holder = _traces(self._worktree, self._status)
        now = self._clock()
        if self._status is None or traces != self._traces or now >= self._due:
            self._status = self._look(self._worktree)
            if self._status is None:
                return None
            self._traces = traces
            self._due = self._clock() + LOOK_SHARE * self.among * (self._clock() - now)
            if holder is None:
                return self._status
        return replace(self._status, progress=read_report(holder))


class Overlook:
    """All worktrees of a repository, for whoever asks once, or again and again.

    Args:
        here: the worktree that is asked from.
    """

    def __init__(self, here: Worktree) -> None:
        self._here = here
        self._watched: dict[Worktree, Watched] = {}

    def take(self) -> Overview:
        """Look at those that are there now.

        Raises:
            RepositoryError: git refuses the repository.
        """
        insist_on_trust(self._here.top)
        from lumen_hooks.indexing.donors import all_worktrees  # few need it

        present = all_worktrees(self._here)
        self._watched = {
            each: self._watched.get(each) or Watched(each, look_beside) for each in present
        }
        rows = []
        for worktree, watched in self._watched.items():
            watched.among = len(present)
            status = watched.status()
            if status is not None:
                is_here = worktree.git_dir == self._here.git_dir
                rows.append(Row(status, branch_of(worktree), is_here, not worktree.is_linked))
        return Overview(tuple(rows), size_on_disk(self._here.embeddings_path))


def branch_of(worktree: Worktree) -> str:
    """The branch that is checked out, or the commit in brackets; empty if that cannot be told."""
    branch = checked_out_branch(worktree)
    if branch is None:  # a repository of reftables: HEAD is a stub
        with suppress(RepositoryError):
            told = git(["symbolic-ref", "-q", "--short", "HEAD"], cwd=worktree.top, accept=(0, 1))
            branch = os.fsdecode(told.rstrip(b"\n"))
    commit = checked_out_commit(worktree)
    return branch or (f"({commit[:_SHORT_COMMIT]})" if commit else "")


def _traces(worktree: Worktree, status: Status | None) -> tuple[Traces, Holder | None]:
    """What changes with the index, the branch, the staged files and the writer; and that writer."""
    index = status.index if status is not None else worktree.index_path
    holder = read_holder(os.path.join(os.path.dirname(index), INDEX_LOCK))
    files = (
        *(index, f"{index}-wal"),
        *(os.path.join(worktree.git_dir, name) for name in ("HEAD", "index")),
        os.path.join(worktree.common_dir, "config"),
    )
    return (holder and holder.pid, *map(_trace, files)), holder


def _trace(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
