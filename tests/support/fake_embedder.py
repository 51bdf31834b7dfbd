"""A real embedder that needs no model: hashed bags of words, and a count of what it embedded."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lumen_hooks.embedding.identity import ModelIdentity
from lumen_hooks.embedding.quantise import quantise
from lumen_hooks.embedding.text import query_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 256


class FakeEmbedder:
    """Texts that share words have similar vectors; a text without words has none.

    Attributes:
        identity: differs between fakes of different names.
        embedded: every text that was embedded as a document, in order.
        queries: every query.
    """

    def __init__(self, name: str = "fake") -> None:
        digest = hashlib.sha256(name.encode()).hexdigest()
        self.identity = ModelIdentity(name, digest, DIMENSIONS)
        self.embedded: list[str] = []
        self.queries: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        self.embedded.extend(texts)
        if not texts:
            return []
        return quantise(np.stack([_bag(text) for text in texts]))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        self.queries.append(text)
        vector = _bag(query_text(text))
        norm = np.linalg.norm(vector)
        unit: NDArray[np.float32] = vector / norm if norm else vector
        return unit


def _bag(text: str) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for word in re.findall(r"[a-z]+|[0-9]", text.lower()):
        place, sign = _place(word)
        vector[place] += sign
    return vector


@cache
def _place(word: str) -> tuple[int, float]:
    """Which number of a vector a word changes, and by how much."""
    number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return number % DIMENSIONS, 1.0 if number >> 63 else -1.0
