"""Token vectors as the files that fastembed and the package read, and the model they make."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file

from lumen_hooks.embedding.files import POOLING, STATIC_WEIGHTS, TOKENIZER
from lumen_hooks.embedding.registry import identify
from lumen_hooks.embedding.static import StaticEmbedder
from lumen_hooks.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lumen_hooks.embedding.term_weighting import Weighing


def load_model(folder: Path) -> StaticEmbedder:
    """What `export` wrote, as the product loads a folder."""
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(model=str(folder.resolve()), models_folder=place)
        return StaticEmbedder(settings.model, identify(settings))


def embed(model: StaticEmbedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of documents, shape (n, d), before they are quantised."""
    return model.pool([model.weighing.counts(text).items() for text in texts])


def embed_queries(model: StaticEmbedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of queries, shape (n, d)."""
    return np.stack([model.embed_query(text) for text in texts])


def export(vectors: NDArray[np.float32], tokenizer: Path, folder: Path, weighing: Weighing) -> None:
    """Write a model: int8 rows, each with the float32 weight that gives it back its length."""
    folder.mkdir(parents=True, exist_ok=True)
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-12).astype(np.float32) / 127
    rows = np.rint(vectors / scale[:, None]).astype(np.int8)
    save_file({"embeddings": rows, "weights": scale}, folder / STATIC_WEIGHTS)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    (folder / POOLING).write_text(json.dumps(asdict(weighing)), encoding="utf-8")
