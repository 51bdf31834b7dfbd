"""`lumen-hooks status`: what state the index is in."""

from __future__ import annotations

import os
import sys
from os.path import realpath
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.overview import Overlook, Watched
from lumen_hooks.service.status import status_of
from lumen_hooks.settings import stray_settings
from lumen_hooks.system.terminal import one_line

from .decimal_range import DecimalRange
from .output import echo_json, say, styled

if TYPE_CHECKING:
    from rich.text import Text

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.service.status import Status

WATCH_SECONDS = 2.0
WATCH_SECONDS_MAX = 86_400

_ABOUT_COLUMNS = 11


@click.command()
@click.option("--all", "every", is_flag=True, help="Show every worktree of the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (with --all, a list).")
@click.option(
    "--watch",
    "seconds",
    type=DecimalRange(0.1, WATCH_SECONDS_MAX),
    is_flag=False,
    flag_value=WATCH_SECONDS,
    metavar="[SECONDS]",
    help=f"Show it anew every so many seconds ({WATCH_SECONDS:.0f}) until Ctrl-C.",
)
@click.pass_obj
def status(directory: str, every: bool, as_json: bool, seconds: float | None) -> None:
    """Show whether the index is fresh, and what the last refresh did.

    With --all there is a line for each worktree: its branch; the state of its index; how many
    files it holds and how many differ from it; how long ago it was last changed; its size; the
    worktree whose index was cloned; its folder. The current one has a star. What does not fit
    the terminal is shortened or left out; in a pipe all is there.
    """
    here = find_worktree(directory)
    if seconds is not None:
        if as_json:
            raise click.UsageError("--watch is for people, and --json for programs: give one")
        _watch(here, directory, seconds, every=every)
    elif as_json:
        found = [row.status for row in Overlook(here).take().rows] if every else [status_of(here)]
        records = [one.record() for one in found]
        echo_json(records if every else records[0], indent=2)
    elif every:
        _show_all(here, realpath(directory))
    else:
        click.echo(_described(status_of(here), _width()))
    for stray in stray_settings(here.top, os.environ):
        say(f"note: nothing goes by {stray.name}: it is no setting; {stray.hint}".rstrip("; "))


def _show_all(here: Worktree, start: str) -> None:
    from .overview import table

    overview = Overlook(here).take()
    if not sys.stdout.isatty():
        click.echo(table(overview, start).plain)
        return
    from rich.console import Console

    console = Console(file=styled(sys.stdout))
    console.print(table(overview, start, width=console.width), soft_wrap=True)


def _watch(here: Worktree, directory: str, seconds: float, *, every: bool) -> None:
    from rich.text import Text

    from .overview import table
    from .watch import watch

    overlook, watched, start = Overlook(here), Watched(here), realpath(directory)

    def view(columns: int, lines: int) -> Text:
        if every:
            return table(overlook.take(), start, width=columns, height=lines)
        found = watched.status()
        return Text(_described(found, columns) if found else "")

    watch(view, seconds)


def _width() -> int | None:
    return get_terminal_size().columns if sys.stdout.isatty() else None


def _described(one: Status, width: int | None) -> str:
    """A line for each thing that is known, on a terminal wrapped below itself."""
    lines = []
    for about, line in one.rows():
        text = one_line(f"{about:<{_ABOUT_COLUMNS - 1}} {line}")
        indent = " " * _ABOUT_COLUMNS
        lines += [text] if width is None else _wrapped(text, width, indent)
    return "\n".join(lines)


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return wrap(
        text,
        max(width, 2 * len(indent)),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
