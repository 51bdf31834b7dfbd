"""What is noted of a worktree's index in its repository's log: what happened, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.system import log

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree


def note(worktree: Worktree, event: str, **details: object) -> None:
    """Add a record to the log, if the log can be written. See `log.append`."""
    log.append(worktree.common_dir, {"event": event, "worktree": worktree.top, **details})
