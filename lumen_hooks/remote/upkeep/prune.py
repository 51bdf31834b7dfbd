"""Removing from a store what nobody will want: old indexes, and what only they were made of.

Indexes go at once, newest kept; what nothing names any more is condemned, and removed by the
prune that comes a day later (`condemned` says why). All times are the store's own, by what it
lists; the present is when it has written the object that a prune begins with.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.condemned import MOST, NAME, read_condemned, write_condemned
from lumen_hooks.remote.heads import HEADS_MAX, Head, read_heads, write_heads
from lumen_hooks.remote.manifest import name_of
from lumen_hooks.remote.parallel import each
from lumen_hooks.remote.stores.store import MARKER

from .listing import listed, modified
from .references import Packs, named_batches, read_manifests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lumen_hooks.remote.stores.store import Store

    from .listing import Item, Kind
    from .references import Read

DAY = 86_400.0
"""Seconds between condemning and removing: more than any push takes."""


class Damaged(NamedTuple):
    """A manifest that cannot be used.

    Attributes:
        path: of the object.
        problem: why.
        removed: it was older than a day, and is gone.
    """

    path: str
    problem: str
    removed: bool


class Pruned(NamedTuple):
    """What a prune did.

    Attributes:
        indexes: manifests that were removed.
        kept: manifests that are left.
        objects: other objects that were removed.
        freed: bytes of all that was removed.
        waiting: bytes that are condemned, and free after a prune in a day.
        damaged: manifests that cannot be used.
    """

    indexes: int
    kept: int
    objects: int
    freed: int
    waiting: int
    damaged: tuple[Damaged, ...]


def prune(store: Store, *, keep: int, grace: float = DAY) -> Pruned:
    """Remove all but the newest indexes of each fingerprint, and what was condemned a day ago.

    Args:
        store: which.
        keep: so many indexes of each fingerprint.
        grace: seconds between condemning and removing. Less than a day only where nobody pushes
            meanwhile; with 0, what is condemned is removed at once.

    Raises:
        RemoteError: the store fails, cannot be listed or written, or has no clock.
    """
    if keep < 1:
        raise ValueError("at least one index is kept")
    return _Prune(store, keep, grace).run()


class _Prune:
    def __init__(self, store: Store, keep: int, grace: float) -> None:
        self._store, self._keep, self._grace = store, keep, grace
        self._packs = Packs(store)
        self._now = 0.0
        self._removed: dict[str, Item] = {}

    def run(self) -> Pruned:
        self._store.claim()
        items = self._listed()
        reads = read_manifests(self._store, _of_kind(items, "manifest"), self._packs)
        kept, old = self._judged(reads)
        broken = [read for read in reads if read.problem]
        self._remove(read.item for read in old)
        self._remove(read.item for read in broken if self._age(read.item) >= DAY)
        self._repair_heads(items, kept)
        self._remove(item for item in _of_kind(items, "left over") if self._age(item) >= DAY)
        if self._grace > 0:
            # Also by what was removed right now: a push or pull may have read it just before.
            self._execute([read for read in reads if not read.problem])
            waiting = self._condemn(items, kept)
        else:
            self._condemn(items, kept, anew=True)
            self._execute(kept)
            waiting = 0
        gone = list(self._removed.values())
        return Pruned(
            indexes=len(_of_kind(gone, "manifest")),
            kept=len(kept),
            objects=len(gone) - len(_of_kind(gone, "manifest")),
            freed=sum(item.entry.size for item in gone),
            waiting=waiting,
            damaged=tuple(self._damage(read) for read in broken),
        )

    def _damage(self, read: Read) -> Damaged:
        path = read.item.entry.path
        return Damaged(path, read.problem, path in self._removed)

    def _listed(self) -> list[Item]:
        items = listed(self._store)
        markers = [item for item in items if item.entry.path == MARKER]
        if not markers:
            raise RemoteError(
                f"{self._store.name} does not list what was just written to it", hint="try again"
            )
        self._now = max(self._now, modified(markers[0], self._store))
        return items

    def _age(self, item: Item) -> float:
        return self._now - modified(item, self._store)

    def _judged(self, reads: Collection[Read]) -> tuple[list[Read], list[Read]]:
        """The manifests that stay, and those that are too old; of a fingerprint, newest first."""
        by_fingerprint: dict[str, list[Read]] = defaultdict(list)
        for read in reads:
            if not read.problem:
                by_fingerprint[read.item.of].append(read)
        kept, old = [], []
        for found in by_fingerprint.values():
            found.sort(key=lambda read: (self._age(read.item), read.item.name))
            kept += found[: self._keep]
            old += found[self._keep :]
        return kept, old

    def _repair_heads(self, items: list[Item], kept: list[Read]) -> None:
        """Each list of pushes has what is left, and what was pushed since the store was listed."""
        known = {item.entry.path for item in _of_kind(items, "manifest")}
        for fingerprint in {item.of for item in items if item.kind in ("manifest", "heads")}:
            left = [read for read in kept if read.item.of == fingerprint]
            lines = [Head(read.item.name, read.tree, read.files) for read in left]
            dangling = known | self._dangling(fingerprint, known)
            before = read_heads(self._store, fingerprint)  # with what was pushed meanwhile
            new = [head for head in before if name_of(fingerprint, head.commit) not in dangling]
            after = [*new, *lines][:HEADS_MAX]
            if set(after) != set(before):
                write_heads(self._store, fingerprint, after)

    def _dangling(self, fingerprint: str, known: Collection[str]) -> set[str]:
        """What the list of pushes names and is not there, besides what is known to have been."""
        names = [name_of(fingerprint, head.commit) for head in read_heads(self._store, fingerprint)]
        return {name for name in names if name not in known and self._store.size(name) is None}

    def _execute(self, reads: Collection[Read]) -> None:
        """Remove what was condemned long enough ago, if none of these and no new index names it."""
        items = self._listed()
        lists = [item for item in items if item.entry.path == NAME]
        if not lists or (self._grace and self._age(lists[0]) < self._grace):
            return
        condemned, since = read_condemned(self._store), modified(lists[0], self._store)
        paths = {read.item.entry.path for read in reads}
        new = [item for item in _of_kind(items, "manifest") if item.entry.path not in paths]
        named = self._named(items, [*reads, *read_manifests(self._store, new, self._packs)])
        gone = condemned - named
        self._remove(
            item
            for item in _referred(items)
            if item.entry.path in gone and modified(item, self._store) <= since
        )
        self._store.remove(NAME)

    def _condemn(self, items: list[Item], kept: Collection[Read], *, anew: bool = False) -> int:
        """Condemn what nothing names that is left, and is no part of a push under way; its bytes.

        A list that waits for its day is left as it is, or it would wait for ever.
        """
        sizes = {item.entry.path: item.entry.size for item in items}
        condemned: Collection[str] = () if anew else read_condemned(self._store)
        if not condemned:
            named = self._named(items, kept)
            condemned = [
                item.entry.path
                for item in _referred(items)
                if item.entry.path not in named
                and item.entry.path not in self._removed
                and self._age(item) >= self._grace
            ][:MOST]
            if condemned:
                write_condemned(self._store, condemned)
        return sum(sizes.get(path, 0) for path in condemned)

    def _named(self, items: list[Item], reads: Iterable[Read]) -> set[str]:
        named = named_batches(self._store, items)
        return named | self._packs.objects(pack for read in reads for pack in read.packs)

    def _remove(self, items: Iterable[Item]) -> None:
        def remove(item: Item) -> Item:
            self._store.remove(item.entry.path)
            return item

        for item in each(remove, items):
            self._removed[item.entry.path] = item


def _of_kind(items: Iterable[Item], kind: Kind) -> list[Item]:
    return [item for item in items if item.kind == kind]


def _referred(items: Iterable[Item]) -> list[Item]:
    """Objects that are wanted only where another names them."""
    return [item for item in items if item.kind in ("pack", "part", "batch")]
