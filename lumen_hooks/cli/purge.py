"""`lumen-hooks purge`: remove indexes."""

from __future__ import annotations

import click

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.purge import purge_indexes

from .interrupt import interruptible
from .output import say


@click.command()
@click.option("--all", "every", is_flag=True, help="All worktrees' indexes and what they share.")
@click.pass_obj
def purge(directory: str, every: bool) -> None:
    """Remove this worktree's index. Hooks stay installed and will make it again.

    With --all, those of worktrees that were removed by hand go, too.
    """
    again = f"lumen-hooks purge{' --all' * every}"
    with interruptible(lambda: f"what was not named is still there: {again} goes on"):
        purge_indexes(find_worktree(directory), say, every=every)
