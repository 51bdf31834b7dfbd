"""Hooks in git's own configuration, which git 2.54 and later run (githooks(5), git-hook(1)).

They lie in the repository's config file, or in the user's for all repositories,
so they serve every worktree, touch no file of anyone else's, and fire whatever
core.hooksPath says: beside husky, lefthook, git-lfs and pre-commit. One section
for each event, since git does not tell a command which event runs it. The
sections have the same names in both files: of two commands git runs the
repository's alone.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.git.command import git
from lumen_hooks.git.config import config_entries
from lumen_hooks.notify.events import GIT_EVENTS

if TYPE_CHECKING:
    from lumen_hooks.git.config import Entry
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
    return _by_key(config_entries(worktree.top, "hook[.].*"))


def user_settings() -> dict[str, list[str]]:
    """Every `hook.*` setting of the user's own files, as `configured` gives them.

    Raises:
        RepositoryError: git cannot read them.
    """
    return _by_key(user_entries("hook[.].*"))


def _by_key(entries: list[Entry]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
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


class Place(NamedTuple):
    """A configuration that may have sections of ours.

    Attributes:
        directory: where git is asked for it.
        scope: the repository's file, or the user's.
    """

    directory: str
    scope: Literal["local", "global"]


USER = Place("/", "global")
"""Asked for where no repository's broken configuration is in the way."""


def of_repository(worktree: Worktree) -> Place:
    """The configuration that all worktrees of a repository share."""
    return Place(worktree.top, "local")


def install_section(place: Place, event: str, script: str) -> Literal["installed", "updated", ""]:
    """Have git run an event's script, as long as the script is there; empty if it does so already.

    Raises:
        RepositoryError: git cannot read or write that configuration.
    """
    section = section_of(event)
    wanted = {f"{section}.command": [command_for(script)], f"{section}.event": [event]}
    found = _sections(place)[section]
    if {key: list(dict.fromkeys(values)) for key, (_, values) in found.items()} == wanted:
        return ""
    # The command first: an event without a command is fatal to every git command that fires it.
    for key, (value,) in wanted.items():
        git(["config", f"--{place.scope}", "--replace-all", key, value], cwd=place.directory)
    return "updated" if found else "installed"


def remove_sections(place: Place) -> list[str]:
    """Remove our sections, each in one step, and return their names.

    Raises:
        RepositoryError: git cannot read or write that configuration.
    """
    removed = []
    for section, found in _sections(place).items():
        # The user's configuration may be two files, of which git changes one (git-config(1)).
        for origin in dict.fromkeys(origin for origins, _ in found.values() for origin in origins):
            file = os.path.join(place.directory, origin.removeprefix("file:"))
            git(["config", "--file", file, "--remove-section", section], cwd=place.directory)
        removed += [section] if found else []
    return removed


def user_scripts(settings: dict[str, list[str]]) -> dict[str, str]:
    """The script that each event's command starts, of those that the user's configuration names.

    Args:
        settings: from `configured`, or `user_settings`.
    """
    found = {}
    for event in GIT_EVENTS:
        commands = settings.get(f"{section_of(event)}.command", [])
        script = _script_in(commands[-1]) if commands else ""
        if script:
            found[event] = script
    return found


def _script_in(command: str) -> str:
    """The script that a command of ours starts, or nothing if it is none of ours."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    script = words[3] if len(words) > 3 else ""
    return script if script and command == command_for(script) else ""


def _entries(place: Place, pattern: str) -> list[Entry]:
    if place == USER:  # `--global` would show one of the user's two files
        return user_entries(pattern)
    return config_entries(place.directory, pattern, only=place.scope)


def user_entries(pattern: str) -> list[Entry]:
    """The settings of the user's own files whose keys match; see `config_entries`.

    Raises:
        RepositoryError: git cannot read them.
    """
    return [one for one in config_entries(USER.directory, pattern) if one.scope == USER.scope]


def _sections(place: Place) -> dict[str, dict[str, tuple[list[str], list[str]]]]:
    """What a place sets of ours, by section: of each key the files, and the values."""
    found: dict[str, dict[str, tuple[list[str], list[str]]]] = {
        section_of(event): {} for event in GIT_EVENTS
    }
    ours = "hook[.]lumen-.*[.](command|event)"
    for entry in _entries(place, ours):
        section = entry.key.rpartition(".")[0]
        if section in found:
            origins, values = found[section].setdefault(entry.key, ([], []))
            origins.append(entry.origin)
            values.append(entry.value or "")
    return found
