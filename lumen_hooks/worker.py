"""The door of the detached process that makes a worktree's index follow its files.

Started by hooks and by searches that found a stale index, as installed scripts
spell it: `python -I -m lumen_hooks.worker`. It takes leave of whoever started
it, and what it cannot do it writes into the log. The work is
`indexing/worker_loop`.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from lumen_hooks.notify.spawn import detach, is_alive

from .system import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.git.worktree import Worktree

NICENESS = 10
"""Added to the worker's own: git and the user's editor come first."""

AFTER_SECONDS = 120.0
"""How long to wait for the process that must end before files can be read (pre-commit)."""

_POLL_SECONDS = 0.1


def main(argv: Sequence[str]) -> int:
    """`python -I -m lumen_hooks.worker TOP EVENT [--after PID] [--inline]`."""
    top, event, *rest = argv
    detach()
    os.nice(NICENESS)
    from lumen_hooks.git.worktree import find_worktree
    from lumen_hooks.indexing.aside import housed

    from .errors import GoneError, LumenError

    try:
        worktree = housed(find_worktree(top), os.environ)
    except LumenError:
        return 0  # removed since; nothing to follow and nowhere to log
    if worktree.read_only:
        return 0
    try:
        if rest[:1] == ["--after"]:
            _wait_for_exit(int(rest[1]))
        from lumen_hooks.indexing.worker_loop import work

        work(worktree, event, inline="--inline" in rest)
    except GoneError:
        return 0
    except Exception as error:  # nobody waits for this process: the log is all there is
        if not (worktree.is_present() and os.path.isdir(worktree.folder)):
            return 0  # removed meanwhile
        _log(worktree, event, error, error.hint if isinstance(error, LumenError) else "")
        return 1
    return 0


def _log(worktree: Worktree, event: str, error: Exception, hint: str) -> None:
    log.append(
        worktree.common_dir,
        {
            "event": event,
            "worktree": worktree.top,
            "error": f"{type(error).__name__}: {error}",
            **({"hint": hint} if hint else {}),
        },
        git_dir=worktree.git_dir,
    )


def _wait_for_exit(pid: int) -> None:
    deadline = time.monotonic() + AFTER_SECONDS
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
