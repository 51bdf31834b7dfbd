"""Which objects of a store are named by others, found by reading whatever names some."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RemoteError, UntrustedError
from lumen_hooks.remote.envelope import ENVELOPE_BYTES, opened
from lumen_hooks.remote.manifest import MANIFEST_BYTES_MAX, decode, name_of
from lumen_hooks.remote.packs import pack_name, part_name, read_pack
from lumen_hooks.remote.parallel import each
from lumen_hooks.remote.vectors.batch import paths
from lumen_hooks.remote.vectors.batches import read_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lumen_hooks.remote.stores.store import Store

    from .listing import Item

UPGRADE = "upgrade lumen-hooks"
"""The hint of what is not damaged, but of a newer version."""


class Read(NamedTuple):
    """A manifest that was listed, as far as is kept of ten thousand of them.

    Attributes:
        item: as it was listed.
        problem: why it cannot be used; empty if it can.
        tree: of its commit (hex).
        files: indexed files.
        packs: that it names.
    """

    item: Item
    problem: str = ""
    tree: str = ""
    files: int = 0
    packs: tuple[str, ...] = ()


class Packs:
    """The packs of a store, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts: dict[str, frozenset[str]] = {}
        self._problems: dict[str, str] = {}

    def read(self, digests: Iterable[str]) -> None:
        """Read those that were not.

        Raises:
            RemoteError: the store fails.
        """
        new = [one for one in dict.fromkeys(digests) if not self._knows(one)]
        for digest, found in zip(new, each(self._read, new), strict=True):
            if isinstance(found, str):
                self._problems[digest] = found
            else:
                self._parts[digest] = found

    def problem(self, digests: Iterable[str]) -> str:
        """What is wrong with one of them; empty if nothing is."""
        return next(filter(None, (self._problems.get(one) for one in digests)), "")

    def objects(self, digests: Iterable[str]) -> set[str]:
        """The paths of packs and of all their parts, as far as is known."""
        found: set[str] = set()
        for digest in digests:
            found.add(pack_name(digest))
            found.update(self._parts.get(digest, ()))
        return found

    def _knows(self, digest: str) -> bool:
        return digest in self._parts or digest in self._problems

    def _read(self, digest: str) -> frozenset[str] | str:
        try:
            parts = read_pack(self._store, digest).parts
        except UntrustedError as error:
            return error.message
        return frozenset(part_name(part.digest) for part in parts)


def read_manifests(store: Store, items: Collection[Item], packs: Packs) -> list[Read]:
    """Read manifests, and the packs that they name. Who signed them is not asked.

    Raises:
        RemoteError: the store fails, or a newer version has pushed there.
    """
    found = list(each(lambda item: _read(store, item), items))
    packs.read(pack for read in found for pack in read.packs)
    return [read._replace(problem=read.problem or packs.problem(read.packs)) for read in found]


def _read(store: Store, item: Item) -> Read:
    name = name_of(item.of, item.name)
    try:
        data = store.read(name, at_most=MANIFEST_BYTES_MAX + ENVELOPE_BYTES)
        manifest = decode(opened(data or b"", "", name=name).payload)
    except UntrustedError as error:
        if error.hint == UPGRADE:
            raise RemoteError(f"{store.name} is used by a newer version", hint=UPGRADE) from None
        return Read(item, error.message)
    if (manifest.fingerprint, manifest.commit) != (item.of, item.name):
        return Read(item, "it is another commit's, or another fingerprint's")
    return Read(item, "", manifest.tree, manifest.files, manifest.packs)


def named_batches(store: Store, items: Collection[Item]) -> set[str]:
    """The paths of all batches of vectors that are listed in their model's list.

    Of a model whose list is none that we read, all that are there.

    Raises:
        RemoteError: the store fails.
    """
    named: set[str] = set()
    for model in {item.of for item in items if item.kind == "list"}:
        folder = f"v1/vectors/{model}"
        found = read_list(store, folder)
        named.update(path for one in found for path in paths(folder, one.id))
        if not found:
            there = (item for item in items if (item.kind, item.of) == ("batch", model))
            named.update(item.entry.path for item in there)
    return named
