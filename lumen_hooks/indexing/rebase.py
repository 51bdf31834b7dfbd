"""When git makes several commits in a row: wait for the end, and watch one that stopped.

A rebase, an am, a cherry-pick or a revert of many commits fires a hook for
each; only the tree at its end is worth indexing. One that stopped for its user
is told of by no hook when it is abandoned. Knows git's folders; no lock of an
index and no update.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lumen_hooks.system.locks import Acquired, acquire

from . import events

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

QUIET_SECONDS = 1.0
"""A rebase counts as stopped when nothing moved for this long."""

REBASE_SECONDS = 3600.0
"""A rebase in progress is waited for at most this long."""

WATCH_SECONDS = 300.0
"""A stopped rebase is watched for so long: --abort and --quit end it without any hook."""

_POLL_SECONDS = 0.1
_WATCH_POLL_SECONDS = 0.5

_SEQUENCES = ("rebase-merge", "rebase-apply", "sequencer")
"""What lies in a git dir while git makes several commits: rebase, am; cherry-pick, revert."""


def wait_while_moving(worktree: Worktree) -> bool:
    """Wait while a rebase moves; its picks come one by one and only the end is worth indexing.

    Returns:
        whether one stopped in the middle, for a conflict or an edit: that tree is being worked on.
    """
    deadline = time.monotonic() + REBASE_SECONDS
    seen: tuple[int, ...] = ()
    quiet_since = time.monotonic()
    while _is_under_way(worktree):
        now = _moving_parts(worktree)
        if now != seen:
            seen, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since > QUIET_SECONDS:
            return True
        if time.monotonic() > deadline:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def watch_stopped(worktree: Worktree, *, was_stopped: bool) -> bool:
    """Watch a stopped rebase; whether it moved on or ended, so that the index is behind.

    The user is at a conflict or an edit, and no hook tells when it is abandoned. Costs a few stats
    a second, keeps nobody from working, and ends when the index is taken away: nobody wants it
    then.

    Args:
        worktree: where.
        was_stopped: one was before the index was updated; it may have been abandoned meanwhile.
    """
    if not (was_stopped or _is_under_way(worktree)):
        return False
    worktree.insist_on_presence()
    answer = acquire(worktree.watch_lock_path, timeout=0, purpose="watch a stopped rebase")
    if not isinstance(answer, Acquired):
        return False  # another worker watches
    with answer:
        return _moves_on(worktree)


def _moves_on(worktree: Worktree) -> bool:
    deadline = time.monotonic() + WATCH_SECONDS
    while os.path.exists(worktree.index_path):
        if events.arrived(worktree) or not _is_under_way(worktree):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_WATCH_POLL_SECONDS)
    return False


def _is_under_way(worktree: Worktree) -> bool:
    return any(os.path.isdir(os.path.join(worktree.git_dir, name)) for name in _SEQUENCES)


def _moving_parts(worktree: Worktree) -> tuple[int, ...]:
    stamps = []
    for path in ("HEAD", "index", "index.lock", *_SEQUENCES, worktree.events_path):
        try:
            stamps.append(os.stat(os.path.join(worktree.git_dir, path)).st_mtime_ns)
        except OSError:
            stamps.append(0)
    return tuple(stamps)
