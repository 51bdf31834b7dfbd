"""From files in doubt to staged rows: read, chunk, have embedded what is new.

Works in batches of bounded size; what is read ahead is with the parsing
process meanwhile. What staging means is the index's: one that is read lays rows
aside, one that is made anew takes them at once.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.errors import StoreError
from lumen_hooks.storage.embedding_cache import EmbeddingStore

from .compare import Tally, Tree, look
from .embedding_queue import EmbeddingQueue
from .found_by import BESIDE
from .preparing import Preparer
from .throttle import Turns, needs_no_slot, parsers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lumen_hooks.storage.index import Index

    from .compare import Difference, Suspect
    from .preparing import Ordered, Prepared
    from .progress import Progress
    from .remote_vectors import RemoteVectors
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

    def embed(self, texts: Mapping[bytes, str], share: float = 1.0) -> Iterator[dict[bytes, bytes]]:
        """The vectors of all these texts, some at a time; see `EmbeddingQueue.embed`."""


def stage(
    update: UnderWay,
    index: Index,
    tree: Tree,
    difference: Difference,
    cuts: Mapping[tuple[bytes, str], str],
) -> Tally:
    """Stage what differs; the embedding slot and the embedding store are held meanwhile.

    Args:
        update: what this is a step of.
        index: where to stage.
        tree: how files are read.
        difference: between the two.
        cuts: why texts are cut by lines, as far as this version knows, by content and language.
    """
    with ExitStack() as held:
        store = held.enter_context(_embedding_store(update))
        turns = held.enter_context(closing(_turns(update, len(difference.suspects))))
        chunker = held.enter_context(_chunker(update, turns))
        load = partial(update.job.load, update.settings)
        remote = held.enter_context(_remote(update, len(difference.suspects)))
        queue = EmbeddingQueue(update.identity, load, store, turns, update.reconsider, remote)
        preparer = Preparer(chunker, cuts)
        stager = Stager(index, tree, preparer, queue, update.progress)
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


def _chunker(update: UnderWay, turns: Turns) -> Chunker:
    """More than one child only for whoever holds a slot, so that many updates share the machine.

    What a child alone has to do takes it longer than us: then words are made here.
    """
    children = parsers(update.settings.threads, foreground=update.job.foreground)
    if children > 1 and not turns.begin():
        children = 1
    return Chunker(
        children=children,
        beside=BESIDE if children > 1 else "",
        deaths_max=update.job.deaths_max,
        complain=lambda why: update.log("no process to parse in", cause=why),
    )


@contextmanager
def _remote(update: UnderWay, files: int) -> Iterator[RemoteVectors | None]:
    """The vectors of `lumen.remote`, for updates that are worth it and not waited for by git."""
    job = update.job
    wanted = bool(update.settings.remote) and job.elsewhere != "never"
    if not wanted or update.store_failed or needs_no_slot(files, update.identity.name):
        yield None
        return
    from .remote_vectors import RemoteVectors

    with closing(RemoteVectors(update.settings, update.identity, update.log)) as remote:
        yield remote
        update.vectors_found = remote.found


def _turns(update: UnderWay, files: int) -> Turns:
    return Turns(
        "" if needs_no_slot(files, update.identity.name) else update.job.slots,
        update.settings.workers,
        update.worktree.embeddings_path,
        update.job.purpose,
        lambda cause: update.log("goes on without an embedding slot", cause=cause),
    )


class Stager:
    """Stages the files of one update.

    Args:
        index: where to stage, and where old vectors are looked up.
        tree: how files are read.
        preparer: makes of them what is staged, but for the vectors.
        queue: has embedded what is not known.
        progress: is told how far it is.
    """

    def __init__(
        self,
        index: Index,
        tree: Tree,
        preparer: Preparer,
        queue: Vectors,
        progress: Progress,
    ) -> None:
        self._index = index
        self._tree = tree
        self._preparer = preparer
        self._queue = queue
        self._progress = progress
        self._total = self._taken = 0
        self._ready_files = 0
        self.tally = Tally()

    def stage(self, suspects: Sequence[Suspect]) -> Tally:
        """Look at every suspect and stage those that changed."""
        self._total, self._taken = len(suspects), 0
        batch: list[Prepared] = []
        waiting = 0
        for ordered in self._ordered(suspects):
            self.tally.note(ordered.looked)
            prepared = self._take(ordered)
            if prepared is not None:
                batch.append(prepared)
                waiting += len(prepared.chunks)
            if waiting >= BATCH_CHUNKS or len(batch) >= BATCH_CHUNKS:
                self._stage_batch(batch)
                batch, waiting = [], 0
        self._stage_batch(batch)
        return self.tally

    def _ordered(self, suspects: Sequence[Suspect]) -> Iterator[Ordered]:
        """Each suspect looked at, with what was ordered of it if it has changed.

        The texts of some files more than that are on their way already.
        """
        ahead: deque[Ordered] = deque()
        under_way = 0
        for suspect in suspects:
            ordered = self._preparer.put(look(self._tree, suspect))
            under_way += ordered.under_way
            ahead.append(ordered)
            while under_way > AHEAD_CHARACTERS or len(ahead) > AHEAD_FILES:
                ordered = ahead.popleft()
                under_way -= ordered.under_way
                yield ordered
        yield from ahead

    def _take(self, ordered: Ordered) -> Prepared | None:
        """What is staged of a changed file; note what else there is to note."""
        self._taken += 1
        looked = ordered.looked
        if looked.vanished:
            self.tally.vanished.append(looked.suspect.path)
            return None
        if looked.same:
            if looked.stamp is not None:
                self.tally.stamps.append(looked.stamp)
            return None
        self.tally.changed += 1
        self.tally.unlisted |= ordered.looked.unlisted
        prepared = self._preparer.take(ordered)
        if prepared.file.cut == UNTRIED:
            self.tally.untried.append(prepared.file.path)
        return prepared

    def _stage_batch(self, batch: list[Prepared]) -> None:
        vectors = self._vectors_for(batch)
        for prepared in batch:
            self._index.stage(prepared.file, prepared.rows(vectors))
            self.tally.chunks += len(prepared.chunks)
        self._ready_files = self.tally.looked
        self._tell(0, 0, 1)

    def _vectors_for(self, batch: list[Prepared]) -> dict[bytes, bytes]:
        """The vector of each text: from the embedding store, the old rows, or the model."""
        texts = {
            key: text
            for prepared in batch
            for key, text in zip(prepared.keys, prepared.texts, strict=True)
        }
        found = self._queue.known(texts)
        if len(found) < len(texts):
            old = self._old_vectors(batch)
            kept = {key: old[key] for key in texts if key in old and key not in found}
            self._queue.remember(kept)
            found.update(kept)
        chunks = sum(len(prepared.chunks) for prepared in batch)
        missing = {key: text for key, text in texts.items() if key not in found}
        for vectors in self._queue.embed(missing, self._taken / max(self._total, 1)):
            found.update(vectors)
            self.tally.embedded = self._queue.embedded
            self._tell(chunks, len(found), len(texts))
        return found

    def _old_vectors(self, batch: list[Prepared]) -> dict[bytes, bytes]:
        """The vectors that these files' chunks have in the index, by key."""
        old: dict[bytes, bytes] = {}
        for prepared in batch:
            if prepared.file_id is not None:
                old.update(self._index.vectors_of_file(prepared.file_id))
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
