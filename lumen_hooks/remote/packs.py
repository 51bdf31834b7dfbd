"""A file as blocks addressed by their content, in packs that later files share.

A pack is a directory (the ids of its blocks, and its parts) and the parts, some megabytes of
blocks each. All are named by the SHA-256 of what is stored, and never change. Knows no database:
it cuts bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

import zstandard

from lumen_hooks.errors import UntrustedError

from .manifest import BLOCKS, Run, block_bytes_of, canonical, parsed, unpacked
from .parallel import each

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from .manifest import Manifest
    from .stores.store import Store

ID_BYTES = 16
"""Of a block's id: BLAKE2b (RFC 7693) with a digest of that length."""

PART_BYTES = 4 << 20
"""Of blocks in a part, before they are compressed."""

_DIRECTORY_BYTES_MAX = 64 << 20
_PART_SAID_BYTES = 100
"""What a directory says of a part is no longer than that."""

_LEVEL = 3
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Part(NamedTuple):
    """Some blocks of a pack.

    Attributes:
        digest: SHA-256 of what is stored (hex), which is its name.
        stored: bytes of that.
        blocks: how many blocks.
    """

    digest: str
    stored: int
    blocks: int


class Pack(NamedTuple):
    """A pack's directory.

    Attributes:
        digest: SHA-256 of what is stored (hex), which is its name.
        block_bytes: size of a block.
        parts: in the order of their blocks.
        ids: of all blocks, one after the other.
    """

    digest: str
    block_bytes: int
    parts: tuple[Part, ...]
    ids: bytes

    @property
    def blocks(self) -> int:
        """How many there are."""
        return len(self.ids) // ID_BYTES


class Cut(NamedTuple):
    """A file cut into blocks.

    Attributes:
        digest: SHA-256 of the whole file (hex).
        block_bytes: size of a block.
        ids: of its blocks, in order.
    """

    digest: str
    block_bytes: int
    ids: list[bytes]


def pack_name(digest: str) -> str:
    """The object that holds a pack's directory."""
    return f"v1/packs/{digest}"


def part_name(digest: str) -> str:
    """The object that holds a part."""
    return f"v1/parts/{digest}"


def cut(path: str) -> Cut:
    """Cut a file, whose size is a multiple of the largest block's."""
    size = os.stat(path).st_size
    block_bytes = block_bytes_of(size)
    whole, ids = hashlib.sha256(), []
    with open(path, "rb") as file:
        while data := file.read(PART_BYTES):
            whole.update(data)
            for at in range(0, len(data), block_bytes):
                block = data[at : at + block_bytes]
                ids.append(hashlib.blake2b(block, digest_size=ID_BYTES).digest())
    return Cut(whole.hexdigest(), block_bytes, ids)


class Placed(NamedTuple):
    """Where the blocks of a file are.

    Attributes:
        packs: known ones that are used, and the new one behind them, if there is one.
        runs: the file's blocks, in order.
        new: the numbers in the file of the blocks that no pack has, each content once.
    """

    packs: tuple[Pack, ...]
    runs: tuple[Run, ...]
    new: tuple[int, ...]


PACKS_KEPT = 16
"""More packs than this are not used again ..."""


def useful(packs: Sequence[Pack], wanted: Cut) -> list[Pack]:
    """The packs to go on from: those of which the file uses most, and not less than half.

    What it has of the others is packed anew: a reader would fetch much for little.
    """
    ids = set(wanted.ids)
    used: dict[Pack, int] = {}
    for pack in packs:
        if pack.block_bytes == wanted.block_bytes:
            used[pack] = sum(one in ids for one in _split(pack.ids))
    worth = [pack for pack, count in used.items() if 2 * count >= pack.blocks]
    if len(worth) > PACKS_KEPT:
        worth = sorted(worth, key=lambda pack: used[pack], reverse=True)[: PACKS_KEPT // 2]
    return worth


def place(wanted: Cut, packs: Sequence[Pack]) -> Placed:
    """Where each block of a file is, or will be: in a pack that is numbered after the others."""
    places: dict[bytes, tuple[int, int]] = {}
    for number, pack in enumerate(packs):
        for slot, one in enumerate(_split(pack.ids)):
            places.setdefault(one, (number, slot))
    new: list[int] = []
    runs: list[Run] = []
    for number, one in enumerate(wanted.ids):
        found = places.get(one)
        if found is None:
            found = places[one] = (len(packs), len(new))
            new.append(number)
        last = runs[-1] if runs else None
        if last and found == (last.pack, last.start + last.blocks):
            runs[-1] = last._replace(blocks=last.blocks + 1)
        else:
            runs.append(Run(*found, 1))
    return Placed(tuple(packs), tuple(runs), tuple(new))


def write_pack(
    store: Store,
    path: str,
    wanted: Cut,
    new: Sequence[int],
    *,
    anew: bool = False,
    avoid: Container[str] = (),
) -> Pack:
    """Store blocks of a file as a new pack; its parts first.

    Args:
        store: where.
        path: of the file.
        wanted: the file, cut.
        new: the numbers of the blocks.
        anew: write also what is there, to go by its size.
        avoid: names that are not to be used, since what is called so may be removed soon.

    Raises:
        RemoteError: the store does not take it.
    """
    at_once = PART_BYTES // wanted.block_bytes
    portions = [new[at : at + at_once] for at in range(0, len(new), at_once)]

    def write(portion: Sequence[int]) -> Part:
        with open(path, "rb") as file:
            data = b"".join(_blocks(file.fileno(), portion, wanted.block_bytes))
        stored = zstandard.compress(data, _LEVEL)
        if part_name(hashlib.sha256(stored).hexdigest()) in avoid:
            # The same, with a check sum behind it, has another name.
            stored = zstandard.ZstdCompressor(_LEVEL, write_checksum=True).compress(data)
        part = Part(hashlib.sha256(stored).hexdigest(), len(stored), len(portion))
        name = part_name(part.digest)
        _write(store, name, stored, anew=anew or name in avoid)
        return part

    parts = tuple(each(write, portions))
    ids = b"".join(wanted.ids[number] for number in new)
    stored = _directory(_head(wanted.block_bytes, parts), ids)
    if pack_name(hashlib.sha256(stored).hexdigest()) in avoid:
        stored = _directory(_head(wanted.block_bytes, parts, again=True), ids)
    digest = hashlib.sha256(stored).hexdigest()
    _write(store, pack_name(digest), stored, anew=anew or pack_name(digest) in avoid)
    return Pack(digest, wanted.block_bytes, parts, ids)


def _directory(head: bytes, ids: bytes) -> bytes:
    return len(head).to_bytes(4, "big") + head + ids


def _write(store: Store, name: str, data: bytes, *, anew: bool) -> None:
    """Store an object that is named by its content, unless it is there, whole."""
    if anew or store.size(name) != len(data):
        store.write(name, data)


def _blocks(descriptor: int, numbers: Sequence[int], size: int) -> Iterator[bytes]:
    for number in numbers:
        yield os.pread(descriptor, size, number * size)


def read_packs(store: Store, manifest: Manifest) -> dict[int, Pack]:
    """The directories of all packs that a manifest names, by number.

    Raises:
        RemoteError: the store fails.
        UntrustedError: one is missing, not what its name says, or says what cannot be.
    """
    used = [0] * len(manifest.packs)
    for run in manifest.runs:
        used[run.pack] += run.blocks
    numbers = range(len(used))

    def read(number: int) -> Pack:
        pack = read_pack(store, manifest.packs[number], used=used[number])
        if pack.block_bytes != manifest.block_bytes:
            raise UntrustedError("its packs have blocks of another size")
        return pack

    return dict(zip(numbers, each(read, numbers), strict=True))


def read_pack(store: Store, digest: str, *, used: int | None = None) -> Pack:
    """A pack's directory.

    Args:
        store: where it is.
        digest: its name.
        used: so many blocks of it an index has; that is half of all at least (`useful`), so what
            is read, here and of its parts, is in proportion to the index. None: whatever uses it.

    Raises:
        RemoteError: the store fails.
        UntrustedError: it is missing, not what its name says, or says what cannot be.
    """
    stored = store.read(pack_name(digest), at_most=_directory_bytes_max(used))
    if stored is None:
        raise UntrustedError(f"the pack {digest} is missing")
    if hashlib.sha256(stored).hexdigest() != digest:
        raise UntrustedError(f"the pack {digest} is not what it was")
    begin = 4 + int.from_bytes(stored[:4], "big")
    try:
        said = parsed(stored[4:begin])
        pack = Pack(digest, said["block"], tuple(Part(*one) for one in said["parts"]), b"")
    except (ValueError, TypeError, KeyError) as error:
        raise UntrustedError(f"the pack {digest} has no directory") from error
    pack = pack._replace(ids=stored[begin:])
    if not _is_possible(pack) or (used is not None and pack.blocks > 2 * used):
        raise UntrustedError(f"the pack {digest} says what cannot be")
    if stored[4:begin] not in {_head(*pack[1:3]), _head(*pack[1:3], again=True)}:
        raise UntrustedError(f"the pack {digest} is not written as one is")
    return pack


def _directory_bytes_max(used: int | None) -> int:
    if used is None:
        return _DIRECTORY_BYTES_MAX
    parts = 2 * used // (PART_BYTES // max(BLOCKS)) + 1
    return 64 + parts * _PART_SAID_BYTES + 2 * used * ID_BYTES


def _head(block_bytes: int, parts: Sequence[Part], *, again: bool = False) -> bytes:
    """What a directory says; `again` for another name of the same."""
    more = {"again": True} if again else {}
    return canonical({"block": block_bytes, "parts": parts, **more})


def _is_possible(pack: Pack) -> bool:
    """Whether all parts are full but the last, and none is larger than it can be."""
    if type(pack.block_bytes) is not int or pack.block_bytes not in BLOCKS:
        return False
    at_once, left = PART_BYTES // pack.block_bytes, pack.blocks
    for part in pack.parts:
        if not (isinstance(part.digest, str) and _DIGEST.fullmatch(part.digest)):
            return False
        if type(part.blocks) is not int or part.blocks != min(at_once, left) or not part.blocks:
            return False
        if not (type(part.stored) is int and 0 < part.stored <= _stored_most(part, pack)):
            return False
        left -= part.blocks
    return not left and not len(pack.ids) % ID_BYTES


def _stored_most(part: Part, pack: Pack) -> int:
    """What does not compress grows a little (ZSTD_compressBound)."""
    size = part.blocks * pack.block_bytes
    return size + (size >> 8) + 128


def read_part(store: Store, part: Part, block_bytes: int) -> bytes:
    """The blocks of a part, one after the other.

    Raises:
        RemoteError: the store fails.
        UntrustedError: it is missing, or not what its name says.
    """
    stored = store.read(part_name(part.digest), at_most=part.stored)
    if stored is None:
        raise UntrustedError(f"the part {part.digest} is missing")
    if hashlib.sha256(stored).hexdigest() != part.digest:
        raise UntrustedError(f"the part {part.digest} is not what it was")
    data = unpacked(stored, part.blocks * block_bytes)
    if len(data) != part.blocks * block_bytes:
        raise UntrustedError(f"the part {part.digest} is too short")
    return data


def missing_parts(store: Store, packs: Sequence[Pack]) -> list[Pack]:
    """The packs of which a part is not there as it must be."""
    parts = [(pack, part) for pack in packs for part in pack.parts]
    sizes = each(lambda one: store.size(part_name(one[1].digest)), parts)
    lacking = {
        pack.digest: pack
        for (pack, part), size in zip(parts, sizes, strict=True)
        if size != part.stored
    }
    return list(lacking.values())


def _split(ids: bytes) -> Iterator[bytes]:
    for at in range(0, len(ids), ID_BYTES):
        yield ids[at : at + ID_BYTES]
