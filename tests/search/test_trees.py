"""Forests of decision trees, beside trees that are walked one node at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lumen_hooks.search.trees import MAX_LEAVES, Forest, load_forest

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("a", "b", "c")
Tree = Any
"""A leaf's value, or (feature, threshold, left, right)."""


def random_tree(rng: np.random.Generator, leaves: int) -> Tree:
    if leaves == 1:
        return float(rng.normal())
    left = int(rng.integers(1, leaves))
    split = int(rng.integers(len(NAMES))), float(np.float32(rng.normal()))
    return (*split, random_tree(rng, left), random_tree(rng, leaves - left))


def walked(tree: Tree, row: NDArray[np.float32]) -> float:
    while isinstance(tree, tuple):
        feature, threshold, left, right = tree
        tree = right if row[feature] > threshold else left
    return float(tree)


def forest_of(trees: list[Tree]) -> Forest:
    shape = (len(trees), MAX_LEAVES - 1)
    forest = Forest(
        NAMES,
        np.zeros(shape, np.int16),
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.uint16),
        np.zeros((len(trees), MAX_LEAVES), np.float32),
        np.array([1, 0], np.float32),
    )

    def write(number: int, tree: Tree, leaf: int, splits: list[int]) -> int:
        if not isinstance(tree, tuple):
            forest.leaves[number, leaf] = tree
            return 1
        feature, threshold, left, right = tree
        split = splits.pop()
        on_left = write(number, left, leaf, splits)
        forest.feature[number, split] = feature
        forest.threshold[number, split] = threshold
        forest.cleared[number, split] = ((1 << on_left) - 1) << leaf
        return on_left + write(number, right, leaf + on_left, splits)

    for number, tree in enumerate(trees):
        write(number, tree, 0, list(range(MAX_LEAVES - 1)))
    return forest


@pytest.mark.parametrize("leaves", [1, 2, 7, MAX_LEAVES])
def test_a_forest_is_the_sum_of_its_trees(leaves: int) -> None:
    rng = np.random.default_rng(leaves)
    trees = [random_tree(rng, leaves) for _ in range(20)]
    table = rng.normal(size=(50, len(NAMES))).astype(np.float32)
    table[0] = [tree[1] if isinstance(tree, tuple) else 0 for tree in trees[:3]]  # at a threshold
    columns = {name: table[:, number] for number, name in enumerate(NAMES)}
    expected = [sum(walked(tree, row) for tree in trees) for row in table]
    found = forest_of(trees).score({**columns, "another": table[:, 0]})
    assert found == pytest.approx(np.array(expected), abs=1e-4)


def test_no_rows_have_no_scores() -> None:
    empty = np.empty(0, np.float32)
    forest = forest_of([random_tree(np.random.default_rng(1), 4)])
    assert len(forest.score(dict.fromkeys(NAMES, empty))) == 0


@pytest.mark.parametrize("name", ["ranking", "doubt"])
def test_what_the_package_brings_is_a_forest(name: str) -> None:
    forest = load_forest(name)
    trees, splits = forest.feature.shape
    assert forest.threshold.shape == forest.cleared.shape == (trees, splits)
    assert forest.leaves.shape == (trees, MAX_LEAVES)
    assert 0 <= forest.feature.min() <= forest.feature.max() < len(forest.names)
    assert np.isfinite(forest.leaves).all()
    assert not np.isnan(forest.threshold).any()
