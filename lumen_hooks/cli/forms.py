"""The forms in which results are printed, and the options that choose one.

What is for programs (paths, places for an editor, JSON) is here whole; what is for readers is
`render`'s. Knows results and where they are looked at from, no index.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import click
from click.core import ParameterSource

from lumen_hooks.excerpts.excerpt import SNIPPET_LINES
from lumen_hooks.system.terminal import one_line
from lumen_hooks.wording.sizing import LEAST_TOKENS, MAX_TOKENS, RESULTS, Shape

from .decimal_range import DecimalRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Form: TypeAlias = Literal["text", "paths", "vimgrep", "json", "jsonl"]

TERMINAL_LINES = 12
"""Lines of each result that are shown on a terminal."""

OTHER_RESULTS = 10
"""So many results on a terminal, and for programs."""

_FLAGS: dict[str, Form] = {
    "files_with_matches": "paths",
    "vimgrep": "vimgrep",
    "as_json": "json",
    "jsonl": "jsonl",
}
"""The form that each option asks for."""

OF_SNIPPETS = ("context", "max_lines", "summary", "max_tokens")
"""Options that shape what is shown of a result's code ..."""

_WITH_SNIPPETS = frozenset[Form]({"text", "json", "jsonl"})
"""... and the forms that show some."""


class Look(NamedTuple):
    """How results are to be printed.

    Attributes:
        form: the kind of text.
        null: a NUL follows each path, whose bytes are those of the file's name.
        max_lines: of a result's code; None for what is usual.
        summary: none of it.
        max_tokens: of the whole answer; None for what is usual.
        context: lines around what is shown.
        threshold: what a result scores at least, from 0 to 1.
    """

    form: Form = "text"
    null: bool = False
    max_lines: int | None = None
    summary: bool = False
    max_tokens: int | None = None
    context: int = 0
    threshold: float = 0.0

    @property
    def results(self) -> int:
        """So many are asked for, if nobody says how many."""
        return RESULTS if self.is_for_pipes else OTHER_RESULTS

    @property
    def is_for_pipes(self) -> bool:
        """Somebody reads it as text, and not on a terminal."""
        return self.form == "text" and not sys.stdout.isatty()

    def shape(self) -> Shape:
        """How much of the code is shown, of as many results as there are."""
        on_terminal = self.form == "text" and not self.is_for_pipes
        usual = TERMINAL_LINES if on_terminal else SNIPPET_LINES
        budget = MAX_TOKENS if self.is_for_pipes else None
        return Shape(self.max_lines or usual, self.summary, self.max_tokens or budget)


_OPTIONS = (
    click.option(
        "--threshold",
        type=DecimalRange(0, 1),
        default=0.0,
        metavar="S",
        help="Only results that score at least S.",
    ),
    click.option(
        "--max-lines",
        type=click.IntRange(min=1),
        metavar="N",
        show_default=f"{SNIPPET_LINES}; {TERMINAL_LINES} on a terminal",
        help="Lines of each result's code at most.",
    ),
    click.option(
        "--summary", is_flag=True, help="Only a line for each result: where and what it is."
    ),
    click.option(
        "--max-tokens",
        type=click.IntRange(min=LEAST_TOKENS),
        metavar="N",
        show_default=f"{MAX_TOKENS} for text in a pipe",
        help="Shorten the answer to so many tokens.",
    ),
    click.option(
        "--context",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Lines around what is shown of a result.",
    ),
    click.option(
        "-l", "--files-with-matches", is_flag=True, help="Print the paths only, best first."
    ),
    click.option("-0", "--null", is_flag=True, help="With -l: a NUL after each path (xargs -0)."),
    click.option(
        "--vimgrep", is_flag=True, help="Print path:line:column:text, a line for each result."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--jsonl", is_flag=True, help="Print a JSON object for each result, one a line."),
)


def limit_option(beside: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`-n`, which reaches a command as `limit`, None if it is not given.

    Args:
        beside: what else is to be said of its default.
    """
    usual = f"{RESULTS} for text in a pipe, else {OTHER_RESULTS}{beside}"
    return click.option(
        "-n", "--limit", type=int, metavar="N", show_default=usual, help="Results at most."
    )


def form_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose a form; they reach it as `look`, a `Look`."""

    @wraps(command)
    def formed(*arguments: Any, null: bool, threshold: float, **others: Any) -> None:
        form = _form({flag: others.pop(flag) for flag in _FLAGS})
        shape = {name: others.pop(name) for name in OF_SNIPPETS}
        if null and form != "paths":
            raise click.UsageError("-0 ends paths: give -l, too")
        _insist_on_use(form)
        command(*arguments, look=Look(form, null, threshold=threshold, **shape), **others)

    for option in reversed(_OPTIONS):
        formed = option(formed)
    return formed


def _form(flags: dict[str, bool]) -> Form:
    chosen = [flag for flag, is_set in flags.items() if is_set]
    if len(chosen) > 1:
        names = " and ".join(spelt(flag) for flag in chosen)
        raise click.UsageError(f"{names} are different forms of the results: give one of them")
    return _FLAGS[chosen[0]] if chosen else "text"


def _insist_on_use(form: Form) -> None:
    """Refuse options that would do nothing."""
    if form not in _WITH_SNIPPETS:
        for name in filter(is_given, OF_SNIPPETS):
            flag = next(flag for flag, its_form in _FLAGS.items() if its_form == form)
            raise click.UsageError(f"{spelt(name)} does nothing with {spelt(flag)}: leave one out")
    if is_given("summary"):
        for name in ("max_lines", "context"):
            if is_given(name):
                raise click.UsageError(
                    f"{spelt(name)} is for code, which --summary leaves out: give one of them"
                )


def is_given(name: str) -> bool:
    """Whether an option of this command was given at all."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not ParameterSource.DEFAULT


def spelt(name: str) -> str:
    """An option of this command as it is written."""
    parameters = click.get_current_context().command.params
    return next(one.opts[0] for one in parameters if one.name == name)


def print_paths(paths: Iterable[str], *, null: bool) -> None:
    """Print paths, each once, with a line break after each.

    Args:
        paths: as they are seen from here.
        null: with a NUL instead, and their bytes as they are, for a program that reads them. A
            terminal is none.
    """
    once = dict.fromkeys(paths)
    if null and not sys.stdout.isatty():
        raw = (path.encode("utf-8", "surrogateescape") + b"\0" for path in once)
        click.echo(b"".join(raw), nl=False)
        return
    click.echo("".join(one_line(path) + "\n" for path in once), nl=False)


def vimgrep_line(path: str, line: int, column: int, text: str) -> str:
    """A place as Vim's `%f:%l:%c:%m` reads it.

    Args:
        path: as it is seen from here.
        line: from 1.
        column: in bytes, from 1.
        text: of the line.
    """
    return f"{one_line(path)}:{line}:{column}:{text}"
