"""What a chunk is found by: the text that is embedded for it, and words; made of its file alone.

A child that parses may make them beside (`BESIDE`), so what this imports is little, and what such
a child says is read with care: a hostile text may have had its way with it. Knows no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lumen_hooks.embedding.text import embedded_text
from lumen_hooks.storage.lexical_terms import lexical_words
from lumen_hooks.system.unicode import encodable

if TYPE_CHECKING:
    from lumen_hooks.chunking.chunk import ChunkedFile

BESIDE = f"{__name__}:found_by"
"""As `Chunker` takes it."""


class FoundBy(NamedTuple):
    """What a chunk is found by.

    Attributes:
        text: what is embedded for it.
        words: what the lexical index holds of it.
    """

    text: str
    words: str


def found_by(path: str, chunked: ChunkedFile) -> list[FoundBy]:
    """By what each chunk of a file is found.

    Args:
        path: of the file, relative to the worktree's top.
        chunked: its chunks.
    """
    return [
        FoundBy(
            embedded_text(chunk.symbol, chunk.header, chunk.text),
            lexical_words(path, chunk.symbol, chunk.text, untold=chunked.quoted),
        )
        for chunk in chunked.chunks
    ]


def read_found_by(made: Any, chunks: int) -> list[FoundBy] | None:
    """What a child says that `found_by` gave for so many chunks; None if it says no such thing."""
    if not isinstance(made, list) or len(made) != chunks:
        return None
    found = []
    for one in made:
        match one:
            case [str(text), str(words)]:
                found.append(FoundBy(encodable(text), encodable(words)))
            case _:
                return None
    return found
