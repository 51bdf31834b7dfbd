"""A pushed index fetched into a file: found, believed for its digests alone, and put together.

What the bytes are worth is for the storage to say. Knows stores and digests; no database, and
not what becomes of the file.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import StorageFullError, UntrustedError
from lumen_hooks.storage.publish import create_exclusively

from .assembly import assemble
from .envelope import ENVELOPE_BYTES, opened
from .manifest import MANIFEST_BYTES_MAX, decode, name_of
from .nearest import nearest
from .packs import read_packs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lumen_hooks.git.history import History
    from lumen_hooks.settings import Settings

    from .manifest import Manifest
    from .stores.store import Store

_ROOM = 2
"""As much room as an index takes must be left beside it."""

LOOKED_AT = 8
"""So many manifests are read at most, whatever the list of pushes says is near."""


class Pushed(NamedTuple):
    """An index in a store.

    Attributes:
        manifest: what it says of itself.
        signer: who signed that, if it had to be signed.
        distance: how many files differ between its tree and ours; None where that is not known.
    """

    manifest: Manifest
    signer: str | None
    distance: int | None


class Passed(NamedTuple):
    """An index in a store that cannot serve, and why."""

    commit: str
    reason: str


def find(
    store: Store, settings: Settings, fingerprint: str, history: History, commit: str
) -> Iterator[Pushed | Passed]:
    """The indexes that may serve a commit, the nearest first, and those that cannot.

    Raises:
        RemoteError: the store fails.
        RepositoryError: the commit cannot be read.
    """
    for near in islice(nearest(store, fingerprint, history, commit), LOOKED_AT):
        try:
            manifest, signer = read_manifest(store, settings, fingerprint, near.commit)
        except UntrustedError as error:
            yield Passed(near.commit, error.message)
            continue
        except FileNotFoundError:
            continue  # pruned, and still in the list
        if near.pays(manifest.files):
            yield Pushed(manifest, signer, near.distance)
        else:
            yield Passed(near.commit, "building pays more: too many files differ")


def read_manifest(
    store: Store, settings: Settings, fingerprint: str, commit: str
) -> tuple[Manifest, str | None]:
    """What a store says of a commit's index, and who signed it, if it had to be signed.

    Raises:
        FileNotFoundError: there is none.
        RemoteError: the store fails.
        UntrustedError: it is not what it must be.
    """
    name = name_of(fingerprint, commit)
    data = store.read(name, at_most=MANIFEST_BYTES_MAX + ENVELOPE_BYTES)
    if data is None:
        raise FileNotFoundError(name)
    envelope = opened(data, settings.remote_signers, name=name)
    manifest = decode(envelope.payload)
    if (manifest.fingerprint, manifest.commit) != (fingerprint, commit):
        raise UntrustedError("it is another commit's, or another fingerprint's")
    return manifest, envelope.signer


def fetch(store: Store, manifest: Manifest, copy: str, told: Callable[[int, int], None]) -> int:
    """Put a pushed index together in a new file; how many bytes were fetched.

    Args:
        store: where it is.
        manifest: what it is made of.
        copy: where to; must not exist. What is there after an error is the caller's to remove.
        told: is told how many bytes are there, of how many.

    Raises:
        RemoteError: the store fails.
        StorageFullError: no room, or no permission, for the file.
        UntrustedError: what is there is not what the manifest says.
    """
    try:
        room = os.statvfs(os.path.dirname(copy))
        if room.f_bavail * room.f_frsize < _ROOM * manifest.index_bytes:
            raise StorageFullError(
                f"no room for an index of {manifest.index_bytes / 1e6:,.1f} MB and as much again",
                hint="free some space",
            )
        packs = read_packs(store, manifest)
        with closing(_File(copy)) as file:
            fetched = assemble(
                store, packs, manifest.runs, file.descriptor, manifest.block_bytes, told
            )
        digest = _digest(copy)
    except OSError as error:
        raise StorageFullError(
            f"cannot write {copy}: {error.strerror}", hint="check free disk space and permissions"
        ) from error
    if digest != manifest.digest:
        raise UntrustedError("its blocks do not make the index that was pushed")
    return fetched


class _File:
    """A new file of ours, open."""

    def __init__(self, path: str) -> None:
        self.descriptor = create_exclusively(path)

    def close(self) -> None:
        os.close(self.descriptor)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
