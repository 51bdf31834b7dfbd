"""The built-in static model: one vector for each token, added up.

Pools the vectors itself, with tokenizers and numpy alone, because a query or a
refresh of a few files must not pay for fastembed's import; whoever embeds much
in one process is handed on to fastembed. A test holds the two equal.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from lumen_hooks.errors import ModelError

from .files import STATIC_WEIGHTS, TOKENIZER, safetensors_header
from .identity import BUILTIN_FOLDER, MAX_TOKENS, identify_builtin
from .quantise import quantise
from .text import encodable, query_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .engine import Engine
    from .identity import ModelIdentity

ENGINE_AFTER_TEXTS = 2048
"""Texts that one embedder embeds before it loads fastembed: more is a build, and fastembed is the
engine of builds. A chunk of 900 characters costs 0.20 ms of CPU here and 0.17 ms there, fastembed's
import and model 0.40 s, so refreshes, queries and small builds do without."""

_BATCH_TEXTS = 256
_DTYPES = {"F16": "<f2", "F32": "<f4"}


class BuiltinEmbedder:
    """The built-in model. Loading it costs about 0.1 CPU s, most of it numpy's import.

    Args:
        engine_after: texts to embed before fastembed takes over.

    Raises:
        ModelError: the model's files are missing or damaged.
    """

    def __init__(self, *, engine_after: int = ENGINE_AFTER_TEXTS) -> None:
        self.identity: ModelIdentity = identify_builtin()
        self._weights = _map_weights(os.path.join(BUILTIN_FOLDER, STATIC_WEIGHTS))
        self._tokenizer, self._unknown = _load_tokenizer(os.path.join(BUILTIN_FOLDER, TOKENIZER))
        self._engine_after = engine_after
        self._embedded = 0
        self._engine: Engine | None = None

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        """The int8 vector of each text, or None where no token is known. See `Embedder`."""
        self._embedded += len(texts)
        if self._embedded > self._engine_after and self._engine is None:
            from .engine import load_static

            self._engine = load_static(BUILTIN_FOLDER, self.identity)
        vectors: list[bytes | None] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = [encodable(text) for text in texts[start : start + _BATCH_TEXTS]]
            if self._engine is not None:
                floats = self._engine.embed(batch, batch_size=_BATCH_TEXTS)
            else:
                floats = self._pool(batch)
            vectors.extend(quantise(floats))
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query: float32, shape (d,), length 1 or zero. See `Embedder`."""
        vector: NDArray[np.float32] = self._pool([query_text(text)])[0]
        return vector

    def _pool(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors, float32, shape (n, d): the direction of the mean of the known tokens."""
        pooled = np.zeros((len(texts), self.identity.dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for row, encoding in enumerate(encodings):
            # Unknown tokens count towards the limit and are dropped after it, as in fastembed.
            known = [token for token in encoding.ids if token != self._unknown]
            pooled[row] = self._weights[known].sum(axis=0, dtype=np.float32)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        pooled /= np.maximum(norms, np.float32(1e-12))
        return pooled


def _map_weights(path: str) -> NDArray[np.float32]:
    """The token vectors, mapped rather than read: a query touches a few rows of 15 MB."""
    tensors = safetensors_header(path)
    tensor = tensors.get("embeddings")
    # fastembed would also apply tensors named `weights` and `mapping`; ours has none.
    if tensor is None or len(tensors) != 1 or tensor.dtype not in _DTYPES:
        raise ModelError(f"{path} is not the built-in model", hint="install lumen-hooks again")
    try:
        return np.memmap(
            path, dtype=_DTYPES[tensor.dtype], mode="r", offset=tensor.offset, shape=tensor.shape
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot map {path}: {error}", hint="install lumen-hooks again") from error


def _load_tokenizer(path: str) -> tuple[Tokenizer, int | None]:
    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # tokenizers raises plain Exception for everything
        raise ModelError(
            f"cannot read {path}: {error}", hint="install lumen-hooks again"
        ) from error
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer, tokenizer.token_to_id(tokenizer.model.unk_token)
