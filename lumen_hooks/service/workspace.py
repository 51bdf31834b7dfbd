"""What every command starts from: the worktree, the settings, and a job to update it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.embedding.threads import limit_threads
from lumen_hooks.errors import SettingsError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.aside import settled
from lumen_hooks.indexing.job import job_for
from lumen_hooks.settings import holds_home, load_settings

if TYPE_CHECKING:
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.progress import Progress


def job_at(directory: str, purpose: str, progress: Progress, asked: bool | None = None) -> Job:
    """A job for the worktree that holds a directory, with the settings in force there.

    Args:
        directory: where to look; the current folder as `.` asks for no repository in particular.
        purpose: what for.
        progress: is told how far an update is.
        asked: that very directory was asked for; None to go by what it is.

    Bounds the numerical libraries' threads, so it must come before they are imported.

    Raises:
        RepositoryError: the directory is in no worktree.
        SettingsError: a setting is wrong, or the repository is switched off.
    """
    worktree = find_worktree(directory)
    if asked is None:
        asked = directory != os.curdir
    asked = asked and os.path.realpath(directory) == worktree.top
    settings = load_settings(worktree.top, os.environ, asked=asked)
    if not settings.enabled and holds_home(worktree.top):
        raise SettingsError(
            f"{worktree.top} holds a home folder: it is indexed only if it is asked for by name",
            hint=f"lumen-hooks -C {worktree.top} index, or git config lumen.enabled true in it",
        )
    if not settings.enabled:
        raise SettingsError(
            f"lumen is switched off for {worktree.top}", hint="git config lumen.enabled true"
        )
    limit_threads(settings.threads)
    return job_for(
        settled(worktree, settings, os.environ),
        settings,
        os.environ,
        purpose=purpose,
        progress=progress,
    )


def from_top(path: str, directory: str, top: str) -> str:
    """A path as the index knows it, if it was given from the folder that the user is in."""
    place = os.path.realpath(os.path.join(directory, path))
    if os.path.isabs(path) or os.path.exists(place):
        below = os.path.relpath(place, top)
        if not below.startswith(".."):
            return below
    return path
