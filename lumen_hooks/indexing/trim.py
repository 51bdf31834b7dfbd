"""What is done beside refreshes so that nothing grows without end."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.errors import LumenError, StoreError
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import size_on_disk
from lumen_hooks.system import log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

    from .job import Updated


def keep_house(worktree: Worktree, settings: Settings, environ: Mapping[str, str]) -> None:
    """A worker's last act: trim the embedding store, sweep the indexes of worktrees that are gone.

    Args:
        worktree: any worktree of the repository.
        settings: in force there.
        environ: says where the user's cache folder is.

    Raises:
        StoreError: the embedding store is damaged.
    """
    from .left_overs import sweep_asides, sweep_left_overs

    for found in sweep_left_overs(worktree.common_dir):
        record: dict[str, object] = {"event": "left-over removed", "worktree": found.top}
        log.append(worktree.common_dir, {**record, "bytes": found.size_bytes})
    for aside in sweep_asides(environ):
        log.append(worktree.common_dir, {"event": "left-over removed", "git_dir": aside.git_dir})
    trim_embeddings(worktree, settings.max_cache_bytes)


def wants_trimming(worktree: Worktree, settings: Settings, done: Updated) -> bool:
    """Whether an update has put something into an embedding store that is over its limit."""
    if done.refresh is None or not done.refresh.chunks_embedded:
        return False
    return size_on_disk(worktree.embeddings_path) > settings.max_cache_bytes


def trim_after(worktree: Worktree, settings: Settings, done: Updated) -> None:
    """Trim the embedding store where an update made that necessary; for those who can wait."""
    if wants_trimming(worktree, settings, done):
        with suppress(StoreError):  # it is a cache, and the index is whole
            trim_embeddings(worktree, settings.max_cache_bytes)


def trim_embeddings(worktree: Worktree, max_bytes: int) -> int:
    """Evict vectors that no worktree's index uses, if the embedding store is over a size.

    Args:
        worktree: any worktree of the repository.
        max_bytes: how large the store may be; what indexes use is kept even above that.

    Returns:
        How many vectors were evicted.

    Raises:
        GoneError: the worktree was removed.
        StoreError: the embedding store cannot be opened or written.
    """
    if not os.access(worktree.embeddings_path, os.R_OK | os.W_OK):
        return 0
    if size_on_disk(worktree.embeddings_path) <= max_bytes:  # it need not be opened for that
        return 0
    from lumen_hooks.storage.embedding_cache import EmbeddingStore

    worktree.insist_on_presence()
    with EmbeddingStore(worktree.embeddings_path) as store:
        return store.trim(max_bytes, _keys_in_use(worktree))


def _keys_in_use(worktree: Worktree) -> Iterator[bytes]:
    from .donors import all_worktrees  # libgit2, only if there is need

    for place in all_worktrees(worktree):
        # An index that cannot be read is made again from what the others and the model give.
        with suppress(LumenError):
            index = open_reader(place.index_path)
            if index is not None:
                with index:
                    yield from index.keys()
