"""What tells a model's vectors from another's. Plain values; knows no file and loads nothing."""

from __future__ import annotations

from typing import NamedTuple

from lumen_hooks.settings import BUILTIN_MODEL
from lumen_hooks.system.installed import versions

from .text import EMBEDDED_TEXT_VERSION, MAX_TOKENS

QUANTISATION = "int8-max-abs"
"""What `quantise` does, in a word: part of every model key."""

_VECTOR_RULES = f"{MAX_TOKENS}t-text{EMBEDDED_TEXT_VERSION}-{QUANTISATION}"


class ModelIdentity(NamedTuple):
    """What tells a model's vectors from another's.

    Attributes:
        name: as `lumen.model` has it.
        digest: SHA-256 over the files that decide its vectors, hex.
        dimensions: length of its vectors.
    """

    name: str
    digest: str
    dimensions: int

    @property
    def model_key(self) -> str:
        """Equal for two models exactly if their stored vectors are interchangeable.

        Other versions of the tokenizer, or of fastembed, may cut texts otherwise.
        """
        engine = versions("tokenizers")
        if self.name != BUILTIN_MODEL:
            engine += " " + versions("fastembed")
        return f"{self.digest[:32]}-{self.dimensions}d-{_VECTOR_RULES}-{engine}"
