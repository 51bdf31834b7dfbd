"""First token vectors from a transformer: what it makes of each piece of the vocabulary alone.

    python -m training.start --data FOLDER --out FILE.npy

As model2vec does it (github.com/MinishLab/model2vec): each piece through all-MiniLM-L6-v2, the mean
of its states, the first principal components of all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 512


def piece_vectors(tokenizer: Path) -> NDArray[np.float32]:
    """Unit vectors of all pieces by their ids, shape (pieces, 384)."""
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    embedder = load_embedder(Settings(model="minilm", threads=2))
    engine = embedder._engine  # type: ignore[attr-defined]
    texts = np.array([piece.removeprefix("##") for piece in pieces])
    # Each batch is as wide as its longest text.
    order = np.argsort(np.char.str_len(texts), kind="stable")
    found = [
        engine.embed(texts[order[start : start + BATCH]].tolist(), batch_size=BATCH)
        for start in range(0, len(texts), BATCH)
    ]
    return np.concatenate(found)[np.argsort(order)]


def principal(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same in the order of their principal components, the strongest first."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turned: NDArray[np.float32] = centred @ axes[:, ::-1]
    return turned


def main(arguments: list[str]) -> int:
    """Write the vectors."""
    parser = argparse.ArgumentParser(prog="python -m training.start", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.dataset wrote")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    np.save(chosen.out, principal(piece_vectors(chosen.data / "tokenizer.json")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
