"""From files in doubt to staged rows: read, chunk, embed what is new.

Works in batches of bounded size. Embedding happens here, outside any
transaction, in portions that take some seconds, and each portion's vectors go
to the embedding store at once: a killed process loses no more than that, even
with a model that makes ten vectors a second.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.chunking.chunker import cut_by_lines
from lumen_hooks.chunking.languages import language_of
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.errors import StoreError
from lumen_hooks.files.content import Content, Skipped
from lumen_hooks.storage.lexical_terms import lexical_words
from lumen_hooks.storage.rows import StagedChunk, StagedFile, Stamp

from .compare import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from lumen_hooks.chunking.chunk import Chunk, ChunkedFile
    from lumen_hooks.chunking.process import Chunker
    from lumen_hooks.embedding.embedder import Embedder
    from lumen_hooks.storage.embedding_cache import EmbeddingStore
    from lumen_hooks.storage.index import Index

    from .compare import Looked, Suspect
    from .progress import Progress

BATCH_CHUNKS = 512
"""Chunks whose texts and vectors are in memory at once (a single file may exceed it)."""

AHEAD_CHARACTERS = 1 << 20
AHEAD_FILES = 512
"""So much is read, and on its way to be parsed, before it is needed."""

PORTION_SECONDS = 5.0
"""Embedding is stored, and others get their turn, about this often."""

FIRST_PORTION = 32_000
"""What is embedded before the model's speed is known, in characters: some 32 chunks."""

COUNTED_CHARACTERS = 2000
"""Of one text; models cut what is longer."""

NO_VECTOR = b""
"""Remembered for a text that the model has no vector for, so that it is not tried again."""


@dataclass(slots=True)
class Tally:
    """What a refresh did, counted as it goes."""

    looked: int = 0
    changed: int = 0
    chunks: int = 0
    embedded: int = 0
    vanished: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pending:
    file: StagedFile
    chunks: tuple[Chunk, ...]
    texts: tuple[str, ...]
    keys: tuple[bytes, ...]
    file_id: int | None


class Preparer:
    """Stages the files of one refresh.

    Args:
        top: the worktree's folder.
        index: where to stage, and where old vectors are looked up.
        chunker: cuts the texts; given many ahead of those that are waited for.
        cuts: why texts are cut by lines, as far as that is known, by content and language.
        load: makes the embedder; called only if a text must be embedded.
        turn: is entered to embed a portion; whoever leaves it has stored what it embedded.
        model_key: under which vectors are kept in the embedding store.
        dimensions: of the model's vectors.
        vectors: the embedding store, or None where it cannot be used.
        max_bytes: larger files are passed over.
        blob_length: bytes in one of this repository's object ids.
        progress: is told how far it is.
        proceed: called before each portion; raises to end it all.
        flush: called after each batch; writes staged rows early where nobody reads the index yet.
    """

    def __init__(
        self,
        *,
        top: str,
        index: Index,
        chunker: Chunker,
        cuts: Mapping[tuple[bytes | None, str], str],
        load: Callable[[], Embedder],
        turn: Callable[[], AbstractContextManager[None]],
        model_key: str,
        dimensions: int,
        vectors: EmbeddingStore | None,
        max_bytes: int,
        blob_length: int,
        progress: Progress,
        proceed: Callable[[], None],
        flush: Callable[[], None],
    ) -> None:
        self._top = top
        self._index = index
        self._chunker = chunker
        self._cuts = cuts
        self._load = load
        self._turn = turn
        self._model_key = model_key
        self._dimensions = dimensions
        self._vectors = vectors
        self._max_bytes = max_bytes
        self._blob_length = blob_length
        self._progress = progress
        self._proceed = proceed
        self._flush = flush
        self._embedder: Embedder | None = None
        self._portion = FIRST_PORTION
        self._total = 0
        self._ready_files = 0
        self.tally = Tally()

    def prepare(self, suspects: Iterable[Suspect], total: int) -> Tally:
        """Look at every suspect and stage those that changed."""
        self._total = total
        batch: list[_Pending] = []
        waiting = 0
        for looked, known_cut in self._looks(suspects):
            self.tally.looked += 1
            pending = self._take(looked, known_cut)
            if pending is not None:
                batch.append(pending)
                waiting += len(pending.chunks)
            if waiting >= BATCH_CHUNKS or len(batch) >= BATCH_CHUNKS:
                self._stage(batch)
                batch, waiting = [], 0
        self._stage(batch)
        return self.tally

    def _looks(self, suspects: Iterable[Suspect]) -> Iterator[tuple[Looked, str | None]]:
        """Each suspect looked at, with why it is known to be cut by lines.

        The texts of some files more than that are with the chunker already.
        """
        ahead: deque[tuple[Looked, str | None, int]] = deque()
        under_way = 0
        for suspect in suspects:
            looked = look(
                self._top, suspect, max_bytes=self._max_bytes, blob_length=self._blob_length
            )
            content, known_cut, size = looked.content, None, 0
            if not looked.same and not isinstance(content, Skipped):
                known_cut = self._cuts.get((content.blob, language_of(suspect.path)))
                if known_cut is None:
                    self._chunker.put(suspect.path, content.text)
                    size = len(content.text)
            ahead.append((looked, known_cut, size))
            under_way += size
            while under_way > AHEAD_CHARACTERS or len(ahead) > AHEAD_FILES:
                looked, known_cut, size = ahead.popleft()
                under_way -= size
                yield looked, known_cut
        for looked, known_cut, _ in ahead:
            yield looked, known_cut

    def _take(self, looked: Looked, known_cut: str | None) -> _Pending | None:
        """Chunk a changed file; note what else there is to note."""
        suspect, content = looked.suspect, looked.content
        if looked.vanished:
            self.tally.vanished.append(suspect.path)
            return None
        if looked.same:
            if looked.stamp is not None:
                self.tally.stamps.append(looked.stamp)
            return None
        self.tally.changed += 1
        old = suspect.row.id if suspect.row is not None else None
        if isinstance(content, Skipped):
            file = StagedFile(
                suspect.path,
                content.blob,
                looked.blob,
                content.size,
                looked.changed_ns,
                "",
                content.reason,
            )
            return _Pending(file, (), (), (), old)
        if known_cut is None:
            chunked = self._chunker.take()
        else:
            chunked = cut_by_lines(suspect.path, content.text, abandoned=known_cut)
        return self._chunked(chunked, content, looked, old)

    def _chunked(
        self, chunked: ChunkedFile, content: Content, looked: Looked, old: int | None
    ) -> _Pending:
        path = looked.suspect.path
        file = StagedFile(
            path,
            content.blob,
            looked.blob,
            content.size,
            looked.changed_ns,
            chunked.language,
            skipped=None,
            cut=chunked.abandoned or None,
        )
        if chunked.abandoned == UNTRIED:
            self.tally.untried.append(path)
        texts = tuple(embedded_text(c.symbol, c.header, c.text) for c in chunked.chunks)
        keys = tuple(embedding_key(text) for text in texts)
        return _Pending(file, chunked.chunks, texts, keys, old)

    def _stage(self, batch: list[_Pending]) -> None:
        vectors = self._vectors_for(batch)
        for pending in batch:
            self._index.stage(
                pending.file,
                [
                    StagedChunk(
                        chunk.start_line,
                        chunk.end_line,
                        chunk.symbol,
                        chunk.kind,
                        key,
                        vectors[key] or None,
                        lexical_words(pending.file.path, chunk.symbol, chunk.text),
                    )
                    for chunk, key in zip(pending.chunks, pending.keys, strict=True)
                ],
            )
            self.tally.chunks += len(pending.chunks)
        self._flush()
        self._ready_files = self.tally.looked
        self._tell(0, 0, 1)

    def _tell(self, chunks: int, ready: int, texts: int) -> None:
        """Tell how far it is, with what is ready of the texts of a batch of so many chunks."""
        begun = self.tally.looked - self._ready_files
        self._progress.update(
            files=self._ready_files + begun * ready // texts,
            of=self._total,
            chunks=self.tally.chunks + chunks * ready // texts,
            embedded=self.tally.embedded,
        )

    def _vectors_for(self, batch: list[_Pending]) -> dict[bytes, bytes]:
        """The vector of each text: from the embedding store, the old rows, or the model."""
        texts = {
            key: text
            for pending in batch
            for key, text in zip(pending.keys, pending.texts, strict=True)
        }
        found = self._stored(list(texts))
        missing = [key for key in texts if key not in found]
        if missing:
            old: dict[bytes, bytes] = {}
            for pending in batch:
                if pending.file_id is not None:
                    old.update(self._index.vectors_of_file(pending.file_id))
            new = {key: old[key] for key in missing if key in old}
            self._remember(new)
            found.update(new)
            missing = [key for key in missing if key not in new]
        # A network pads every text of a run to the longest: like goes with like.
        missing.sort(key=lambda key: len(texts[key]), reverse=True)
        chunks = sum(len(pending.chunks) for pending in batch)
        while missing:
            with self._turn():
                # Another worktree may have embedded the same texts while we waited.
                found.update(self._stored(missing))
                missing = [key for key in missing if key not in found]
                new = self._embed({key: texts[key] for key in self._next_portion(missing, texts)})
                self._remember(new)
                found.update(new)
            missing = missing[len(new) :]
            self._tell(chunks, len(texts) - len(missing), len(texts))
        return found

    def _next_portion(self, keys: list[bytes], texts: dict[bytes, str]) -> list[bytes]:
        """The first of these keys, with about as much text as is embedded at a time."""
        room = self._portion
        for count, key in enumerate(keys):
            if room <= 0:
                return keys[:count]
            room -= _counted(texts[key])
        return keys

    def _embed(self, texts: dict[bytes, str]) -> dict[bytes, bytes]:
        if not texts:
            return {}
        if self._embedder is None:
            self._embedder = self._load()
        self._proceed()
        started = time.monotonic()
        vectors = self._embedder.embed_documents(list(texts.values()))
        seconds = max(time.monotonic() - started, 1e-3)
        # A process that was stopped meanwhile looks infinitely slow.
        self._portion = max(1, int(sum(map(_counted, texts.values())) * PORTION_SECONDS / seconds))
        self.tally.embedded += len(texts)
        return {
            key: vector if vector is not None else NO_VECTOR
            for key, vector in zip(texts, vectors, strict=True)
        }

    def _stored(self, keys: list[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        if self._vectors is not None:
            try:
                found = self._vectors.get(self._model_key, keys, dimensions=self._dimensions)
                self._vectors.touch(self._model_key, found)
            except StoreError:
                self._vectors = None
        return found

    def _remember(self, vectors: dict[bytes, bytes]) -> None:
        """Keep vectors for every worktree; the store is a cache, so it may be missing."""
        if self._vectors is None or not vectors:
            return
        try:
            self._vectors.put(self._model_key, vectors)
        except StoreError:
            self._vectors = None


def _counted(text: str) -> int:
    """How much a text costs, in characters."""
    return min(len(text), COUNTED_CHARACTERS) + 1
