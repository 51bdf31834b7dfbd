"""`lumen-hooks index`: make or refresh the index in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import BusyError
from lumen_hooks.indexing.trim import trim_after
from lumen_hooks.indexing.update import Busy, update_index
from lumen_hooks.service.workspace import job_at
from lumen_hooks.storage.reader import open_reader

from .progress import progress_bar

if TYPE_CHECKING:
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.indexing.update import Updated


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


def run_index(directory: str, *, force: bool) -> None:
    """Update the index of the worktree that holds a directory, and say what was done."""
    with progress_bar() as progress:
        job = job_at(directory, "index", progress)
        # Whoever meets damage is sent here, and a refresh reads too little to find it.
        done = update_index(job, wait=job.settings.seed_wait, force=force, check=True)
    if isinstance(done, Busy):
        raise BusyError(
            f"the index is being updated by {done.holder or 'another process'}",
            hint="wait for it with: lumen-hooks wait",
        )
    click.echo(_summary(job, done), err=True)
    trim_after(job.worktree, job.settings, done)


def _summary(job: Job, done: Updated) -> str:
    opened = open_reader(job.worktree.index_path)
    if opened is None:
        raise BusyError(f"{job.worktree.index_path} was removed meanwhile")
    with opened:
        counts = opened.counts()
        skipped = ", ".join(f"{count} {reason}" for reason, count in opened.skipped().items())
    holds = f"{counts.files:,} files, {counts.chunks:,} chunks"
    if skipped:
        holds += f" (passed over: {skipped})"
    if done.refresh is None:
        return f"up to date: {holds}"
    how = f"seeded from {done.seeded.donor}: " if done.seeded else "indexed: "
    return (
        f"{how}{holds}; {done.refresh.files_changed:,} files changed, "
        f"{done.refresh.chunks_embedded:,} texts embedded, {done.refresh.seconds:.1f} s"
    )
