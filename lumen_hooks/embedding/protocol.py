"""What an embedding model is to the rest of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from .identity import ModelIdentity


class Embedder(Protocol):
    """A loaded embedding model."""

    @property
    def identity(self) -> ModelIdentity:
        """Which model it is."""

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        """The int8 vector of each text, or None for a text that holds nothing the model knows.

        Args:
            texts: made by `embedded_text`; any number of them.

        Returns:
            For each text, `identity.dimensions` bytes (see `quantise`).

        Raises:
            ModelError: the model cannot be run.
        """

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query: float32, shape (d,), of length 1, or zero if no word is known.

        Raises:
            ModelError: the model cannot be run.
        """
