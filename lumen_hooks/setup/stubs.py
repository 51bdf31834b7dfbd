"""Hook files that are scripts kept elsewhere: in a template folder, and in repositories.

For every git before 2.54. They go where no other hook is, and nobody's file is
changed for them. Where they were put into repositories is written down, to
take them away again; what git copied from a template nobody knows.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.errors import InstallError
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.system.atomic_file import read_regular, write_atomic

from .hooks_dir import EXECUTABLE, Installed, folder_obstacle, hooks_folder
from .script import is_edited, line_calling, stub, stub_leads_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lumen_hooks.git.worktree import Worktree

OCCUPIED = "another hook is there"


def put_stubs(folder: str, script_of: Callable[[str], str]) -> list[Installed]:
    """Put a hook file for each of git's events where none is.

    Args:
        folder: where hooks lie; it is made if it is missing.
        script_of: an event's script.

    Raises:
        OSError: one cannot be written.
    """
    os.makedirs(folder, exist_ok=True)
    return [_put(os.path.join(folder, event), event, script_of(event)) for event in GIT_EVENTS]


def _put(path: str, event: str, script: str) -> Installed:
    content = read_regular(path)
    before = stub_leads_to(content)
    if os.path.lexists(path) and (not before or is_edited(content)):
        return Installed(event, path, "refused", line_calling(script), OCCUPIED)
    if not write_atomic(path, stub(event, script), EXECUTABLE):
        return Installed(event, path, "unchanged")
    return Installed(event, path, "updated" if before else "installed")


def put_stubs_in(worktree: Worktree, script_of: Callable[[str], str]) -> list[Installed]:
    """The same in the folder where a repository's hooks lie.

    Raises:
        InstallError: that folder is someone else's, not in the repository, or none.
        RepositoryError: git cannot say where it is.
        OSError: a file cannot be written.
    """
    folder = hooks_folder(worktree)
    obstacle = folder_obstacle(worktree, folder)
    if obstacle:
        raise InstallError(obstacle.replace("; add the line to {event} there", ""))
    if not os.path.realpath(folder).startswith(
        os.path.join(os.path.realpath(worktree.common_dir), "")
    ):
        # The repository's own configuration says so, and the repository may be anybody's.
        raise InstallError(f"its hooks lie outside of it, in {folder}")
    return put_stubs(folder, script_of)


def take_stubs(paths: Iterable[str]) -> list[str]:
    """Remove hook files that `put_stubs` made, as far as they still are such; their paths.

    Raises:
        OSError: one cannot be removed.
    """
    removed = []
    for path in paths:
        content = read_regular(path)
        if stub_leads_to(content) and not is_edited(content):
            with suppress(FileNotFoundError):
                os.unlink(path)
                removed.append(path)
    return removed


def stubs_in(folder: str) -> list[str]:
    """Where hook files of such kind would lie in a folder for hooks."""
    return [os.path.join(folder, event) for event in GIT_EVENTS]
