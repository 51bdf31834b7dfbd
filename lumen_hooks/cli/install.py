"""`lumen-hooks install` and `uninstall`: once for a repository, for all of its worktrees."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from lumen_hooks.doctor.hooks import check_reach
from lumen_hooks.errors import InstallError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.donors import all_worktrees
from lumen_hooks.service.purge import purge_indexes
from lumen_hooks.settings import load_settings
from lumen_hooks.setup.installer import (
    Request,
    edited_files,
    install_hooks,
    install_pre_commit,
    uninstall_hooks,
)
from lumen_hooks.setup.pre_commit import INSTALL_COMMAND, has_stanza
from lumen_hooks.setup.throw_away import TEMPORARY, is_temporary
from lumen_hooks.system.user_folders import has_hooks_for_all

from .index import run_index
from .output import say

if TYPE_CHECKING:
    from lumen_hooks.doctor.check import Check
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.setup.hooks_dir import Installed


@click.command()
@click.option("--native", is_flag=True, help="Hooks that git calls itself (the default).")
@click.option("--pre-commit", is_flag=True, help="Hooks that the pre-commit framework calls.")
@click.option("--global", "everywhere", is_flag=True, help="For all of your repositories.")
@click.option("--no-index", is_flag=True, help="Do not index this worktree now.")
@click.argument("folders", nargs=-1, metavar="[FOLDER...]")
@click.pass_obj
def install(
    directory: str,
    *,
    native: bool,
    pre_commit: bool,
    everywhere: bool,
    no_index: bool,
    folders: tuple[str, ...],
) -> None:
    """Install the git hooks of this repository and index this worktree.

    A hook that is there already is kept and called. Where that cannot be done without editing
    another tool's file, the line to add is printed. Run it again after moving the repository or
    the virtual environment, after changing lumen.refresh, and after upgrading git to 2.54 or
    later.

    With --global, every repository of yours has them, also those to come; nothing is indexed
    before you commit, make a worktree or search there. Git before 2.54 does so for repositories
    that it makes or clones from now on, and for those in the FOLDERs.
    """
    if sum((native, pre_commit, everywhere)) > 1:
        raise click.UsageError("--native, --pre-commit and --global exclude each other")
    if everywhere:
        from .install_global import install_for_user

        install_for_user(directory, folders)
        return
    insist_on_no_folders(folders, "install")
    worktree = find_worktree(directory)
    # The environment of this command is not that of the hooks.
    request = Request(sys.executable, load_settings(worktree.top, {}).refresh)
    problem = (_with_pre_commit if pre_commit else _natively)(worktree, request)
    if is_temporary(sys.executable):
        say(f"note: hooks start {sys.executable}{TEMPORARY}")
    if not no_index:
        run_index(directory, force=False, before="" if pre_commit else "the hooks are in place")
    if problem is not None:
        raise problem
    _say_what_is_next(directory)


def _say_what_is_next(directory: str) -> None:
    ours = "lumen-hooks" if directory == os.curdir else f"lumen-hooks -C {shlex.quote(directory)}"
    say(
        f'next: {ours} search "what the code does"\n'
        f"      {ours} agent install   (coding agents ask it, too)\n"
        "      git worktree add ...   (the new worktree gets a copy of this index)"
    )


def _natively(worktree: Worktree, request: Request) -> InstallError | None:
    results = install_hooks(worktree, request)
    for result in results:
        off = f", but {result.off} is false: it does nothing" if result.off else ""
        say(f"{result.event}: {result.action} ({result.path}){off}")
    if has_stanza(worktree):
        say(
            "note: .pre-commit-config.yaml has these hooks too; where pre-commit runs them, they "
            "run twice (harmless, but slower)"
        )
    refused = [result for result in results if result.action == "refused"]
    if refused:
        return InstallError(
            refusals(refused), hint="when the lines are there, lumen-hooks doctor checks them"
        )
    if any(result.off for result in results):
        return None  # as the user wants it
    return _unreached(check_reach(worktree, all_worktrees(worktree)))


def _unreached(checks: list[Check]) -> InstallError | None:
    """Hooks that are in place, but cannot fire everywhere."""
    if not checks:
        return None
    lines = ["the hooks are in place, but do not fire in every worktree"]
    lines += [check.detail for check in checks]
    return InstallError("\n".join(lines), hint="; ".join(dict.fromkeys(c.hint for c in checks)))


def _with_pre_commit(worktree: Worktree, request: Request) -> None:
    stanza, removed = install_pre_commit(worktree, request)
    for path in edited_files(worktree):
        say(f"note: {path} was edited since it was installed, and still runs")
    for what in removed:
        say(f"removed from {what}: pre-commit calls the hooks instead")
    say(f"{stanza.path}: {stanza.action}")
    say(
        "Nothing runs until pre-commit is installed for these events. Commit or stage the file "
        f"(pre-commit refuses an unstaged one), then run:\n    {INSTALL_COMMAND}"
    )


def refusals(refused: list[Installed]) -> str:
    """Hooks that were left alone, and what to add; what is the same for several is said once."""
    hooks = "a hook was" if len(refused) == 1 else f"{len(refused)} hooks were"
    lines = [f"{hooks} left alone; add what follows to have all"]
    alike: dict[tuple[str, str], list[str]] = {}  # for some tools, one command serves all events
    for result in refused:
        alike.setdefault((result.reason, result.line_to_add), []).append(result.path)
    for (reason, line_to_add), paths in alike.items():
        lines += [*(f"{path}," for path in paths[:-1]), f"{paths[-1]}: {reason}"]
        lines += [f"    {line}" for line in line_to_add.splitlines()]
    return "\n".join(lines)


@click.command()
@click.option("--global", "everywhere", is_flag=True, help="What install --global put in place.")
@click.option("--purge", is_flag=True, help="Also remove every worktree's index and the log.")
@click.argument("folders", nargs=-1, metavar="[FOLDER...]")
@click.pass_obj
def uninstall(directory: str, *, everywhere: bool, purge: bool, folders: tuple[str, ...]) -> None:
    """Remove what install put in place, and nothing else.

    With --global that of install --global; what git copied from a template does nothing then, and
    is removed from the repositories in the FOLDERs. Indexes stay, and hooks of one repository.
    """
    if everywhere and purge:
        raise click.UsageError("--purge is for one repository; leave --global out there")
    if everywhere:
        from .install_global import uninstall_for_user

        uninstall_for_user(directory, folders)
        return
    insist_on_no_folders(folders, "uninstall")
    worktree = find_worktree(directory)
    for path in uninstall_hooks(worktree):
        say(f"removed from {path}")
    if has_hooks_for_all(os.environ):
        say("note: those of install --global stay; off here: git config lumen.enabled false")
    if purge:
        purge_indexes(worktree, say, every=True)


def insist_on_no_folders(folders: tuple[str, ...], command: str) -> None:
    """FOLDERs are for `--global` alone: which repository is meant is said in another way."""
    if folders:
        raise click.UsageError(
            f"FOLDER goes with --global; for one repository: lumen-hooks -C FOLDER {command}"
        )
