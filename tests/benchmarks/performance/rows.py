"""What was measured beside the goals: a row for each, with its limit in the same run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.measure import Cost

    from .steps import Measured

MANY = 300_000
"""From so many chunks on the goals for a million count."""


class Row(NamedTuple):
    """One line of the page.

    Attributes:
        what: was measured.
        goal: as docs say it.
        measured: with its unit.
        limit: what it is compared with, with its figure; may be empty.
        is_met: whether the goal is.
    """

    what: str
    goal: str
    measured: str
    limit: str
    is_met: bool


def rows(one: Measured) -> Iterator[Row]:
    """Every goal that this corpus can tell of."""
    many = one.chunks >= MANY
    yield _build(one)
    if one.build_alone is not None:
        faster = one.build_alone.wall / one.build.wall
        alone = f"{one.build_alone.wall:.1f} s on one"
        wall = f"{one.build.wall:.1f} s ({faster:.2f} times faster)"
        yield Row("the same on all cores", "1.8 times faster on 2", wall, alone, faster >= 1.8)
    yield from _bytes(one)
    memory = one.build.memory / 1e6
    yield Row("memory of the build", "600 MB", f"{memory:.0f} MB", "", memory <= 600)
    look, status = one.look.cpu, one.status.cpu
    limit = f"`git status` {_cpu(one.status)}"
    yield Row(
        "look, nothing changed", "1.5 x + 0.1 s", _cpu(one.look), limit, look <= 1.5 * status + 0.1
    )
    more = one.edit.cpu - look
    yield Row(
        "one function added, over the look", "0.5 CPU s", f"{more:.2f} CPU s", limit, more <= 0.5
    )
    yield from _searches(one, many=many)
    yield from _worktrees(one)


def _build(one: Measured) -> Row:
    ratio = one.build.cpu / one.read.cpu
    limit = f"reading and tokenising {_cpu(one.read)} ({ratio:.1f} x)"
    return Row("full build", "-", f"{_cpu(one.build)}, {one.build.wall:.1f} s", limit, True)


def _bytes(one: Measured) -> Iterator[Row]:
    stays = one.index_bytes + one.store_bytes
    share = one.build.written / stays
    written = f"{one.build.written / 1e6:.0f} MB ({share:.1f} x)"
    yield Row("written by it", "3 x what stays", written, f"{stays / 1e6:.0f} MB stay", share <= 3)
    share = one.index_bytes / one.indexed_bytes
    size = f"{one.index_bytes / 1e6:.1f} MB ({share:.2f})"
    sources = f"{one.indexed_bytes / 1e6:.1f} MB of files that are indexed"
    yield Row("index", "0.7 of the sources", size, sources, share <= 0.7)


def _searches(one: Measured, *, many: bool) -> Iterator[Row]:
    goal, warm_goal = (0.6, 0.1) if many else (0.3, 0.03 if one.chunks > 30_000 else 0.01)
    limit = f"Python alone {_cpu(one.interpreter)}"
    cold = f"{_cpu(one.cold)}, {one.cold.memory / 1e6:.0f} MB"
    said = f"{goal} CPU s" + (", 250 MB" if many else "")
    met = one.cold.cpu <= goal and (not many or one.cold.memory <= 250e6)
    yield Row("search, cold", said, cold, limit, met)
    warm = f"{one.warm * 1000:.0f} ms"
    yield Row(
        "search, warm, with its look",
        f"{warm_goal * 1000:.0f} ms + 15",
        warm,
        "",
        one.warm <= warm_goal + 0.015,
    )


def _worktrees(one: Measured) -> Iterator[Row]:
    front = one.seeded.cpu - one.plain.cpu
    limit = f"`cp` and fsync {_cpu(one.copy)}, {one.copy.wall:.2f} s"
    yield Row(
        "a new worktree: before git returns",
        "0.20 CPU s",
        f"+{front:.2f} CPU s",
        limit,
        front <= 0.20,
    )
    whole = one.whole.cpu - one.plain.cpu - one.copy.cpu
    said = f"+{whole:.2f} CPU s beside the copy; {one.embedded:,} texts embedded"
    yield Row(
        "with its first refresh",
        "0.25 CPU s, 0 texts",
        said,
        limit,
        whole <= 0.25 and not one.embedded,
    )


def _cpu(cost: Cost) -> str:
    return f"{cost.cpu:.2f} CPU s"
