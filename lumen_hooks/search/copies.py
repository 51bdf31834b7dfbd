"""The same text in several places becomes one hit that names them.

Vendored libraries, generated files and tests' fixtures repeat what stands elsewhere, and an
answer that shows a text ten times shows nothing else. Knows hits and what files are for; neither
SQLite nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.files.roles import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .results import Hit

_NOT_OWN = frozenset({"vendored", "generated", "test", "example", "compat"})


def once(hits: Iterable[Hit]) -> list[Hit]:
    """Hits with the same text as one: that in the project's own code, else the best.

    Same are those whose best chunks have the same text in the same place of as many lines, and
    the same lines of files with the same bytes.

    Args:
        hits: best first, as `merge_hits` returns them.

    Returns:
        One for each text, in the place and with the score of the best of its hits.
    """
    groups: list[list[Hit]] = []
    numbers: dict[tuple[object, ...], int] = {}
    for hit in hits:
        known = list(identities(hit))
        number = next((numbers[one] for one in known if one in numbers), len(groups))
        if number == len(groups):
            groups.append([])
        groups[number].append(hit)
        numbers.update(dict.fromkeys(known, number))
    return [group[0] if len(group) == 1 else _as_one(group) for group in groups]


def identities(hit: Hit) -> Iterator[tuple[object, ...]]:
    """What hits with the same text have in common, at least one of it."""
    if hit.key:
        first = hit.parts[0].start_line - hit.start_line if hit.parts else 0
        yield hit.key, hit.symbol, hit.kind, hit.end_line - hit.start_line, first
    if hit.content:
        yield hit.content, hit.start_line, hit.end_line


def _as_one(group: list[Hit]) -> Hit:
    shown = min(group, key=lambda hit: bool(hit.generated or roles_of(hit.path) & _NOT_OWN))
    others = [hit for hit in group if hit is not shown]
    return shown._replace(score=group[0].score, copies=tuple(others))
