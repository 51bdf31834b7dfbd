"""What was measured beside the goals: a row for each, with its limit in the same run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .beside import Beside
    from .steps import Measured

MANY = 300_000
"""From so many chunks on the goals for a million count."""

CHEAP_SEARCH, MIDDLE_SEARCH, LARGE_SEARCH = 0.010, 0.030, 0.100
"""Seconds of CPU that a warm search may take: at 10,000, at 100,000, at a million chunks."""

ALONE = "the same on one core"
_MIDDLE = 30_000
_LOOK = 0.015
"""Seconds that a warm call may take beside the search."""


class Subject(NamedTuple):
    """What rows are made of.

    Attributes:
        now: this version.
        before: an earlier one on the same tree; None without it.
        semble: another tool on the same tree; None without it.
    """

    now: Measured
    before: Measured | None = None
    semble: Beside | None = None


class Row(NamedTuple):
    """One line of the page.

    Attributes:
        what: was measured.
        goal: as docs say it; `-` for none.
        before: of the earlier version; may be empty.
        measured: with its unit.
        limit: what it is compared with, with its figure; may be empty.
        ratio: measured over limit; may be empty.
        is_met: whether the goal is.
    """

    what: str
    goal: str
    before: str
    measured: str
    limit: str
    ratio: str
    is_met: bool


class _Line(NamedTuple):
    """How a row is made: a figure of a version, its unit, its limit's name and figure."""

    what: str
    goal: str
    figure: Callable[[Measured], float]
    unit: Callable[[float], str]
    limit: str = ""
    of_limit: Callable[[Measured], float] | None = None
    most: Callable[[Measured], float] | None = None


def rows(subject: Subject) -> Iterator[Row]:
    """Every goal that this corpus can tell of."""
    now, before = subject.now, subject.before
    for line in _lines(subject):
        value = line.figure(now)
        bound = line.of_limit(now) if line.of_limit else None
        said = f"{line.limit} {line.unit(bound)}" if bound is not None else line.limit
        yield Row(
            line.what,
            line.goal,
            _said(line, before),
            line.unit(value),
            said,
            f"{value / bound:.2g}" if bound else "",
            line.most is None or value <= line.most(now),
        )


def _said(line: _Line, before: Measured | None) -> str:
    if before is None or (line.what == ALONE and before.build_alone is None):
        return ""
    return line.unit(line.figure(before))


def _lines(subject: Subject) -> Iterator[_Line]:
    yield from _build(subject)
    yield _Line("memory of the build", "600 MB", _build_memory, _mb, most=lambda _: 600e6)
    yield _Line(
        "bytes written by it", "3 x what stays", lambda one: one.build.written, _mb,
        "what stays", _stays, lambda one: 3 * _stays(one),
    )  # fmt: skip
    yield _Line(
        "size of the index", "0.7 of the sources", lambda one: one.index_bytes, _mb,
        "files that are indexed", lambda one: one.indexed_bytes,
        lambda one: 0.7 * one.indexed_bytes,
    )  # fmt: skip
    yield _Line(
        "look, nothing changed", "1.5 x + 0.1 s", lambda one: one.look.cpu, _seconds,
        "`git status`", lambda one: one.status.cpu, lambda one: 1.5 * one.status.cpu + 0.1,
    )  # fmt: skip
    yield _Line(
        "one function added, over the look", "0.5 CPU s", lambda one: one.edit.cpu - one.look.cpu,
        _seconds, "the look", lambda one: one.look.cpu, lambda _: 0.5,
    )  # fmt: skip
    yield _Line(
        "`index` by hand, which checks all it holds", "-", lambda one: one.checked.cpu, _seconds,
        "the look", lambda one: one.look.cpu,
    )  # fmt: skip
    yield from _searches(subject)
    yield from _worktrees()


def _build(subject: Subject) -> Iterator[_Line]:
    def line(what: str, goal: str, figure: Callable[[Measured], float], kind: str) -> _Line:
        other = subject.semble
        if other is not None:
            cost = getattr(other.build, kind)
            name = f"semble {other.version} ({other.chunks:,} chunks)"
            return _Line(what, goal, figure, _seconds, name, lambda _: cost, lambda _: cost / 2)
        name = "reading and tokenising"
        return _Line(what, "-", figure, _seconds, name, lambda one: getattr(one.read, kind))

    yield line("full build, CPU", "half of semble's", lambda one: one.build.cpu, "cpu")
    yield line("full build, wall time", "half of semble's", lambda one: one.build.wall, "wall")
    if subject.now.build_alone is not None:
        yield _Line(
            ALONE, "1.8 times that on two",
            lambda one: one.build_alone.wall if one.build_alone else 0.0, _seconds,
            "on all", lambda one: one.build.wall,
        )  # fmt: skip


def _searches(subject: Subject) -> Iterator[_Line]:
    chunks = subject.now.chunks
    cold = 0.6 if chunks >= MANY else 0.3
    name = "Python alone"
    if subject.semble is not None:
        name = f"semble {subject.semble.cold.cpu:.2f}, after an edit"
        name += f" {subject.semble.edit.cpu:.2f} CPU s; Python alone"
    yield _Line(
        "search, cold", f"{cold} CPU s", lambda one: one.cold.cpu, _seconds,
        name, lambda one: one.interpreter.cpu, lambda _: cold,
    )  # fmt: skip
    goal, most = ("250 MB", 250e6) if chunks >= MANY else ("-", float("inf"))
    yield _Line("its memory", goal, lambda one: one.cold.memory, _mb, most=lambda _: most)
    warm = CHEAP_SEARCH if chunks <= _MIDDLE else MIDDLE_SEARCH
    warm = LARGE_SEARCH if chunks >= MANY else warm
    yield _Line(
        "search, warm, with its look", f"{1e3 * (warm + _LOOK):.0f} ms",
        lambda one: one.warm, _ms, most=lambda _: warm + _LOOK,
    )  # fmt: skip
    yield _Line(
        "warm MCP call, git's processes included", f"{1e3 * (warm + _LOOK):.0f} ms",
        lambda one: one.call, _ms, most=lambda _: warm + _LOOK,
    )  # fmt: skip


def _worktrees() -> Iterator[_Line]:
    yield _Line(
        "a new worktree, until git returns, over git", "0.20 CPU s",
        lambda one: one.seeded.cpu, _seconds,
        "`cp`", lambda one: one.copy.cpu, lambda _: 0.20,
    )  # fmt: skip
    yield _Line(
        "the same with its first refresh, beside `cp`", "0.25 CPU s",
        lambda one: one.whole.cpu - one.copy.cpu, _seconds,
        "`git worktree add`", lambda one: one.plain.cpu, lambda _: 0.25,
    )  # fmt: skip
    yield _Line("texts that it had embedded", "0", lambda one: one.embedded, _count,
                most=lambda _: 0)  # fmt: skip
    yield _Line(
        "bytes written for its index", "1.3 x `cp` and fsync",
        lambda one: one.seeded.written, _mb,
        "`cp`", lambda one: one.index_bytes, lambda one: 1.3 * one.index_bytes,
    )  # fmt: skip


def _build_memory(one: Measured) -> float:
    return one.build.memory


def _stays(one: Measured) -> float:
    return one.index_bytes + one.store_bytes


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _ms(value: float) -> str:
    return f"{1e3 * value:.0f} ms"


def _mb(value: float) -> str:
    return f"{value / 1e6:,.1f} MB"


def _count(value: float) -> str:
    return f"{value:,.0f}"
