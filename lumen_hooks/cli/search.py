"""`lumen-hooks search`: ask this worktree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lumen_hooks.search.results import ExactQuery, Query
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.system.unicode import typed

from .answers import show
from .forms import OF_SNIPPETS, form_options, is_given, limit_option, spelt
from .narrowing import narrowing_options
from .output import say
from .patience import answered, patience_options
from .progress import progress_bar

if TYPE_CHECKING:
    from .forms import Look
    from .narrowing import Where
    from .patience import Patience

_OF_RESULTS = (*OF_SNIPPETS, "threshold")
"""Options that mean something only where a result is a stretch of code ..."""

_OF_PLACES = ("word", "ignore_case")
"""... and only where it is a place."""

_NO_OPTION = "\0"
"""No argument of a process can hold it, so one that begins with it is a text and no option."""


class _AnyText(click.Command):
    """A text that is looked for may begin with dashes: `--exact --no-verify`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for at, mode in enumerate(args[:-1]):
            if mode == "--":
                break
            text = args[at + 1]
            if mode in {"--exact", "--regex"} and text[:1] == "-" and not self._is_ours(ctx, text):
                args = [*args[: at + 1], _NO_OPTION + text, *args[at + 2 :]]
                break
        return super().parse_args(ctx, args)

    def _is_ours(self, ctx: click.Context, text: str) -> bool:
        known = {name for option in self.get_params(ctx) for name in option.opts}
        return text in known | {"--"} or text.partition("=")[0] in known or text[:2] in known


def _joined(_context: click.Context, _argument: click.Parameter, words: tuple[str, ...]) -> str:
    """What is looked for, in one argument or several."""
    return " ".join(words).replace(_NO_OPTION, "")


@click.command(cls=_AnyText)
@click.argument("text", nargs=-1, required=True, metavar="QUERY...", callback=_joined)
@click.option("--exact", is_flag=True, help="Every place that holds QUERY as it stands.")
@click.option("--regex", is_flag=True, help="Every place that matches QUERY (RE2), line by line.")
@click.option("-w", "--word", is_flag=True, help="With these two: only as a whole word.")
@click.option("-i", "--ignore-case", is_flag=True, help="With these two: letters of either case.")
@click.option("--all", "every", is_flag=True, help="In all worktrees of the repository at once.")
@limit_option("; with --exact or --regex all")
@narrowing_options
@form_options
@patience_options
@click.pass_obj
def search(
    directory: str,
    text: str,
    exact: bool,
    regex: bool,
    word: bool,
    ignore_case: bool,
    every: bool,
    limit: int | None,
    where: Where,
    look: Look,
    patience: Patience,
) -> None:
    """Find code by what it does, by name, or by an error message.

    \b
    For example:
      lumen-hooks search retry a failed upload --lang ts
      lumen-hooks search --exact -w parse_args --path src

    QUERY is one question in as many words as you like, quoted or not; options may stand anywhere,
    and after -- everything is QUERY. With --exact several words are looked for with one blank
    between them.

    Results go to standard output: with a highlighted snippet on a terminal, as plain text in a
    pipe, with the signature and the lines that say what was asked of each; notes go to standard
    error. Paths are relative to the current folder. The exit code is 1 if there is no result. With
    --exact or --regex every place is found, definitions first, then uses, tests and docs, and
    printed as grep does.
    """  # noqa: D301 - click wants the character
    _insist_on_mode(exact=exact, regex=regex)
    if exact or regex:
        asked = ExactQuery(typed(text), regex, word, ignore_case, limit)
        if not _show_everywhere(directory, asked, where, look, patience, every=every):
            _say_what_may_be_a_path(directory, text)
            click.get_current_context().exit(1)
        return
    count, chosen = look.results if limit is None else limit, limit is not None
    directories = _directories(directory)
    if every or len(directories) > 1:
        from .together import search_together

        query = Query(typed(text), count)
        search_together(directories, query, where, look, patience, every=every, chosen=chosen)
    with progress_bar() as progress:
        job = open_workspace(directory).job("search", progress)
        wanted = where.query(directory, job.worktree)._replace(text=typed(text), limit=count)
        found = answered(job, "search", wanted, patience)
    show(found, look, directory, chosen=chosen)


def _show_everywhere(
    directory: str,
    asked: ExactQuery,
    where: Where,
    look: Look,
    patience: Patience,
    *,
    every: bool,
) -> bool:
    """Print every place, in one worktree or several; whether there is one."""
    directories = _directories(directory)
    if every or len(directories) > 1:
        from .together import show_everywhere_together

        return show_everywhere_together(directories, asked, where, look, patience, every=every)
    from .places import show_everywhere

    return show_everywhere(directory, asked, where, look, patience)


def _directories(directory: str) -> tuple[str, ...]:
    """All that was named before the command; the current folder where nothing was."""
    named: tuple[str, ...] = click.get_current_context().find_root().params["directories"]
    return named or (directory,)


def _insist_on_mode(*, exact: bool, regex: bool) -> None:
    if exact and regex:
        raise click.UsageError("--exact and --regex are two ways to look: give one of them")
    elsewhere = _OF_RESULTS if exact or regex else _OF_PLACES
    for name in filter(is_given, elsewhere):
        modes = "a search by meaning" if exact or regex else "--exact and --regex"
        raise click.UsageError(f"{spelt(name)} is for {modes}")


def _say_what_may_be_a_path(directory: str, text: str) -> None:
    """To whoever wrote a path behind the text, as for grep, and found nothing."""
    *others, last = text.split(" ")
    if others and last and os.path.lexists(os.path.join(directory, last)):
        say(f"note: {last} is part of what was looked for; --path {last} looks there alone")
