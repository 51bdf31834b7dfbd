"""Where our files lie in a git dir, by name, and how a folder leads to its git dir.

git's own pointer files are read (gitrepository-layout(5)); git is not started.
Part of the hook tier: os alone. This module opens no file of ours and knows
nothing of what is in one.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing costs more to import than all of the hook tier
if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "lumen"
"""Our folder in a git dir; one in the common dir is shared by all worktrees of a repository."""

INDEX = "index.db"
PICTURE = "index.db.picture"
"""What the last look found. It goes with the index, whose name its own begins with."""

INDEX_LOCK = "index.lock"
WORKER_LOCK = "worker.lock"
WATCH_LOCK = "watch.lock"
EVENTS = "events"
EVENTS_TAKEN = "events.taken"

EMBEDDINGS = "embeddings.db"
LOG = "log.jsonl"
LOG_BEFORE = "log.jsonl.1"
HOOKS = "hooks"
"""These lie in the shared folder."""

ORIGIN = "git-dir"
"""The file beside an index that lies aside which names the git dir that it belongs to."""

LOCK_SUFFIX = ".lock"
"""Of the lock beside the embedding store."""

DAMAGED_SUFFIX = ".damaged"
"""Of a database that was set aside, kept for a report."""

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite puts beside a database: what their names end in."""

_POINTER = b"gitdir: "
_POINTER_BYTES = 4096
"""The longest path that the system takes."""


def upwards(folder: str, ceiling: str | None = None) -> Iterator[str]:
    """A folder and those above it, nearest first.

    Args:
        folder: an absolute path without symbolic links.
        ceiling: neither this folder above nor any above that.
    """
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent in (folder, ceiling):
            return
        folder = parent


def git_dir_of(top: str) -> str | None:
    """The git dir that a folder's `.git` is, or names; None if there is no such `.git`.

    Absolute and without symbolic links. Whether it is one, or is there at all, is not looked at.

    Raises:
        OSError: the file `.git` cannot be read.
    """
    dot_git = os.path.join(top, ".git")
    if os.path.isdir(dot_git):
        return os.path.realpath(dot_git)
    if not os.path.isfile(dot_git):  # a FIFO would keep us waiting
        return None
    with open(dot_git, "rb") as file:
        content = file.read(len(_POINTER) + _POINTER_BYTES)
    if not content.startswith(_POINTER):
        return None
    named = os.fsdecode(content.removeprefix(_POINTER).rstrip(b"\n"))
    return os.path.realpath(os.path.join(top, named))


def common_dir_of(git_dir: str) -> str:
    """The folder that a git dir shares with its sibling worktrees (itself for a main worktree)."""
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            pointer = os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, pointer))
