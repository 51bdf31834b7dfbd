"""`lumen-hooks doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lumen_hooks.doctor.examine import examine
from lumen_hooks.service.workspace import worktree_at
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.system.terminal import escape_controls

from .output import styled

if TYPE_CHECKING:
    from lumen_hooks.doctor.check import Check

_NOT_ALL_WELL = 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of checks.")
@click.pass_obj
def doctor(directory: str, as_json: bool) -> None:
    """Look for what could keep this worktree's index from being right, and say the fix.

    Changes nothing. Exits with 0 if all is well, with 1 if not.
    """
    worktree = worktree_at(directory)
    insist_on_trust(worktree.top)
    checks = examine(worktree, os.environ)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    elif sys.stdout.isatty():
        _show(checks)
    else:
        click.echo("\n".join(_plain(check) for check in checks))
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(_NOT_ALL_WELL)


def _plain(check: Check) -> str:
    line = f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {_one_line(check.detail)}"
    return f"{line}\n      hint: {_one_line(check.hint)}" if check.hint and not check.ok else line


def _show(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        mark = Text("ok", style="green") if check.ok else Text("FAIL", style="bold red")
        table.add_row(mark, Text(check.name), Text(_one_line(check.detail)))
        if check.hint and not check.ok:
            table.add_row("", "", Text(f"hint: {_one_line(check.hint)}", style="yellow"))
    Console(file=styled(sys.stdout)).print(table)


def _one_line(text: str) -> str:
    """Paths and other tools' words could hold anything."""
    return escape_controls(text).replace("\n", " ")
