"""`lumen-hooks related`: what is like the code at a line."""

from __future__ import annotations

import re
from functools import partial

import click

from lumen_hooks.errors import QueryError
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.service.workspace import from_top, open_workspace

from .progress import progress_bar
from .search import show

_LOCATION = re.compile(r"(?P<path>.+):(?P<line>\d{1,9})(?:-\d+)?", re.DOTALL)


@click.command()
@click.argument("location", metavar="PATH:LINE")
@click.option("-n", "--limit", type=int, default=10, show_default=True, help="Results at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--no-refresh", is_flag=True, help="Answer from the index as it is.")
@click.pass_obj
def related(directory: str, location: str, limit: int, as_json: bool, no_refresh: bool) -> None:
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
        from lumen_hooks.service.answer import Answerer

        top = job.worktree.top
        file = from_top(match["path"], directory, top)
        answerer = Answerer(job, partial(spawn_worker, top, "related"), refresh=not no_refresh)
        found = answerer.answer(RelatedQuery(file, int(match["line"]), limit))
    show(found, as_json=as_json)
