"""Whether the hooks are installed, once, whole, and able to fire in this worktree."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.git.config import unset_command
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.setup.hooks_dir import HOOKS_PATH, files_with_ours, script_path
from lumen_hooks.setup.pre_commit import FILE, INSTALL_COMMAND, declared_events
from lumen_hooks.setup.script import (
    BLOCK_START,
    filled_in,
    hook_script,
    is_edited,
    is_own,
    manager_of,
)
from lumen_hooks.setup.throw_away import REMEDY, TEMPORARY, is_temporary, why_it_vanishes
from lumen_hooks.system.atomic_file import read_regular

from .check import Check
from .triggers import REINSTALL, find_triggers, read_wiring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

    from .triggers import Trigger, Wiring

_IMPORT_SECONDS = 20


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
    if _is_relative(wiring) and not any(trigger.kind == "git config" for trigger in triggers):
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
        return Check("hooks", True, f"all {len(GIT_EVENTS)} events by {', '.join(kinds)}")
    lost = _lost_folder(worktree, wiring)
    if lost and not any(trigger.kind == "git config" for trigger in triggers):
        return lost
    barred = next((found for found in triggers if found.event in silent and found.problem), None)
    if barred:
        return Check("hooks", False, f"{', '.join(silent)}: {barred.problem}", barred.hint)
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
    return Check(
        "installed once",
        False,
        f"harmless, but slower: {'; '.join(doubled)}",
        f"{REINSTALL} (or --pre-commit), and remove what it leaves from files that others own",
    )


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


def check_scripts(worktree: Worktree, settings: Settings) -> list[Check]:
    """Whether our scripts are as this version writes them, and start an interpreter that works."""
    side = [script_path(worktree, event) for event in EVENTS]
    paths = dict.fromkeys([*side, *files_with_ours(worktree)])
    scripts = {path: read_regular(path) for path in paths}
    own = {path: content for path, content in scripts.items() if is_own(content)}
    if not own:
        return [Check("scripts", False, f"there are none in {os.path.dirname(side[0])}", REINSTALL)]
    return [
        _whole(side, scripts, own),
        _interpreter(
            {filled_in(content)[0] for content in own.values()},
            pre_commit=bool(declared_events(read_regular(os.path.join(worktree.top, FILE)))),
        ),
        _refresh({filled_in(content)[1] for content in own.values()}, settings.refresh),
    ]


def _whole(side: list[str], scripts: dict[str, bytes], own: dict[str, bytes]) -> Check:
    for path in side:
        if not scripts[path]:
            return Check("scripts", False, f"{path} is missing", REINSTALL)
        if path not in own:
            return Check("scripts", False, f"{path} is not ours", f"delete it, then: {REINSTALL}")
    for path, content in own.items():
        if is_edited(content):
            hint = f"keep what was added elsewhere, delete the file, then: {REINSTALL}"
            return Check("scripts", False, f"{path} was edited since it was installed", hint)
        if not os.access(path, os.X_OK):
            return Check("scripts", False, f"{path} is not executable", REINSTALL)
        event = os.path.basename(path).removesuffix(".legacy")
        if content != hook_script(event, *filled_in(content)):
            return Check("scripts", False, f"{path} is of another version", REINSTALL)
    blocks = sum(BLOCK_START in content for content in scripts.values())
    calls = f", called from {blocks} hooks of others" if blocks else ""
    return Check("scripts", True, f"{len(own)}, as installed{calls}")


def _interpreter(pythons: set[str], *, pre_commit: bool) -> Check:
    for python in sorted(pythons):
        if not (os.path.isfile(python) and os.access(python, os.X_OK)):
            detail = f"{python} is gone: hooks do nothing (a virtual environment moved or deleted?)"
            return Check("interpreter", False, detail, f"{REINSTALL}, from the one in use")
        reason = why_it_vanishes(python, pre_commit=pre_commit)
        if reason:
            return Check("interpreter", False, f"{python} will be gone: {reason}", REMEDY)
        code = "import lumen_hooks.hook"
        try:
            done = subprocess.run(
                [python, "-I", "-c", code],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_IMPORT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Check("interpreter", False, f"{python} does not run: {error}", REINSTALL)
        if done.returncode:
            return Check(
                "interpreter",
                False,
                f"{python} has no lumen_hooks: hooks do nothing",
                f"install it there, or {REINSTALL} from an environment that has it",
            )
    shown = [f"{python}{TEMPORARY if is_temporary(python) else ''}" for python in sorted(pythons)]
    return Check("interpreter", True, ", ".join(shown))


def _refresh(modes: set[str], wanted: str) -> Check:
    if modes == {wanted}:
        return Check("refresh mode", True, wanted)
    found = ", ".join(sorted(mode or "none" for mode in modes))
    detail = f"the scripts were installed with {found}, but lumen.refresh is {wanted}"
    return Check("refresh mode", False, detail, REINSTALL)
