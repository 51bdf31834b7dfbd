"""From a directory to what a command needs: the worktree, the settings in force there, and jobs.

Knows where an index lies and whether there may be one; not what is in it.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.embedding.threads import limit_threads
from lumen_hooks.errors import SettingsError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.aside import housed, settled
from lumen_hooks.search.globs import escaped, fixed_folder, has_special
from lumen_hooks.settings import holds_home, load_settings

if TYPE_CHECKING:
    from lumen_hooks.git.config_memory import ConfigMemory
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.progress import Progress
    from lumen_hooks.search.results import Query
    from lumen_hooks.settings import Settings


class Workspace(NamedTuple):
    """A worktree to work on.

    Attributes:
        worktree: with the folder where its index is kept, or is read (`aside.settled`).
        settings: in force there.
    """

    worktree: Worktree
    settings: Settings

    def job(self, purpose: str, progress: Progress) -> Job:
        """How its index is updated.

        Args:
            purpose: what for.
            progress: is told how far an update is.
        """
        from lumen_hooks.indexing.job import job_for  # not for those who only look

        return job_for(self.worktree, self.settings, os.environ, purpose=purpose, progress=progress)


def open_workspace(
    directory: str, *, asked: bool | None = None, memory: ConfigMemory | None = None
) -> Workspace:
    """The worktree that holds a directory, for whoever needs an index of it.

    Bounds the numerical libraries' threads, so it must come before they are imported.

    Args:
        directory: where to look; the current folder as `.` asks for no repository in particular.
        asked: that very directory was asked for; None to go by what it is.
        memory: git's configuration as whoever opens many remembers it.

    Raises:
        RepositoryError: the directory is in no worktree.
        SettingsError: a setting is wrong, or the repository is switched off.
    """
    worktree = find_worktree(directory)
    if asked is None:
        asked = directory != os.curdir
    asked = asked and os.path.realpath(directory) == worktree.top
    entries = None if memory is None else partial(memory.entries, worktree)
    settings = load_settings(worktree.top, os.environ, asked=asked, entries=entries)
    _insist_on_enabled(worktree, settings)
    limit_threads(settings.model_threads)
    return Workspace(settled(worktree, settings, os.environ), settings)


def workspace_of(worktree: Worktree) -> Workspace:
    """A worktree with its settings, whatever they are, for whoever only looks at what there is.

    Raises:
        ModelError: its index cannot be written, and what could be read instead is not known,
            since the configured model cannot be had.
        RepositoryError: git cannot read the repository, or refuses it.
        SettingsError: a setting is wrong.
    """
    settings = load_settings(worktree.top, os.environ)
    return Workspace(settled(worktree, settings, os.environ), settings)


def worktree_at(directory: str) -> Worktree:
    """The worktree that holds a directory, with the folder where its index is kept.

    Reads no settings: for whoever must find out first whether anything is wanted or right there.

    Raises:
        RepositoryError: the directory is in no worktree.
    """
    return housed(find_worktree(directory), os.environ)


def from_top(path: str, directory: str, top: str) -> str:
    """A path or glob as the index knows it, if it was given from the folder that the user is in.

    A glob's folders before the first that is no plain name are looked for there. What does not
    exist there stays as it is.
    """
    below = _below(path, directory, top)
    if below is not None:
        return below
    folder, glob = fixed_folder(path)
    below = _below(folder, directory, top) if folder and has_special(glob) else None
    # At the top, `./` keeps it from being a mere name, which is looked for at any depth.
    return path if below is None else f"{escaped(below)}/{glob}"


def excluded_from_top(pattern: str, directory: str, top: str) -> str:
    """The same for what is left out, where a mere name means any file or folder of that name."""
    if "/" not in pattern.rstrip("/"):
        return pattern
    below = from_top(pattern, directory, top)
    return below if "/" in below else f"./{below}"


def placed(query: Query, directory: str, top: str) -> Query:
    """A query whose filters for paths were given from the folder that the user is in.

    Args:
        query: as it was given.
        directory: that folder.
        top: the worktree's top folder.
    """
    return query._replace(
        path=query.path and from_top(query.path, directory, top),
        exclude=tuple(excluded_from_top(one, directory, top) for one in query.exclude),
    )


def _below(path: str, directory: str, top: str) -> str | None:
    try:
        meant = os.path.realpath(os.path.join(directory, path))
    except ValueError:  # it can be no file's name
        return None
    if os.path.isabs(path) or os.path.exists(meant):
        below = os.path.relpath(meant, top)
        if below != ".." and not below.startswith("../"):
            return below
    return None


def _insist_on_enabled(worktree: Worktree, settings: Settings) -> None:
    if settings.enabled:
        return
    if holds_home(worktree.top):
        raise SettingsError(
            f"{worktree.top} holds a home folder: it is indexed only if it is asked for by name",
            hint=f"lumen-hooks -C {worktree.top} index, or git config lumen.enabled true in it",
        )
    raise SettingsError(
        f"lumen is switched off for {worktree.top}",
        hint="switch it on: git config lumen.enabled true",
    )
