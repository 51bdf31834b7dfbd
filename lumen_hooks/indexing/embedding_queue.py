"""Texts to vectors, each text once: those that are known, and the others in turn through the model.

Embedding happens outside any transaction, in portions that take some seconds,
and each portion's vectors go to the embedding store at once: a killed process
loses no more than that, even with a model that makes ten vectors a second.
Knows texts by their keys; not which chunks or files they are of.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lumen_hooks.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.storage.embedding_cache import EmbeddingStore

    from .remote_vectors import RemoteVectors
    from .throttle import Turns

PORTION_SECONDS = 5.0
"""Embedding is stored, and others get their turn, about this often."""

FIRST_PORTION = 32_000
"""What is embedded before the model's speed is known, in characters: some 32 chunks."""

COUNTED_CHARACTERS = 2000
"""Of one text; models cut what is longer."""

NO_VECTOR = b""
"""Remembered for a text that the model has no vector for, so that it is not tried again."""


class EmbeddingQueue:
    """The texts of one update on their way through the model.

    Args:
        identity: the model.
        load: makes its embedder; called only if a text must be embedded.
        store: the vectors shared by all worktrees, or None where they cannot be had.
        turns: when it may embed.
        proceed: called before each portion; raises to end it all.
        remote: is asked before the model, where a store elsewhere is set.

    Attributes:
        embedded: how many texts went through the model.
    """

    def __init__(
        self,
        identity: ModelIdentity,
        load: Callable[[], Embedder],
        store: EmbeddingStore | None,
        turns: Turns,
        proceed: Callable[[], None],
        remote: RemoteVectors | None = None,
    ) -> None:
        self.embedded = 0
        self._model_key = identity.model_key
        self._dimensions = identity.dimensions
        self._load = load
        self._store = store
        self._turns = turns
        self._proceed = proceed
        self._remote = remote
        self._embedder: Embedder | None = None
        self._portion = FIRST_PORTION

    def known(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Those vectors that any worktree has had made before; NO_VECTOR for none."""
        found: dict[bytes, bytes] = {}
        if self._store is not None:
            try:
                found = self._store.get(self._model_key, list(keys), dimensions=self._dimensions)
                self._store.touch(self._model_key, found)
            except StoreError:
                self._store = None
        return found

    def remember(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors for every worktree; the store is a cache, so it may be missing."""
        if self._store is None or not vectors:
            return
        try:
            self._store.put(self._model_key, vectors)
        except StoreError:
            self._store = None

    def embed(self, texts: Mapping[bytes, str], share: float = 1.0) -> Iterator[dict[bytes, bytes]]:
        """The vectors of texts, by key; as many at a time as become known in a turn.

        Args:
            texts: whose vectors are not known here.
            share: how much of the update's files they and all before them are of; from 0 to 1.

        Raises:
            BusyError: no embedding slot came free for very long.
            ModelError: the model cannot be loaded or run.
        """
        if self._remote is not None:
            found = self._remote.find(texts, share)
            if found:
                self.remember(found)
                yield found
            texts = {key: text for key, text in texts.items() if key not in found}
        # A network pads every text of a run to the longest: like goes with like.
        waiting = sorted(texts, key=lambda key: len(texts[key]), reverse=True)
        while waiting:
            with self._turns.take():
                # Another worktree may have embedded the same texts while we waited.
                ready = self.known(waiting)
                waiting = [key for key in waiting if key not in ready]
                portion = self._next_portion(waiting, texts)
                new = self._through_the_model({key: texts[key] for key in portion})
                self.remember(new)
            waiting = waiting[len(portion) :]
            yield {**ready, **new}

    def _next_portion(self, keys: Sequence[bytes], texts: Mapping[bytes, str]) -> Sequence[bytes]:
        """The first of these keys, with about as much text as is embedded at a time."""
        room = self._portion
        for count, key in enumerate(keys):
            if room <= 0:
                return keys[:count]
            room -= _counted(texts[key])
        return keys

    def _through_the_model(self, texts: Mapping[bytes, str]) -> dict[bytes, bytes]:
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
        self.embedded += len(texts)
        return {
            key: vector if vector is not None else NO_VECTOR
            for key, vector in zip(texts, vectors, strict=True)
        }


def _counted(text: str) -> int:
    """How much a text costs, in characters."""
    return min(len(text), COUNTED_CHARACTERS) + 1
