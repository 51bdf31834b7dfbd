"""What a store holds, in numbers, for who looks after it.

From one listing and the newest manifest of each fingerprint; ten thousand others are not read.
What they say of themselves is unsigned here, and other people's text.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import UntrustedError
from lumen_hooks.remote.condemned import read_condemned
from lumen_hooks.remote.envelope import ENVELOPE_BYTES, opened
from lumen_hooks.remote.manifest import MANIFEST_BYTES_MAX, decode, name_of
from lumen_hooks.remote.parallel import each

from .listing import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen_hooks.remote.manifest import Manifest
    from lumen_hooks.remote.stores.store import Store

    from .listing import Item


class Indexes(NamedTuple):
    """The pushed indexes of one fingerprint.

    Attributes:
        fingerprint: theirs.
        commits: how many have one.
        newest: commit of the last push (hex).
        pushed_at: when that was, by the store's clock, in seconds of the epoch; None if unknown.
        manifest: what it says of itself; None if it is damaged or not ours.
    """

    fingerprint: str
    commits: int
    newest: str
    pushed_at: float | None
    manifest: Manifest | None


class Vectors(NamedTuple):
    """The vectors of one model.

    Attributes:
        model: the folder that they are in.
        batches: how many.
        stored: bytes of them.
    """

    model: str
    batches: int
    stored: int


class StoreStatus(NamedTuple):
    """What a store holds.

    Attributes:
        name: of the store.
        indexes: by fingerprint, the last pushed first.
        vectors: by model, the most first.
        index_bytes: of manifests, packs and parts.
        condemned: bytes that a prune frees a day after the one that condemned them.
        left_over: bytes of writers that were killed.
        unknown: objects that are none of ours.
        stored: bytes of all.
    """

    name: str
    indexes: tuple[Indexes, ...]
    vectors: tuple[Vectors, ...]
    index_bytes: int
    condemned: int
    left_over: int
    unknown: int
    stored: int


def status_of_store(store: Store) -> StoreStatus:
    """Look at a store as a whole.

    Raises:
        RemoteError: it fails, or cannot be listed.
    """
    items = listed(store)
    manifests, batches = _by_owner(items, "manifest"), _by_owner(items, "batch")
    indexes = list(each(lambda found: _indexes(store, found), manifests.values()))
    indexes.sort(key=lambda one: one.pushed_at or 0.0, reverse=True)
    vectors = [
        Vectors(model, len(found) // 2 or 1, _bytes(found)) for model, found in batches.items()
    ]
    vectors.sort(key=lambda one: one.stored, reverse=True)
    condemned = read_condemned(store)
    return StoreStatus(
        name=store.name,
        indexes=tuple(indexes),
        vectors=tuple(vectors),
        index_bytes=_bytes(item for item in items if item.kind in ("manifest", "pack", "part")),
        condemned=_bytes(item for item in items if item.entry.path in condemned),
        left_over=_bytes(item for item in items if item.kind == "left over"),
        unknown=sum(item.kind == "unknown" for item in items),
        stored=_bytes(items),
    )


def _indexes(store: Store, items: list[Item]) -> Indexes:
    newest = max(items, key=lambda item: (item.entry.modified or 0.0, item.name))
    name, manifest = name_of(newest.of, newest.name), None
    data = store.read(name, at_most=MANIFEST_BYTES_MAX + ENVELOPE_BYTES)
    with suppress(UntrustedError):
        manifest = decode(opened(data or b"", "", name=name).payload)
    return Indexes(newest.of, len(items), newest.name, newest.entry.modified, manifest)


def _by_owner(items: Iterable[Item], kind: str) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.kind == kind:
            found[item.of].append(item)
    return found


def _bytes(items: Iterable[Item]) -> int:
    return sum(item.entry.size for item in items)
