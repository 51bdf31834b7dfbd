"""The candidates that decide the first answers: only these are worth merging.

Candidates become one hit within their file, and one of several places across
files where texts are the same. So the first answers are decided by the best
candidates, by all others of their files, and by those that may be copies.
Knows rows and scores; neither hits nor SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.rows import ChunkRow


def least_of(scores: NDArray[np.float32], count: int) -> float:
    """The least of the so many largest scores; below all where there are no more than these."""
    if len(scores) <= count:
        return -np.inf
    return float(np.partition(scores, len(scores) - count)[len(scores) - count])


def foremost(rows: Sequence[ChunkRow], scores: NDArray[np.float32], least: float) -> list[int]:
    """Which of the rows decide the hits that score so much, and what is one with them.

    Every hit of them that scores less may stand behind one that these do not tell of.

    Args:
        rows: the candidates.
        scores: of each, float32 of shape (n,).
        least: what the hits score at least that all must be known of.

    Returns:
        Their numbers, ascending.
    """
    if least == -np.inf:
        return list(range(len(rows)))
    paths = {rows[at].path for at in np.flatnonzero(scores >= least).tolist()}
    same = _twice([row.key for row in rows])
    files = _twice({row.path: row.content for row in rows}.values())
    if same or files:
        paths.update(row.path for row in rows if row.key in same or row.content in files)
    return [at for at, row in enumerate(rows) if row.path in paths]


def _twice(found: Collection[bytes]) -> set[bytes]:
    """What is there more than once, but for nothing."""
    once: set[bytes] = set()
    if len(set(found)) == len(found):
        return once
    twice: set[bytes] = set()
    for one in found:
        (twice if one in once else once).add(one)
    return twice - {b""}
