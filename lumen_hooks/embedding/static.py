"""A static model whose words are weighed: one vector for each piece of a word, added up.

Pools the vectors itself, with tokenizers and numpy alone: a query or a refresh of a few files must
not pay for fastembed's import, and since each word is cut into pieces once and then remembered, a
build takes a third of fastembed's time. A test holds the vectors equal to those that fastembed
makes of the same files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from lumen_hooks.errors import ModelError
from lumen_hooks.system.unicode import encodable

from .files import HINT, STATIC_WEIGHTS, TOKENIZER, safetensors_header
from .quantise import quantise
from .term_weighting import read_weighing, words_of
from .text import MAX_TOKENS, query_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from .identity import ModelIdentity

_BATCH_TEXTS = 256
_WORDS_KEPT = 200_000
"""Words whose pieces are remembered, about 150 bytes each."""
_DTYPES = {"F16": "<f2", "F32": "<f4", "I8": "i1"}


class StaticEmbedder:
    """A static model in a folder with a `pooling.json`.

    Args:
        folder: where its files are.
        identity: which model it is.

    Raises:
        ModelError: the model's files are missing or damaged.
    """

    def __init__(self, folder: str, identity: ModelIdentity) -> None:
        self.identity = identity
        self.weighing = read_weighing(folder)
        self._rows, self._scales = _map_weights(os.path.join(folder, STATIC_WEIGHTS))
        path = os.path.join(folder, TOKENIZER)
        self._tokenizer, self._unknown = _load_tokenizer(path)
        if self._tokenizer.get_vocab_size() > len(self._rows):
            raise ModelError(f"{path} has more pieces than the model has vectors", hint=HINT)
        self._pieces: dict[str, list[int]] = {}

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        """The int8 vector of each text, or None where no word is known. See `Embedder`."""
        vectors: list[bytes | None] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = texts[start : start + _BATCH_TEXTS]
            counts = [self.weighing.counts(encodable(text)).items() for text in batch]
            vectors.extend(quantise(self.pool(counts)))
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query: float32, shape (d,), length 1 or zero. See `Embedder`."""
        words = words_of(query_text(text))
        vector: NDArray[np.float32] = self.pool([[(word, 1) for word in words]])[0]
        return vector

    def pool(self, texts: Sequence[Iterable[tuple[str, int]]]) -> NDArray[np.float32]:
        """Unit vectors, float32, shape (n, d): the direction of the sum of the known pieces."""
        pooled = np.zeros((len(texts), self.identity.dimensions), dtype=np.float32)
        for row, words in enumerate(texts):
            ids, counts = self._counted_pieces(words)
            if ids:
                places = np.array(ids)
                weights = np.array(counts, np.float32) * self._scales.take(places)
                pooled[row] = weights @ self._rows.take(places, axis=0)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        pooled /= np.maximum(norms, np.float32(1e-12))
        return pooled

    def _counted_pieces(self, words: Iterable[tuple[str, int]]) -> tuple[list[int], list[int]]:
        """The first MAX_TOKENS pieces, each with how often it counts, as fastembed takes them.

        Unknown ones count towards the limit and are dropped after it.
        """
        ids: list[int] = []
        counts: list[int] = []
        left = MAX_TOKENS
        known = self._pieces.get
        for word, count in words:
            pieces = known(word) or self._made_pieces(word)
            left -= len(pieces) * count
            if left < 0:  # the last word, cut
                room = left + len(pieces) * count
                pieces, count = (pieces * min(count, room))[:room], 1  # noqa: PLW2901
            ids += pieces
            if len(pieces) == 1:
                counts.append(count)
            else:
                counts += [count] * len(pieces)
            if left <= 0:
                break
        if self._unknown in ids:
            places = [place for place, one in enumerate(ids) if one != self._unknown]
            return [ids[place] for place in places], [counts[place] for place in places]
        return ids, counts

    def _made_pieces(self, word: str) -> list[int]:
        if len(self._pieces) >= _WORDS_KEPT:
            self._pieces.clear()
        found = self._tokenizer.encode(word, add_special_tokens=False).ids
        self._pieces[word] = found
        return found


def _map_weights(path: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The pieces' vectors, mapped rather than read (a query touches a few rows), and their scales.

    The tensors are fastembed's: `embeddings`, and `weights` that each row is multiplied with.
    """
    tensors = safetensors_header(path)
    vectors, scales = tensors.get("embeddings"), tensors.get("weights")
    known = {"embeddings", "weights"}
    fits = vectors is not None and len(vectors.shape) == 2 and known.issuperset(tensors)
    if vectors is None or not fits or (scales is not None and scales.shape != vectors.shape[:1]):
        raise ModelError(f"{path} is not a static model that can be pooled", hint=HINT)
    try:
        rows: NDArray[np.float32] = np.memmap(
            path, _DTYPES[vectors.dtype], "r", vectors.offset, vectors.shape
        )
        if scales is None:
            return np.asarray(rows), np.ones(len(rows), np.float32)
        mapped = np.memmap(path, _DTYPES[scales.dtype], "r", scales.offset, scales.shape)
        factors: NDArray[np.float32] = mapped.astype(np.float32)
    except (KeyError, OSError, OverflowError, TypeError, ValueError) as error:
        raise ModelError(f"cannot map {path}: {error}", hint=HINT) from error
    if not np.isfinite(factors).all():
        raise ModelError(f"{path} has weights that are no numbers", hint=HINT)
    # The same memory, without what a memmap does at each look.
    return np.asarray(rows), np.asarray(factors)


def _load_tokenizer(path: str) -> tuple[Tokenizer, int]:
    """A model's tokenizer, and its token for unknown words."""
    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # tokenizers raises plain Exception for everything
        raise ModelError(f"cannot read {path}: {error}", hint=HINT) from error
    name = getattr(tokenizer.model, "unk_token", None)
    unknown: int | None = None if name is None else tokenizer.token_to_id(name)
    if unknown is None:
        raise ModelError(f"{path} has no token for unknown words", hint=HINT)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, unknown
