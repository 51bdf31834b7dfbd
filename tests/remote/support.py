"""Vectors to push, as a model might have made them."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

from lumen_hooks.settings import Settings

DIMENSIONS = 240
MODEL_KEY = "a model of 240 dimensions"
SETTINGS = Settings()


@cache
def _pair(number: int) -> tuple[bytes, bytes]:
    key = blake2b(b"text %d" % number, digest_size=16).digest()
    vector = blake2b(b"vector %d" % number, digest_size=DIMENSIONS // 4).digest() * 4
    return key, b"" if number % 97 == 0 else vector


def some_vectors(first: int, behind: int) -> dict[bytes, bytes]:
    """By key the vectors of texts with these numbers; one of 97 has none."""
    return dict(map(_pair, range(first, behind)))
