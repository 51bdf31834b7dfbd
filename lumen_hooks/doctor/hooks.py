"""Whether the hooks are installed, once, whole, and able to fire in this worktree."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.git.config import unset_command
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.hooks_dir import HOOKS_PATH
from lumen_hooks.setup.pre_commit import FILE, INSTALL_COMMAND, starter_of
from lumen_hooks.setup.script import manager_of
from lumen_hooks.system.atomic_file import read_regular

from .check import Check
from .triggers import BY_CONFIG, FOR_ALL, REINSTALL, find_triggers, read_wiring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

    from .triggers import Trigger, Wiring


def check_switches(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Whether the user switched the hooks off."""
    if environ.get("LUMEN_HOOKS") == "0":
        return Check("switched on", False, "LUMEN_HOOKS=0 is set here", "unset LUMEN_HOOKS")
    if not settings.enabled:
        hint = "git config lumen.enabled true, if LUMEN_ENABLED is not set"
        return Check("switched on", False, "lumen.enabled is false", hint)
    return Check("switched on", True, f"lumen.refresh is {settings.refresh}")


def check_reach(here: Worktree, worktrees: Iterable[Worktree]) -> list[Check]:
    """What keeps hooks that were installed from firing in some worktrees; empty for nothing.

    Args:
        here: where they were installed.
        worktrees: all of the repository's; those to come are thought of.
    """
    wiring = read_wiring(here)
    found = []
    triggers = find_triggers(here, wiring)
    if _is_relative(wiring) and not any(trigger.kind in BY_CONFIG for trigger in triggers):
        detail = (
            f"core.hooksPath is {wiring.hooks_path!r}, relative to each worktree: in those without"
            " such a folder, so in linked ones, no hook fires"
        )
        found.append(Check("hooks", False, detail, _way_out(here, wiring)))
    for worktree in worktrees:
        wiring = read_wiring(worktree)
        check = _firing(worktree, wiring, find_triggers(worktree, wiring))
        if not check.ok and not (found and _is_relative(wiring)):
            found.append(replace(check, detail=f"{worktree.top}: {check.detail}"))
    return found


def _is_relative(wiring: Wiring) -> bool:
    return bool(wiring.hooks_path) and not os.path.isabs(
        os.path.expanduser(wiring.hooks_path or "")
    )


def _way_out(worktree: Worktree, wiring: Wiring) -> str:
    """What to do about a core.hooksPath that is relative."""
    if os.path.normpath(wiring.hooks_path or "").startswith(".git" + os.sep):
        # Nobody can make that folder: .git is a file in a linked worktree.
        return f"{unset_command(worktree, HOOKS_PATH)}, then: {REINSTALL}"
    return (
        "run the tool that made that folder in each worktree, make core.hooksPath absolute, or use "
        f"git 2.54 or later and: {REINSTALL}"
    )


def check_hooks(worktree: Worktree) -> list[Check]:
    """Whether every event gets to our script in this worktree, and by one way only."""
    wiring = read_wiring(worktree)
    triggers = find_triggers(worktree, wiring)
    checks = [_firing(worktree, wiring, triggers), _once(_open_kinds(triggers))]
    checks += _harmful(wiring)
    trap = _missing_config_trap(worktree, wiring)
    return [*checks, trap] if trap else checks


def _open_kinds(triggers: list[Trigger]) -> dict[str, list[str]]:
    return {
        event: [found.kind for found in triggers if found.event == event and not found.problem]
        for event in GIT_EVENTS
    }


def _firing(worktree: Worktree, wiring: Wiring, triggers: list[Trigger]) -> Check:
    open_kinds = _open_kinds(triggers)
    silent = [event for event in GIT_EVENTS if not open_kinds[event]]
    if not silent:
        kinds = dict.fromkeys(kind for event in GIT_EVENTS for kind in open_kinds[event])
        detail = f"all {len(GIT_EVENTS)} events by {', '.join(kinds)}"
        if FOR_ALL.issuperset(kinds) and not os.path.exists(worktree.embeddings_path):
            detail += "; they begin here with a commit, a new worktree or a search"
        return Check("hooks", True, detail)
    lost = _lost_folder(worktree, wiring)
    if lost and not any(trigger.kind in BY_CONFIG for trigger in triggers):
        return lost
    barred = next((found for found in triggers if found.event in silent and found.problem), None)
    if barred:
        return Check("hooks", False, f"{', '.join(silent)}: {barred.problem}", barred.hint)
    if wiring.declared and len(silent) < len(GIT_EVENTS):
        lines = ", ".join(f"- id: lumen-{event}" for event in silent)
        hint = f"add to the hooks of lumen-hooks in {FILE}: {lines}; then: {INSTALL_COMMAND}"
        return Check("hooks", False, f"{', '.join(silent)}: not in {FILE}", hint)
    what = "no hooks are installed" if len(silent) == len(GIT_EVENTS) else ", ".join(silent)
    what += "" if len(silent) == len(GIT_EVENTS) else ": not installed"
    return Check("hooks", False, what, REINSTALL)


def _lost_folder(worktree: Worktree, wiring: Wiring) -> Check | None:
    """That git looks for hook files where there are none, in this worktree at least."""
    if wiring.hooks_path == "":
        detail = "core.hooksPath is empty, which switches hook files off"
        return Check("hooks", False, detail, unset_command(worktree, HOOKS_PATH))
    if wiring.hooks_path is None or os.path.isdir(wiring.folder):
        return None
    detail = f"core.hooksPath is {wiring.hooks_path!r}: git finds no folder there"
    hint = f"{unset_command(worktree, HOOKS_PATH)}, or make the folder"
    if _is_relative(wiring):
        detail = (
            f"core.hooksPath is {wiring.hooks_path!r}, relative to each worktree, and "
            f"{worktree.top} has no such folder: no hook file fires here"
        )
        hint = _way_out(worktree, wiring)
    return Check("hooks", False, detail, hint)


def _once(open_kinds: dict[str, list[str]]) -> Check:
    doubled = [
        f"{event} by {' and '.join(kinds)}" for event, kinds in open_kinds.items() if len(kinds) > 1
    ]
    if not doubled:
        return Check("installed once", True, "no event runs ours twice")
    hint = f"{REINSTALL} (or --pre-commit), and remove what it leaves from files that others own"
    if any(not FOR_ALL.isdisjoint(kinds) for kinds in open_kinds.values()):
        hint = f"take lumen-hooks out of {FILE}; the hooks for all repositories serve this one too"
    return Check("installed once", False, f"harmless, but slower: {'; '.join(doubled)}", hint)


def _harmful(wiring: Wiring) -> list[Check]:
    """Hook files, of anyone, that make git itself fail."""
    for event in GIT_EVENTS:
        path = os.path.join(wiring.folder, event)
        first, _, _ = read_regular(path).partition(b"\n")
        if not first.startswith(b"#!") or not os.access(path, os.X_OK):
            continue
        words = os.fsdecode(first[2:]).split()
        if first.endswith(b"\r") or (words and not os.path.exists(words[0])):
            reason = "Windows line ends" if first.endswith(b"\r") else f"{words[0]} is missing"
            return [
                Check(
                    "hook files",
                    False,
                    f"git cannot run {path} ({reason}), and fails",
                    f"repair it; if it is ours, delete it and run: {REINSTALL}",
                )
            ]
        starter = starter_of(read_regular(path))
        if starter and not os.access(starter, os.X_OK) and not shutil.which("pre-commit"):
            detail = f"{path} starts pre-commit with {starter}, which is gone: git exits with 1"
            hint = f"install pre-commit, then: {INSTALL_COMMAND}"
            return [Check("hook files", False, detail, hint)]
    return []


def _missing_config_trap(worktree: Worktree, wiring: Wiring) -> Check | None:
    """That pre-commit fails in worktrees of branches without its configuration."""
    if os.path.exists(os.path.join(worktree.top, FILE)) and not wiring.declared:
        return None
    for event in GIT_EVENTS:
        content = read_regular(os.path.join(wiring.folder, event))
        if manager_of(content) == "pre-commit" and b"--skip-on-missing-config" not in content:
            return Check(
                "pre-commit",
                False,
                f"where {FILE} is missing, pre-commit's {event} makes git exit with 1",
                INSTALL_COMMAND,
            )
    return None
