"""`lumen-hooks search` in several worktrees at once: which, and what is asked of each.

Paths are those of the current folder, of which there is one. Knows options and where they were
given; not how several answers become one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from lumen_hooks.errors import LumenError
from lumen_hooks.service.several import spots_of
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.system.unicode import typed

from .answers import show
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.search.results import Query
    from lumen_hooks.service.several import Spot

    from .forms import Look
    from .narrowing import Where
    from .patience import Patience


def search_together(
    directories: Sequence[str],
    query: Query,
    where: Where,
    look: Look,
    patience: Patience,
    *,
    every: bool,
    chosen: bool,
) -> NoReturn:
    """Ask several worktrees a question in words, and print what they answer as one.

    Args:
        directories: that were named, the current folder where none was.
        query: its text and limit count.
        where: what is looked at.
        look: how it is shown.
        patience: how long it may take.
        every: all worktrees of their repositories, too.
        chosen: somebody said how many results are wanted.
    """
    with progress_bar() as progress:
        spots = spots_of(directories, every=every)
        _bound_threads(spots)
        from lumen_hooks.service.together import Together  # with numpy

        asked = _asked_of(spots, query, where)
        together = Together(
            asked, progress=progress, refresh=patience.refresh, creates=patience.creates
        )
        found = together.answer(spots)
    show(found, look, _seen_from(directories), chosen=chosen)


def _asked_of(spots: Sequence[Spot], query: Query, where: Where) -> Callable[[Spot], Query]:
    """The question as each worktree understands it: what was named in one means the same in all.

    A path is looked for where the first of its repository's worktrees was named.
    """
    named: dict[str, Query] = {}
    for spot in spots:
        if spot.named and spot.worktree.common_dir not in named:
            plain = where._replace(changed_since=None)
            named[spot.worktree.common_dir] = plain.query(spot.directory, spot.worktree)

    def asked(spot: Spot) -> Query:
        top = spot.worktree.top
        if spot.named:
            found = where.query(spot.directory, spot.worktree)
        else:
            within = named[spot.worktree.common_dir]
            found = where._replace(within=within).query(top, spot.worktree)
        return found._replace(text=typed(query.text), limit=query.limit)

    return asked


def _seen_from(directories: Sequence[str]) -> str:
    """The folder that paths are relative to: one that was named, or the current one for several."""
    return directories[0] if len(directories) == 1 else os.curdir


def _bound_threads(spots: Sequence[Spot]) -> None:
    """See to it that numerical libraries take no more threads than is set, before their import."""
    for spot in spots:
        with suppress(LumenError):
            open_workspace(spot.directory)
            return
