"""What is embedded for a chunk or a query, and under which key its vector is remembered.

The path is not in the text, so that a rename costs nothing. Knows no model.
"""

from __future__ import annotations

import hashlib

from lumen_hooks.chunking.identifiers import split_identifiers
from lumen_hooks.system.unicode import encodable

EMBEDDED_TEXT_VERSION = 1
"""Part of every model key: texts made by different rules have vectors that do not mix."""

MAX_TOKENS = 512
"""Tokens of a text that count; what follows them is not embedded. fastembed's static models
have the same limit, and the memory of a transformer grows with its square."""

KEY_BYTES = 16


def embedded_text(symbol: str, header: str, code: str) -> str:
    """The text that stands for a chunk: its qualified symbol, its header and its code.

    Args:
        symbol: qualified name (`Class.method`); may be empty.
        header: the repeated signature of a later part of a definition; may be empty.
        code: the chunk's lines.
    """
    parts = (part for part in (symbol, header, code) if part)
    return encodable(split_identifiers("\n".join(parts)))


def query_text(query: str) -> str:
    """A query under the same rules. Applying them twice changes nothing."""
    return encodable(split_identifiers(query))


def embedding_key(text: str) -> bytes:
    """The name of a text in the embedding store: BLAKE2b of its UTF-8, KEY_BYTES long."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()
