"""Text that everything else can take.

The system's names may hold bytes that are no UTF-8, which Python's text holds
as lone surrogates (PEP 383), and an agent's JSON may hold such by itself.
"""

from __future__ import annotations

import os


def encodable(text: str) -> str:
    """The text with a `?` for every lone surrogate, which no tokenizer, SQLite or JSON can take."""
    return text.encode("utf-8", "replace").decode()


def typed(text: str) -> str:
    """An argument as it was typed, where the locale's encoding is not the terminal's UTF-8.

    Python then has a lone surrogate for each byte that the locale lacks (PEP 383).
    """
    try:
        return os.fsencode(text).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text
