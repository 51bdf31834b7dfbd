"""What triggers our script for an event in one worktree, and what is in the way of it.

Reads what other tools wrote (hook files, .husky, lefthook.yml,
.pre-commit-config.yaml) to tell whether they call ours; changes nothing.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lumen_hooks.git.command import git_version
from lumen_hooks.git.config import config_values, unset_command
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.git_config import (
    FIRST_GIT,
    command_for,
    configured,
    section_of,
    switched_off,
    user_scripts,
)
from lumen_hooks.setup.hooks_dir import HOOKS_PATH, hooks_folder, script_path
from lumen_hooks.setup.pre_commit import FILE, INSTALL_COMMAND, declared_events
from lumen_hooks.setup.script import calls_ours, is_own, manager_of, stub_leads_to
from lumen_hooks.setup.user_files import is_user_script
from lumen_hooks.system.atomic_file import read_regular

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

REINSTALL = "lumen-hooks install"
REINSTALL_FOR_ALL = "lumen-hooks install --global"

Kind = Literal[
    "git config",
    "hook file",
    "pre-commit",
    "husky",
    "lefthook",
    "global git config",
    "hook file for all",
]

BY_CONFIG = frozenset({"git config", "global git config"})
"""These fire whatever core.hooksPath says."""

FOR_ALL = frozenset({"global git config", "hook file for all"})
"""These are of `install --global`."""

_LEFTHOOK_FILES = tuple(
    f"{dot}lefthook{local}.{suffix}"
    for dot in ("", ".")
    for local in ("", "-local")
    for suffix in ("yml", "yaml", "toml", "json")
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One way in which git gets to our script.

    Attributes:
        event: the githooks(5) name.
        kind: who calls it.
        problem: why it leads nowhere in this worktree, or nothing.
        hint: if so, what to do.
        for_all: the script that it leads to, if that serves all repositories of the user.
    """

    event: str
    kind: Kind
    problem: str = ""
    hint: str = ""
    for_all: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all events' triggers depend on.

    Attributes:
        version: git's.
        folder: where git looks for hook files in this worktree.
        hooks_path: the value of core.hooksPath, None without one.
        settings: `hook.*` of git's configuration.
        framework: what .pre-commit-config.yaml holds.
        declared: events with a hook of ours in it.
        lefthook: what lefthook's configuration files hold, together.
    """

    version: tuple[int, ...]
    folder: str
    hooks_path: str | None
    settings: dict[str, list[str]]
    framework: bytes
    declared: set[str]
    lefthook: bytes


def read_wiring(worktree: Worktree) -> Wiring:
    """Look at what decides where git, and the tools that it calls, find hooks."""
    hooks_paths = config_values(worktree.top, HOOKS_PATH)
    framework = read_regular(os.path.join(worktree.top, FILE))
    return Wiring(
        version=git_version(worktree.top),
        folder=hooks_folder(worktree),
        hooks_path=hooks_paths[-1] if hooks_paths else None,
        settings=configured(worktree),
        framework=framework,
        declared=declared_events(framework),
        lefthook=b"".join(
            read_regular(os.path.join(worktree.top, name)) for name in _LEFTHOOK_FILES
        ),
    )


def find_triggers(worktree: Worktree, wiring: Wiring) -> list[Trigger]:
    """Every way to ours, for each of git's events."""
    return [
        trigger
        for event in GIT_EVENTS
        for trigger in (
            *_by_config(worktree, wiring, event),
            *_by_file(worktree, wiring, event),
            *_by_pre_commit(worktree, wiring, event),
        )
    ]


def _by_config(worktree: Worktree, wiring: Wiring, event: str) -> list[Trigger]:
    section = section_of(event)
    kind: Kind = "git config"
    if event not in wiring.settings.get(f"{section}.event", ()):
        return []
    script = script_path(worktree, event)
    for_all = user_scripts(wiring.settings).get(event, "")
    if is_user_script(for_all):
        return _for_all(worktree, event, "global git config", for_all)
    commands = wiring.settings.get(f"{section}.command", [])
    version = ".".join(map(str, wiring.version))
    off = switched_off(event, wiring.settings, wiring.version)
    if wiring.version < FIRST_GIT:
        problem = f"git {version} does not run hooks from its configuration"
        return [Trigger(event, kind, problem, REINSTALL)]
    if off:
        return [Trigger(event, kind, f"{off} is false", unset_command(worktree, off))]
    if commands[-1:] != [command_for(script)]:
        problem = "the command in git's configuration leads elsewhere; was the repository moved?"
        return [Trigger(event, kind, problem, REINSTALL)]
    return [Trigger(event, kind, *_bar(script))]


def _for_all(
    worktree: Worktree, event: str, kind: Kind, script: str, *on_the_way: str
) -> list[Trigger]:
    """By a script for all repositories, which gives way to one of this repository."""
    if os.access(script_path(worktree, event), os.X_OK):
        return []
    problem, hint = _first_bar(*on_the_way, script)
    hint = hint.replace(REINSTALL, REINSTALL_FOR_ALL)
    return [Trigger(event, kind, problem, hint, script)]


def _by_file(worktree: Worktree, wiring: Wiring, event: str) -> list[Trigger]:
    path = os.path.join(wiring.folder, event)
    content = read_regular(path)
    for_all = stub_leads_to(content)
    if for_all:
        # Without its script it is a left-over of `uninstall --global`.
        there = os.path.exists(for_all)
        kind: Kind = "hook file for all"
        return _for_all(worktree, event, kind, for_all, path) if there else []
    if is_own(content):
        return [Trigger(event, "hook file", *_bar(path))]
    if calls_ours(content, event):
        return [Trigger(event, "hook file", *_first_bar(path, script_path(worktree, event)))]
    if manager_of(content) == "pre-commit":
        legacy = path + ".legacy"
        before = read_regular(legacy)
        if is_own(before) or calls_ours(before, event):
            return [Trigger(event, "hook file", *_bar(legacy))]
    if wiring.folder.endswith(os.path.join(".husky", "_")):
        own = read_regular(os.path.join(os.path.dirname(wiring.folder), event))
        if calls_ours(own, event):
            return [Trigger(event, "husky", *_bar(path))]
    if calls_ours(wiring.lefthook, event):
        if manager_of(content) == "lefthook":
            return [Trigger(event, "lefthook", *_bar(path))]
        return [Trigger(event, "lefthook", f"lefthook did not install {event}", "lefthook install")]
    return []


def _by_pre_commit(worktree: Worktree, wiring: Wiring, event: str) -> list[Trigger]:
    if event not in wiring.declared:
        return []
    path = os.path.join(wiring.folder, event)
    if manager_of(read_regular(path)) == "pre-commit":
        # The local stanza calls our script, a hook repository's entry pre-commit's own copy of us.
        local = calls_ours(wiring.framework, event)
        problem, hint = _first_bar(path, *([script_path(worktree, event)] if local else ()))
        hint = hint.replace(REINSTALL, f"{REINSTALL} --pre-commit") if local else hint
        return [Trigger(event, "pre-commit", problem, hint)]
    return [Trigger(event, "pre-commit", f"pre-commit did not install {event}", INSTALL_COMMAND)]


def _first_bar(*paths: str) -> tuple[str, str]:
    """What bars a way that leads through several scripts."""
    return next((bar for bar in map(_bar, paths) if bar[0]), ("", ""))


def _bar(path: str) -> tuple[str, str]:
    """Why git or a shell cannot run a script, and what to do; two empty strings if it can."""
    content = read_regular(path)
    if not content:
        return f"{path} is missing", REINSTALL
    if not os.access(path, os.X_OK):
        if os.stat(path).st_mode & stat.S_IXUSR:  # access(2) tells that from the mount's options
            remedy = "mount it without noexec, or keep the repository elsewhere"
            return f"git ignores {path}: programs cannot be run from its file system", remedy
        return f"git ignores {path}: it is not executable", f"chmod +x {path}"
    if content.partition(b"\n")[0].endswith(b"\r"):
        remedy = f"give it Unix line ends, or delete it and run: {REINSTALL}"
        return f"{path} has Windows line ends: git cannot run it, and fails", remedy
    return "", ""
