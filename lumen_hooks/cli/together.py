"""`lumen-hooks search` in several worktrees at once: which, and what is asked of each.

Paths are those of the current folder, of which there is one. Knows options and where they were
given; not how several answers become one.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, NoReturn

from lumen_hooks.service.places import Place
from lumen_hooks.service.several import asked_in_each, bound_threads, spots_of
from lumen_hooks.system.terminal import one_line
from lumen_hooks.wording.together import in_some, notes_of
from lumen_hooks.wording.viewpoint import Viewpoint

from .answers import show
from .output import say
from .places import Row, show_places, usage_errors
from .progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.search.results import ExactQuery, Query
    from lumen_hooks.service.places import SharedPlace
    from lumen_hooks.service.places_together import JointPlaces

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
        bound_threads(spots)
        from lumen_hooks.service.together import Together  # with numpy

        query = where.within._replace(text=query.text, limit=query.limit)
        asked = asked_in_each(spots, query, where.changed_since)
        together = Together(
            asked, progress=progress, refresh=patience.refresh, creates=patience.creates
        )
        found = together.answer(spots)
    show(found, look, _seen_from(directories), chosen=chosen)


def show_everywhere_together(
    directories: Sequence[str],
    query: ExactQuery,
    where: Where,
    look: Look,
    patience: Patience,
    *,
    every: bool,
) -> bool:
    """Find every place in several worktrees and print it, a line that many have once.

    Args:
        directories: see `search_together`.
        query: what is looked for.
        where: what is looked at.
        look: how it is shown.
        patience: how long it may take.
        every: see `search_together`.

    Returns:
        Whether there is one.
    """
    from lumen_hooks.service.places_together import PlacesTogether

    limit = query.limit
    with progress_bar() as progress:
        spots = spots_of(directories, every=every)
        with usage_errors():
            asked = asked_in_each(spots, where.within, where.changed_since)
            wanted = query._replace(
                within=where.within, limit=None if look.form == "paths" else limit
            )
            finder = PlacesTogether(
                wanted,
                asked,
                progress=progress,
                refresh=patience.refresh,
                creates=patience.creates,
            )
            found = finder.find(spots)
    if look.form != "json":
        for note in notes_of(found.worktrees):
            say(f"note: {note}")
    folder = _seen_from(directories)
    here = Viewpoint(folder, found.worktree)
    known = {field.name: getattr(found, field.name) for field in fields(found)}
    known["differing"] = [here(path) for path in found.differing]
    known["worktrees"] = [asdict(one) for one in found.worktrees]
    for internal in ("searched", "repositories"):
        del known[internal]
    rows = _Rows(found, folder, with_records=look.form in {"json", "jsonl"})
    show_places(known, found.places, map(rows.row, found.places), look, limit)
    return bool(found.places.total)


class _Rows:
    """Places as they are shown, with what is said of them: who has them.

    Args:
        found: which they are.
        folder: that paths are seen from.
        with_records: programs read them.
    """

    def __init__(self, found: JointPlaces, folder: str, *, with_records: bool) -> None:
        self._searched = found.searched
        self._seen = [Viewpoint(folder, one.worktree) for one in found.searched]
        counts = Counter(found.repositories)
        self._of = [counts[repository] for repository in found.repositories]
        self._with_records = with_records

    def row(self, place: SharedPlace) -> Row:
        """One of them."""
        shown = place.held[0][2][0]
        seen = Place(*place[:-1])._replace(path=self._seen[shown](place.path))
        if self._with_records:
            return Row(seen, self._record(place, seen, shown))
        holders = sum(len(numbers) for *_, numbers in place.held)
        return Row(seen, {}, "" if holders == self._of[shown] else self._note(place, shown))

    def _note(self, place: SharedPlace, shown: int) -> str:
        """Who has a place that some do not have."""
        names = [
            one_line(self._searched[at].name)
            + (f" at {one_line(self._seen[at](path))}:{line}" if path != place.path else "")
            for path, line, numbers in place.held
            for at in numbers
        ]
        return in_some(names, self._of[shown])

    def _record(self, place: SharedPlace, seen: Place, shown: int) -> dict[str, object]:
        held = [
            {"path": path, "line": line, "worktrees": [self._searched[at].name for at in numbers]}
            for path, line, numbers in place.held
        ]
        one = self._searched[shown]
        beside = {"worktree": one.name, "top": one.worktree, "held": held, "of": self._of[shown]}
        return seen._asdict() | beside


def _seen_from(directories: Sequence[str]) -> str:
    """The folder that paths are relative to: one that was named, or the current one for several."""
    return directories[0] if len(directories) == 1 else os.curdir
