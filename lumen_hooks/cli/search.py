"""`lumen-hooks search`: ask this worktree."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.chunking.languages import LANGUAGES
from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.search.results import CONTENTS, Query
from lumen_hooks.service.workspace import excluded_from_top, from_top, open_workspace
from lumen_hooks.system.unicode import typed

from .output import echo_json, say
from .progress import progress_bar

if TYPE_CHECKING:
    from lumen_hooks.search.results import Content
    from lumen_hooks.service.answer import Answer

NOTHING_FOUND = 1
"""Exit code of a search without a result."""


def _only_one(
    context: click.Context, parameter: click.Parameter, paths: tuple[str, ...]
) -> str | None:
    """Of an option that would otherwise keep the last alone, without a word."""
    if len(paths) > 1:
        joined = ",".join(paths)
        raise click.BadParameter(f"give one: '{{{joined}}}' is any of them", context, parameter)
    return paths[0] if paths else None


@click.command()
@click.argument("query")
@click.option("-n", "--limit", type=int, default=10, show_default=True, help="Results at most.")
@click.option(
    "--path",
    multiple=True,
    callback=_only_one,
    metavar="P",
    help="Only below this folder, in this file, or matching this glob: 'src/**/*.{ts,tsx}'.",
)
@click.option(
    "--exclude", multiple=True, metavar="P", help="Nothing of this folder, file, name or glob."
)
@click.option(
    "--content",
    type=click.Choice(CONTENTS),
    default="all",
    show_default=True,
    help="Only code (tests too), documentation, or configuration and data.",
)
@click.option(
    "--lang", "languages", multiple=True, metavar="L", help=f"Only: {', '.join(LANGUAGES)}."
)
@click.option("--kind", "kinds", multiple=True, metavar="K", help=f"Only: {', '.join(KINDS)}.")
@click.option(
    "--context", type=click.IntRange(0, 1000), default=0, metavar="N", help="Lines around a result."
)
@click.option("-l", "--files-with-matches", is_flag=True, help="Print the paths only, best first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--no-refresh", is_flag=True, help="Answer from the index as it is.")
@click.pass_obj
def search(
    directory: str,
    query: str,
    limit: int,
    path: str | None,
    exclude: tuple[str, ...],
    content: Content,
    languages: tuple[str, ...],
    kinds: tuple[str, ...],
    context: int,
    files_with_matches: bool,
    as_json: bool,
    no_refresh: bool,
) -> None:
    """Find code by what it does, by name, or by an error message.

    Results go to standard output: with a highlighted snippet on a terminal, as plain text in a
    pipe, or as JSON. Of a long one its signature and the lines that say what was asked are shown,
    10 in all (12 on a terminal). The exit code is 1 if there is no result.
    """
    with progress_bar() as progress:
        job = open_workspace(directory).job("search", progress)
        from lumen_hooks.service.answer import Answerer

        top = job.worktree.top
        below = path and from_top(path, directory, top)
        answerer = Answerer(job, partial(spawn_worker, top, "search"), refresh=not no_refresh)
        without = tuple(excluded_from_top(one, directory, top) for one in exclude)
        wanted = Query(typed(query), limit, below, languages, kinds, without, content)
        found = answerer.answer(wanted)
    if files_with_matches and not as_json:
        _say_what_it_is_worth(found)
        for name in dict.fromkeys(result.path for result in found.results):
            click.echo(name)
        _leave(found)
    show(found, as_json=as_json, context=context)


def show(found: Answer, *, as_json: bool, context: int = 0) -> None:
    """Print an answer: results on standard output, what they are worth on standard error.

    The command ends with NOTHING_FOUND if there are none.
    """
    from lumen_hooks.service.excerpt import SNIPPET_LINES, excerpt

    from . import render

    on_terminal = sys.stdout.isatty() and not as_json
    lines = render.TERMINAL_SNIPPET_LINES if on_terminal else SNIPPET_LINES
    results = tuple(excerpt(result, lines) for result in found.results)
    if context:
        from lumen_hooks.service.snippets import with_context

        results = tuple(with_context(found.worktree, result, context) for result in results)
    if as_json:
        echo_json(asdict(replace(found, results=results)))
        _leave(found)
    _say_what_it_is_worth(found)
    if on_terminal:
        render.show(results)
    else:
        click.echo(render.render_plain(results), nl=False)
    if not results:
        say("no results")
    _leave(found)


def _leave(found: Answer) -> NoReturn:
    """End the command, as grep does."""
    click.get_current_context().exit(0 if found.results else NOTHING_FOUND)


def _say_what_it_is_worth(found: Answer) -> None:
    if found.state != FRESH and (found.pending_files or not found.problem):
        say(f"note: the index is {found.state}: {found.pending_files:,} files differ")
    if found.problem:
        say(f"note: {found.problem}")
    if found.weak and found.results:
        say("note: weak match: nothing here seems to be what was asked for")
