"""Small pushes without a repository: bytes for an index, published step by step as `push` does."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.errors import UntrustedError
from lumen_hooks.remote.assembly import assemble
from lumen_hooks.remote.condemned import read_condemned
from lumen_hooks.remote.envelope import ENVELOPE_BYTES, opened, seal
from lumen_hooks.remote.heads import Head, add_head, read_heads
from lumen_hooks.remote.manifest import MANIFEST_BYTES_MAX, Manifest, decode, encode, name_of
from lumen_hooks.remote.packs import cut, place, read_pack, useful, write_pack
from lumen_hooks.remote.upkeep.listing import listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lumen_hooks.remote.stores.store import Store

FINGERPRINT = "f" * 32
BLOCK = 1024


def content(seed: int, blocks: int = 6) -> bytes:
    """What an index might hold: the same for the same seed; neighbours share most of it."""
    seeds = (f"{(seed + number) // blocks}/{number}" for number in range(blocks))
    return b"".join(random.Random(one).randbytes(BLOCK) for one in seeds)


def commit_of(number: int) -> str:
    """The commit of a push."""
    return f"{number:040x}"


def push(
    store: Store, folder: Path, number: int, data: bytes, fingerprint: str = FINGERPRINT
) -> None:
    """All of a push at once."""
    for _ in steps(store, folder, number, data, fingerprint):
        pass


def steps(
    store: Store, folder: Path, number: int, data: bytes, fingerprint: str = FINGERPRINT
) -> Iterator[str]:
    """A push, which stands still after each step; `remote.push` takes the same."""
    commit = commit_of(number)
    avoid = read_condemned(store)
    yield "began"
    base = []
    for head in read_heads(store, fingerprint)[:1]:
        with suppress(UntrustedError, FileNotFoundError):
            base = [read_pack(store, one) for one in manifest_of(store, head.commit).packs]
    yield "has read what it goes on from"
    path = folder / f"{number}.copy"
    path.write_bytes(data)
    wanted = cut(str(path))
    placed = place(wanted, useful(base, wanted))
    packs = list(placed.packs)
    if placed.new:
        packs.append(write_pack(store, str(path), wanted, placed.new, avoid=avoid))
    yield "has written its parts"
    manifest = Manifest(
        fingerprint=fingerprint,
        commit=commit,
        tree=commit,
        model="model",
        files=1,
        chunks=1,
        index_bytes=len(data),
        digest=wanted.digest,
        block_bytes=BLOCK,
        packs=tuple(pack.digest for pack in packs),
        runs=placed.runs,
        pushed_at="2026-01-01T00:00:00+00:00",
        pushed_by="somebody",
    )
    name = name_of(fingerprint, commit)
    store.write(name, seal(encode(manifest), "", name=name))
    yield "has written its manifest"
    add_head(store, fingerprint, Head(commit, commit, 1))


def manifest_of(store: Store, commit: str, fingerprint: str = FINGERPRINT) -> Manifest:
    """What was pushed for a commit."""
    name = name_of(fingerprint, commit)
    data = store.read(name, at_most=MANIFEST_BYTES_MAX + ENVELOPE_BYTES)
    if data is None:
        raise FileNotFoundError(name)
    return decode(opened(data, "", name=name).payload)


def pulled(store: Store, folder: Path, number: int, fingerprint: str = FINGERPRINT) -> bytes:
    """The index that was pushed."""
    manifest = manifest_of(store, commit_of(number), fingerprint)
    packs = {at: read_pack(store, one) for at, one in enumerate(manifest.packs)}
    path = folder / f"{number}.pulled"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        assemble(store, packs, manifest.runs, file, manifest.block_bytes, lambda *_: None)
    finally:
        os.close(file)
    return path.read_bytes()


def commits(store: Store) -> set[int]:
    """Of which pushes a manifest is there."""
    return {int(item.name, 16) for item in listed(store) if item.kind == "manifest"}


def time_passes(folder: Path, seconds: float) -> None:
    """To a store in a folder: everything is older than it was."""
    for below, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(below, name)
            with suppress(FileNotFoundError):  # removed by who works beside
                before = os.stat(path).st_mtime_ns
                os.utime(path, ns=(before, before - int(seconds * 1e9)))
