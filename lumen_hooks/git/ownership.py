"""Files of ours that belong to another user and cannot be used by this one, and what mends it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.notify.layout import FOLDER
from lumen_hooks.system.owners import foreign_owner, user_name

if TYPE_CHECKING:
    from .worktree import Worktree


def foreign_files(worktree: Worktree) -> tuple[str, str]:
    """What belongs to another, and the command that mends it; two empty strings for nothing.

    Not where the whole git dir cannot be written: then nothing of ours is expected of it.
    """
    if worktree.obstacle:
        return "", ""
    found = foreign(worktree.folder, worktree.shared_folder)
    if not found:
        return "", ""
    (path, owner), *others = found
    more = f", and {len(others)} more" if others else ""
    folders = dict.fromkeys(
        path if os.path.basename(path) == FOLDER else os.path.dirname(path) for path, _ in found
    )
    from shlex import quote

    me = user_name(os.geteuid()).removeprefix("user ")  # a number does as well
    command = f"sudo chown -R {me} {' '.join(map(quote, folders))}"
    return f"{path} belongs to {owner}{more}", command


def foreign(*folders: str) -> list[tuple[str, str]]:
    """What in our folders belongs to another user and cannot be used by us, with its owner's name.

    Args:
        folders: `Worktree.folder` and `Worktree.shared_folder`.
    """
    found = []
    for folder in dict.fromkeys(folders):
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            continue
        except OSError:
            names = []
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            owner = foreign_owner(path)
            if owner:
                found.append((path, owner))
    return found
