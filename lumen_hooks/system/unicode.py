"""Text that everything else can take.

The system's names may hold bytes that are no UTF-8, which Python's text holds
as lone surrogates (PEP 383), and an agent's JSON may hold such by itself.
"""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text with a `?` for every lone surrogate, which no tokenizer, SQLite or JSON can take."""
    return text.encode("utf-8", "replace").decode()
