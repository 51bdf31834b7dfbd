"""Vectors that a store elsewhere has, for an update in which many are missing.

Made only where `lumen.remote` is set. Asks when what is missing is worth the round trips, by what
the model takes for it; whatever the store does, the update goes on, with what it has found so far.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lumen_hooks.errors import RemoteError
from lumen_hooks.settings import BUILTIN_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.remote.vectors.source import VectorSource
    from lumen_hooks.settings import Settings

ASKED_FROM_TEXTS = 2000
"""The built-in model takes 0.2 ms for a text; a store takes some tenths of a second to answer."""

ASKED_FROM_SLOW_TEXTS = 32
"""Of other models, some of which take 0.2 s for a text."""

SECONDS_A_TEXT, SECONDS_A_SLOW_TEXT = 0.0002, 0.02
"""What the model takes, about: so long, for all that is missing, a store may take, and patience."""

BYTES_WORTH_A_TEXT, BYTES_WORTH_A_SLOW_TEXT = 512, 32_768
"""What may be read to find out which vectors there are, for each text that is expected to be
missing: at 5 MB/s half of what the model takes, or less."""


class RemoteVectors:
    """The vectors of one update that are in a store elsewhere.

    Args:
        settings: say where it is.
        identity: the model.
        log: is told what was found, and what cannot be used: the store's failure once.

    Attributes:
        found: how many vectors were found.
    """

    def __init__(
        self, settings: Settings, identity: ModelIdentity, log: Callable[..., None]
    ) -> None:
        self.found = 0
        self._settings = settings
        self._identity = identity
        self._log = log
        self._slow = identity.name != BUILTIN_MODEL
        self._missing = 0
        self._left = settings.remote_patience
        self._store: Store | None = None
        self._source: VectorSource | None = None
        self._failed = False

    def find(self, missing: Collection[bytes], share: float) -> dict[bytes, bytes]:
        """Those of these vectors that the store has, if it is worth asking for them.

        Args:
            missing: keys of texts that nobody here has vectors for.
            share: how much of the update's files they and all before them are of; from 0 to 1.
        """
        self._missing += len(missing)
        if not missing or self._failed:
            return {}
        if self._source is None:
            expected = int(self._missing / max(share, 1e-6))
            if expected < (ASKED_FROM_SLOW_TEXTS if self._slow else ASKED_FROM_TEXTS):
                return {}
            self._begin(expected)
        return self._asked(missing)

    def _asked(self, missing: Collection[bytes]) -> dict[bytes, bytes]:
        """What the store has of these, while it is quicker than the model."""
        if self._source is None or self._store is None:
            return {}
        began = time.monotonic()
        self._left += len(missing) * (SECONDS_A_SLOW_TEXT if self._slow else SECONDS_A_TEXT)
        self._store.until = began + self._left
        vectors = self._source.get(missing)
        self._left -= time.monotonic() - began
        self.found += len(vectors)
        return vectors

    def close(self) -> None:
        """Tell what was found."""
        if self.found:
            self._log("vectors from elsewhere", vectors=self.found, of=self._missing)

    def _begin(self, expected: int) -> None:
        from lumen_hooks.remote.signing import insist_on_signers
        from lumen_hooks.remote.stores.store import open_store
        from lumen_hooks.remote.vectors.source import VectorSource

        worth = BYTES_WORTH_A_SLOW_TEXT if self._slow else BYTES_WORTH_A_TEXT
        try:
            insist_on_signers(self._settings)
            self._store = open_store(self._settings.remote, patience=self._left)
            self._source = VectorSource(
                self._store,
                self._settings,
                self._identity.model_key,
                self._identity.dimensions,
                self._complain,
                keys_bytes=expected * worth,
            )
        except RemoteError as error:
            self._failed = True
            self._complain(error.message)

    def _complain(self, cause: str) -> None:
        if self._store is not None and time.monotonic() >= self._store.until:
            cause = f"{self._store.name} is slower than the model"
        self._log("vectors elsewhere not used", cause=cause)
