"""Where a setting of git's comes from, and so which command takes it away."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from .command import git

if TYPE_CHECKING:
    from .worktree import Worktree

_FLAGS = {"local": "", "worktree": "--worktree ", "global": "--global ", "system": "--system "}


def unset_command(worktree: Worktree, key: str) -> str:
    """The command that removes a setting from the file that it is in force from.

    Raises:
        RepositoryError: git cannot read its configuration.
    """
    arguments = ["config", "-z", "--show-scope", "--show-origin", "--get", key]
    found = git(arguments, cwd=worktree.top, accept=(0, 1)).split(b"\0")
    scope, origin = (os.fsdecode(part) for part in found[:2]) if len(found) > 2 else ("local", "")
    flag = _FLAGS.get(scope)
    if flag is None:
        return f"unset {key} where it is set: {origin}"
    # Included files are of the scope of those that include them, but --unset does not follow.
    there = ["config", *([flag.strip()] if flag else ["--local"]), "--get", key]
    if origin.startswith("file:") and not git(there, cwd=worktree.top, accept=(0, 1)):
        file = os.path.join(worktree.top, origin.removeprefix("file:"))
        return f"git config --file {shlex.quote(file)} --unset {key}"
    return f"git config {flag}--unset {key}"
