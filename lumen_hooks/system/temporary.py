"""The folder for temporary files, of which there may be none: in a sandbox, on a full disk.

As `tempfile` finds it, but never the current folder, which may be a worktree.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL = ("/tmp", "/var/tmp")  # noqa: S108 - whoever makes something there sees to its safety


def temporary_folder(environ: Mapping[str, str]) -> str:
    """A folder that can be written; if there is none, the usual one, which then says why not."""
    for folder in (environ.get("TMPDIR", ""), *USUAL):
        if os.path.isabs(folder) and os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return USUAL[0]
