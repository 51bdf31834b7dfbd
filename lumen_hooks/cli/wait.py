"""`lumen-hooks wait`: return when this worktree's index is fresh."""

from __future__ import annotations

import time

import click

from lumen_hooks.errors import BusyError
from lumen_hooks.indexing import events
from lumen_hooks.indexing.freshness import FRESH, look_at
from lumen_hooks.indexing.trim import trim_after
from lumen_hooks.indexing.update import Busy, update_index
from lumen_hooks.service.workspace import job_at

from .progress import progress_bar


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="S",
    help="Give up after so many seconds.",
)
@click.pass_obj
def wait(directory: str, timeout: float) -> None:
    """Wait until this worktree's index is fresh, refreshing it if no one else does."""
    deadline = time.monotonic() + timeout
    with progress_bar() as progress:
        job = job_at(directory, "wait", progress)
        if job.worktree.read_only and look_at(job.worktree, job.settings).state == FRESH:
            return
        while True:
            done = update_index(job, wait=max(0.0, deadline - time.monotonic()))
            if isinstance(done, Busy):
                raise BusyError(
                    f"not fresh after {timeout:g} s: {done.holder or 'another process'} is at work",
                    hint="wait longer with --timeout",
                )
            trim_after(job.worktree, job.settings, done)
            state = look_at(job.worktree, job.settings).state
            if state == FRESH and not events.pending(job.worktree):
                return
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"not fresh after {timeout:g} s: files keep changing",
                    hint="wait longer with --timeout",
                )
