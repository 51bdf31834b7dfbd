"""A view that is kept up to date on a terminal until it is interrupted."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from .interrupt import interruptible
from .output import styled

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text


def watch(view: Callable[[int, int], Text], seconds: float) -> None:
    """Show a view again and again; what it showed last stays when it is interrupted.

    Args:
        view: makes it, given the terminal's columns and lines.
        seconds: between two of them.

    Raises:
        InterruptedByUserError: always, or what `view` raises.
        UsageError: standard output is no terminal.
    """
    if not sys.stdout.isatty():
        raise click.UsageError(
            "--watch needs a terminal\n"
            "hint: lumen-hooks wait returns when the index is fresh; status --json tells it once"
        )
    from rich.console import Console
    from rich.live import Live

    console = Console(file=styled(sys.stdout))
    with (
        interruptible(str),
        Live(console=console, auto_refresh=False, vertical_overflow="crop") as live,
    ):
        while True:
            live.update(view(console.width, console.height - 1), refresh=True)
            time.sleep(seconds)
