"""The order of the candidates for one answer.

Knows features and numbers; neither SQLite nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .features import features
from .question import read_question

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from .features import Evidence


def rank(
    text: str, evidence: Evidence, in_named_files: Collection[int] = ()
) -> NDArray[np.float32]:
    """How well each candidate answers, from 0 to 1: float32 of shape (n,).

    Args:
        text: what was asked.
        evidence: the candidates.
        in_named_files: chunks of files that the query names: they come before all others.
    """
    scores = features(read_question(text), evidence)["first"]
    if in_named_files:
        named = [row.id in in_named_files for row in evidence.rows]
        scores = (scores + np.array(named, np.float32)) / np.float32(2)
    return scores
