"""Installs the hooks of a repository in the one way that suits it, and takes them away again.

The ways exclude each other: git's own configuration where git runs hooks from
there, else hook files, or the pre-commit framework if the user wants that.
Changing from one to another, after an upgrade or at the user's wish, puts the
new in place before it takes the old away.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import InstallError
from lumen_hooks.git.command import git_version
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.system.atomic_file import read_regular

from .git_config import (
    FIRST_GIT,
    config_file,
    configured,
    install_section,
    of_repository,
    remove_sections,
    switched_off,
)
from .hooks_dir import (
    EDITED,
    Installed,
    files_with_ours,
    install_files,
    line_to_add,
    put_scripts,
    script_path,
    take_away,
)
from .pre_commit import add_stanza, remove_stanza
from .script import is_edited, is_own
from .throw_away import REMEDY, why_it_vanishes

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import RefreshMode

    from .pre_commit import Stanza


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be installed.

    Attributes:
        python: absolute path of the interpreter that the hooks start.
        refresh: the value of `lumen.refresh`, which is written into the scripts.
        config_hooks: whether git's configuration is used; None asks git for its version.
    """

    python: str
    refresh: RefreshMode = "background"
    config_hooks: bool | None = None


_WRITABLE = "check who owns it, and whether its folder can be written"


def install_hooks(worktree: Worktree, request: Request) -> list[Installed]:
    """Install the hooks of a repository, for all of its worktrees; a second time changes nothing.

    The scripts also go to `lumen/hooks` in the common dir: git's configuration and the hooks of
    others call them there, as may tools that make worktrees (`worktree-add`).

    Args:
        worktree: any worktree of the repository.
        request: what is to be installed.

    Raises:
        InstallError: nothing can be installed here, or a file cannot be written.
        RepositoryError: git cannot say where it looks for hooks, or write its configuration.
    """
    insist_on_interpreter(request.python, pre_commit=False)
    from_config = request.config_hooks
    if from_config is None:
        from_config = git_version(worktree.top) >= FIRST_GIT
    try:
        if not from_config:
            found = install_files(worktree, python=request.python, refresh=request.refresh)
            put_scripts(worktree, request.python, request.refresh)
            remove_sections(of_repository(worktree))
            return found
        put_scripts(worktree, request.python, request.refresh)
        return _install_in_config(worktree)
    except OSError as error:
        raise cannot_write(error) from error


def install_pre_commit(worktree: Worktree, request: Request) -> tuple[Stanza, list[str]]:
    """Add our stanza to this worktree's .pre-commit-config.yaml; pre-commit then calls the hooks.

    Returns:
        What became of the stanza, and what was removed of hooks that git itself would call.

    Raises:
        InstallError: the stanza cannot be added, or a file cannot be written.
        RepositoryError: git cannot say where it looks for hooks, or write its configuration.
    """
    insist_on_interpreter(request.python, pre_commit=True)
    try:
        put_scripts(worktree, request.python, request.refresh)
        added = add_stanza(worktree)
        removed = remove_sections(of_repository(worktree))
        return added, removed + [path for path in files_with_ours(worktree) if take_away(path)]
    except OSError as error:
        raise cannot_write(error) from error


def uninstall_hooks(worktree: Worktree) -> list[str]:
    """Remove what was installed in any way, and restore the files of others byte for byte.

    A stanza in .pre-commit-config.yaml is removed from this worktree's file alone.

    Returns:
        The files, and the sections of git's configuration, removed or restored.

    Raises:
        InstallError: a file cannot be changed, or is ours but was edited; the others are done.
        RepositoryError: git refuses the repository, or cannot write its configuration.
    """
    insist_on_trust(worktree.top)
    changed = remove_sections(of_repository(worktree))
    paths = files_with_ours(worktree)
    scripts = [script_path(worktree, event) for event in EVENTS]
    paths += [path for path in scripts if is_own(read_regular(path))]
    edited = [path for path in paths if is_edited(read_regular(path))]
    try:
        changed += [path for path in paths if take_away(path)]
        stanza = remove_stanza(worktree)
        if stanza:
            changed.append(stanza)
    except OSError as error:
        raise InstallError(
            f"cannot change {error.filename}: {error.strerror}", hint=_WRITABLE
        ) from error
    with suppress(OSError):
        os.rmdir(os.path.dirname(scripts[0]))
    if edited:
        raise InstallError(
            f"{edited[0]} was edited since it was installed, and still runs",
            hint="keep what you added elsewhere, then delete the file",
        )
    return changed


def edited_files(worktree: Worktree) -> list[str]:
    """Hook files of ours that were edited since they were installed, and so stay."""
    return [path for path in files_with_ours(worktree) if is_edited(read_regular(path))]


def _install_in_config(worktree: Worktree) -> list[Installed]:
    kept = {os.path.basename(path).removesuffix(".legacy"): path for path in edited_files(worktree)}
    settings, version = configured(worktree), git_version(worktree.top)
    found = [
        Installed(event, kept[event], "refused", line_to_add(event), EDITED)
        if event in kept
        else Installed(
            event,
            config_file(worktree),
            install_section(of_repository(worktree), event, script_path(worktree, event))
            or "unchanged",
            off=switched_off(event, settings, version),
        )
        for event in GIT_EVENTS
    ]
    for path in files_with_ours(worktree):
        take_away(path)
    return found


def insist_on_interpreter(python: str, *, pre_commit: bool = False) -> None:
    """Refuse an interpreter that no hook can start, or that will be gone.

    Args:
        python: its absolute path.
        pre_commit: see `why_it_vanishes`.

    Raises:
        InstallError: there is the reason, and what to do.
    """
    if not (os.path.isabs(python) and os.path.isfile(python) and os.access(python, os.X_OK)):
        raise InstallError(
            f"{python or 'the interpreter'} cannot be started by a hook",
            hint="run install with a Python that stays where it is",
        )
    reason = why_it_vanishes(python, pre_commit=pre_commit)
    if reason:
        raise InstallError(f"hooks cannot rely on {python}: {reason}", hint=REMEDY)


def cannot_write(error: OSError) -> InstallError:
    """What the system said of a file of ours, as an error for the user."""
    return InstallError(
        f"cannot write {error.filename2 or error.filename}: {error.strerror}",
        hint=_WRITABLE,
    )
