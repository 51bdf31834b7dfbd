"""`lumen-hooks index`: make or refresh the index in the foreground."""

from __future__ import annotations

import click

from lumen_hooks.indexing.trim import trim_after
from lumen_hooks.service.refresh import refresh_index
from lumen_hooks.service.workspace import open_workspace

from .output import say
from .progress import progress_bar

_AGAIN = "lumen-hooks index"
_AS_IT_WAS = f"the index is as it was: {_AGAIN} begins again"


@click.command()
@click.argument("path", required=False)
@click.option("--force", is_flag=True, help="Chunk every file anew, and clone no sibling's index.")
@click.pass_obj
def index(directory: str, path: str | None, force: bool) -> None:
    """Make this worktree's index, or bring it up to date.

    PATH is a folder of another worktree; the whole worktree is indexed. A worktree without an
    index gets a clone of its nearest sibling's first.
    """
    run_index(path or directory, force=force)


def run_index(directory: str, *, force: bool, before: str = "") -> None:
    """Update the index of the worktree that holds a directory, and say what was done.

    Args:
        directory: any in the worktree.
        force: chunk every file anew, and clone no sibling's index.
        before: what is to be said first if it is interrupted.
    """
    with progress_bar(_AGAIN, before=before, otherwise=_AS_IT_WAS) as progress:
        job = open_workspace(directory).job("index", progress)._replace(foreground=True)
        made = refresh_index(job, force=force)
    if made.done.remark:
        say(f"note: {made.done.remark}")
    say(made.in_words())
    trim_after(job.worktree, job.settings, made.done)
