"""All checks of one worktree, in the order in which a person would ask.

Reads, tries and asks, but changes nothing and repairs nothing: each finding
says what to do. Takes a second or less for an index of usual size.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from lumen_hooks.errors import LumenError
from lumen_hooks.settings import Settings, load_settings

from . import agents, hooks, index, languages, machine, scripts
from .check import Check, guarded
from .strays import check_strays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lumen_hooks.git.worktree import Worktree


def examine(worktree: Worktree, environ: Mapping[str, str]) -> list[Check]:
    """Look at everything that an index in this worktree depends on.

    Args:
        worktree: the one that is examined; hooks may fire in one and not in another.
        environ: as hooks would get it.
    """
    checks: list[Check] = []
    settings = Settings()
    # As the hooks' scripts get it: the environment of this command is not that of theirs.
    configured = Settings()
    try:
        settings = load_settings(worktree.top, environ)
        configured = load_settings(worktree.top, {})
    except LumenError as error:
        checks.append(Check("settings", False, error.message, error.hint))
    else:
        checks.append(guarded("settings", partial(check_strays, worktree, environ)))
    checks.append(hooks.check_switches(settings, environ))
    checks += _several("hooks", partial(hooks.check_hooks, worktree))
    checks += _several("scripts", partial(scripts.check_scripts, worktree, configured))
    single: dict[str, Callable[[], Check]] = {
        "git": partial(machine.check_git, worktree),
        "history": partial(machine.check_backend, worktree),
        "sqlite": machine.check_sqlite,
        "model": partial(machine.check_model, settings),
        "git dir": partial(machine.check_room, worktree),
        "ownership": partial(machine.check_ownership, worktree),
        "locks": partial(machine.check_locks, worktree, _mounts()),
        "embedding slots": partial(machine.check_slots, settings, environ),
        "index": partial(index.check_index, worktree, settings),
        "languages": partial(languages.check_languages, worktree, settings),
        "at work": partial(index.check_holders, worktree),
        "left-overs": partial(index.check_left_overs, worktree),
        "embedding store": partial(index.check_embeddings, worktree, settings),
        "log": partial(index.check_log, worktree),
        "agents": partial(agents.check_agents, environ, worktree.top, sys.executable),
    }
    return checks + [guarded(name, look) for name, look in single.items()]


def _several(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    found: list[Check] = []

    def collect() -> Check:
        found.extend(look())
        return found[0]

    first = guarded(name, collect)
    return found or [first]


def _mounts() -> str:
    """proc_pid_mountinfo(5), empty where there is no /proc."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
