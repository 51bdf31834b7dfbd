"""Installs hooks for every repository of a user, now and later, and takes them away again.

From git 2.54 on the user's configuration has them, and nothing else is
touched. Before that there is a template, which git copies into what it makes
or clones from then on, and hook files in the repositories of folders that the
user names; or, where `core.hooksPath` has git look for all hooks in one folder
of the user's, hook files there. Either way the hooks leave alone what is not in use (hooks/event.sh
has that rule), and give way to a repository's own install.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import InstallError, LumenError
from lumen_hooks.git.command import git, git_version
from lumen_hooks.git.config import config_entries
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.system.user_folders import WAYS

from .git_config import (
    FIRST_GIT,
    USER,
    install_section,
    remove_sections,
    switched_off,
    user_entries,
    user_scripts,
    user_settings,
)
from .hooks_dir import HOOKS_PATH, Installed, hooks_folder
from .installer import cannot_write, insist_on_interpreter
from .stubs import put_stubs, put_stubs_in, stubs_in, take_stubs
from .user_files import (
    alone,
    begin_template,
    insist_on_configuration,
    put_user_scripts,
    remove_template,
    remove_user_scripts,
    user_files,
    what_was_put,
    write_down,
)
from .walk import Missed, find_repositories

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .installer import Request
    from .user_files import UserFiles

_TEMPLATE = "init.templateDir"
_ANYWHERE = "/"
"""Where git is asked for what no repository says."""


class Outcome(NamedTuple):
    """What became of each event's hook, and what has git run them.

    Attributes:
        hooks: in the order of the events.
        by: git's configuration, a template, or the folder where git looks for all hooks.
    """

    hooks: list[Installed]
    by: Literal["config", "template", "folder"]


class Visited(NamedTuple):
    """What became of one repository in a folder that was named.

    Attributes:
        top: of a worktree of it, or the folder that could not be looked at.
        hooks: what became of each event's; empty if nothing did.
        problem: why nothing did.
    """

    top: str
    hooks: list[Installed]
    problem: str = ""


def install_everywhere(
    request: Request,
    folders: Sequence[str],
    environ: Mapping[str, str],
    tell: Callable[[Visited], object],
) -> Outcome:
    """Install hooks for all repositories; a second time changes nothing.

    Args:
        request: what is to be installed.
        folders: where to look for repositories that are there already, where a template serves
            those to come; otherwise there is nothing to do in them.
        environ: where the user's folders are looked up.
        tell: is told of each repository in those folders.

    Raises:
        InstallError: the interpreter will not do, git looks for no hook files, or one cannot be
            written; or the user's configuration is no file.
        RepositoryError: git cannot read or write the user's configuration.
    """
    insist_on_interpreter(request.python)
    insist_on_configuration(environ)
    from_config = request.config_hooks
    if from_config is None:
        from_config = git_version(_ANYWHERE) >= FIRST_GIT
    user_settings()  # before anything is written: git must be able to read it
    files = user_files(environ)
    try:
        with alone(files):
            if from_config:
                return Outcome(_in_configuration(files, request), "config")
            shared = _shared_folder()
            if shared:
                return Outcome(_in_folder(files, request, shared), "folder")
            found = _in_template(files, request)
            _in_repositories(files, folders, tell)
            return Outcome(found, "template")
    except OSError as error:
        raise cannot_write(error) from error


def uninstall_everywhere(
    folders: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], list[Visited]]:
    """Remove what `install_everywhere` put in place, in either way.

    Args:
        folders: where to look for copies of the template's hooks, which do nothing any more.
        environ: where the user's folders are looked up.

    Returns:
        What was removed, and what could not be looked at in the folders.

    Raises:
        InstallError: a file cannot be removed.
        RepositoryError: git cannot read or write the user's configuration.
    """
    scripts = list(user_scripts(user_settings()).values())
    files = user_files(environ)
    try:
        with alone(files):
            removed = remove_sections(USER)
            removed += remove_user_scripts(
                dict.fromkeys(
                    [*scripts, *(files.script(way, event) for way in WAYS for event in GIT_EVENTS)]
                )
            )
            removed += _remove_template(files) + take_stubs(what_was_put(files))
            write_down(files, ())
            copies, missed = _copies(folders)
            return removed + take_stubs(copies), missed
    except OSError as error:
        raise InstallError(f"cannot change {error.filename}: {error.strerror}") from error


def _in_configuration(files: UserFiles, request: Request) -> list[Installed]:
    changed = put_user_scripts(files, "config", request.python, request.refresh)
    version, settings = git_version(_ANYWHERE), user_settings()
    found = []
    for event in GIT_EVENTS:
        done = install_section(USER, event, files.script("config", event))
        where = _origin(f"hook.lumen-{event}.command")
        off = switched_off(event, settings, version)
        action = done or ("updated" if changed else "unchanged")
        found.append(Installed(event, where, action, off=off))
    remove_user_scripts(files.script("files", event) for event in GIT_EVENTS)
    _remove_template(files)
    take_stubs(what_was_put(files))
    write_down(files, ())
    return found


def _in_template(files: UserFiles, request: Request) -> list[Installed]:
    theirs = _template()  # read first: it may be wrong
    put_user_scripts(files, "files", request.python, request.refresh)
    if not theirs or theirs == files.template:
        begin_template(files)
    folder = os.path.join(theirs or files.template, "hooks")
    found = put_stubs(folder, lambda event: files.script("files", event))
    if not theirs:  # last: git complains of a template folder that is not there
        git(["config", "--global", _TEMPLATE, files.template], cwd=_ANYWHERE)
    _leave_configuration(files)
    return found


def _in_folder(files: UserFiles, request: Request, folder: str) -> list[Installed]:
    put_user_scripts(files, "files", request.python, request.refresh)
    write_down(files, [*what_was_put(files), *stubs_in(folder)])
    found = put_stubs(folder, lambda event: files.script("files", event))
    _leave_configuration(files)
    _remove_template(files)
    return found


def _leave_configuration(files: UserFiles) -> None:
    remove_sections(USER)
    remove_user_scripts(files.script("config", event) for event in GIT_EVENTS)


def _shared_folder() -> str:
    """Where git looks for the hook files of all repositories, if the user's settings say so.

    Raises:
        InstallError: there can be none for all.
    """
    found = [one for one in config_entries(_ANYWHERE, "core[.]hookspath") if one.scope != "local"]
    if not found:
        return ""
    output = git(["config", "--type=path", "--get", HOOKS_PATH], cwd=_ANYWHERE)
    folder = os.fsdecode(output.removesuffix(b"\n"))
    if os.path.isabs(folder) and (os.path.isdir(folder) or not os.path.lexists(folder)):
        return folder
    raise InstallError(
        f"{HOOKS_PATH} is {folder!r} for all repositories: no hook file can serve every one",
        hint=f"use git 2.54 or later, or: git config --global --unset {HOOKS_PATH}",
    )


def _in_repositories(
    files: UserFiles, folders: Sequence[str], tell: Callable[[Visited], object]
) -> None:
    put = what_was_put(files)
    for found in find_repositories(folders):
        if isinstance(found, Missed):
            tell(Visited(found.path, [], found.reason))
            continue
        try:
            insist_on_trust(found.top)
            put += stubs_in(hooks_folder(found))
            write_down(files, put)  # first: what is not written down stays for good
            hooks = put_stubs_in(found, lambda event: files.script("files", event))
        except LumenError as error:
            tell(Visited(found.top, [], error.message))
            continue
        except OSError as error:
            tell(Visited(found.top, [], cannot_write(error).message))
            continue
        tell(Visited(found.top, hooks))


def _copies(folders: Sequence[str]) -> tuple[list[str], list[Visited]]:
    """Where hook files of ours may lie in the repositories of some folders."""
    paths: list[str] = []
    missed = []
    for found in find_repositories(folders):
        if isinstance(found, Missed):
            missed.append(Visited(found.path, [], found.reason))
            continue
        try:
            paths += stubs_in(hooks_folder(found))
        except LumenError as error:
            missed.append(Visited(found.top, [], error.message))
    return paths, missed


def _remove_template(files: UserFiles) -> list[str]:
    """Remove our hooks from the template folder; if they are ours, that and its setting."""
    try:
        theirs = _template()
    except InstallError:
        theirs = ""
    removed = []
    for folder in dict.fromkeys((theirs, files.template)):
        removed += take_stubs(stubs_in(os.path.join(folder, "hooks"))) if folder else []
    for entry in user_entries("init[.]templatedir"):
        if entry.value == files.template:
            file = os.path.join(_ANYWHERE, entry.origin.removeprefix("file:"))
            git(["config", "--file", file, "--unset-all", _TEMPLATE], cwd=_ANYWHERE)
            removed.append(_TEMPLATE)
    remove_template(files)
    return removed


def _template() -> str:
    """The template folder that git uses for this user, if one was chosen; absolute.

    Raises:
        InstallError: none is to be used.
    """
    output = git(["config", "--type=path", "--get", _TEMPLATE], cwd=_ANYWHERE, accept=(0, 1))
    chosen = os.fsdecode(output.removesuffix(b"\n"))
    if output and not chosen:
        raise InstallError(
            f"{_TEMPLATE} is empty: git copies no hooks into new repositories",
            hint=f"name a folder: git config --global {_TEMPLATE} FOLDER, then run this again",
        )
    return os.path.join(_ANYWHERE, chosen) if chosen else ""


def _origin(key: str) -> str:
    """The file that a setting of the user's is in."""
    found = user_entries(key.replace(".", "[.]"))
    return found[-1].origin.removeprefix("file:") if found else ""
