"""Why something that is on disk is not in the index, for whoever asked for it by name.

Looked for only once a question has failed, since the whole tree is listed for it. Knows worktrees
and paths; not what was asked.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.errors import NotIndexedError
from lumen_hooks.files.manifest import passed_over
from lumen_hooks.search.filters import matcher
from lumen_hooks.search.not_found import left_out_at

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings


def explained(error: NotIndexedError, worktree: Worktree, settings: Settings) -> NotIndexedError:
    """The same error, with the reason if there is something at its path.

    Raises:
        RepositoryError: git cannot list the files.
    """
    if not error.path:
        return error
    matches = matcher(error.path)
    left_out, files = passed_over(worktree, settings)
    reasons = [reason for path, reason in left_out.items() if matches(path)]
    if reasons:
        return left_out_at(error.path, reasons)
    if any(matches(path) for path in files):
        return NotIndexedError(
            f"what is at {error.path} is not indexed yet", hint="index it with: lumen-hooks index"
        )
    if os.path.lexists(os.path.join(worktree.top, error.path)):
        return NotIndexedError(
            f"what is at {error.path} is not indexed",
            hint="git ignores it, or it is an empty folder",
        )
    return error
