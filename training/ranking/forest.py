"""Teach the two forests that the product ranks by, and judges answers by.

    python -m training.ranking.forest --rows ROWS --out FOLDER

trains on the rows of `training.ranking.candidates` with LightGBM's LambdaMART (Burges,
MSR-TR-2010-82) and writes `ranking.npz` and `doubt.npz` as `lumen_hooks/search/trees.py` reads
them. Every fifth repository is held out first, to show what the forests are worth on repositories
that they do not know, and to scale their sums; then all are learned from.

Of the candidates in a file that answers, the best by the first score alone is called right: others
of that file are not what should come next.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import lightgbm
import numpy as np

from lumen_hooks.search.trees import MAX_LEAVES, Forest

from .asked import ASKED
from .candidates import ABSENT, Rows, load_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

KEPT = 40
"""Of each question's candidates so many are learned from, the best by the first score ..."""

OTHERS_ONE_IN = 4
"""... and so many of the others, right or wrong: to keep what is right alone would teach that
whatever comes so late is right."""

SHARES = {
    "doc": 3.0,
    "name": 1.2,
    "commit": 1.0,
    "type": 1.2,
    "file": 0.6,
    "composed": 1.5,
    "topic": 0.6,
    "document": 0.5,
    "architecture": 1.2,
    "semantic": 1.6,
    "symbol": 0.5,
}
"""What all questions of a kind weigh together."""

RANKING = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 12,
    "label_gain": [0, 1],
    "num_leaves": 8,
    "learning_rate": 0.1,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "min_data_in_leaf": 500,
    "lambda_l2": 5.0,
}
DOUBT = {
    "objective": "binary",
    "num_leaves": 6,
    "learning_rate": 0.08,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 100,
    "lambda_l2": 5.0,
}
_ALWAYS = {"verbose": -1, "max_bin": 63, "seed": 1, "deterministic": True, "num_threads": 2}
HELD_OUT_ONE_IN = 5
"""Of the repositories, to judge by."""

DEPTH = 10


class Taught(NamedTuple):
    """Rows of many repositories.

    Attributes:
        rows: all of them.
        starts: where each question's begin.
        repositories: the number of each question's.
    """

    rows: Rows
    starts: NDArray[np.int64]
    repositories: NDArray[np.int64]

    def questions(self) -> Iterator[slice]:
        """The rows of each question."""
        for start, size in zip(self.starts.tolist(), self.rows.sizes.tolist(), strict=True):
            yield slice(start, start + size)


def gather(files: Sequence[Path], *, thin: bool) -> Taught:
    """Rows of these files; all of them, or as many as are learned from."""
    read = [load_rows(file) for file in files]
    parts = [_thinned(rows) for rows in read] if thin else read
    names = parts[0].names
    assert all((one.names == names).all() for one in parts), "rows of different features"
    joined = [np.concatenate(column) for column in zip(*(one[1:] for one in parts), strict=True)]
    rows = Rows(names, *joined)
    numbers = [np.full(len(one.sizes), number) for number, one in enumerate(parts)]
    starts = np.concatenate(([0], np.cumsum(rows.sizes)[:-1]))
    return Taught(rows, starts, np.concatenate(numbers))


def held_apart(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files of rows to learn from and to judge by: a repository's are all on one side."""
    names = sorted({repository_of(file) for file in files})
    held = set(names[::HELD_OUT_ONE_IN])
    others = [file for file in files if repository_of(file) not in held]
    return others, [file for file in files if repository_of(file) in held]


def repository_of(file: Path) -> str:
    """The repository that rows are of: there may be two corpora of one."""
    return file.stem.removesuffix(ASKED)


def _thinned(rows: Rows) -> Rows:
    rank = rows.features[:, rows.names.tolist().index("first rank")]
    chance = np.random.default_rng(len(rank)).integers(OTHERS_ONE_IN, size=len(rank))
    kept = (rank < np.log1p(KEPT)) | (chance == 0)
    question = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    sizes = np.bincount(question[kept], minlength=len(rows.sizes))
    return rows._replace(
        features=rows.features[kept], answers=rows.answers[kept], sizes=sizes.astype(np.int64)
    )


def part(taught: Taught, chosen: NDArray[np.bool_]) -> Taught:
    """Some of the questions."""
    rows = taught.rows
    kept = np.repeat(chosen, rows.sizes)
    sizes = rows.sizes[chosen]
    return Taught(
        Rows(
            rows.names,
            rows.features[kept],
            sizes,
            rows.answers[kept],
            rows.wanted[chosen],
            rows.kinds[chosen],
        ),
        np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64),
        taught.repositories[chosen],
    )


def right_ones(taught: Taught, scores: NDArray[np.float64]) -> NDArray[np.int8]:
    """1 for the best candidate of each answer: int8 of shape (rows,)."""
    right = np.zeros(len(scores), np.int8)
    answers = taught.rows.answers
    for rows in taught.questions():
        here, bits = answers[rows], int(np.bitwise_or.reduce(answers[rows], initial=0))
        for bit in range(bits.bit_length()):
            members = np.flatnonzero(here >> bit & 1)
            if len(members):
                right[rows.start + members[np.argmax(scores[rows][members])]] = 1
    return right


def weights(taught: Taught) -> NDArray[np.float64]:
    """What each row weighs, by its question's kind."""
    kinds, counts = np.unique(taught.rows.kinds, return_counts=True)
    each = {kind: SHARES[kind] / count for kind, count in zip(kinds.tolist(), counts, strict=True)}
    own = np.array([each[kind] for kind in taught.rows.kinds.tolist()])
    return np.repeat(own * len(own) / own.sum(), taught.rows.sizes)


def first_scores(taught: Taught) -> NDArray[np.float64]:
    """What the weighted sum makes of each row."""
    rows = taught.rows
    return rows.features[:, rows.names.tolist().index("first")].astype(np.float64)


def teach_ranking(taught: Taught, trees: int) -> lightgbm.Booster:
    """Learn an order from questions that have an answer."""
    rows = taught.rows
    data = lightgbm.Dataset(
        rows.features,
        right_ones(taught, first_scores(taught)),
        group=rows.sizes,
        weight=weights(taught),
        params={"max_bin": 63, "verbose": -1},
    )
    return lightgbm.train({**RANKING, **_ALWAYS}, data, trees)


def best_rows(taught: Taught, scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """The features of each question's first result."""
    first = [rows.start + int(np.argmax(scores[rows])) for rows in taught.questions()]
    return taught.rows.features[first]


def teach_doubt(taught: Taught, scores: NDArray[np.float64], trees: int) -> lightgbm.Booster:
    """Learn to tell a question that belongs here from one that belongs elsewhere."""
    here = (taught.rows.kinds != ABSENT).astype(np.float64)
    weight = np.where(here == 1, 0.5 / here.mean(), 0.5 / (1 - here.mean()))
    data = lightgbm.Dataset(best_rows(taught, scores), here, weight=weight)
    return lightgbm.train({**DOUBT, **_ALWAYS}, data, trees)


def exported(
    booster: lightgbm.Booster, names: Sequence[str], scale: tuple[float, float] = (1.0, 0.0)
) -> Forest:
    """A booster's trees as the product evaluates them, to the same sums."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    shape = (len(trees), MAX_LEAVES - 1)
    forest = Forest(
        tuple(names),
        np.zeros(shape, np.int16),
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.uint16),
        np.zeros((len(trees), MAX_LEAVES), np.float32),
        np.array(scale, np.float32),
    )
    for number, tree in enumerate(trees):
        _export(forest, number, tree, 0, [0])
    used = max(1, int((forest.threshold < np.inf).sum(axis=1).max(initial=0)))
    return forest._replace(
        feature=forest.feature[:, :used],
        threshold=forest.threshold[:, :used],
        cleared=forest.cleared[:, :used],
    )


def _export(forest: Forest, number: int, node: Any, leaf: int, splits: list[int]) -> int:
    """Write a subtree whose leftmost leaf has this number; how many leaves it has."""
    if "leaf_value" in node:
        forest.leaves[number, leaf] = node["leaf_value"]
        return 1
    assert node["decision_type"] == "<="
    split = splits[0]
    splits[0] += 1
    left = _export(forest, number, node["left_child"], leaf, splits)
    right = _export(forest, number, node["right_child"], leaf + left, splits)
    forest.feature[number, split] = node["split_feature"]
    forest.threshold[number, split] = _at_most(node["threshold"])
    forest.cleared[number, split] = ((1 << left) - 1) << leaf
    return left + right


def _at_most(threshold: float) -> np.float32:
    """The largest float32 that is not above a float64: the same float32 values are above both."""
    rounded = np.float32(threshold)
    return rounded if rounded <= threshold else np.nextafter(rounded, np.float32(-np.inf))


def gains(taught: Taught, scores: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """NDCG@10 and reciprocal rank of each question; an answer counts once, where it first is."""
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    gained, reciprocal = [], []
    for rows, wanted in zip(taught.questions(), taught.rows.wanted.tolist(), strict=True):
        order = np.argsort(-scores[rows], kind="stable")[:DEPTH]
        seen, gain, first = 0, 0.0, 0.0
        for place, answers in enumerate(taught.rows.answers[rows][order].tolist()):
            new = answers & ~seen
            seen |= new
            gain += new.bit_count() * discounts[place] if new else 0
            first = first or (1 / (place + 1) if new else 0)
        ideal = discounts[: min(DEPTH, wanted)].sum()
        gained.append(min(1.0, gain / ideal) if ideal else 0.0)
        reciprocal.append(first)
    return np.array(gained), np.array(reciprocal)


def report(name: str, taught: Taught, scores: NDArray[np.float64]) -> None:
    """Print what an order is worth, by kind."""
    gained, reciprocal = gains(taught, scores)
    numbers = taught.repositories
    mean = np.mean([gained[numbers == one].mean() for one in np.unique(numbers)])
    cells = [
        f"{name:12} by repository {mean:.3f}  NDCG {gained.mean():.3f} MRR {reciprocal.mean():.3f}"
    ]
    for kind in np.unique(taught.rows.kinds):
        of_kind = taught.rows.kinds == kind
        cells.append(f"{kind} {gained[of_kind].mean():.3f}/{reciprocal[of_kind].mean():.3f}")
    print("  ".join(cells), flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Teach the forests.")
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=250)
    parser.add_argument("--doubt-trees", type=int, default=100)
    arguments = parser.parse_args()
    files = sorted(arguments.rows.glob("*.npz"))
    others, apart = held_apart(files)
    scale = judge(gather(others, thin=True), gather(apart, thin=False), arguments)
    taught = gather(files, thin=True)
    names = taught.rows.names.tolist()
    arguments.out.mkdir(parents=True, exist_ok=True)
    ranking = teach_ranking(part(taught, taught.rows.kinds != ABSENT), arguments.trees)
    scores = np.asarray(ranking.predict(taught.rows.features))
    doubt = teach_doubt(taught, scores, arguments.doubt_trees)
    for name, forest in (
        ("ranking", exported(ranking, names, scale)),
        ("doubt", exported(doubt, names)),
    ):
        np.savez_compressed(arguments.out / f"{name}.npz", **forest._asdict())


def judge(learned: Taught, held_out: Taught, arguments: argparse.Namespace) -> tuple[float, float]:
    """Print what forests that know some repositories are worth on others.

    Returns:
        Slope and shift that turn a sum into the probability that a candidate is right.
    """
    answered = part(held_out, held_out.rows.kinds != ABSENT)
    ranking = teach_ranking(part(learned, learned.rows.kinds != ABSENT), arguments.trees)
    report("first score", answered, first_scores(answered))
    report("forest", answered, np.asarray(ranking.predict(answered.rows.features)))
    known = np.asarray(ranking.predict(learned.rows.features))
    doubt = teach_doubt(learned, known, arguments.doubt_trees)
    scores = np.asarray(ranking.predict(held_out.rows.features))
    told = np.asarray(doubt.predict(best_rows(held_out, scores)))
    absent = held_out.rows.kinds == ABSENT
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5):
        weak = told < threshold
        print(f"weak below {threshold}: absent {weak[absent].mean():.3f}", end="")
        print(f" present {weak[~absent].mean():.3f}", flush=True)
    sums = np.asarray(ranking.predict(answered.rows.features))
    return _logistic(sums, right_ones(answered, sums))


def _logistic(sums: NDArray[np.float64], right: NDArray[np.int8]) -> tuple[float, float]:
    """Slope and shift of the logistic curve that fits best (Newton's method)."""
    table = np.stack([sums, np.ones_like(sums)], axis=1)
    line = np.zeros(2)
    for _ in range(25):
        told = 1 / (1 + np.exp(-table @ line))
        curvature = (table * (told * (1 - told))[:, None]).T @ table + 1e-6 * np.eye(2)
        line += np.linalg.solve(curvature, table.T @ (right - told))
    return float(line[0]), float(line[1])


if __name__ == "__main__":
    main()
