"""Everything that makes two indexes interchangeable, as one short string."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lumen_hooks.chunking.settings import CHUNKER_SETTINGS
from lumen_hooks.system.installed import versions

from .schema import SCHEMA_VERSION
from .vec0 import VECTOR_TYPE

if TYPE_CHECKING:
    from lumen_hooks.embedding.identity import ModelIdentity

INDEX_VERSION = 4
"""What an index means. A change here makes every index rebuild itself; the history:

1  2026-11-23  first
2  2026-11-26  files with a few long lines are parsed; bigrams of writing without spaces;
               encodings other than UTF-8
3  2026-11-26  chunks whose words do not tell all of their text are marked (lexical_terms.UNTOLD)
4  2026-11-26  many more languages, which attributes, settings and texts may tell
"""


def fingerprint(identity: ModelIdentity) -> str:
    """The fingerprint of indexes that this version makes with a model (32 hex digits)."""
    parts = (
        str(INDEX_VERSION),
        str(SCHEMA_VERSION),
        CHUNKER_SETTINGS,
        identity.model_key,
        str(identity.dimensions),
        VECTOR_TYPE,
        versions("tree_sitter"),  # the parser's and the grammars'
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
