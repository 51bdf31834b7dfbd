"""Questions to git's index that change nothing, and what its stat data vouch for.

Git never looks at a file's content for us, so nothing that a repository's
configuration names (a filter) can run. What git noted when it last looked is
compared here, in full, with what the file system says: git itself may be told
to compare less (core.trustctime, core.checkStat).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from lumen_hooks.git.command import git

from .content import change_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lumen_hooks.git.worktree import Worktree

_NOTED = re.compile(
    rb"H 100[0-7]{3} ([0-9a-f]+) 0\t([^\0]+)\0"
    rb"  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n"
    rb"  uid: \d+\tgid: \d+\n  size: (\d+)\tflags: [0-9a-f]+\n"
)
"""An entry of `ls-files -s -v -z --debug` for whose file git may speak: a plain file, merged,
neither assumed unchanged nor outside a sparse checkout (`H`)."""

_BITS = 0xFFFFFFFF
"""git's index has 32 bits for a size, an inode and seconds (gitformat-index(5))."""

Stamp = tuple[int, int, int, int, int]


def ask(worktree: Worktree, arguments: list[str], *, stdin: bytes | None = None) -> bytes:
    """Run a git command that reads the index of a worktree.

    With a sparse index some commands (by version of git) expand it in memory and write the trees
    that this makes. They get a folder for that which is thrown away.

    Raises:
        RepositoryError: git cannot read the repository or its index.
    """
    objects = os.path.join(worktree.common_dir, "objects") if is_sparse(worktree) else None
    return git(arguments, cwd=worktree.top, stdin=stdin, keep_unwritten=objects)


def is_sparse(worktree: Worktree) -> bool:
    """Whether the index may hold folders instead of files (git sparse-checkout)."""
    return os.path.exists(os.path.join(worktree.git_dir, "info", "sparse-checkout"))


def index_stamp(worktree: Worktree) -> Stamp | None:
    """Changes whenever git replaces its index, which it always does by renaming.

    Inode, size, modification and change time in nanoseconds, and the earlier of these two.
    """
    try:
        status = os.stat(os.path.join(worktree.git_dir, "index"))
    except OSError:
        return None
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_ino, status.st_size, *times, min(times)


def entries(worktree: Worktree) -> int | None:
    """How many files git's index lists; None if that is not known (gitformat-index(5)).

    A sparse one has folders for files, and a split one has most of them in another file.
    """
    if is_sparse(worktree):
        return None
    try:
        if any(name.startswith("sharedindex.") for name in os.listdir(worktree.git_dir)):
            return None
        with open(os.path.join(worktree.git_dir, "index"), "rb") as file:
            head = file.read(12)
    except OSError:
        return None
    is_known = head[:4] == b"DIRC" and len(head) == 12
    return int.from_bytes(head[8:], "big") if is_known else None


def vouched(worktree: Worktree, blobs: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """The files that hold what git's index says, by the stat data noted there, without reading.

    A file counts only if its size, inode, modification and change time, with nanoseconds, are the
    ones noted, and if all of this was over before the index was written: a later write within the
    same tick of the clock would leave the same ("racily clean", Documentation/technical/racy-git).

    Args:
        worktree: where they are.
        blobs: the ids that they should have in git's index (hex), by path.

    Returns:
        size and change time of each file that counts, by path. Files that git converts may be
        among them: whoever compares their bytes must ask for that, too.

    Raises:
        RepositoryError: git cannot read its index.
    """
    stamp = index_stamp(worktree)
    listed = ask(worktree, ["ls-files", "-s", "-v", "-z", "--debug", *sparse_option(worktree)])
    if stamp is None or index_stamp(worktree) != stamp:
        return {}  # git wrote it meanwhile: which stamp goes with the list is not known
    base = os.fsencode(worktree.top) + b"/"
    found: dict[str, tuple[int, int]] = {}
    for blob, place, *noted in _NOTED.findall(listed):
        path = place.decode("utf-8", "surrogateescape")
        if blobs.get(path) != blob.decode():
            continue
        try:
            status = os.lstat(base + place)
        except OSError:
            continue
        changed = change_time(status)
        if changed < stamp[-1] and tuple(map(int, noted)) == _as_noted(status):
            found[path] = status.st_size, changed
    return found


def _as_noted(status: os.stat_result) -> tuple[int, ...]:
    """What git would note of a file, in the order of `ls-files --debug`."""
    changed, changed_ns = divmod(status.st_ctime_ns, 1_000_000_000)
    modified, modified_ns = divmod(status.st_mtime_ns, 1_000_000_000)
    return (
        changed & _BITS,
        changed_ns,
        modified & _BITS,
        modified_ns,
        status.st_ino & _BITS,
        status.st_size & _BITS,
    )


def sparse_option(worktree: Worktree) -> Collection[str]:
    """What keeps `ls-files` from expanding a sparse index (from git 2.36 on)."""
    return ("--sparse",) if is_sparse(worktree) else ()
