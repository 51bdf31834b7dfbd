"""What git has committed: which files, with which content, and who commits here."""

from __future__ import annotations

import os

from .command import git


def committed_files(top: str, commit: str) -> dict[str, bytes]:
    """The blob id of each file of a commit, by path.

    Raises:
        RepositoryError: git cannot read it.
    """
    listed = git(["ls-tree", "-r", "-z", "--full-tree", commit], cwd=top)
    found = {}
    for line in listed.split(b"\0"):
        told, _, path = line.partition(b"\t")
        if path:
            found[os.fsdecode(path)] = bytes.fromhex(told.split()[2].decode())
    return found


def committer(top: str) -> str:
    """Who commits here, by name; empty where git does not know."""
    return git(["config", "user.name"], cwd=top, accept=(0, 1)).decode("utf-8", "replace").strip()


def is_in_history(top: str, old: str, new: str) -> bool:
    """Whether a commit is another, or an ancestor of it, as far as is known here.

    Raises:
        RepositoryError: git cannot be run.
    """
    if old == new:
        return True
    base = git(["merge-base", old, new], cwd=top, accept=(0, 1, 128))
    return base.decode().strip() == old


def is_anything_staged(top: str) -> bool:
    """Whether git's index differs from what is committed.

    Raises:
        RepositoryError: git cannot read it.
    """
    command = ["diff-index", "--cached", "--name-only", "--no-renames", "HEAD", "--"]
    return bool(git(command, cwd=top).strip())


def changed_since(top: str, commit: str) -> set[str]:
    """The tracked files of a worktree that differ from a commit, filters and line ends heeded.

    Raises:
        RepositoryError: git cannot read it.
    """
    listed = git(["diff", "--name-only", "-z", "--no-renames", commit, "--"], cwd=top)
    return {os.fsdecode(path) for path in listed.split(b"\0") if path}
