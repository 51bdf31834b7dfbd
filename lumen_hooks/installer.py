"""Puts the hook files where git looks for them, and takes them away again.

Someone else's hook is kept and called, never replaced; a file that another
tool manages, or that belongs to the checked-out tree, is not touched: the
answer then holds the line to add. This module knows nothing of what the hooks
do.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InstallError, RepositoryError
from .git import git
from .hook import EVENTS, GIT_EVENTS
from .hook_files import (
    has_block,
    hook_script,
    is_edited,
    is_own,
    manager_of,
    unfit,
    with_block,
    without_block,
)
from .worktree import find_worktree

if TYPE_CHECKING:
    from .worktree import Worktree

_EXECUTABLE = 0o755
_REMEDY = {
    "pre-commit": "pre-commit wrote this hook; add the line to .pre-commit-config.yaml",
    "lefthook": "lefthook rewrites this hook; run the line from lefthook.yml",
    "husky": "husky rewrites this hook; add the line to .husky/{event}",
    "git-lfs": "git-lfs refuses a changed hook; add the line if you do not update it with git lfs",
}


@dataclass(frozen=True, slots=True)
class Installed:
    """What became of one event's hook.

    Attributes:
        event: the githooks(5) name.
        path: the hook file.
        action: `installed`, `updated`, `unchanged`, `added to` (someone else's hook now calls
            ours) or `refused`.
        line_to_add: if refused, what to add by hand to the same effect.
        reason: if refused, why, and where the line goes.
    """

    event: str
    path: str
    action: str
    line_to_add: str = ""
    reason: str = ""


def install_hooks(worktree: Worktree, *, python: str) -> list[Installed]:
    """Install the hooks of a repository, for all of its worktrees; a second time changes nothing.

    The scripts also go to `lumen/hooks` in the common dir: hooks of others call them there (it is
    ours whatever core.hooksPath says), as may tools that make worktrees (`worktree-add`).

    Args:
        worktree: any worktree of the repository.
        python: absolute path of the interpreter that the hooks start.

    Raises:
        InstallError: nothing can be installed here, or a folder cannot be written.
        RepositoryError: git cannot say where it looks for hooks.
    """
    if not (os.path.isabs(python) and os.path.isfile(python) and os.access(python, os.X_OK)):
        raise InstallError(f"{python or 'the interpreter'} cannot be started by a hook")
    folder = _hooks_folder(worktree)
    obstacle = _folder_obstacle(worktree, folder)
    try:
        for event in EVENTS:
            _publish(_script_path(worktree, event), hook_script(event, python), _EXECUTABLE)
        return [
            _refused(event, os.path.join(folder, event), obstacle.replace("{event}", event))
            if obstacle
            else _install(worktree, folder, event, python)
            for event in GIT_EVENTS
        ]
    except OSError as error:
        raise InstallError(
            f"cannot write {error.filename2 or error.filename}: {error.strerror}",
            hint="check who owns the folder and whether it can be written",
        ) from error


def uninstall_hooks(worktree: Worktree) -> list[str]:
    """Remove what `install_hooks` installed and restore the hooks of others byte for byte.

    Returns:
        The files removed or restored.

    Raises:
        InstallError: a file cannot be changed, or is ours but was edited; the others are done.
    """
    changed: list[str] = []
    edited: list[str] = []
    # core.hooksPath may have been set or unset since.
    folders = dict.fromkeys((_hooks_folder(worktree), os.path.join(worktree.common_dir, "hooks")))
    paths = [
        os.path.join(folder, event + suffix)
        for folder in folders
        for event in GIT_EVENTS
        for suffix in ("", ".legacy")
    ]
    paths += [_script_path(worktree, event) for event in EVENTS]
    try:
        for path in paths:
            content = _read(path)
            if is_edited(content):
                edited.append(path)
            elif is_own(content):
                os.unlink(path)
                changed.append(path)
            elif has_block(content):
                _publish(path, without_block(content), stat.S_IMODE(os.stat(path).st_mode))
                changed.append(path)
    except OSError as error:
        raise InstallError(f"cannot change {error.filename}: {error.strerror}") from error
    with suppress(OSError):
        os.rmdir(os.path.dirname(_script_path(worktree, GIT_EVENTS[0])))
    if edited:
        raise InstallError(
            f"{edited[0]} was edited since it was installed, and still runs",
            hint="keep what you added elsewhere, then delete the file",
        )
    return changed


def line_to_add(event: str) -> str:
    """The shell line that calls our hook from any other; portable, so it may be committed."""
    return (
        f'lumen="$(git rev-parse --git-common-dir)/lumen/hooks/{event}"; '
        '[ ! -x "$lumen" ] || "$lumen" "$@" </dev/null >/dev/null 2>&1 || :'
    )


def _script_path(worktree: Worktree, event: str) -> str:
    return os.path.join(worktree.shared_folder, "hooks", event)


def _hooks_folder(worktree: Worktree) -> str:
    """Where git looks for hooks in this worktree, absolute."""
    answer = git(["rev-parse", "--git-path", "hooks"], cwd=worktree.top)
    return os.path.normpath(os.path.join(worktree.top, os.fsdecode(answer.removesuffix(b"\n"))))


def _folder_obstacle(worktree: Worktree, folder: str) -> str:
    """Why no file of ours may go into a hooks folder, or nothing.

    Raises:
        InstallError: it is no folder at all.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise InstallError(
            f"git looks for hooks in {folder}, which is not a folder",
            hint="git config core.hooksPath shows where that is set, if it is",
        )
    place = os.path.realpath(folder)
    if place == worktree.top:
        raise InstallError(
            "core.hooksPath is empty, which switches hook files off",
            hint="git config --unset core.hooksPath",
        )
    if place.startswith(os.path.join(os.path.realpath(worktree.common_dir), "")):
        return ""
    if place.endswith(os.path.join(".husky", "_")):
        return _REMEDY["husky"]
    if _in_a_tree(place):
        return f"{folder} belongs to the checked-out files; add the line to {{event}} there"
    scope = git(["config", "--show-scope", "--get", "core.hooksPath"], cwd=worktree.top)
    if scope.startswith((b"global", b"system")):
        return f"{folder} serves all repositories; add the line to {{event}} there"
    return ""


def _in_a_tree(place: str) -> bool:
    """Whether files in a folder are part of some worktree: tracked, or not ignored."""
    existing = place
    while not os.path.isdir(existing):
        existing = os.path.dirname(existing)
    try:
        top = find_worktree(existing).top
    except RepositoryError:
        return False
    probe = os.path.join(place, GIT_EVENTS[0])
    tracked = git(["ls-files", "-z", "--", place], cwd=top)
    return bool(tracked) or not git(["check-ignore", "--", probe], cwd=top, accept=(0, 1))


def _install(worktree: Worktree, folder: str, event: str, python: str) -> Installed:
    path = os.path.join(folder, event)
    content = _read(path)
    if manager_of(content) == "pre-commit" and is_own(_read(path + ".legacy")):
        path += ".legacy"  # pre-commit came after us, moved our hook away and calls it there
        content = _read(path)
    if not os.path.lexists(path) or is_own(content):
        return _install_own(path, content, event, python)
    obstacle = _obstacle(path, content)
    if obstacle and not has_block(content):
        return _refused(event, path, obstacle.replace("{event}", event))
    changed = with_block(content, _script_path(worktree, event))
    if changed == content:
        return Installed(event, path, "unchanged")
    _publish(path, changed, stat.S_IMODE(os.stat(path).st_mode))
    return Installed(event, path, "updated" if has_block(content) else "added to")


def _install_own(path: str, content: bytes, event: str, python: str) -> Installed:
    if is_edited(content):
        return _refused(event, path, "it was edited since it was installed; delete it or keep it")
    free = not os.path.lexists(path)
    if not _publish(path, hook_script(event, python), _EXECUTABLE):
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
        line = f"- id: lumen-{event}"
    return Installed(event, path, "refused", line, reason)


def _read(path: str) -> bytes:
    """A hook file's content; nothing for what is no regular file of its own."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
    except (FileNotFoundError, NotADirectoryError):
        return b""
    with open(path, "rb") as file:
        return file.read()


def _publish(path: str, content: bytes, mode: int) -> bool:
    """Put a file in place in one step, for git may run it at any moment; False if it was there."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    if _read(path) == content and content and stat.S_IMODE(os.lstat(path).st_mode) == mode:
        return False
    descriptor, temporary = tempfile.mkstemp(prefix=".lumen-hooks-", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return True
