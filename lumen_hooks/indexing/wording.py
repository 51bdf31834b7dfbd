"""What a chunk is embedded as and what words it is found by: both made of its lines alone.

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

BESIDE = f"{__name__}:worded"
"""As `Chunker` takes it."""


class Wording(NamedTuple):
    """What is made of a chunk.

    Attributes:
        text: what is embedded for it.
        words: what the lexical index holds of it.
    """

    text: str
    words: str


def worded(path: str, chunked: ChunkedFile) -> list[Wording]:
    """The wording of each chunk of a file.

    Args:
        path: of the file, relative to the worktree's top.
        chunked: its chunks.
    """
    return [
        Wording(
            embedded_text(chunk.symbol, chunk.header, chunk.text),
            lexical_words(path, chunk.symbol, chunk.text, untold=chunked.quoted),
        )
        for chunk in chunked.chunks
    ]


def read_wording(made: Any, chunks: int) -> list[Wording] | None:
    """What a child says that `worded` gave for so many chunks; None if it says no such thing."""
    if not isinstance(made, list) or len(made) != chunks:
        return None
    found = []
    for one in made:
        match one:
            case [str(text), str(words)]:
                found.append(Wording(encodable(text), encodable(words)))
            case _:
                return None
    return found
