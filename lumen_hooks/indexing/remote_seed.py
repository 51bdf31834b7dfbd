"""A worktree's first index from a store elsewhere, where no sibling has one that pays.

A part of `seed`, which alone decides when. Whatever is wrong with the store, it is noted and the
index is built here. Nothing of `remote/` is imported where no store is set.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import (
    LumenError,
    RemoteError,
    StorageFullError,
    StoreError,
    UntrustedError,
)
from lumen_hooks.files.git_index import entries
from lumen_hooks.git.backend import open_history
from lumen_hooks.git.worktree import checked_out_commit
from lumen_hooks.remote.pull import Passed, fetch, find
from lumen_hooks.remote.signing import insist_on_signers
from lumen_hooks.remote.stores.store import open_store
from lumen_hooks.storage.adoption import Expected, adopt
from lumen_hooks.storage.facts import MadeWith
from lumen_hooks.system.terminal import one_line

from .journal import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.remote.manifest import Manifest
    from lumen_hooks.remote.pull import Pushed
    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.settings import Settings

    from .progress import Progress

TRIED = 3
"""So many pushed indexes are fetched, if one after the other turns out to be none."""

FOUND_PATIENCE = 3
"""What is there must be known in so many times the patience with one answer."""

BUILT_BYTES_A_SECOND = 500_000
"""So fast an index grows where it is built: to fetch one must not take longer."""

HURRY_SECONDS = 1.0
"""What git, or an agent's first question, waits for an index from a folder."""

HURRY_BYTES = 64 << 20
"""A larger one is left to the worker."""

FREE_BYTES = 256 << 20
FILE_BYTES = 256 << 10
"""An index may have so many bytes, and so many more for each file of the worktree: thirty times
what one of Linux's takes. Whoever writes to the store does not decide how full a disk gets."""

_NAMED = 3
"""So many reasons are told to people; the log has all."""

_DETAIL_CHARACTERS = 300


class Elsewhere(NamedTuple):
    """An index that was fetched, whole and checked.

    Attributes:
        donor: where it came from, in words.
        differing_files: how many files differ from our commit; None where that is not known.
    """

    donor: str
    differing_files: int | None


class Refused(NamedTuple):
    """Why the store gave nothing, for people; `failed` if it cannot be used at all."""

    reason: str
    failed: bool = False


class Search:
    """The search for a worktree's first index in a store.

    Args:
        worktree: that has no index; its index lock is held by the caller.
        settings: in force there, with a store.
        fingerprint: what the index must have.
        progress: is told how much is there.
        in_a_hurry: git is waiting: the store is a folder, and is not asked for long.
    """

    def __init__(
        self,
        worktree: Worktree,
        settings: Settings,
        fingerprint: str,
        progress: Progress,
        *,
        in_a_hurry: bool,
    ) -> None:
        self._worktree = worktree
        self._settings = settings
        self._fingerprint = fingerprint
        self._progress = progress
        self._in_a_hurry = in_a_hurry
        self._store: Store | None = None

    def fetch(self, make_room: Callable[[], str]) -> Elsewhere | Refused:
        """Put the nearest pushed index into a file that nobody else knows.

        Args:
            make_room: gives the path of a file that may be made, and removes what was there before.
        """
        try:
            found = self._fetch(make_room)
        except LumenError as error:
            # What no history, or no room, means for a build, the build finds out.
            failed = isinstance(error, RemoteError) and not isinstance(error, UntrustedError)
            found = Refused(error.message, failed)
        if isinstance(found, Refused):
            self._note("not seeded from elsewhere", reason=found.reason, received=self._received())
        return found

    def _fetch(self, make_room: Callable[[], str]) -> Elsewhere | Refused:
        worktree, settings, now = self._worktree, self._settings, time.monotonic()
        insist_on_signers(settings)
        self._store = store = open_store(settings.remote, patience=settings.remote_patience)
        store.until = now + FOUND_PATIENCE * settings.remote_patience
        if self._in_a_hurry:
            store.until = now + HURRY_SECONDS
        history = open_history(worktree)
        commit = checked_out_commit(worktree) or history.head()
        if commit is None:
            return Refused("nothing is committed here yet")
        reasons: list[str] = []
        tried, largest = 0, self._largest()
        for one in find(store, settings, self._fingerprint, history, commit):
            if isinstance(one, Passed):
                reasons.append(self._refuse(store, one.commit, one.reason))
                continue
            if one.manifest.index_bytes > largest:
                too_large = "it is larger than an index of this worktree can be"
                reasons.append(self._refuse(store, one.manifest.commit, too_large))
                continue
            if tried == TRIED:
                break
            tried += 1
            if self._in_a_hurry and one.manifest.index_bytes > HURRY_BYTES:
                return Refused("left to the worker: it is large")
            try:
                return self._try(store, one, make_room())
            except (UntrustedError, StorageFullError) as error:
                reasons.append(self._refuse(store, one.manifest.commit, error.message))
            except StoreError as error:
                unsound = "what was pushed is no sound index"
                detail = one_line(error.message)[:_DETAIL_CHARACTERS]
                reasons.append(self._refuse(store, one.manifest.commit, unsound, detail=detail))
        return Refused(_in_words(reasons))

    def _try(self, store: Store, one: Pushed, path: str) -> Elsewhere:
        """Fetch an index and look at all of it.

        Raises:
            RemoteError: the store fails, or is too slow.
            StoreError: it is no index that can serve, or there is no room for it.
            UntrustedError: it is not what its manifest says.
        """
        manifest = one.manifest
        by = f", signed by {one.signer}" if one.signer else ""
        donor = f"{store.name} at {manifest.commit[:12]}{by}"
        if not self._in_a_hurry:
            store.until += manifest.index_bytes / BUILT_BYTES_A_SECOND

        def told(got: int, of: int) -> None:
            self._progress.update(
                files=manifest.files * got // of,
                of=manifest.files,
                chunks=manifest.chunks * got // of,
                embedded=0,
            )

        began = time.monotonic()
        fetched = fetch(store, manifest, path, told)
        expected = expected_of(identify(self._settings), manifest)
        hurry = HURRY_SECONDS if self._in_a_hurry else None
        adopt(path, expected, seeded_from=donor, cpu_seconds=hurry)
        seconds = round(time.monotonic() - began, 3)
        self._note("fetched from elsewhere", donor=donor, bytes=fetched, seconds=seconds)
        return Elsewhere(donor, one.distance)

    def _largest(self) -> int:
        """Bytes that an index of this worktree may have."""
        files = entries(self._worktree)
        return 1 << 62 if files is None else FREE_BYTES + FILE_BYTES * files

    def _refuse(self, store: Store, commit: str, reason: str, **detail: str) -> str:
        """What people are told, and an agent may read; details of a database go into the log."""
        self._note("donor refused", donor=store.name, commit=commit, reason=reason, **detail)
        return f"{commit[:12]}: {reason}"

    def _received(self) -> int:
        return self._store.received if self._store else 0

    def _note(self, event: str, **details: object) -> None:
        note(self._worktree, event, **details)


def expected_of(identity: ModelIdentity, manifest: Manifest) -> Expected:
    """What must be in an index of which this is said."""
    made_with = MadeWith(identity.name, identity.model_key, manifest.fingerprint)
    counts = manifest.files, manifest.chunks
    return Expected(made_with, identity.dimensions, manifest.commit, *counts)


def _in_words(reasons: list[str]) -> str:
    if not reasons:
        return "it has no index that is near enough"
    more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return "; ".join(reasons[:_NAMED]) + more
