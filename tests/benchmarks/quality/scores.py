"""From rankings to numbers, with how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .questions import BY_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.search.results import Hit

    from .questions import Place, Question

DEPTH = 10
RESAMPLES = 1000
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """Of one ranking for one question: reciprocal rank, recall and NDCG, all at 10."""

    mrr: float
    recall: float
    ndcg: float


def score(question: Question, hits: Sequence[Hit]) -> Score:
    """Score the hits for a question.

    A hit answers if it shows at least half of the definition, or lies in it by half of its own
    lines. For the kinds of BY_FILE the ranking is one of files, and every answer is wanted; for
    the other kinds any of the (at most three) definitions of that name or sentence will do.
    """
    if question.kind in BY_FILE:
        files = list(dict.fromkeys(hit.path for hit in hits))[:DEPTH]
        wanted = {place.path for place in question.answers}
        gains = [float(path in wanted) for path in files]
        possible = len(wanted)
    else:
        found = [any(_shows(hit, place) for place in question.answers) for hit in hits[:DEPTH]]
        first = found.index(True) if True in found else -1
        gains = [float(number == first) for number in range(len(found))]
        possible = 1
    ranks = [number + 1 for number, gain in enumerate(gains) if gain]
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, possible + 1))
    return Score(
        mrr=1 / ranks[0] if ranks else 0.0,
        recall=len(ranks) / possible,
        ndcg=float(sum(1 / np.log2(rank + 1) for rank in ranks) / ideal),
    )


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean, and the bounds of its 95% bootstrap interval (1,000 resamples, fixed seed)."""
    found: NDArray[np.float64] = np.asarray(values, np.float64)
    chosen = np.random.default_rng(7).integers(0, len(found), (RESAMPLES, len(found)))
    means = found[chosen].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(found.mean()), float(low), float(high)


def _shows(hit: Hit, place: Place) -> bool:
    if hit.path != place.path:
        return False
    common = min(hit.end_line, place.last) - max(hit.start_line, place.first) + 1
    shorter = min(hit.end_line - hit.start_line, place.last - place.first) + 1
    return common >= _HALF * shorter


def normalised(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores between 0 and 1: their distance from the lowest, by the distance of the highest.

    Equal scores are all 1.
    """
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    width = high - low
    return {key: (value - low) / width if width > 0 else 1.0 for key, value in scores.items()}
