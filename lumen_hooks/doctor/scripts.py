"""Whether our scripts are whole, and start an interpreter that works: those that serve here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.notify.events import EVENTS
from lumen_hooks.setup.hooks_dir import files_with_ours, script_path
from lumen_hooks.setup.pre_commit import FILE, declared_events
from lumen_hooks.setup.script import (
    BLOCK_START,
    filled_in,
    hook_script,
    is_edited,
    is_own,
)
from lumen_hooks.setup.throw_away import REMEDY, TEMPORARY, is_temporary, why_it_vanishes
from lumen_hooks.system.atomic_file import read_regular

from .check import Check
from .framework import check_framework, hook_repository
from .interpreter import Remedies, fault_of
from .triggers import REINSTALL, REINSTALL_FOR_ALL, find_triggers, read_wiring

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.setup.script import Serves


def check_scripts(worktree: Worktree, settings: Settings) -> list[Check]:
    """Whether our scripts are as this version writes them, and start an interpreter that works."""
    side = [script_path(worktree, event) for event in EVENTS]
    paths = dict.fromkeys([*side, *files_with_ours(worktree)])
    scripts = {path: read_regular(path) for path in paths}
    own = {path: content for path, content in scripts.items() if is_own(content)}
    if not own:
        return _elsewhere(worktree, settings, os.path.dirname(side[0]))
    return [
        _whole(side, scripts, own),
        _interpreter(
            {filled_in(content)[0] for content in own.values()},
            pre_commit=bool(declared_events(read_regular(os.path.join(worktree.top, FILE)))),
        ),
        _refresh({filled_in(content)[1] for content in own.values()}, settings.refresh),
    ]


def _elsewhere(worktree: Worktree, settings: Settings, folder: str) -> list[Check]:
    """What serves a repository that has no scripts of its own."""
    triggers = find_triggers(worktree, read_wiring(worktree))
    for_all = dict.fromkeys(one.for_all for one in triggers if one.for_all)
    if for_all:
        scripts = {path: read_regular(path) for path in for_all}
        filled = [filled_in(content) for content in scripts.values()]
        return [
            _whole(list(for_all), scripts, scripts, serves="user"),
            _interpreter({python for python, _ in filled}, remedy=REINSTALL_FOR_ALL),
            _refresh({refresh for _, refresh in filled}, settings.refresh),
        ]
    used = hook_repository(read_regular(os.path.join(worktree.top, FILE)))
    if used is not None:
        refresh = Check("refresh mode", True, settings.refresh)  # asked for at each event
        return [*check_framework(worktree, used), refresh]
    return [Check("scripts", False, f"there are none in {folder}", REINSTALL)]


def _whole(
    side: list[str],
    scripts: dict[str, bytes],
    own: dict[str, bytes],
    serves: Serves = "repository",
) -> Check:
    remedy = REINSTALL if serves == "repository" else REINSTALL_FOR_ALL
    for path in side:
        if not scripts[path]:
            return Check("scripts", False, f"{path} is missing", remedy)
        if path not in own:
            return Check("scripts", False, f"{path} is not ours", f"delete it, then: {remedy}")
    for path, content in own.items():
        if is_edited(content):
            hint = f"keep what was added elsewhere, delete the file, then: {remedy}"
            return Check("scripts", False, f"{path} was edited since it was installed", hint)
        if not os.access(path, os.X_OK):
            return Check("scripts", False, f"{path} is not executable", remedy)
        event = os.path.basename(path).removesuffix(".legacy")
        if content != hook_script(event, *filled_in(content), serves=serves):
            return Check("scripts", False, f"{path} is of another version", remedy)
    blocks = sum(BLOCK_START in content for content in scripts.values())
    calls = f", called from {blocks} hooks of others" if blocks else ""
    return Check("scripts", True, f"{len(own)}, as installed{calls}")


def _interpreter(pythons: set[str], *, pre_commit: bool = False, remedy: str = REINSTALL) -> Check:
    for python in sorted(pythons):
        if not (os.path.isfile(python) and os.access(python, os.X_OK)):
            detail = f"{python} is gone: hooks do nothing (a virtual environment moved or deleted?)"
            return Check("interpreter", False, detail, f"{remedy}, from the one in use")
        reason = why_it_vanishes(python, pre_commit=pre_commit)
        if reason:
            return Check("interpreter", False, f"{python} will be gone: {reason}", REMEDY)
        broken = f"install it there, or {remedy} from an environment that has it"
        fault = fault_of(python, Remedies(broken, f"{remedy}, and hooks start this one"))
        if fault:
            return fault
    shown = [f"{python}{TEMPORARY if is_temporary(python) else ''}" for python in sorted(pythons)]
    return Check("interpreter", True, ", ".join(shown))


def _refresh(modes: set[str], wanted: str) -> Check:
    if modes == {wanted}:
        return Check("refresh mode", True, wanted)
    found = ", ".join(sorted(mode or "none" for mode in modes))
    detail = f"the scripts were installed with {found}, but lumen.refresh is {wanted}"
    return Check("refresh mode", False, detail, REINSTALL)
