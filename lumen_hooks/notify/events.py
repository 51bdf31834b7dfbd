"""The events that hooks report: which there are, what each needs, and the hint that one leaves.

A new event of githooks(5) is a row here, a hook in .pre-commit-hooks.yaml and,
where pre-commit tells it more than its name, a case in hooks/event.sh, which
may not start Python to ask. Part of the hook tier: os alone.
"""

from __future__ import annotations

import os

from .layout import EVENTS as EVENTS_FILE
from .own_files import open_file

PRE_COMMIT_VARIABLES = {
    "post-checkout": ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-commit": (),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
}
"""The githooks(5) that change a worktree's files, each with the variables in which pre-commit hands
on what git gave the hook as arguments."""

GIT_EVENTS = tuple(PRE_COMMIT_VARIABLES)

WORKTREE_ADD = "worktree-add"
"""What a tool calls that makes worktrees without git's hooks."""

EVENTS = (*GIT_EVENTS, WORKTREE_ADD)

MAKE_WORKTREES = ("post-checkout", WORKTREE_ADD)
"""Those that may be of a new worktree, which is then seeded."""


def leave(folder: str, line: str) -> None:
    """Append a hint to the events file of a folder that is there, in one write.

    Raises:
        OSError: it cannot be written; the folder may be gone.
    """
    path = os.path.join(folder, EVENTS_FILE)
    for _ in range(2):
        descriptor = open_file(path, os.O_WRONLY | os.O_APPEND, create=True)
        try:
            os.write(descriptor, os.fsencode(line) + b"\n")
        finally:
            os.close(descriptor)
        # A refresh takes the file by renaming it, perhaps between our open and our write.
        if os.path.exists(path):
            return
