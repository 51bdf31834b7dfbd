"""`lumen-hooks status`: what state the index is in."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import LumenError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.status import failed_status, read_status
from lumen_hooks.service.workspace import workspace_of
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.system.terminal import one_line

from .output import echo_json

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.service.status import Status


@click.command()
@click.option("--all", "every", is_flag=True, help="Every worktree of the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (with --all, a list).")
@click.pass_obj
def status(directory: str, every: bool, as_json: bool) -> None:
    """Show whether the index is fresh, and what the last refresh did."""
    here = find_worktree(directory)
    worktrees = [here]
    if every:
        insist_on_trust(here.top)
        from lumen_hooks.indexing.donors import all_worktrees  # libgit2 costs 90 ms to import

        worktrees = all_worktrees(here)
    looked = (_look_beside(sibling) for sibling in worktrees) if every else [_look(here)]
    found = [one for one in looked if one is not None]
    if as_json:
        records = [asdict(one) for one in found]
        echo_json(records if every else records[0], indent=2)
        return
    click.echo("\n\n".join(_describe(one) for one in found))


def _look(worktree: Worktree) -> Status:
    workspace = workspace_of(worktree)
    return read_status(workspace.worktree, workspace.settings)


def _look_beside(worktree: Worktree) -> Status | None:
    """One of many: none if it was removed meanwhile, and no end to the others if it cannot be."""
    try:
        return _look(worktree)
    except (LumenError, OSError) as error:
        return failed_status(worktree, str(error)) if worktree.is_present() else None


def _describe(one: Status) -> str:
    return "\n".join(one_line(f"{about:<10} {line}") for about, line in one.rows())
