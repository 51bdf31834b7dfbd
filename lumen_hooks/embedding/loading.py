"""How the embedding model in force is loaded. Each kind's libraries are imported only for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.settings import BUILTIN_MODEL

from .registry import identify
from .threads import limit_threads

if TYPE_CHECKING:
    from lumen_hooks.settings import Settings

    from .protocol import Embedder


def load_embedder(settings: Settings) -> Embedder:
    """Load the model in force, from this machine, with `settings.model_threads` threads.

    Bounds numpy's threads only if numpy was not imported before: see `limit_threads`.

    Args:
        settings: names the model and the threads, and where downloaded models are kept.

    Raises:
        ModelError: the model is unknown, missing or unusable; the hint names the setting.
    """
    limit_threads(settings.model_threads)
    if settings.model == BUILTIN_MODEL:
        from .builtin import BuiltinEmbedder

        return BuiltinEmbedder()
    from .transformer import load_engine_embedder

    return load_engine_embedder(settings, identify(settings))
