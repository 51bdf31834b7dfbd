"""Hooks in git's own configuration, which git 2.54 and later run (githooks(5), git-hook(1)).

They lie in the repository's config file, so they serve every worktree, touch
no file of anyone else's, and fire whatever core.hooksPath says: beside husky,
lefthook, git-lfs and pre-commit. One section for each event, since git does
not tell a command which event runs it.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from lumen_hooks.git.command import git
from lumen_hooks.git.config import config_entries
from lumen_hooks.notify.events import GIT_EVENTS

from .hooks_dir import Installed, script_path

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

FIRST_GIT = (2, 54)
"""The first git that runs them; older ones ignore the settings."""

EVENT_SWITCH_GIT = (2, 55)
"""The first git with `hook.<event>.enabled`."""

_SECTION = "hook.lumen-{event}"


def command_for(script: str) -> str:
    """What git gives to a shell, with the hook's arguments appended: they end up behind `:`.

    Silent, and without effect on git's exit status, even when the script is gone or broken.
    """
    quoted = shlex.quote(script)
    return f'[ ! -x {quoted} ] || {quoted} "$@" </dev/null >/dev/null 2>&1; :'


def section_of(event: str) -> str:
    """The section of the configuration that is ours for an event."""
    return _SECTION.format(event=event)


def config_file(worktree: Worktree) -> str:
    """The file that all worktrees of the repository share."""
    return os.path.join(worktree.common_dir, "config")


def configured(worktree: Worktree) -> dict[str, list[str]]:
    """Every `hook.*` setting in force in a worktree, with all of its values.

    The last part of a key is in lower case, as git gives it.
    """
    found: dict[str, list[str]] = {}
    for entry in config_entries(worktree.top, "hook[.].*"):
        value = "true" if entry.value is None else entry.value
        found.setdefault(entry.key, []).append(value)
    return found


def switched_off(event: str, settings: dict[str, list[str]], version: tuple[int, ...]) -> str:
    """The setting by which the user switched our hook of an event off, or nothing.

    Args:
        event: the githooks(5) name.
        settings: from `configured`.
        version: git's.
    """
    keys = [f"{section_of(event)}.enabled"]
    keys += [f"hook.{event}.enabled"] if version >= EVENT_SWITCH_GIT else []
    return next((key for key in keys if _is_false(settings.get(key))), "")


def _is_false(values: list[str] | None) -> bool:
    return values is not None and values[-1].lower() in {"false", "no", "off", "0", ""}


def install_config_hook(worktree: Worktree, event: str) -> Installed:
    """Have git run an event's script, as long as the script is there.

    Raises:
        RepositoryError: git cannot write its configuration.
    """
    section, command = section_of(event), command_for(script_path(worktree, event))
    wanted = {f"{section}.command": [command], f"{section}.event": [event]}
    before = _local(worktree)[section]
    if before == wanted:
        return Installed(event, config_file(worktree), "unchanged")
    # The command first: an event without a command is fatal to every git command that fires it.
    for key, (value,) in wanted.items():
        git(["config", "--local", "--replace-all", key, value], cwd=worktree.top)
    return Installed(event, config_file(worktree), "updated" if before else "installed")


def remove_config_hooks(worktree: Worktree) -> list[str]:
    """Remove our sections, each in one step, and return their names.

    Raises:
        RepositoryError: git cannot write its configuration.
    """
    removed = [section for section, present in _local(worktree).items() if present]
    for section in removed:
        git(["config", "--local", "--remove-section", section], cwd=worktree.top)
    return removed


def _local(worktree: Worktree) -> dict[str, dict[str, list[str]]]:
    """What the repository's own file sets of ours: the values of each key, by section."""
    found: dict[str, dict[str, list[str]]] = {section_of(event): {} for event in GIT_EVENTS}
    ours = "hook[.]lumen-.*[.](command|event)"
    for entry in config_entries(worktree.top, ours, only="local"):
        section = entry.key.rpartition(".")[0]
        if section in found:
            found[section].setdefault(entry.key, []).append(entry.value or "")
    return found
