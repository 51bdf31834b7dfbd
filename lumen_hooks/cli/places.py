"""Every place that an exact search found: like grep in a pipe, by what they are on a terminal.

Nothing that a line or a path holds can steer the terminal (system/terminal). Knows
places, and neither indexes nor files.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from itertools import groupby, islice
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import QueryError
from lumen_hooks.service.places import SHOWN_BYTES, TITLES
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.system.terminal import escape_controls, one_line
from lumen_hooks.wording.viewpoint import Viewpoint

from .forms import print_paths, vimgrep_line
from .output import in_json, say, say_what_it_is_worth, styled
from .patience import found_everywhere
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lumen_hooks.search.results import ExactQuery
    from lumen_hooks.service.everywhere import Everywhere
    from lumen_hooks.service.places import Place, Places

    from .forms import Form, Look
    from .narrowing import Where
    from .patience import Patience

_AT_ONCE = 1000


def show_everywhere(
    directory: str, query: ExactQuery, where: Where, look: Look, patience: Patience
) -> bool:
    """Find every place in a worktree and print it; whether there is one."""
    limit = query.limit
    with progress_bar() as progress:
        job = open_workspace(directory).job("search", progress)
        top = job.worktree.top
        try:
            within = where.query(directory, job.worktree)
            wanted = query._replace(within=within, limit=None if look.form == "paths" else limit)
            found = found_everywhere(job, wanted, patience)
        except QueryError as error:
            raise click.UsageError(f"{error.message}\nhint: {error.hint}") from error
    seen = Viewpoint(directory, top)
    if look.form == "json":
        _echo_json(found, seen)
    else:
        say_what_it_is_worth(found)
        if look.form == "paths":
            paths = dict.fromkeys(place.path for place in found.places)
            print_paths(map(seen, islice(paths, limit)), null=look.null)
        else:
            _show(found.places, look.form, seen)
        say(found.places.in_words())
    return bool(found.places.total)


def _show(places: Places, form: Form, seen: Viewpoint) -> None:
    shown = (place._replace(path=seen(place.path)) for place in places)
    if form == "text" and sys.stdout.isatty():
        _show_on_terminal(shown)
        return
    for portion in _portions(shown):
        if form == "jsonl":
            _echo("".join(f"{_json(place)}\n" for place in portion))
        else:
            line = _line if form == "text" else _vimgrep_line
            sys.stdout.writelines(f"{line(place)}\n" for place in portion)
    sys.stdout.flush()


def _echo_json(found: Everywhere, seen: Viewpoint) -> None:
    """Print one JSON object, however many places there are."""
    places = found.places
    known = {field.name: getattr(found, field.name) for field in fields(found)}
    del known["places"]
    known |= {
        "differing": [seen(path) for path in found.differing],
        "total": places.total,
        "files": places.files,
        "counts": places.by_role(),
    }
    _echo(in_json(known)[:-1] + ', "results": [')
    separator = ""
    for portion in _portions(places):
        shown = (_json(place._replace(path=seen(place.path))) for place in portion)
        _echo(separator + ", ".join(shown))
        separator = ", "
    _echo("]}\n")


def _json(place: Place) -> str:
    return in_json(place._asdict())


def _line(place: Place) -> str:
    return f"{one_line(place.path)}:{place.line}:{place.column}:{place.snippet}"


def _vimgrep_line(place: Place) -> str:
    column = place.column
    # What is left out before the match of a very long line has bytes that nobody counted.
    if not (place.snippet[:1] == "…" and len(place.snippet.encode()) >= SHOWN_BYTES):
        column = len(place.snippet[: column - 1].encode()) + 1
    return vimgrep_line(place.path, place.line, column, place.snippet)


def _portions(places: Iterable[Place]) -> Iterator[list[Place]]:
    rest = iter(places)
    while portion := list(islice(rest, _AT_ONCE)):
        yield portion


def _echo(text: str) -> None:
    click.echo(text.encode(), nl=False)


def _show_on_terminal(places: Iterable[Place]) -> None:
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
