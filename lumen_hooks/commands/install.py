"""`lumen-hooks install` and `uninstall`: once for a repository, for all of its worktrees."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import InstallError
from lumen_hooks.installer import install_hooks, uninstall_hooks
from lumen_hooks.worktree import find_worktree

from .index import run_index
from .purge import purge_indexes

if TYPE_CHECKING:
    from lumen_hooks.installer import Installed


@click.command()
@click.option("--no-index", is_flag=True, help="Do not index this worktree now.")
@click.pass_obj
def install(directory: str, no_index: bool) -> None:
    """Install the git hooks of this repository and index this worktree.

    A hook that is there already is kept and called. Where that cannot be done without editing
    another tool's file, the line to add is printed.
    """
    worktree = find_worktree(directory)
    results = install_hooks(worktree, python=sys.executable)
    for result in results:
        click.echo(f"{result.event}: {result.action} ({result.path})", err=True)
    if not no_index:
        run_index(directory, force=False)
    refused = [result for result in results if result.action == "refused"]
    if refused:
        raise InstallError(_refusals(refused))


def _refusals(refused: list[Installed]) -> str:
    lines = [f"{len(refused)} hooks were left alone; add what follows to have them all"]
    for result in refused:
        lines += [f"{result.path}: {result.reason}", f"    {result.line_to_add}"]
    return "\n".join(lines)


@click.command()
@click.option("--purge", is_flag=True, help="Also remove every worktree's index and the log.")
@click.pass_obj
def uninstall(directory: str, purge: bool) -> None:
    """Remove what install put in place, and nothing else."""
    worktree = find_worktree(directory)
    for path in uninstall_hooks(worktree):
        click.echo(f"removed from {path}", err=True)
    if purge:
        purge_indexes(worktree, every=True)
