"""The order of the candidates for one answer, and whether it answers at all.

Both are told by forests that were taught with questions of every kind
(training/ranking), from what is known of each candidate (`features`). Knows
features and numbers; neither SQLite nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .features import features
from .question import read_question
from .trees import load_forest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from .features import Evidence

WEAK_BELOW = 0.3
"""An answer is weak if its question belongs here with less than this probability.

So 85 % of questions that belong to another repository are marked, and 5 % of those that belong here
(docs/quality.md).
"""

PRIOR = {"test": -2.0, "config": -1.0, "vendored": -2.5}
"""Log odds by what a file is for.

No question that was learned from asks for tests, settings or others' code in a repository, which
would put any own code before the one test that says what was asked for. Tests and settings are told
to the forest as code, and these numbers say how much less often they are meant: tests, if nobody
asks for them.
"""

OTHER_CASE = -4.0
"""Log odds of a name that is equal but for its case, where another is equal in case, too: whoever
asks for `User` does not mean a function `user`, whatever its file is called."""

_AS_CODE = ("test", "config")


class Ranked(NamedTuple):
    """How well candidates answer.

    Attributes:
        scores: of each the probability that it is right, float32 of shape (n,); comparable within
            one answer. Chunks of files that the query names come before all others.
        weak: nothing here may be what was asked for, nor has anything the name that was asked for.
        sure: the probability that the question belongs here, by how the best candidate answers.
    """

    scores: NDArray[np.float32]
    weak: bool
    sure: float = 0.0


def rank(text: str, evidence: Evidence, in_named_files: Collection[int] = ()) -> Ranked:
    """Score the candidates.

    Args:
        text: what was asked.
        evidence: the candidates.
        in_named_files: chunks of files that the query names.
    """
    if not evidence.rows:
        return Ranked(np.empty(0, np.float32), weak=False)
    columns = features(read_question(text), evidence)
    code = _as_code(columns)
    scores = load_forest("ranking").probability(code, _prior(columns))
    best = int(np.argmax(scores))
    of_best = {name: column[best : best + 1] for name, column in code.items()}
    sure = float(load_forest("doubt").probability(of_best)[0])
    if in_named_files:
        named = [row.id in in_named_files for row in evidence.rows]
        scores = (scores + np.array(named, np.float32)) / np.float32(2)
    named_here = bool(in_named_files) or bool((columns["named share"] == 1).any())
    return Ranked(scores, sure < WEAK_BELOW and not named_here, sure)


def _as_code(columns: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The features of all candidates, those of tests and settings as if they were code."""
    roles = [columns[f"role {role}"] for role in _AS_CODE]
    told = np.maximum.reduce([columns["role code"], *roles])
    nothing = np.zeros_like(told)
    return {**columns, "role code": told, **{f"role {role}": nothing for role in _AS_CODE}}


def _prior(columns: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """What is known beforehand, where the questions to learn from say too little: log odds."""
    meant = {role: columns[f"role {role}"] for role in PRIOR}
    # Tests may stand in a file of code, as Rust's do.
    meant["test"] = np.maximum(meant["test"], columns["inline test"])
    if columns["asks for tests"].any():
        del meant["test"]
    prior = np.zeros_like(columns["role code"])
    for role, there in meant.items():
        prior += there * np.float32(PRIOR[role])
    equal = columns["equal name"]
    if columns["asks by name"].any() and equal.any():
        prior += np.float32(OTHER_CASE) * columns["equal name, any case"] * (1 - equal)
    return prior
