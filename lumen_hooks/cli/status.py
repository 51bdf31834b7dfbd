"""`lumen-hooks status`: what state the index is in."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.status import status_of, status_of_all
from lumen_hooks.settings import stray_settings
from lumen_hooks.system.terminal import one_line

from .output import echo_json, say

if TYPE_CHECKING:
    from lumen_hooks.service.status import Status


@click.command()
@click.option("--all", "every", is_flag=True, help="Every worktree of the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (with --all, a list).")
@click.pass_obj
def status(directory: str, every: bool, as_json: bool) -> None:
    """Show whether the index is fresh, and what the last refresh did."""
    here = find_worktree(directory)
    found = status_of_all(here) if every else [status_of(here)]
    for stray in stray_settings(here.top, os.environ):
        say(f"note: nothing goes by {stray.name}: it is no setting; {stray.hint}".rstrip("; "))
    if as_json:
        records = [asdict(one) for one in found]
        echo_json(records if every else records[0], indent=2)
        return
    click.echo("\n\n".join(_describe(one) for one in found))


def _describe(one: Status) -> str:
    return "\n".join(one_line(f"{about:<10} {line}") for about, line in one.rows())
