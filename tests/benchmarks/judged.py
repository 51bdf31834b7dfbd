"""What a judge found, question by question: kept, shown, and set beside an earlier finding.

Questions about one package share what makes them easy or hard, so intervals come from drawing
packages again, not questions. Knows nothing of where questions come from.
"""

from __future__ import annotations

import json
from collections import defaultdict
from math import isnan, nan
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

RESAMPLES = 2000

Weight = Literal["packages", "questions"]
"""What counts alike in a mean: every package, however many questions it has, or every question."""

Metric = Literal["mrr", "ndcg"]


class Judged(NamedTuple):
    """One question and how it was answered.

    Attributes:
        package: what it is about.
        language: of the package.
        kind: of the question.
        question: its text.
        rank: of the first right result, from 1; 0 if none of the first ten is right.
        mrr: 1 / rank, 0 without one.
        ndcg: NDCG at 10.
        seconds: that the answer took.
    """

    package: str
    language: str
    kind: str
    question: str
    rank: int
    mrr: float
    ndcg: float
    seconds: float


class Interval(NamedTuple):
    """A mean and the bounds of its 95% bootstrap interval; no numbers for a single package."""

    mean: float
    low: float
    high: float

    def shown(self, form: str) -> str:
        """The mean and, if there are any, the bounds."""
        mean, low, high = (format(value, form) for value in self)
        return mean if isnan(self.low) else f"{mean} ({low} to {high})"


class Group(NamedTuple):
    """A row of a table: what it is called, and who is in it."""

    name: str
    members: tuple[Judged, ...]


def save(place: Path, model: str, judged: Sequence[Judged]) -> None:
    """Write what `load` reads."""
    record = {"model": model, "judged": judged}
    place.write_text(json.dumps(record, indent=0), encoding="utf-8")


def load(place: Path) -> list[Judged]:
    """What `save` wrote.

    Raises:
        ValueError: the file is not of this form.
        OSError: it cannot be read.
    """
    try:
        return [Judged(*row) for row in json.loads(place.read_text(encoding="utf-8"))["judged"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{place} does not hold a judge's findings") from error


def interval(values: Iterable[tuple[str, float]], weight: Weight) -> Interval:
    """The mean of (package, value), with packages drawn again (2,000 times, fixed seed).

    See Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    by_package: dict[str, list[float]] = defaultdict(list)
    for package, value in values:
        by_package[package].append(value)
    sums: NDArray[np.float64] = np.array([sum(found) for found in by_package.values()])
    counts = np.array([len(found) for found in by_package.values()], np.float64)
    if weight == "packages":
        sums, counts = sums / counts, np.ones(len(counts))
    mean = float(sums.sum() / counts.sum())
    if len(sums) == 1:
        return Interval(mean, nan, nan)
    drawn = np.random.default_rng(7).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(mean, float(low), float(high))


def groups(judged: Sequence[Judged]) -> Iterator[Group]:
    """All, each kind, each language."""
    yield Group("all", tuple(judged))
    for what in ("kind", "language"):
        for name in sorted({getattr(one, what) for one in judged}):
            yield Group(f"{what} {name}", tuple(j for j in judged if getattr(j, what) == name))


def table(
    judged: Sequence[Judged], metrics: Sequence[Metric], weigh: Callable[[str], Weight]
) -> str:
    """The means as a Markdown table.

    Args:
        judged: what was found.
        metrics: a column for each.
        weigh: what counts alike in the group of this name.
    """
    shown = {"mrr": "MRR@10", "ndcg": "NDCG@10"}
    lines = [
        f"| | packages | questions | {' | '.join(shown[one] for one in metrics)} |",
        "|---" * (3 + len(metrics)) + "|",
    ]
    for name, members in groups(judged):
        cells = [
            interval(((j.package, getattr(j, one)) for j in members), weigh(name)).shown(".3f")
            for one in metrics
        ]
        packages = len({one.package for one in members})
        lines.append(f"| {name} | {packages} | {len(members)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def comparison(
    old: Sequence[Judged], new: Sequence[Judged], metric: Metric, weigh: Callable[[str], Weight]
) -> str:
    """New less old as a Markdown table, over the questions that both were asked."""
    before = {one[:4]: getattr(one, metric) for one in old}
    both = [one for one in new if one[:4] in before]
    alone = len(old) + len(new) - 2 * len(both)
    lines = ["| | packages | questions | before | now | difference |", "|---|---|---|---|---|---|"]
    for name, members in groups(both):
        weight = weigh(name)
        was = interval(((j.package, before[j[:4]]) for j in members), weight).mean
        now = interval(((j.package, getattr(j, metric)) for j in members), weight).mean
        change = interval(
            ((j.package, getattr(j, metric) - before[j[:4]]) for j in members), weight
        )
        cells = f"{was:.3f} | {now:.3f} | {change.shown('+.3f')}"
        packages = len({one.package for one in members})
        lines.append(f"| {name} | {packages} | {len(members)} | {cells} |")
    if alone:
        lines.append(f"\n{alone} questions were asked only once.")
    return "\n".join(lines)


def median_milliseconds(judged: Sequence[Judged]) -> float:
    """Of the answers."""
    return 1000 * float(np.median([one.seconds for one in judged]))
