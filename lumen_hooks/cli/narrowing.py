"""The options that say where a search looks: paths, contents, languages, kinds.

They reach a command as one `Query`, whose text and limit do not count.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.errors import QueryError
from lumen_hooks.search.results import CONTENTS, Query
from lumen_hooks.search.vocabulary import known_content
from lumen_hooks.service.workspace import excluded_from_top, from_top

if TYPE_CHECKING:
    from collections.abc import Callable


class _Content(click.Choice[str]):
    """What files hold, also as other tools call it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return known_content(value)
        except QueryError as error:
            self.fail(f"{error.message}\nhint: {error.hint}", param, ctx)


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


def _kinds(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    """What a shell may complete a kind with."""
    return [name for name in KINDS if name.startswith(begun.lower())]


_OPTIONS = (
    click.option(
        "--path",
        multiple=True,
        callback=_only_one,
        metavar="P",
        help="Only below this folder, in this file, or matching this glob: 'src/**/*.{ts,tsx}'.",
    ),
    click.option(
        "--exclude", multiple=True, metavar="P", help="Nothing of this folder, file, name or glob."
    ),
    click.option(
        "--content",
        type=_Content(CONTENTS),
        default="all",
        show_default=True,
        help="Only code (tests too), documentation, or configuration and data.",
    ),
    click.option(
        "--lang",
        "languages",
        multiple=True,
        metavar="L",
        shell_complete=_languages,
        help="Only this language, by name, alias or ending: python, c++, ts. See `lumen-hooks"
        " status`.",
    ),
    click.option(
        "--kind",
        "kinds",
        multiple=True,
        metavar="K",
        shell_complete=_kinds,
        help=f"Only: {', '.join(KINDS)}; also as languages call it: fn, const, namespace.",
    ),
)


def narrowing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; they reach it as `within`, its paths as they were given."""

    @wraps(command)
    def narrowed(
        *arguments: Any,
        path: str | None,
        exclude: tuple[str, ...],
        content: Any,
        languages: tuple[str, ...],
        kinds: tuple[str, ...],
        **others: Any,
    ) -> None:
        within = Query("", 10, path, languages, kinds, exclude, content)
        command(*arguments, within=within, **others)

    for option in reversed(_OPTIONS):
        narrowed = option(narrowed)
    return narrowed


def from_the_top(within: Query, directory: str, top: str) -> Query:
    """The same with paths as the index knows them.

    Args:
        within: with paths as they were given.
        directory: the folder that they were given from.
        top: the worktree's top folder.
    """
    return within._replace(
        path=within.path and from_top(within.path, directory, top),
        exclude=tuple(excluded_from_top(one, directory, top) for one in within.exclude),
    )
