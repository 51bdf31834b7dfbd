"""A file as blocks addressed by their content, in packs that later files share.

A pack is a directory (the ids of its blocks, and its parts) and the parts, some megabytes of
blocks each. All are named by the SHA-256 of what is stored, and never change. Knows no database:
it cuts bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import zstandard

from lumen_hooks.errors import UntrustedError

from .manifest import Run, unpacked
from .parallel import each

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from .store import Store

ID_BYTES = 16
"""Of a block's id: BLAKE2b (RFC 7693) with a digest of that length."""

PART_BYTES = 4 << 20
"""Of blocks in a part, before they are compressed."""

LARGE_BYTES = 128 << 20
"""Up to this size a file is cut into small blocks: one edited file touches few bytes of each page.
Above it there are so many that their ids would be dear, and an edit is little of it all."""

RATIO_MAX = 16
"""A file is no larger than so many times what is stored of it; an index two times."""

_DIRECTORY_BYTES_MAX = 1 << 30
PART_STORED_MAX = PART_BYTES + (1 << 16)
"""What does not compress grows a little."""

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

    @property
    def stored(self) -> int:
        """Bytes of all parts."""
        return sum(part.stored for part in self.parts)


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
    block_bytes = 4096 if size > LARGE_BYTES else 1024
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
    stored = _directory({"block": wanted.block_bytes, "parts": parts}, ids)
    if pack_name(hashlib.sha256(stored).hexdigest()) in avoid:
        stored = _directory({"block": wanted.block_bytes, "parts": parts, "again": True}, ids)
    digest = hashlib.sha256(stored).hexdigest()
    _write(store, pack_name(digest), stored, anew=anew or pack_name(digest) in avoid)
    return Pack(digest, wanted.block_bytes, parts, ids)


def _directory(said: dict[str, object], ids: bytes) -> bytes:
    head = json.dumps(said).encode()
    return len(head).to_bytes(4, "big") + head + ids


def _write(store: Store, name: str, data: bytes, *, anew: bool) -> None:
    """Store an object that is named by its content, unless it is there, whole."""
    if anew or store.size(name) != len(data):
        store.write(name, data)


def _blocks(descriptor: int, numbers: Sequence[int], size: int) -> Iterator[bytes]:
    for number in numbers:
        yield os.pread(descriptor, size, number * size)


def read_pack(store: Store, digest: str, *, blocks: int | None = None) -> Pack:
    """A pack's directory.

    Args:
        store: where it is.
        digest: its name.
        blocks: of the file that is made of it: at least half of a pack is used (`useful`).

    Raises:
        RemoteError: the store fails, or lacks it.
        UntrustedError: it is not what its name says, or says what cannot be.
    """
    at_most = _DIRECTORY_BYTES_MAX if blocks is None else (1 << 16) + blocks * 4 * ID_BYTES
    stored = store.read(pack_name(digest), at_most=at_most)
    if stored is None:
        raise UntrustedError(f"the pack {digest} is missing")
    if hashlib.sha256(stored).hexdigest() != digest:
        raise UntrustedError(f"the pack {digest} is not what it was")
    length = int.from_bytes(stored[:4], "big")
    try:
        head = json.loads(stored[4 : 4 + length])
        block_bytes, parts = head["block"], tuple(Part(*part) for part in head["parts"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UntrustedError(f"the pack {digest} has no directory") from error
    pack = Pack(digest, block_bytes, parts, stored[4 + length :])
    if not _is_possible(pack):
        raise UntrustedError(f"the pack {digest} says what cannot be")
    return pack


def _is_possible(pack: Pack) -> bool:
    if pack.block_bytes not in {1024, 4096} or len(pack.ids) % ID_BYTES:
        return False
    for part in pack.parts:
        if not (isinstance(part.digest, str) and _DIGEST.fullmatch(part.digest)):
            return False
        if not (type(part.stored) is int and 0 < part.stored <= PART_STORED_MAX):
            return False
        if not (type(part.blocks) is int and 0 < part.blocks * pack.block_bytes <= PART_BYTES):
            return False
    return sum(part.blocks for part in pack.parts) == pack.blocks


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


class _Wanted(NamedTuple):
    """A part, and where in the file its blocks go: (its block, the file's block, how many)."""

    part: Part
    places: tuple[tuple[int, int, int], ...]


def assemble(
    store: Store,
    packs: Mapping[int, Pack],
    runs: Sequence[Run],
    descriptor: int,
    block_bytes: int,
    told: Callable[[int, int], None],
) -> int:
    """Put a file together from the parts of packs that it needs; how many bytes were fetched.

    Args:
        store: where they are.
        packs: by number, all that the runs name.
        runs: the file's blocks, in order.
        descriptor: of the file, empty.
        block_bytes: size of a block.
        told: is told how many bytes were fetched, of how many.

    Raises:
        RemoteError, UntrustedError: as `read_part`, or a run names what a pack does not have.
    """
    wanted = _by_part(packs, runs)
    stored = sum(one.part.stored for one in wanted)
    if sum(run.blocks for run in runs) * block_bytes > RATIO_MAX * stored + (1 << 20):
        raise UntrustedError("it is much larger than what it is made of")

    def fetch(one: _Wanted) -> int:
        data = read_part(store, one.part, block_bytes)
        for slot, number, count in one.places:
            piece = data[slot * block_bytes : (slot + count) * block_bytes]
            if os.pwrite(descriptor, piece, number * block_bytes) != len(piece):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return one.part.stored

    fetched = 0
    for count in each(fetch, wanted):
        fetched += count
        told(fetched, stored)
    return fetched


def _by_part(packs: Mapping[int, Pack], runs: Sequence[Run]) -> list[_Wanted]:
    """Each part that is needed, with all the places where its blocks go."""
    firsts = {
        number: [0, *accumulate(part.blocks for part in pack.parts)]
        for number, pack in packs.items()
    }
    places: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    number = 0
    for run in runs:
        pack, starts = packs[run.pack], firsts[run.pack]
        end = run.start + run.blocks
        if end > pack.blocks:
            raise UntrustedError(f"the pack {pack.digest} has no such blocks")
        at, start = bisect_right(starts, run.start) - 1, run.start
        while start < end:
            stop = min(end, starts[at + 1])
            place = (start - starts[at], number + start - run.start, stop - start)
            places.setdefault((run.pack, at), []).append(place)
            start, at = stop, at + 1
        number += run.blocks
    return [_Wanted(packs[pack].parts[at], tuple(found)) for (pack, at), found in places.items()]
