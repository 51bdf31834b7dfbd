"""What a store holds, by kind: the one place where it is listed, for `remote status` and `prune`.

A listing is believed for names, sizes and times only. What is called as nothing of ours is, is
left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores.folder import TEMPORARY

if TYPE_CHECKING:
    from lumen_hooks.remote.stores.driver import Entry
    from lumen_hooks.remote.stores.store import Store

Kind = Literal["manifest", "heads", "pack", "part", "batch", "list", "left over", "kept", "unknown"]
"""What an object is, by its path. left over: a writer was killed. kept: one for all."""

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("left over", re.compile(rf".*/{TEMPORARY}[0-9a-f]{{16}}")),
    ("manifest", re.compile(r"v1/indexes/([0-9a-f]{32})/commits/([0-9a-f]{40}|[0-9a-f]{64})")),
    ("heads", re.compile(r"v1/indexes/([0-9a-f]{32})/heads")),
    ("pack", re.compile(r"v1/packs/([0-9a-f]{64})")),
    ("part", re.compile(r"v1/parts/([0-9a-f]{64})")),
    ("batch", re.compile(r"v1/vectors/([0-9a-f]{32})/batches/([0-9a-f]{64})\.(?:keys|rows)")),
    ("list", re.compile(r"v1/vectors/([0-9a-f]{32})/list")),
    ("kept", re.compile(r"v1/(?:store|condemned)")),
)


class Item(NamedTuple):
    """An object of a store.

    Attributes:
        kind: what it is.
        entry: as it was listed.
        of: fingerprint or model that it belongs to; empty if to none.
        name: the rest that its path says: a commit, or a digest.
    """

    kind: Kind
    entry: Entry
    of: str
    name: str


def listed(store: Store) -> list[Item]:
    """All objects of a store.

    Raises:
        RemoteError: it cannot be listed.
    """
    return [_item(entry) for entry in store.entries("v1")]


def modified(item: Item, store: Store) -> float:
    """When an object was written, by the store's clock, in seconds of the epoch.

    Raises:
        RemoteError: the store does not say.
    """
    if item.entry.modified is None:
        raise RemoteError(f"{store.name} does not tell when its objects were written")
    return item.entry.modified


def _item(entry: Entry) -> Item:
    for kind, pattern in _KINDS:
        match = pattern.fullmatch(entry.path)
        if match:
            of, name = ("", "", *match.groups())[-2:]
            if kind in ("heads", "list"):
                of, name = name, ""
            return Item(kind, entry, of, name)
    return Item("unknown", entry, "", "")
