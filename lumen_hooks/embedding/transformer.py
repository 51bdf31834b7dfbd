"""Any model but the built-in one, run by fastembed: from its list, a folder or a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lumen_hooks.system.unicode import encodable

from .fastembed_engine import Engine, load_named, load_onnx, load_static
from .quantise import quantise
from .registry import local_files
from .static import StaticEmbedder
from .text import query_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumen_hooks.settings import Settings

    from .identity import ModelIdentity
    from .protocol import Embedder

BATCH_TEXTS = 4
"""Texts in one run of the network. MiniLM, chunks of 900 characters, one thread: 4 at once 9.6 a
second in 0.55 GB, 8 at once 7.7 in 0.87 GB; fastembed's default of 256 would take about 11 GB."""


class EngineEmbedder:
    """An embedder that leaves everything to fastembed.

    Args:
        engine: the loaded model.
        identity: which model it is.
    """

    def __init__(self, engine: Engine, identity: ModelIdentity) -> None:
        self.identity = identity
        self._engine = engine

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        """The int8 vector of each text, or None where it has none. See `Embedder`."""
        # Every text of a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
        ordered = [encodable(texts[place]) for place in order]
        floats = self._engine.embed(ordered, batch_size=BATCH_TEXTS)
        vectors: list[bytes | None] = [None] * len(texts)
        for place, vector in zip(order, quantise(floats), strict=True):
            vectors[place] = vector
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query: float32, shape (d,), length 1 or zero. See `Embedder`."""
        vector = self._engine.embed_query(query_text(text))
        norm = np.linalg.norm(vector)
        if not np.isfinite(norm) or norm == 0:
            return np.zeros_like(vector)
        unit: NDArray[np.float32] = vector / norm
        return unit


def load_engine_embedder(settings: Settings, identity: ModelIdentity) -> Embedder:
    """Load a model by its name or folder, from this machine only.

    Args:
        settings: names the model, where downloaded ones are kept, and the threads of a session.
        identity: what `identify` said of it.

    Raises:
        ModelError: it is missing or unusable.
    """
    files = local_files(settings.model)
    if files is None:
        engine = load_named(identity, settings.models_folder, settings.model_threads)
        return EngineEmbedder(engine, identity)
    if files.weighed:
        return StaticEmbedder(files.folder, identity)
    if files.static:
        return EngineEmbedder(load_static(files.folder, identity), identity)
    return EngineEmbedder(load_onnx(files, identity, settings.model_threads), identity)
