"""Every place that an exact search found: like grep in a pipe, by what they are on a terminal.

Nothing that a line or a path holds can steer the terminal (system/terminal). Knows
places, and neither indexes nor files.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import fields
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from collections.abc import Iterable, Iterator, Mapping

    from lumen_hooks.search.results import ExactQuery
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
        with usage_errors():
            within = where.query(directory, job.worktree)
            wanted = query._replace(within=within, limit=None if look.form == "paths" else limit)
            found = found_everywhere(job, wanted, patience)
    seen = Viewpoint(directory, top)
    if look.form != "json":
        say_what_it_is_worth(found)
    known = {field.name: getattr(found, field.name) for field in fields(found)}
    known["differing"] = [seen(path) for path in found.differing]
    rows = (_row(place, seen) for place in found.places)
    show_places(known, found.places, rows, look, limit)
    return bool(found.places.total)


@contextmanager
def usage_errors() -> Iterator[None]:
    """What cannot be looked for is the command line's fault, as for grep.

    Raises:
        click.UsageError: in place of a QueryError.
    """
    try:
        yield
    except QueryError as error:
        raise click.UsageError(f"{error.message}\nhint: {error.hint}") from error


def _row(place: Place, seen: Viewpoint) -> Row:
    place = place._replace(path=seen(place.path))
    return Row(place, place._asdict())


class Row(NamedTuple):
    """A place as it is shown.

    Attributes:
        place: with its path as it is seen from here.
        record: the same for programs.
        note: what is said below it to readers; may be empty.
    """

    place: Place
    record: Mapping[str, object]
    note: str = ""


def show_places(
    known: Mapping[str, object],
    places: Places[Any],
    rows: Iterable[Row],
    look: Look,
    limit: int | None,
) -> None:
    """Print places in the form that is wanted.

    Args:
        known: what an answer in JSON says beside them; what it has as `places` is left out.
        places: how many there are of what.
        rows: each of them.
        look: the form.
        limit: so many paths at most, where these are what is printed.
    """
    if look.form == "json":
        _echo_json(known, places, rows)
        return
    if look.form == "paths":
        paths = dict.fromkeys(row.place.path for row in rows)
        print_paths(islice(paths, limit), null=look.null)
    else:
        _show(rows, look.form)
    say(places.in_words())


def _show(rows: Iterable[Row], form: Form) -> None:
    if form == "text" and sys.stdout.isatty():
        _show_on_terminal(rows)
        return
    for portion in _portions(rows):
        if form == "jsonl":
            _echo("".join(f"{in_json(row.record)}\n" for row in portion))
        else:
            line = _lines if form == "text" else _vimgrep_line
            sys.stdout.writelines(f"{line(row)}\n" for row in portion)
    sys.stdout.flush()


def _echo_json(known: Mapping[str, object], places: Places[Any], rows: Iterable[Row]) -> None:
    """Print one JSON object, however many places there are."""
    told = {name: value for name, value in known.items() if name != "places"}
    told |= {"total": places.total, "files": places.files, "counts": places.by_role()}
    _echo(in_json(told)[:-1] + ', "results": [')
    separator = ""
    for portion in _portions(rows):
        _echo(separator + ", ".join(in_json(row.record) for row in portion))
        separator = ", "
    _echo("]}\n")


def _lines(row: Row) -> str:
    """As grep prints it; what is said of it begins with a blank, so that it is no place."""
    place = row.place
    line = f"{one_line(place.path)}:{place.line}:{place.column}:{place.snippet}"
    return f"{line}\n {row.note}" if row.note else line


def _vimgrep_line(row: Row) -> str:
    place = row.place
    column = place.column
    # What is left out before the match of a very long line has bytes that nobody counted.
    if not (place.snippet[:1] == "…" and len(place.snippet.encode()) >= SHOWN_BYTES):
        column = len(place.snippet[: column - 1].encode()) + 1
    return vimgrep_line(place.path, place.line, column, place.snippet)


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while portion := list(islice(rest, _AT_ONCE)):
        yield portion


def _echo(text: str) -> None:
    click.echo(text.encode(), nl=False)


def _show_on_terminal(rows: Iterable[Row]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=styled(sys.stdout))
    for number, (role, together) in enumerate(groupby(rows, key=lambda row: row.place.role)):
        console.print(Text(("\n" if number else "") + TITLES[role], style="bold"))
        for place, _, note in together:
            row = Text(f"{one_line(place.path)}:{place.line}", style="cyan")
            row.append(f"  {escape_controls(place.snippet.strip())}", style="default")
            if place.symbol and role != "definition":
                row.append(f"  {one_line(place.symbol)}", style="dim")
            console.print(row, soft_wrap=True)
            if note:
                console.print(Text(f"    {note}", style="dim"), soft_wrap=True)
