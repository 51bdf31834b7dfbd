"""`lumen-hooks install --global` and `uninstall --global`: for all repositories of a user."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import InstallError
from lumen_hooks.settings import user_refresh
from lumen_hooks.setup.every_repository import install_everywhere, uninstall_everywhere
from lumen_hooks.setup.installer import Request
from lumen_hooks.setup.throw_away import TEMPORARY, is_temporary

from .output import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.setup.every_repository import Visited
    from lumen_hooks.setup.hooks_dir import Installed

_WHEN = (
    "Nothing is indexed before you commit, make a worktree or search in a repository.\n"
    "Off for one: git config lumen.enabled false. What is in force there: lumen-hooks doctor"
)

_ONE_BY_ONE = "lumen-hooks -C FOLDER install, in each of them: it gets along with other hooks"


def install_for_user(directory: str, names: Sequence[str]) -> None:
    """Put the hooks in place, and say where they are, where they are not, and what comes next.

    Args:
        directory: what the folders' names are relative to.
        names: folders to look for repositories in.

    Raises:
        click.UsageError: one of them is none.
        InstallError: nothing could be done, or not in every repository.
        LumenError: git's or a setting's.
    """
    folders = _folders(directory, names)
    visited: list[Visited] = []

    def tell(found: Visited) -> None:
        visited.append(found)
        say(f"{found.top}: {found.problem or _in_words(found.hooks)}")

    request = Request(sys.executable, user_refresh())
    hooks, by = install_everywhere(request, folders, os.environ, tell)
    for hook in hooks:
        reason = f": {hook.reason}" if hook.reason else ""
        reason += f", but {hook.off} is false: it does nothing" if hook.off else ""
        say(f"{hook.event}: {hook.action} ({hook.path}){reason}")
    if is_temporary(sys.executable):
        say(f"note: hooks start {sys.executable}{TEMPORARY}")
    _say_whom_they_serve(by, folders, visited)
    say(_WHEN)
    left = [found.top for found in visited if found.problem or _refused(found.hooks)]
    if left or _refused(hooks):
        raise InstallError(
            "\n".join(_not_everywhere(hooks, left)), hint=_ONE_BY_ONE if left else ""
        )


def _not_everywhere(hooks: list[Installed], left: list[str]) -> Iterator[str]:
    yield "not every hook is in place"
    for hook in _refused(hooks):
        yield f"add to {hook.path}:\n    {hook.line_to_add}"
    yield from left


def _folders(directory: str, names: Sequence[str]) -> list[str]:
    folders = [os.path.join(directory, name) for name in names]
    for folder in folders:
        if not os.path.isdir(folder):
            raise click.UsageError(f"{folder} is not a folder")
    return folders


def _say_whom_they_serve(by: str, folders: Sequence[str], visited: list[Visited]) -> None:
    if by != "template":
        say("git runs them in every repository of yours, also in those to come.")
        if folders:
            say("note: there was nothing to do in the folders that you named.")
        return
    say("git copies them into every repository that it makes or clones from now on.")
    if os.environ.get("GIT_TEMPLATE_DIR"):
        say("note: GIT_TEMPLATE_DIR is set here, and git takes its template from there instead.")
    if not folders:
        say("For those that you have: lumen-hooks install --global FOLDER...")
    elif not visited:
        say("note: there is no repository in the folders that you named.")


def _refused(hooks: list[Installed]) -> list[Installed]:
    return [hook for hook in hooks if hook.action == "refused"]


def _in_words(hooks: list[Installed]) -> str:
    by_action: dict[str, list[str]] = {}
    for hook in hooks:
        by_action.setdefault(hook.reason or hook.action, []).append(hook.event)
    if len(by_action) == 1:
        return f"{next(iter(by_action))} ({len(hooks)} hooks)"
    return "; ".join(f"{', '.join(events)}: {action}" for action, events in by_action.items())


def uninstall_for_user(directory: str, names: Sequence[str]) -> None:
    """Remove all that `install_for_user` put in place, and say what.

    Args:
        directory: what the folders' names are relative to.
        names: folders to look for copies of a template's hooks in.

    Raises:
        click.UsageError: one of them is none.
        LumenError: something cannot be read, written or removed.
    """
    removed, missed = uninstall_everywhere(_folders(directory, names), os.environ)
    for found in missed:
        say(f"{found.top}: {found.problem}")
    for what in removed:
        say(f"removed {what}")
    if not removed:
        say("there was nothing to remove")
