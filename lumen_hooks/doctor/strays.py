"""Whether what somebody set is a setting at all: a misspelt one is read by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.git.config import unset_command
from lumen_hooks.settings import stray_settings

from .check import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen_hooks.git.worktree import Worktree


def check_strays(worktree: Worktree, environ: Mapping[str, str]) -> Check:
    """Whether every `lumen.*` in git's configuration, and what looks like it here, is a setting."""
    strays = stray_settings(worktree.top, environ)
    if not strays:
        return Check("settings", True, "all that are set are known")
    names = ", ".join(stray.name for stray in strays)
    ways = [f"{stray.name}: {_remedy(worktree, stray.name, stray.hint)}" for stray in strays]
    return Check("settings", False, f"nothing goes by {names}: no setting's name", "; ".join(ways))


def _remedy(worktree: Worktree, name: str, meant: str) -> str:
    is_key = name.startswith("lumen.")
    unset = unset_command(worktree, name) if is_key else f"unset {name}"
    return f"{meant} {unset}".lstrip()
