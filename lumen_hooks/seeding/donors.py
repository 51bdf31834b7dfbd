"""Which sibling worktree's index to clone.

libgit2 lists the worktrees and compares trees; nothing is believed that the
folders on disk do not confirm.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pygit2

from lumen_hooks.errors import RepositoryError, StoreError
from lumen_hooks.sqlite import connect, only_row, translated
from lumen_hooks.store import check_header
from lumen_hooks.worktree import Worktree, common_dir_of, worktree_of_git_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CANDIDATES = 16
"""How many siblings are compared, the most recently refreshed first."""


@dataclass(frozen=True, slots=True)
class Donor:
    """A sibling that could give its index.

    Attributes:
        worktree: its folders.
        differing_files: how many files differ between its recorded commit and ours.
        files: how many files its index holds.
    """

    worktree: Worktree
    differing_files: int
    files: int

    @property
    def pays(self) -> bool:
        """Cloning costs less than building: no more files differ than are shared."""
        return self.differing_files <= max(0, self.files - self.differing_files)


@dataclass(frozen=True, slots=True)
class Refused:
    """A sibling that cannot donate, and why; for the log."""

    git_dir: str
    reason: str


def find_donors(worktree: Worktree, fingerprint: str) -> tuple[list[Donor], list[Refused]]:
    """Siblings whose whole index has this fingerprint, the nearest tree first.

    The second list names the siblings that have an index and were refused.
    """
    try:
        repository = pygit2.Repository(worktree.git_dir)
    except pygit2.GitError as error:
        return [], [Refused(worktree.git_dir, f"libgit2 cannot open this repository: {error}")]
    head = _head_tree(repository)
    siblings = sorted(_siblings(worktree, repository), key=_last_written, reverse=True)
    donors: list[Donor] = []
    refused: list[Refused] = []
    for sibling in siblings[:MAX_CANDIDATES]:
        try:
            facts = _facts(sibling, fingerprint)
        except StoreError as error:
            refused.append(Refused(sibling.git_dir, error.message))
            continue
        if isinstance(facts, str):
            refused.append(Refused(sibling.git_dir, facts))
            continue
        donor_head, files = facts
        donors.append(Donor(sibling, _distance(repository, head, donor_head, files), files))
    donors.sort(key=lambda donor: donor.differing_files)
    return donors, refused


def all_worktrees(worktree: Worktree) -> list[Worktree]:
    """This worktree and its siblings, by path.

    Raises:
        RepositoryError: libgit2 cannot open the repository.
    """
    try:
        repository = pygit2.Repository(worktree.git_dir)
    except pygit2.GitError as error:
        raise RepositoryError(f"libgit2 cannot open {worktree.top}: {error}") from error
    return sorted([worktree, *_siblings(worktree, repository)], key=lambda place: place.top)


def _siblings(worktree: Worktree, repository: pygit2.Repository) -> Iterator[Worktree]:
    """Every other worktree of the repository whose folder exists, the main one among them."""
    common = worktree.common_dir
    if worktree.git_dir != common:
        top = os.path.dirname(common)
        with suppress(pygit2.GitError):
            recorded = pygit2.Repository(common).workdir
            top = os.path.realpath(recorded) if recorded else top
        if os.path.isdir(top):
            yield Worktree(top=top, git_dir=common, common_dir=common)
    for name in repository.list_worktrees():
        git_dir = os.path.realpath(os.path.join(common, "worktrees", name))
        # A symbolic link under worktrees/ could lead to another repository's folder.
        if (
            os.path.dirname(git_dir) != os.path.join(common, "worktrees")
            or git_dir == worktree.git_dir
        ):
            continue
        sibling = worktree_of_git_dir(git_dir)
        if sibling is not None and sibling.common_dir == common == common_dir_of(git_dir):
            yield sibling


def _last_written(sibling: Worktree) -> float:
    newest = 0.0
    for suffix in ("", "-wal"):
        with suppress(OSError):
            newest = max(newest, os.lstat(sibling.index_path + suffix).st_mtime)
    return newest


def _facts(sibling: Worktree, fingerprint: str) -> tuple[str | None, int] | str:
    """A sibling's recorded head and number of files, or the reason to refuse it."""
    if not os.path.lexists(sibling.index_path):
        return "it has no index"
    if os.path.islink(sibling.index_path) or os.path.islink(sibling.folder):
        return "its index is a symbolic link"
    connection = connect(sibling.index_path, write=False)
    try:
        check_header(connection, sibling.index_path)
        with translated(sibling.index_path):
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            (files,) = only_row(connection, "SELECT count(*) FROM files")
    finally:
        connection.close()
    reason = unfit(meta, fingerprint)
    return reason or (meta.get("head"), int(files))


def unfit(meta: dict[str, str], fingerprint: str) -> str | None:
    """Why an index with these facts cannot be cloned, or None when it can."""
    if meta.get("complete") != "1":
        return "its index is not complete"
    if meta.get("fingerprint") != fingerprint:
        return "its index was made with another model or version"
    return None


def _head_tree(repository: pygit2.Repository) -> pygit2.Tree | None:
    with suppress(pygit2.GitError, KeyError):
        return repository.head.peel(pygit2.Tree)
    return None


def _distance(
    repository: pygit2.Repository, ours: pygit2.Tree | None, head: str | None, files: int
) -> int:
    """Files that differ between our tree and the donor's; all of them if that cannot be told."""
    if ours is None or head is None:
        return files
    try:
        theirs = repository[head].peel(pygit2.Tree)
        if theirs.id == ours.id:
            return 0
        return sum(1 for _ in theirs.diff_to_tree(ours).deltas)
    except (pygit2.GitError, KeyError, ValueError):
        return files
