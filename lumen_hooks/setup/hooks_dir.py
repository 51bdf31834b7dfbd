"""Hook files in the folder where git looks for them, for every git.

Someone else's hook is kept and called, never replaced; a file that another
tool manages, or that belongs to the checked-out tree, is not touched: the
answer then holds the line to add. This module knows nothing of what the hooks
do.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lumen_hooks.errors import InstallError, RepositoryError
from lumen_hooks.git import own_folders
from lumen_hooks.git.command import git
from lumen_hooks.git.config import scope_of, unset_command
from lumen_hooks.git.core_config import folder_mode
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.notify.layout import HOOKS
from lumen_hooks.notify.own_files import make_folder
from lumen_hooks.system.atomic_file import read_regular, write_atomic

from .script import (
    finding,
    has_block,
    hook_script,
    is_edited,
    is_own,
    manager_of,
    stub_leads_to,
    unfit,
    with_block,
    without_block,
)

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import RefreshMode

EXECUTABLE = 0o755
HOOKS_PATH = "core.hooksPath"
EDITED = "it was edited since it was installed; delete it or keep it"

Action = Literal["installed", "updated", "unchanged", "added to", "refused"]

_ADD_STANZA = "written by pre-commit, which can call ours: run the line below"
_REMEDY = {
    "pre-commit": _ADD_STANZA,
    "lefthook": "lefthook rewrites this hook; add these lines to lefthook.yml",
    "husky": "husky rewrites this hook; add the line to .husky/{event}",
    "git-lfs": "git-lfs wrote this hook; add the line (git lfs install keeps it then, with exit 2)",
}


@dataclass(frozen=True, slots=True)
class Installed:
    """What became of one event's hook.

    Attributes:
        event: the githooks(5) name.
        path: the file that holds the hook: a hook file, or one of configuration.
        action: what was done; `added to`: someone else's hook now calls ours.
        line_to_add: if refused, what to add or to run by hand to the same effect.
        reason: if refused, why, and where the line goes.
        off: the setting by which the user switched this hook off, or nothing.
    """

    event: str
    path: str
    action: Action
    line_to_add: str = ""
    reason: str = ""
    off: str = ""


def script_path(worktree: Worktree, event: str) -> str:
    """Where an event's script lies whatever core.hooksPath says: hooks of others call it there."""
    return os.path.join(worktree.shared_folder, HOOKS, event)


def put_scripts(worktree: Worktree, python: str, refresh: RefreshMode) -> None:
    """Write every event's script to the common dir."""
    own_folders.begin(worktree)
    folder = os.path.dirname(script_path(worktree, EVENTS[0]))
    make_folder(folder, folder_mode(worktree.common_dir))
    for event in EVENTS:
        write_atomic(script_path(worktree, event), hook_script(event, python, refresh), EXECUTABLE)


def line_to_add(event: str) -> str:
    """The shell line that calls our hook from any other; portable, so it may be committed."""
    return f'{finding(event)}; [ ! -x "$lumen" ] || "$lumen" "$@" </dev/null >/dev/null 2>&1 || :'


def lefthook_lines(event: str) -> str:
    """What lefthook.yml needs to call our hook; its `{0}` stands for git's arguments."""
    call = line_to_add(event).replace('"$@"', "{0}")
    return f"{event}:\n  commands:\n    lumen-hooks:\n      run: |\n        {call}"


def hooks_folder(worktree: Worktree) -> str:
    """Where git looks for hooks in this worktree, absolute."""
    answer = git(["rev-parse", "--git-path", "hooks"], cwd=worktree.top)
    return os.path.normpath(os.path.join(worktree.top, os.fsdecode(answer.removesuffix(b"\n"))))


def install_files(worktree: Worktree, *, python: str, refresh: RefreshMode) -> list[Installed]:
    """Put a file, or a call in someone else's, in place for each of git's events.

    Raises:
        InstallError: there is no folder for hooks.
        OSError: a file cannot be written.
    """
    folder = hooks_folder(worktree)
    obstacle = folder_obstacle(worktree, folder)
    if not obstacle:
        os.makedirs(folder, exist_ok=True)
    return [
        _refused(event, os.path.join(folder, event), obstacle)
        if obstacle
        else _install(worktree, folder, event, hook_script(event, python, refresh))
        for event in GIT_EVENTS
    ]


def files_with_ours(worktree: Worktree) -> list[str]:
    """The files that `install_files` put in place or changed, wherever it was pointed to."""
    # core.hooksPath may have been set or unset since.
    folders = dict.fromkeys((hooks_folder(worktree), os.path.join(worktree.common_dir, "hooks")))
    paths = (
        os.path.join(folder, event + suffix)
        for folder in folders
        for event in GIT_EVENTS
        for suffix in ("", ".legacy")
    )
    return [path for path in paths if _is_ours(read_regular(path))]


def _is_ours(content: bytes) -> bool:
    if stub_leads_to(content):
        return False  # of `install --global`, which takes it away
    return is_own(content) or has_block(content)


def take_away(path: str) -> bool:
    """Remove one of our files, or our block from someone else's; False if ours was edited."""
    content = read_regular(path)
    if is_edited(content):
        return False
    if is_own(content):
        os.unlink(path)
    else:
        write_atomic(path, without_block(content), stat.S_IMODE(os.stat(path).st_mode))
    return True


def folder_obstacle(worktree: Worktree, folder: str) -> str:
    """Why no file of ours may go into a hooks folder, or nothing.

    Raises:
        InstallError: it is no folder at all.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise InstallError(
            f"git looks for hooks in {folder}, which is not a folder",
            hint="git config core.hooksPath shows where that is set, if it is",
        )
    real = os.path.realpath(folder)
    if real == worktree.top:
        raise InstallError(
            "core.hooksPath is empty, which switches hook files off",
            hint=unset_command(worktree, HOOKS_PATH),
        )
    if os.path.isfile(os.path.join(worktree.top, ".git")) and folder.startswith(
        os.path.join(worktree.top, ".git", "")
    ):
        raise InstallError(
            "core.hooksPath is relative to each worktree and leads into .git, which is a file in"
            f" {worktree.top}: no hook file fires here",
            hint=f"{unset_command(worktree, HOOKS_PATH)}, then run this again",
        )
    if real.startswith(os.path.join(os.path.realpath(worktree.common_dir), "")):
        return ""
    if real.endswith(os.path.join(".husky", "_")):
        return _REMEDY["husky"]
    if _in_a_tree(real):
        return f"{folder} belongs to the checked-out files; add the line to {{event}} there"
    if os.path.normpath(folder) == os.path.join(worktree.common_dir, "hooks"):
        # A link that leads out: perhaps every repository has it, from a template.
        return f"{folder} leads to {real}; add the line to {{event}} there"
    if scope_of(worktree, HOOKS_PATH) in {"global", "system"}:
        return f"{folder} serves all repositories; add the line to {{event}} there"
    return ""


def _in_a_tree(folder: str) -> bool:
    """Whether files in a folder are part of some worktree: tracked, or not ignored."""
    existing = folder
    while not os.path.isdir(existing):
        existing = os.path.dirname(existing)
    try:
        top = find_worktree(existing).top
    except RepositoryError:
        return False
    probe = os.path.join(folder, GIT_EVENTS[0])
    tracked = git(["ls-files", "-z", "--", folder], cwd=top)
    return bool(tracked) or not git(["check-ignore", "--", probe], cwd=top, accept=(0, 1))


def _install(worktree: Worktree, folder: str, event: str, script: bytes) -> Installed:
    path = os.path.join(folder, event)
    content = read_regular(path)
    if manager_of(content) == "pre-commit" and is_own(read_regular(path + ".legacy")):
        path += ".legacy"  # pre-commit came after us, moved our hook away and calls it there
        content = read_regular(path)
    if not os.path.lexists(path) or is_own(content):
        return _install_own(path, content, event, script)
    obstacle = _obstacle(path, content)
    if obstacle and not has_block(content):
        return _refused(event, path, obstacle)
    changed = with_block(content, script_path(worktree, event))
    if changed == content:
        return Installed(event, path, "unchanged")
    write_atomic(path, changed, stat.S_IMODE(os.stat(path).st_mode))
    return Installed(event, path, "updated" if has_block(content) else "added to")


def _install_own(path: str, content: bytes, event: str, script: bytes) -> Installed:
    if is_edited(content):
        return _refused(event, path, EDITED)
    free = not os.path.lexists(path)
    if not write_atomic(path, script, EXECUTABLE):
        return Installed(event, path, "unchanged")
    return Installed(event, path, "installed" if free else "updated")


def _obstacle(path: str, content: bytes) -> str:
    """Why someone else's hook cannot be made to call ours, or nothing."""
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode):
        return "a folder is in the hook's place"
    if not stat.S_ISREG(status.st_mode):
        return "it is a symbolic link or no regular file; add the line where it leads"
    manager = manager_of(content)
    if manager:
        return _REMEDY[manager]
    if not status.st_mode & stat.S_IXUSR:
        return "git ignores it because it is not executable; make it so, or delete it"
    return unfit(content)


def _refused(event: str, path: str, reason: str) -> Installed:
    line = line_to_add(event)
    if reason == _REMEDY["pre-commit"]:
        line = "lumen-hooks install --pre-commit"
    elif reason == _REMEDY["lefthook"]:
        line = lefthook_lines(event)
    return Installed(event, path, "refused", line, reason.replace("{event}", event))
