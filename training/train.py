"""Training: one vector per token, so that a question's sum points where its code's sum points.

InfoNCE in both directions over the batch (van den Oord et al., 2018, arXiv:1807.03748), where a
batch is made of groups of pairs of one repository: telling a function from its neighbours is what
a search within one repository has to do.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags_array, vstack

from lumen_hooks.embedding.term_weighting import Weighing

from .dataset import COUNT_MAX, KINDS, Dataset
from .export import export, load_model
from .validate import Validation, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .dataset import Ragged


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one run is made with.

    Attributes:
        epochs: passes over the sampled pairs.
        batch: pairs in one batch, all of which are each other's negatives.
        group: pairs of one repository that stand together in a batch; 1 for none.
        temperature: of the softmax.
        rate: Adam's learning rate at its highest; it rises for 5% of the steps and then falls to 0.
        damping: Adam's epsilon: gradients far below it, as of rare words, move a vector less.
        dimensions: length of the vectors.
        repetition: how often a word of a code counts: `each` time, with its `doublings` (1 + log2,
            rounded down), or at most so many times (`1`, `2`, ...).
        first_line: additional weight of the words of the qualified symbol.
        code_dropout: share of the tokens of a code that are left out of one step.
        query_dropout: the same for questions.
        kinds: share of each kind's pairs that take part in an epoch.
        names: share of the questions that are replaced by the qualified symbol of their code.
        seed: of all that is random.
    """

    epochs: int = 3
    batch: int = 4096
    group: int = 128
    temperature: float = 0.05
    rate: float = 4e-3
    damping: float = 1e-8
    dimensions: int = 256
    repetition: str = "doublings"
    first_line: int = 5
    code_dropout: float = 0.25
    query_dropout: float = 0.1
    kinds: Sequence[float] = (1.0, 0.7, 0.5, 0.7, 0.5)
    names: float = 0.0
    seed: int = 1


def train(
    data: Dataset,
    pieces: int,
    recipe: Recipe,
    *,
    start: NDArray[np.float32] | None = None,
    log: Callable[[str], None] = print,
) -> NDArray[np.float32]:
    """Train token vectors.

    Args:
        data: encoded pairs.
        pieces: size of the vocabulary.
        recipe: how.
        start: first directions of the vectors, shape (pieces, at least recipe.dimensions); random
            without it. Their first lengths follow from how rare the pieces are.
        log: takes a line now and then.

    Returns:
        The vectors, float32 of shape (pieces, recipe.dimensions).
    """
    torch.manual_seed(recipe.seed)
    draw = np.random.default_rng(recipe.seed)
    weights = torch.from_numpy(_start(data, pieces, recipe, start, draw))
    optimiser = torch.optim.Adam(
        [weights], lr=recipe.rate, betas=(0.9, 0.98), eps=recipe.damping, fused=True
    )
    batches = [one for _ in range(recipe.epochs) for one in _batches(data, recipe, draw)]
    started, losses = time.monotonic(), []
    for step, rows in enumerate(batches):
        _set_rate(optimiser, recipe.rate, step / len(batches))
        losses.append(_step(data, rows, weights, recipe, draw))
        optimiser.step()
        if step % 100 == 99:
            seconds = time.monotonic() - started
            log(f"{step + 1}/{len(batches)} loss {np.mean(losses[-100:]):.3f} {seconds:.0f} s")
    return np.asarray(weights.numpy(), np.float32)


def _counted(counts: NDArray[np.uint8], repetition: str) -> NDArray[np.float32]:
    """What each token counts, by how often its word occurs: the product's own rule."""
    weighing = Weighing(repetition, 0)
    table = [weighing.counted(times) for times in range(COUNT_MAX + 1)]
    found: NDArray[np.float32] = np.array(table, np.float32)[counts]
    return found


def _start(
    data: Dataset,
    pieces: int,
    recipe: Recipe,
    start: NDArray[np.float32] | None,
    draw: np.random.Generator,
) -> NDArray[np.float32]:
    found = np.bincount(data.codes.ids, minlength=pieces)
    found += np.bincount(data.queries.ids, minlength=pieces)
    rarity = np.log(1 + len(data.source) / (1 + found)).astype(np.float32)
    if start is None:
        start = draw.standard_normal((pieces, recipe.dimensions), dtype=np.float32)
    vectors = start[:, : recipe.dimensions].astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    scaled: NDArray[np.float32] = vectors * (rarity / rarity.mean())[:, None]
    return scaled


def _batches(
    data: Dataset, recipe: Recipe, draw: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    share = np.array(recipe.kinds)[data.kind]
    rows = np.flatnonzero(draw.random(len(share)) < share)
    rows = rows[draw.permutation(len(rows))]
    rows = rows[np.argsort(data.source[rows], kind="stable")]
    # Equal groups, so that every batch has as many; what is left over joins neighbours.
    whole = len(rows) // recipe.batch * recipe.batch
    groups = rows[:whole].reshape(-1, recipe.group)
    yield from groups[draw.permutation(len(groups))].reshape(-1, recipe.batch)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float, done: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * min(1.0, done / 0.05, (1 - done) / 0.95)


def _step(
    data: Dataset,
    rows: NDArray[np.int64],
    weights: torch.Tensor,
    recipe: Recipe,
    draw: np.random.Generator,
) -> float:
    """One batch: its mean loss, with the gradient left in `weights.grad`."""
    pieces = weights.shape[0]
    asked = _matrix(data.queries, rows, pieces, "each", recipe.query_dropout, draw)
    if recipe.names:
        named = (draw.random(len(rows)) < recipe.names) & (np.diff(data.symbols.starts)[rows] > 0)
        names = _matrix(data.symbols, rows, pieces, "each", 0.0, draw)
        asked = diags_array((~named).astype(np.float32)) @ asked
        asked = csr_matrix(asked + diags_array(named.astype(np.float32)) @ names)
    code = _matrix(data.codes, rows, pieces, recipe.repetition, recipe.code_dropout, draw)
    if recipe.first_line:
        code = code + recipe.first_line * _matrix(data.symbols, rows, pieces, "1", 0.0, draw)
    left, left_norms = _pooled(asked, weights)
    right, right_norms = _pooled(code, weights)
    loss, left_gradient, right_gradient = info_nce(
        left, right, recipe.temperature, _also_right(data, rows)
    )
    stacked = vstack([asked, code], format="csr")
    gradient = torch.cat(
        [
            _through_norm(left, left_norms, left_gradient),
            _through_norm(right, right_norms, right_gradient),
        ]
    )
    weights.grad = _product(stacked.T.tocsr(), gradient)
    return loss


def info_nce(
    left: torch.Tensor,
    right: torch.Tensor,
    temperature: float,
    also_right: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """The symmetric InfoNCE loss of unit vectors, where row i of either belongs to row i.

    Args:
        left: shape (n, d).
        right: shape (n, d).
        temperature: divides the cosines.
        also_right: (rows, columns) of what is neither right nor wrong.

    Returns:
        The loss, and its gradients by `left` and `right`. Written out rather than left to autograd,
        because the n x n matrix is most of the work: it is made once and used in place.
    """
    n = len(left)
    scores = left @ right.T
    diagonal = scores.diagonal().clone()
    # A cosine is at most 1, so nothing overflows.
    shares = scores.sub_(1).div_(temperature).exp_()
    shares[also_right] = 0
    across, down = shares.sum(dim=1), shares.sum(dim=0)
    own = (diagonal - 1) / temperature
    loss = float((across.log() + down.log() - 2 * own).mean() / 2)
    shares.mul_(across.reciprocal()[:, None] + down.reciprocal()[None, :])
    shares.diagonal().sub_(2)
    scale = 1 / (2 * n * temperature)
    return loss, (shares @ right).mul_(scale), (shares.T @ left).mul_(scale)


def _pooled(matrix: csr_array, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    sums = _product(matrix, weights)
    norms = sums.norm(dim=1, keepdim=True).clamp_min(1e-6)
    return sums / norms, norms


def _through_norm(unit: torch.Tensor, norms: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    along = (gradient * unit).sum(dim=1, keepdim=True)
    return (gradient - along * unit) / norms


def _product(matrix: csr_array, dense: torch.Tensor) -> torch.Tensor:
    sparse = torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr.astype(np.int64)),
        torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data),
        matrix.shape,
        check_invariants=False,
    )
    return sparse @ dense


def _also_right(
    data: Dataset, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which other pairs of the batch are no negatives: equal questions, or one definition."""
    found: list[NDArray[np.int64]] = []
    for keys in (data.query_key[rows], data.code_key[rows]):
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order])) + 1
        for equal in np.split(order, bounds):
            if len(equal) > 1:
                pairs = np.stack(np.meshgrid(equal, equal), axis=-1).reshape(-1, 2)
                found.append(pairs[pairs[:, 0] != pairs[:, 1]])
    both = np.concatenate([np.zeros((0, 2), np.int64), *found])
    return both[:, 0], both[:, 1]


def _matrix(
    ragged: Ragged,
    rows: NDArray[np.int64],
    pieces: int,
    repetition: str,
    dropout: float,
    draw: np.random.Generator,
) -> csr_array:
    places, bounds = ragged.places(rows)
    ids = ragged.ids[places]
    values = _counted(ragged.counts[places], repetition)
    if dropout:
        values = values * (draw.random(len(values)) >= dropout)
    return csr_matrix((values.astype(np.float32), ids, bounds), shape=(len(rows), pieces))


def main(arguments: list[str]) -> int:
    """Train by a recipe, write the model, and print how it does on the tune set."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.dataset wrote")
    parser.add_argument("--tune", type=Path, help="what training.validate wrote")
    parser.add_argument("--start", type=Path, help="what training.start wrote")
    parser.add_argument("--recipe", type=Path, required=True, help="JSON: fields of Recipe")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    chosen = parser.parse_args(arguments)
    recipe = replace(Recipe(), **json.loads(chosen.recipe.read_text(encoding="utf-8")))
    data = Dataset.load(chosen.data / "dataset.npz")
    sizes = ", ".join(f"{int((data.kind == n).sum())} {kind}" for n, kind in enumerate(KINDS))
    print(f"{sizes}; {recipe}", flush=True)
    tokenizer = chosen.data / "tokenizer.json"
    pieces = len(json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"])
    started = time.process_time()
    start = np.load(chosen.start) if chosen.start else None
    vectors = train(data, pieces, recipe, start=start, log=lambda line: print(line, flush=True))
    print(f"trained in {time.process_time() - started:.0f} CPU s", flush=True)
    export(vectors, tokenizer, chosen.out, Weighing(recipe.repetition, recipe.first_line))
    (chosen.out / "recipe.json").write_text(json.dumps(asdict(recipe)), encoding="utf-8")
    if chosen.tune:
        found = Validation.load(chosen.tune).scores(load_model(chosen.out))
        print(table(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
