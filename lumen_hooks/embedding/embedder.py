"""What an embedding model is to the rest of the program, and how the one in force is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lumen_hooks.settings import BUILTIN_MODEL

from .identity import default_models_folder, identify
from .threads import limit_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lumen_hooks.settings import Settings

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


def load_embedder(
    settings: Settings, *, models_folder: str | None = None, download: bool = False
) -> Embedder:
    """Load the model in force, with `settings.threads` threads.

    Bounds numpy's threads only if numpy was not imported before: see `limit_threads`.

    Args:
        settings: names the model and the threads.
        models_folder: where downloaded models are kept; the one in `settings` without it.
        download: a model that is missing there may be fetched. Never set it in a hook.

    Raises:
        ModelError: the model is unknown, missing or unusable; the hint names the setting.
    """
    limit_threads(settings.threads)
    if settings.model == BUILTIN_MODEL:
        from .builtin import BuiltinEmbedder

        return BuiltinEmbedder()
    from .transformer import load_engine_embedder

    place = models_folder or settings.models_folder or default_models_folder({})
    if download:
        from .fastembed_engine import locate
        from .identity import local_files

        if local_files(settings.model) is None:
            locate(settings.model, place, download=True)
    return load_engine_embedder(settings, identify(settings, models_folder=place), place)
