"""The options that say where a search looks: paths, contents, languages, kinds.

They reach a command as one value, which becomes a `Query` once it is known in which worktree.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.errors import QueryError
from lumen_hooks.search.results import CONTENTS, Query
from lumen_hooks.search.vocabulary import known_content
from lumen_hooks.service.workspace import placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.git.worktree import Worktree


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
    click.option(
        "--changed-since",
        metavar="REV",
        help="Only files that differ from this commit, or from where HEAD left its branch.",
    ),
)


class Where(NamedTuple):
    """What a search is limited to, as it was given.

    Attributes:
        within: a query whose text and limit do not count.
        changed_since: a revision; only what has changed since is looked at.
    """

    within: Query
    changed_since: str | None

    def query(self, directory: str, worktree: Worktree) -> Query:
        """The same as the index of a worktree understands it.

        Args:
            directory: the folder that paths were given from.
            worktree: what is searched.

        Raises:
            QueryError: the revision names no commit.
            RepositoryError: git cannot read the repository.
        """
        within = placed(self.within, directory, worktree.top)
        if self.changed_since is None:
            return within
        from lumen_hooks.service.since import snapshot_at

        return within._replace(since=snapshot_at(worktree, self.changed_since))


def narrowing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; they reach it as `where`, a `Where`."""

    @wraps(command)
    def narrowed(
        *arguments: Any,
        path: str | None,
        exclude: tuple[str, ...],
        content: Any,
        languages: tuple[str, ...],
        kinds: tuple[str, ...],
        changed_since: str | None,
        **others: Any,
    ) -> None:
        within = Query("", 10, path, languages, kinds, exclude, content)
        command(*arguments, where=Where(within, changed_since), **others)

    for option in reversed(_OPTIONS):
        narrowed = option(narrowed)
    return narrowed
