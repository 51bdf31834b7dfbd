"""From files in doubt to staged rows: read, chunk, have embedded what is new.

Works in batches of bounded size; what is read ahead is with the parsing
process meanwhile. Nothing is written to the index here but, where nobody reads
it yet, what is staged.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.chunking.chunker import cut_by_lines
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.errors import StoreError
from lumen_hooks.files.content import Content, Skipped
from lumen_hooks.files.roles import is_generated_text
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.holds import packed
from lumen_hooks.storage.lexical_terms import lexical_words
from lumen_hooks.storage.rows import StagedChunk, StagedFile

from .compare import Tally, Tree, look
from .embedding_queue import EmbeddingQueue
from .throttle import Turns, needs_no_slot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lumen_hooks.chunking.chunk import Chunk, ChunkedFile
    from lumen_hooks.storage.index import Index

    from .compare import Difference, Looked, Suspect
    from .progress import Progress
    from .under_way import UnderWay

BATCH_CHUNKS = 512
"""Chunks whose texts and vectors are in memory at once (a single file may exceed it)."""

AHEAD_CHARACTERS = 1 << 20
AHEAD_FILES = 512
"""So much is read, and on its way to be parsed, before it is needed."""


class Vectors(Protocol):
    """Whoever has texts embedded; see `EmbeddingQueue`."""

    embedded: int

    def known(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Those vectors that need no model."""

    def remember(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors for others."""

    def embed(self, texts: Mapping[bytes, str]) -> Iterator[dict[bytes, bytes]]:
        """The vectors of all these texts, some at a time."""


def stage(
    update: UnderWay,
    index: Index,
    tree: Tree,
    difference: Difference,
    cuts: Mapping[tuple[bytes, str], str],
    *,
    unread: bool = False,
) -> Tally:
    """Stage what differs; the embedding slot and the embedding store are held meanwhile.

    Args:
        update: what this is a step of.
        index: where to stage.
        tree: how files are read.
        difference: between the two.
        cuts: why texts are cut by lines, as far as this version knows, by content and language.
        unread: nobody reads the index yet: what is staged is written batch by batch.
    """
    with ExitStack() as held:
        store = held.enter_context(_embedding_store(update))
        turns = held.enter_context(closing(_turns(update, len(difference.suspects))))
        chunker = held.enter_context(
            Chunker(
                deaths_max=update.job.deaths_max,
                complain=lambda why: update.log("no process to parse in", cause=why),
            )
        )
        load = partial(update.job.load, update.settings)
        queue = EmbeddingQueue(update.identity, load, store, turns, update.reconsider)
        cutter = Cutter(chunker, cuts)
        stager = Stager(index, tree, cutter, queue, update.progress, unread=unread)
        return stager.stage(difference.suspects)


@contextmanager
def _embedding_store(update: UnderWay) -> Iterator[EmbeddingStore | None]:
    """The vectors shared by all worktrees; a refresh goes on without them if it must."""
    update.insist_on_presence()
    try:
        store = EmbeddingStore(update.worktree.embeddings_path)
    except StoreError as error:
        update.log("embedding store unavailable", cause=error.message)
        yield None
        return
    with closing(store):
        yield store


def _turns(update: UnderWay, files: int) -> Turns:
    return Turns(
        "" if needs_no_slot(files, update.identity.name) else update.job.slots,
        update.settings.workers,
        update.worktree.embeddings_path,
        update.job.purpose,
        lambda cause: update.log("goes on without an embedding slot", cause=cause),
    )


class _Order(NamedTuple):
    """A text to be cut: with the parsing process already, or known to be cut by lines."""

    path: str
    text: str
    language: str
    known_cut: str | None

    @property
    def under_way(self) -> int:
        """Characters that are on their way to be parsed."""
        return 0 if self.known_cut is not None else len(self.text)


class Cutter:
    """Texts to chunks: by the parsing process, or by lines where it is known to fail.

    Args:
        chunker: cuts the texts; given many ahead of those that are waited for.
        cuts: why texts are cut by lines, as far as that is known, by content and language.
    """

    def __init__(self, chunker: Chunker, cuts: Mapping[tuple[bytes, str], str]) -> None:
        self._chunker = chunker
        self._cuts = cuts

    def put(self, path: str, content: Content, language: str) -> _Order:
        """Have a text cut, some time."""
        known_cut = self._cuts.get((content.blob, language))
        if known_cut is None:
            self._chunker.put(path, content.text, language)
        return _Order(path, content.text, language, known_cut)

    def take(self, order: _Order) -> ChunkedFile:
        """The chunks of the first text that was put and not yet taken.

        Raises:
            TooManyDeathsError: see `Chunker`.
        """
        if order.known_cut is None:
            return self._chunker.take()
        return cut_by_lines(order.path, order.text, order.language, abandoned=order.known_cut)


class _Pending(NamedTuple):
    """A changed file, chunked, whose vectors are not known yet."""

    file: StagedFile
    chunks: tuple[Chunk, ...]
    texts: tuple[str, ...]
    keys: tuple[bytes, ...]
    file_id: int | None
    quoted: bool


class Stager:
    """Stages the files of one update.

    Args:
        index: where to stage, and where old vectors are looked up.
        tree: how files are read.
        cutter: cuts their texts.
        queue: has embedded what is not known.
        progress: is told how far it is.
        unread: nobody reads the index yet, so that staged rows are written after each batch.
    """

    def __init__(
        self,
        index: Index,
        tree: Tree,
        cutter: Cutter,
        queue: Vectors,
        progress: Progress,
        *,
        unread: bool,
    ) -> None:
        self._index = index
        self._tree = tree
        self._cutter = cutter
        self._queue = queue
        self._progress = progress
        self._unread = unread
        self._total = 0
        self._ready_files = 0
        self.tally = Tally()

    def stage(self, suspects: Sequence[Suspect]) -> Tally:
        """Look at every suspect and stage those that changed."""
        self._total = len(suspects)
        batch: list[_Pending] = []
        waiting = 0
        for looked, order in self._looks(suspects):
            self.tally.note(looked)
            pending = self._take(looked, order)
            if pending is not None:
                batch.append(pending)
                waiting += len(pending.chunks)
            if waiting >= BATCH_CHUNKS or len(batch) >= BATCH_CHUNKS:
                self._stage_batch(batch)
                batch, waiting = [], 0
        self._stage_batch(batch)
        return self.tally

    def _looks(self, suspects: Sequence[Suspect]) -> Iterator[tuple[Looked, _Order | None]]:
        """Each suspect looked at, with what was ordered of it if it has changed.

        The texts of some files more than that are on their way already.
        """
        ahead: deque[tuple[Looked, _Order | None]] = deque()
        under_way = 0
        for suspect in suspects:
            looked = look(self._tree, suspect)
            order: _Order | None = None
            if not looked.same and not isinstance(looked.content, Skipped):
                order = self._cutter.put(suspect.path, looked.content, looked.language)
                under_way += order.under_way
            ahead.append((looked, order))
            while under_way > AHEAD_CHARACTERS or len(ahead) > AHEAD_FILES:
                looked, order = ahead.popleft()
                under_way -= order.under_way if order is not None else 0
                yield looked, order
        yield from ahead

    def _take(self, looked: Looked, order: _Order | None) -> _Pending | None:
        """Chunk a changed file; note what else there is to note."""
        if looked.vanished:
            self.tally.vanished.append(looked.suspect.path)
            return None
        if looked.same:
            if looked.stamp is not None:
                self.tally.stamps.append(looked.stamp)
            return None
        self.tally.changed += 1
        if order is None:
            return self._pending(looked, None)
        chunked = self._cutter.take(order)
        if chunked.abandoned == UNTRIED:
            self.tally.untried.append(order.path)
        return self._pending(looked, chunked)

    def _pending(self, looked: Looked, chunked: ChunkedFile | None) -> _Pending:
        """A changed file with its chunks, or one that is passed over."""
        suspect, content = looked.suspect, looked.content
        file = StagedFile(
            path=suspect.path,
            content=content.blob,
            blob=looked.blob,
            size=content.size,
            changed_ns=looked.changed_ns,
            language=chunked.language if chunked is not None else "",
            skipped=looked.reason,
            cut=(chunked.abandoned or None) if chunked is not None else None,
            generated=isinstance(content, Content) and is_generated_text(content.text),
        )
        chunks = chunked.chunks if chunked is not None else ()
        texts = tuple(embedded_text(c.symbol, c.header, c.text) for c in chunks)
        keys = tuple(embedding_key(text) for text in texts)
        old = suspect.row.id if suspect.row is not None else None
        quoted = chunked is not None and chunked.quoted
        return _Pending(file, chunks, texts, keys, old, quoted)

    def _stage_batch(self, batch: list[_Pending]) -> None:
        vectors = self._vectors_for(batch)
        for pending in batch:
            self._index.stage(pending.file, _rows(pending, vectors))
            self.tally.chunks += len(pending.chunks)
        if self._unread:
            with self._index.transaction():
                self._index.write_staged()
        self._ready_files = self.tally.looked
        self._tell(0, 0, 1)

    def _vectors_for(self, batch: list[_Pending]) -> dict[bytes, bytes]:
        """The vector of each text: from the embedding store, the old rows, or the model."""
        texts = {
            key: text
            for pending in batch
            for key, text in zip(pending.keys, pending.texts, strict=True)
        }
        found = self._queue.known(texts)
        if len(found) < len(texts):
            old = self._old_vectors(batch)
            kept = {key: old[key] for key in texts if key in old and key not in found}
            self._queue.remember(kept)
            found.update(kept)
        chunks = sum(len(pending.chunks) for pending in batch)
        missing = {key: text for key, text in texts.items() if key not in found}
        for vectors in self._queue.embed(missing):
            found.update(vectors)
            self.tally.embedded = self._queue.embedded
            self._tell(chunks, len(found), len(texts))
        return found

    def _old_vectors(self, batch: list[_Pending]) -> dict[bytes, bytes]:
        """The vectors that these files' chunks have in the index, by key."""
        old: dict[bytes, bytes] = {}
        for pending in batch:
            if pending.file_id is not None:
                old.update(self._index.vectors_of_file(pending.file_id))
        return old

    def _tell(self, chunks: int, ready: int, texts: int) -> None:
        """Tell how far it is, with what is ready of the texts of a batch of so many chunks."""
        begun = self.tally.looked - self._ready_files
        self._progress.update(
            files=self._ready_files + begun * ready // texts,
            of=self._total,
            chunks=self.tally.chunks + chunks * ready // texts,
            embedded=self.tally.embedded,
        )


def _rows(pending: _Pending, vectors: Mapping[bytes, bytes]) -> list[StagedChunk]:
    return [
        StagedChunk(
            chunk.start_line,
            chunk.end_line,
            chunk.symbol,
            chunk.kind,
            key,
            vectors[key] or None,
            lexical_words(pending.file.path, chunk.symbol, chunk.text, untold=pending.quoted),
            packed(chunk),
        )
        for chunk, key in zip(pending.chunks, pending.keys, strict=True)
    ]
