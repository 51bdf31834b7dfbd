"""Every place that an exact search found: like grep in a pipe, by what they are on a terminal.

Nothing that a line or a path holds can steer the terminal (system/terminal). Knows
places, and neither indexes nor files.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from lumen_hooks.errors import QueryError
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.service.everywhere import Everyplace
from lumen_hooks.service.places import TITLES
from lumen_hooks.service.workspace import excluded_from_top, from_top, open_workspace
from lumen_hooks.system.terminal import escape_controls, escape_controls_json, one_line

from .output import say, say_what_it_is_worth, styled
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lumen_hooks.search.results import ExactQuery
    from lumen_hooks.service.everywhere import Everywhere
    from lumen_hooks.service.places import Place, Places

_AT_ONCE = 1000


Form: TypeAlias = Literal["lines", "paths", "json"]
"""How places are printed."""


def show_everywhere(directory: str, query: ExactQuery, form: Form, *, refresh: bool) -> None:
    """Find every place in a worktree and print it; the exit code is grep's."""
    limit = query.limit
    with progress_bar() as progress:
        job = open_workspace(directory).job("search", progress)
        top = job.worktree.top
        path = query.within.path
        within = query.within._replace(
            path=path and from_top(path, directory, top),
            exclude=tuple(excluded_from_top(one, directory, top) for one in query.within.exclude),
        )
        wanted = query._replace(within=within, limit=None if form == "paths" else limit)
        everyplace = Everyplace(job, partial(spawn_worker, top, "search"), refresh)
        try:
            found = everyplace.find(wanted)
        except QueryError as error:
            raise click.UsageError(f"{error.message}\nhint: {error.hint}") from error
    if form == "json":
        echo_json_places(found)
    else:
        say_what_it_is_worth(found)
        if form == "paths":
            show_paths(found.places, limit)
        else:
            show_places(found.places)
        say(found.places.in_words())
    if not found.places.total:
        click.get_current_context().exit(1)


def show_places(places: Places) -> None:
    """Print places on standard output."""
    if sys.stdout.isatty():
        _show_on_terminal(places)
        return
    for place in places:
        sys.stdout.write(_line(place) + "\n")
    sys.stdout.flush()


def show_paths(places: Iterable[Place], limit: int | None) -> None:
    """Print the paths of files with places, in the order of their first ones."""
    paths = dict.fromkeys(place.path for place in places)
    for path in islice(paths, limit):
        sys.stdout.write(one_line(path) + "\n")
    sys.stdout.flush()


def echo_json_places(found: Everywhere) -> None:
    """Print one JSON object, however many places there are."""
    places = found.places
    known = {field.name: getattr(found, field.name) for field in fields(found)}
    del known["places"]
    known |= {
        "total": places.total,
        "files": places.files,
        "counts": places.by_role(),
    }
    _echo(json.dumps(known, ensure_ascii=False)[:-1] + ', "results": [')
    separator = ""
    for portion in _portions(places):
        shown = (json.dumps(place._asdict(), ensure_ascii=False) for place in portion)
        _echo(separator + ", ".join(shown))
        separator = ", "
    _echo("]}\n")


def _line(place: Place) -> str:
    return f"{one_line(place.path)}:{place.line}:{place.column}:{place.snippet}"


def _portions(places: Places) -> Iterator[list[Place]]:
    rest = iter(places)
    while portion := list(islice(rest, _AT_ONCE)):
        yield portion


def _echo(text: str) -> None:
    click.echo(escape_controls_json(text).encode(), nl=False)


def _show_on_terminal(places: Places) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=styled(sys.stdout))
    for number, (role, together) in enumerate(groupby(places, key=lambda place: place.role)):
        console.print(Text(("\n" if number else "") + TITLES[role], style="bold"))
        for place in together:
            row = Text(f"{one_line(place.path)}:{place.line}", style="cyan")
            row.append(f"  {escape_controls(place.snippet.strip())}", style="default")
            if place.symbol and role != "definition":
                row.append(f"  {one_line(place.symbol)}", style="dim")
            console.print(row, soft_wrap=True)
