"""`lumen-hooks related`: what is like the code at a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import QueryError
from lumen_hooks.service.workspace import from_top, open_workspace

from .answers import show
from .forms import form_options, limit_option
from .narrowing import narrowing_options
from .patience import answered, patience_options
from .progress import progress_bar

if TYPE_CHECKING:
    from .forms import Look
    from .narrowing import Where
    from .patience import Patience

_LOCATION = re.compile(r"(?P<path>.+):(?P<line>\d{1,9})(?:-\d+)?", re.DOTALL)


@click.command()
@click.argument("location", metavar="PATH:LINE")
@limit_option()
@narrowing_options
@form_options
@patience_options
@click.pass_obj
def related(
    directory: str,
    location: str,
    limit: int | None,
    where: Where,
    look: Look,
    patience: Patience,
) -> None:
    """Find the code that is most like the definition at PATH:LINE.

    A place may be given as search prints it (PATH:START-END). Results are shown as search does,
    and the exit code is 1 if there is none.
    """
    match = _LOCATION.fullmatch(location)
    if match is None:
        raise QueryError(f"{location} names no line", hint="write it as PATH:LINE")
    with progress_bar() as progress:
        job = open_workspace(directory).job("related", progress)
        from lumen_hooks.search.results import RelatedQuery

        file = from_top(match["path"], directory, job.worktree.top)
        count = look.results if limit is None else limit
        within = where.query(directory, job.worktree)
        question = RelatedQuery(file, int(match["line"]), count, within)
        found = answered(job, "related", question, patience)
    show(found, look, directory, chosen=limit is not None)
