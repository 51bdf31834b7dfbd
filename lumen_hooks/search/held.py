"""Which of the definitions that share a chunk a hit shows.

A chunk that small neighbours share is found for any of them, and shown as all of them. Where the
question tells which one is meant, the hit is that one: its name, its kind, its lines. In this
order: those of the kinds that were asked for; of those, the ones whose name the question is, in the
case that it writes. A sentence that mentions a name, or has its words, most often asks for
something else (docs/quality.md). Several that fit alike are shown together, from the first to the
last. Knows names and lines; neither SQLite nor files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .question import last_name, named_symbols

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lumen_hooks.chunking.chunk import Held

    from .results import Hit


class Meant:
    """Tells which definitions a question means.

    Args:
        text: the question.
        kinds: those that it is limited to; empty for all.
    """

    __slots__ = ("_kinds", "_named", "_text")

    def __init__(self, text: str, kinds: Collection[str]) -> None:
        self._text = frozenset(re.findall(r"\w+", text))
        self._named = named_symbols(text) if len(text.split()) == 1 else frozenset()
        self._kinds = frozenset(kinds)

    def narrowed(self, hit: Hit) -> Hit:
        """A hit as the definitions that are meant; as it is where that is not told."""
        if len(hit.parts) != 1:
            return hit
        of_kind = [one for one in hit.holds if one.kind in self._kinds]
        candidates = of_kind or hit.holds
        meant = self._of_names(candidates) or of_kind
        return _only(hit, meant) if meant else hit

    def _of_names(self, held: Sequence[Held]) -> list[Held]:
        levels = [self._level(one.name) for one in held]
        best = max(levels, default=0)
        return [one for one, level in zip(held, levels, strict=True) if best and level == best]

    def _level(self, name: str) -> int:
        """How well the question names it: qualified before bare, in its own case before any."""
        names = name.split(", ")
        last = list(map(last_name, names))
        if self._named.isdisjoint(one.lower() for one in last):
            return 0
        qualified = any("." in one and one.lower() in self._named for one in names)
        return 1 + 2 * qualified + (not self._text.isdisjoint(last))


def _only(hit: Hit, meant: Sequence[Held]) -> Hit:
    start, end = min(one.start_line for one in meant), max(one.end_line for one in meant)
    start, end = max(start, hit.start_line), min(end, hit.end_line)
    if start > end:
        return hit
    moved = start - hit.start_line
    return hit._replace(
        start_line=start,
        end_line=end,
        symbol=", ".join(dict.fromkeys(one.name for one in meant)),
        kind=meant[0].kind,
        holds=tuple(meant),
        copies=tuple(
            copy._replace(
                start_line=copy.start_line + moved, end_line=copy.start_line + moved + end - start
            )
            for copy in hit.copies
        ),
    )
