"""An index of a few files in memory, for one answer where there is no index yet.

Made as any index is, by the same chunker, model and tables, so that whoever asks it need not know
what it is of. Takes no lock and leaves nothing on disk.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.embedding.registry import identify
from lumen_hooks.settings import BUILTIN_MODEL
from lumen_hooks.storage.facts import Facts
from lumen_hooks.storage.fingerprint import INDEX_VERSION, fingerprint
from lumen_hooks.storage.new_index import create_index
from lumen_hooks.storage.opening import MEMORY

from .compare import Suspect, tree_of
from .embedding_queue import NO_VECTOR, EmbeddingQueue
from .preparing import Preparer
from .progress import NoProgress
from .stage import Stager
from .throttle import Turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.storage.index import Index

    from .job import Job
    from .stage import Vectors

BATCH_FILES = 16
"""Files that are in memory at once; the first batches are smaller, since one that is not ready in
time is lost."""

CHUNKS_MAX = 4000
"""Of so many chunks no more files are added: some 20 MB."""


def partial_index(job: Job, manifest: Manifest, paths: Sequence[str], until: float) -> Index:
    """Index the first of some files, as many as there is time for.

    Vectors are made by the built-in model alone, which is quick; with any other there are none.

    Args:
        job: whose files, and how models are loaded.
        manifest: the worktree's files.
        paths: of them, the most wanted first.
        until: when it must be ready (`time.monotonic()`).

    Returns:
        To be closed by the caller.

    Raises:
        ModelError: the configured model cannot be had.
    """
    identity = identify(job.settings)
    index = create_index(MEMORY, identity.dimensions)
    try:
        with index.transaction():
            _stage(index, job, manifest, paths, until, _vectors_of(job, identity))
            index.write_staged()
            index.write_facts(_facts(identity))
            index.seal()
    except BaseException:
        index.close()
        raise
    return index


def empty_index() -> Index:
    """An index that holds no file, in memory; to be closed by the caller."""
    return create_index(MEMORY, 1)


def _stage(
    index: Index,
    job: Job,
    manifest: Manifest,
    paths: Sequence[str],
    until: float,
    vectors: Vectors,
) -> None:
    tree = tree_of(job.worktree, job.settings, manifest)
    with Chunker(deaths_max=0, patience=lambda: max(0.0, until - time.monotonic())) as chunker:
        stager = Stager(index, tree, Preparer(chunker, {}), vectors, NoProgress())
        for batch in _batches(paths):
            try:
                stager.stage([_suspect(manifest, path) for path in batch])
            except TooManyDeathsError:  # a text that takes its parser longer than there is
                return
            if time.monotonic() > until or stager.tally.chunks > CHUNKS_MAX:
                return


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    first, size = 0, 2
    while first < len(paths):
        yield paths[first : first + size]
        first, size = first + size, min(2 * size, BATCH_FILES)


def _suspect(manifest: Manifest, path: str) -> Suspect:
    blob = manifest.files[path][0]
    return Suspect(path, bytes.fromhex(blob) or None, None)


def _vectors_of(job: Job, identity: ModelIdentity) -> Vectors:
    if identity.name != BUILTIN_MODEL:
        return _NoVectors()
    load = partial(job.load, job.settings)
    # Without the store: whoever makes the whole index has its turn there.
    turns = Turns("", job.settings.workers, "", job.purpose)
    return EmbeddingQueue(identity, load, None, turns, lambda: None)


class _NoVectors:
    """Stands for a model that takes too long to be waited for."""

    embedded = 0

    def known(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        return dict.fromkeys(keys, NO_VECTOR)

    def remember(self, vectors: Mapping[bytes, bytes]) -> None:
        return

    def embed(self, texts: Mapping[bytes, str], share: float = 1.0) -> Iterator[dict[bytes, bytes]]:
        yield dict.fromkeys(texts, NO_VECTOR)


def _facts(identity: ModelIdentity) -> Facts:
    return Facts(
        complete=True,
        fingerprint=fingerprint(identity),
        index_version=INDEX_VERSION,
        model=identity.name,
        model_key=identity.model_key,
        dimensions=identity.dimensions,
    )
