"""`lumen-hooks wait`: return when this worktree's index is fresh."""

from __future__ import annotations

import click

from lumen_hooks.service.refresh import wait_until_fresh
from lumen_hooks.service.workspace import open_workspace

from .decimal_range import DecimalRange
from .progress import progress_bar

_OTHERS = "a worker that is at work goes on: lumen-hooks wait waits for it"


@click.command()
@click.option(
    "--timeout",
    type=DecimalRange(min=0),
    default=600.0,
    show_default=True,
    metavar="S",
    help="Give up after so many seconds.",
)
@click.pass_obj
def wait(directory: str, timeout: float) -> None:
    """Wait until this worktree's index is fresh, refreshing it if no one else does."""
    with progress_bar("lumen-hooks wait", otherwise=_OTHERS) as progress:
        wait_until_fresh(open_workspace(directory).job("wait", progress), timeout)
