"""`lumen-hooks search`: ask this worktree."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click
from click.core import ParameterSource

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.search.results import CONTENTS, ExactQuery, Query
from lumen_hooks.service.workspace import excluded_from_top, from_top, open_workspace
from lumen_hooks.system.unicode import typed

from .output import echo_json, say, say_what_it_is_worth
from .progress import progress_bar

if TYPE_CHECKING:
    from lumen_hooks.search.results import Content
    from lumen_hooks.service.answer import Answer

NOTHING_FOUND = 1
"""Exit code of a search without a result."""


_OF_SNIPPETS = ("context",)
"""Options that mean something only where a result is a stretch of code ..."""

_OF_PLACES = ("word", "ignore_case")
"""... and only where it is a place."""


class _AnyText(click.Command):
    """A text that is looked for may begin with dashes: `--exact --no-verify`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for at, mode in enumerate(args[:-1]):
            if mode == "--":
                break
            text = args[at + 1]
            if mode in {"--exact", "--regex"} and text[:1] == "-" and not self._is_ours(ctx, text):
                args = [*args[: at + 1], *args[at + 2 :], "--", text]
                break
        return super().parse_args(ctx, args)

    def _is_ours(self, ctx: click.Context, text: str) -> bool:
        known = {name for option in self.get_params(ctx) for name in option.opts}
        return text in known | {"--"} or text.partition("=")[0] in known or text[:2] in known


def _only_one(
    context: click.Context, parameter: click.Parameter, paths: tuple[str, ...]
) -> str | None:
    """Of an option that would otherwise keep the last alone, without a word."""
    if len(paths) > 1:
        joined = ",".join(paths)
        raise click.BadParameter(f"give one: '{{{joined}}}' is any of them", context, parameter)
    return paths[0] if paths else None


def _languages(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    """What a shell may complete a language with."""
    from lumen_hooks.chunking.naming.languages import LANGUAGES

    return [name for name in LANGUAGES if name.startswith(begun.lower())]


@click.command(cls=_AnyText)
@click.argument("query")
@click.option("--exact", is_flag=True, help="Every place that holds QUERY as it stands.")
@click.option("--regex", is_flag=True, help="Every place that matches QUERY (RE2), line by line.")
@click.option("-w", "--word", is_flag=True, help="With these two: only as a whole word.")
@click.option("-i", "--ignore-case", is_flag=True, help="With these two: letters of either case.")
@click.option(
    "-n",
    "--limit",
    type=int,
    default=10,
    show_default="10; with --exact or --regex all",
    help="Results at most.",
)
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
    "--lang",
    "languages",
    multiple=True,
    metavar="L",
    shell_complete=_languages,
    help="Only this language, by name, alias or ending: python, c++, ts. See `lumen-hooks status`.",
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
    exact: bool,
    regex: bool,
    word: bool,
    ignore_case: bool,
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
    10 in all (12 on a terminal). The exit code is 1 if there is no result. With --exact or --regex
    every place is found, definitions first, then uses, tests and docs, and printed as grep does.
    """
    _insist_on_mode(exact=exact, regex=regex)
    if exact or regex:
        from . import places

        within = Query("", 10, path, languages, kinds, exclude, content)
        given = limit if _is_given("limit") else None
        asked = ExactQuery(typed(query), regex, word, ignore_case, given, within)
        form: places.Form = "json" if as_json else "paths" if files_with_matches else "lines"
        places.show_everywhere(directory, asked, form, refresh=not no_refresh)
        return
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


def _insist_on_mode(*, exact: bool, regex: bool) -> None:
    if exact and regex:
        raise click.UsageError("--exact and --regex are two ways to look: give one of them")
    elsewhere = _OF_SNIPPETS if exact or regex else _OF_PLACES
    for name in filter(_is_given, elsewhere):
        modes = "a search by meaning" if exact or regex else "--exact and --regex"
        raise click.UsageError(f"--{name.replace('_', '-')} is for {modes}")


def _is_given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not ParameterSource.DEFAULT


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
    say_what_it_is_worth(found)
    if found.weak and found.results:
        say("note: weak match: nothing here seems to be what was asked for")
