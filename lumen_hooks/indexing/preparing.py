"""From files that were looked at to what is staged of them: chunks, texts and their keys, words.

Texts are with parsing processes ahead of those that are waited for, and come back in order. Knows
neither vectors nor the index that is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import ChunkedFile
from lumen_hooks.chunking.chunker import cut_by_lines
from lumen_hooks.chunking.process import Taken
from lumen_hooks.embedding.text import embedding_key
from lumen_hooks.files.content import Content
from lumen_hooks.files.roles import is_generated_text
from lumen_hooks.storage.holds import packed
from lumen_hooks.storage.rows import StagedChunk, StagedFile

from .found_by import found_by, read_found_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen_hooks.chunking.chunk import Chunk
    from lumen_hooks.chunking.process import Chunker

    from .compare import Looked


class Ordered(NamedTuple):
    """A file that was looked at, and what was ordered of it if it has changed.

    Attributes:
        looked: the file.
        language: of its text.
        known_cut: why its text is cut by lines, if that is known: no process has it.
        under_way: characters that are on their way to be parsed.
    """

    looked: Looked
    language: str = ""
    known_cut: str | None = None
    under_way: int = 0


class Prepared(NamedTuple):
    """A changed file: all of its rows but for the vectors.

    Attributes:
        file: its row.
        file_id: of the row that it has in the index.
        chunks: its chunks; none of a file that is passed over.
        texts: what is embedded for each.
        keys: under which the vector of each is remembered.
        words: what the lexical index holds of each.
    """

    file: StagedFile
    file_id: int | None
    chunks: tuple[Chunk, ...]
    texts: tuple[str, ...]
    keys: tuple[bytes, ...]
    words: tuple[str, ...]

    def rows(self, vectors: Mapping[bytes, bytes]) -> list[StagedChunk]:
        """The rows of its chunks, with the vectors of their keys; an empty one is none."""
        return [
            StagedChunk(
                chunk.start_line,
                chunk.end_line,
                chunk.symbol,
                chunk.kind,
                key,
                vectors[key] or None,
                words,
                packed(chunk),
            )
            for chunk, key, words in zip(self.chunks, self.keys, self.words, strict=True)
        ]


class Preparer:
    """Has the texts of files cut: by parsing processes, or by lines where these are known to fail.

    Args:
        chunker: cuts the texts; given many ahead of those that are waited for.
        cuts: why texts are cut by lines, as far as that is known, by content and language.
    """

    def __init__(self, chunker: Chunker, cuts: Mapping[tuple[bytes, str], str]) -> None:
        self._chunker = chunker
        self._cuts = cuts

    def put(self, looked: Looked) -> Ordered:
        """Have a file's text cut, some time, if it has one and is not as indexed."""
        content = looked.content
        if looked.same or not isinstance(content, Content):
            return Ordered(looked)
        language = looked.language
        known_cut = self._cuts.get((content.blob, language))
        if known_cut is not None:
            return Ordered(looked, language, known_cut)
        self._chunker.put(looked.suspect.path, content.text, language)
        return Ordered(looked, language, under_way=len(content.text))

    def take(self, ordered: Ordered) -> Prepared:
        """What is staged of the first changed file that was put and not yet taken.

        Raises:
            TooManyDeathsError: see `Chunker`.
        """
        looked = ordered.looked
        suspect, content = looked.suspect, looked.content
        chunked, made = self._cut(ordered)
        found = read_found_by(made, len(chunked.chunks)) or found_by(suspect.path, chunked)
        file = StagedFile(
            path=suspect.path,
            content=content.blob,
            blob=looked.blob,
            size=content.size,
            changed_ns=looked.changed_ns,
            language=chunked.language,
            skipped=looked.reason,
            cut=chunked.abandoned or None,
            generated=isinstance(content, Content) and is_generated_text(content.text),
        )
        return Prepared(
            file,
            suspect.row.id if suspect.row is not None else None,
            chunked.chunks,
            tuple(one.text for one in found),
            # Never what a child says: under another text's key its vector would be everybody's.
            tuple(embedding_key(one.text) for one in found),
            tuple(one.words for one in found),
        )

    def _cut(self, ordered: Ordered) -> Taken:
        content, path = ordered.looked.content, ordered.looked.suspect.path
        if not isinstance(content, Content):
            return Taken(ChunkedFile("", ()))
        if ordered.known_cut is None:
            return self._chunker.take_made()
        cut = cut_by_lines(path, content.text, ordered.language, abandoned=ordered.known_cut)
        return Taken(cut)
