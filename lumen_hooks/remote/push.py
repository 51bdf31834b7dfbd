"""An index published in a store, so that only what others lack is sent.

Parts, then packs, then the manifest, then the list of heads: whatever a push that is cut off leaves
behind, everything that a manifest names is there. Knows stores; which files are committed, and
that the index is up to date, is settled by whoever calls.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from lumen_hooks.errors import UntrustedError

from .condemned import read_condemned
from .envelope import seal
from .heads import Head, add_head
from .manifest import RUNS_MAX, Manifest, encode, name_of
from .nearest import nearest
from .packs import cut, missing_parts, place, read_packs, useful, write_pack
from .pull import read_manifest

if TYPE_CHECKING:
    from lumen_hooks.git.history import History
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.export import Exported

    from .packs import Cut, Pack
    from .stores.store import Store

_BASES = 2
"""Earlier pushes are tried so often for blocks that need not be sent again."""


def push_index(
    store: Store,
    settings: Settings,
    history: History,
    copy: str,
    exported: Exported,
    *,
    pushed_by: str,
    force: bool = False,
) -> None:
    """Publish an index under the commit that it is of.

    Args:
        store: where.
        settings: with the key that signs it, if there is one.
        history: of its repository.
        copy: an index that `storage.export` made.
        exported: what that said of it.
        pushed_by: by whom, as it will be shown.
        force: send every block, whatever earlier pushes say that the store has.

    Raises:
        RemoteError: the store fails; nothing names what was sent then.
        RepositoryError: the commit is not in the repository.
    """
    told, counts = exported.facts, exported.counts
    commit = told.head or ""
    avoid = read_condemned(store)  # before anything is relied on
    wanted = cut(copy)
    base = [] if force else _base(store, settings, told.fingerprint, history, commit, wanted)
    placed = place(wanted, base)
    if len(placed.runs) > RUNS_MAX:
        placed = place(wanted, [])
    packs = list(placed.packs)
    if placed.new:
        packs.append(write_pack(store, copy, wanted, placed.new, anew=force, avoid=avoid))
    manifest = Manifest(
        fingerprint=told.fingerprint,
        commit=commit,
        tree=history.tree(commit) or "",
        model=told.model,
        files=counts.files,
        chunks=counts.chunks,
        index_bytes=os.stat(copy).st_size,
        digest=wanted.digest,
        block_bytes=wanted.block_bytes,
        packs=tuple(pack.digest for pack in packs),
        runs=placed.runs,
        pushed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        pushed_by=pushed_by,
    )
    name = name_of(told.fingerprint, commit)
    store.write(name, seal(encode(manifest), settings.remote_signing_key, name=name))
    add_head(store, told.fingerprint, Head(commit, manifest.tree, manifest.files))


def is_pushed(store: Store, settings: Settings, fingerprint: str, commit: str) -> bool:
    """Whether the index of a commit is there, whole as far as its sizes tell.

    Raises:
        RemoteError: the store fails.
    """
    try:
        manifest, _ = read_manifest(store, settings, fingerprint, commit)
        return not missing_parts(store, list(read_packs(store, manifest).values()))
    except (UntrustedError, FileNotFoundError):
        return False


def _base(
    store: Store,
    settings: Settings,
    fingerprint: str,
    history: History,
    commit: str,
    wanted: Cut,
) -> list[Pack]:
    """The packs of the nearest push that can be gone on from."""
    for near in islice(nearest(store, fingerprint, history, commit), _BASES):
        with suppress(UntrustedError, FileNotFoundError):
            manifest, _ = read_manifest(store, settings, fingerprint, near.commit)
            packs = useful(list(read_packs(store, manifest).values()), wanted)
            gone = {pack.digest for pack in missing_parts(store, packs)}
            return [pack for pack in packs if pack.digest not in gone]
    return []
