"""The model that is part of the package."""

from __future__ import annotations

from .registry import BUILTIN_FOLDER, identify_builtin
from .static import StaticEmbedder


class BuiltinEmbedder(StaticEmbedder):
    """The built-in model. Loading it costs about 0.1 CPU s, most of it numpy's import.

    Raises:
        ModelError: the model's files are missing or damaged.
    """

    def __init__(self) -> None:
        super().__init__(BUILTIN_FOLDER, identify_builtin())
