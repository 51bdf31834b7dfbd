"""Hooks in git's own configuration, which git 2.54 and later run (githooks(5), git-hook(1)).

They lie in the repository's config file, so they serve every worktree, touch
no file of anyone else's, and fire whatever core.hooksPath says: beside husky,
lefthook, git-lfs and pre-commit. One section for each event, since git does
not tell a command which event runs it.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from lumen_hooks.git.command import git
from lumen_hooks.notify.events import GIT_EVENTS

from .hooks_dir import Installed, script_path

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

FIRST_GIT = (2, 54)
"""The first git that runs them; older ones ignore the settings."""

EVENT_SWITCH_GIT = (2, 55)
"""The first git with `hook.<event>.enabled`."""

_SECTION = "hook.lumen-{event}"


def git_version(worktree: Worktree) -> tuple[int, ...]:
    """The version of the git on PATH, (0,) if it does not say one."""
    answer = os.fsdecode(git(["version"], cwd=worktree.top))
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", answer)
    return tuple(int(part) for part in match.groups("0")) if match else (0,)


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
    output = git(["config", "-z", "--get-regexp", r"^hook\."], cwd=worktree.top, accept=(0, 1))
    found: dict[str, list[str]] = {}
    for item in output.split(b"\0"):
        if item:
            key, separator, value = os.fsdecode(item).partition("\n")
            found.setdefault(key, []).append(value if separator else "true")
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
    before = {key: _local(worktree, f"{section}.{key}") for key in ("command", "event")}
    if before == {"command": [command], "event": [event]}:
        return Installed(event, config_file(worktree), "unchanged")
    # The command first: an event without a command is fatal to every git command that fires it.
    for key, value in (("command", command), ("event", event)):
        git(["config", "--local", "--replace-all", f"{section}.{key}", value], cwd=worktree.top)
    action = "updated" if any(before.values()) else "installed"
    return Installed(event, config_file(worktree), action)


def remove_config_hooks(worktree: Worktree, events: tuple[str, ...] = GIT_EVENTS) -> list[str]:
    """Remove our sections, each in one step, and return their names.

    Raises:
        RepositoryError: git cannot write its configuration.
    """
    removed = []
    for event in events:
        section = section_of(event)
        if any(_local(worktree, f"{section}.{key}") for key in ("command", "event")):
            git(["config", "--local", "--remove-section", section], cwd=worktree.top)
            removed.append(section)
    return removed


def _local(worktree: Worktree, key: str) -> list[str]:
    output = git(["config", "--local", "-z", "--get-all", key], cwd=worktree.top, accept=(0, 1))
    return [os.fsdecode(value) for value in output.split(b"\0")[:-1]]
