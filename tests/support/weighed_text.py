"""Texts for fastembed, which knows no weights, that come to the same as weighed words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def as_text(counts: Iterable[tuple[str, int]]) -> str:
    """A text in which every word stands as often as it counts."""
    return " ".join(" ".join([word] * count) for word, count in counts)
