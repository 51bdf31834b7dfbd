"""The file that keeps a picture beside the index that holds what is in it.

It saves time and is never needed: whatever is wrong with it, there is no picture. It is written
in place by whoever updates the index, perhaps while another reads it, so it has sums. After an
edit only the stamps of the files that changed are written. What it says is compared with the disk,
and a path from it leads nowhere that the index does not lead.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.notify.own_files import open_file

from .picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 1 << 28

_MAGIC = b"lumen picture 1\n"
_HEAD = struct.Struct("<16s32sQQQII")
"""What it is; the index's state; bytes of facts, of texts; files; sums of these, of stamps."""

_SUM = struct.Struct("<I")
"""Of the head itself."""


class Kept(NamedTuple):
    """A picture in its file.

    Attributes:
        picture: what was found.
        stamps_at: where in the file sizes, then times begin.
        sums: of everything but the stamps.
        sizes: of the parts in front of the stamps, and how many files there are.
    """

    picture: Picture
    stamps_at: int
    sums: int
    sizes: tuple[int, int, int]


def load(path: str, state: bytes) -> Kept | None:
    """The picture that is kept for an index in this state, if there is one.

    Args:
        path: the file.
        state: 32 bytes that tell the states of an index apart.
    """
    try:
        with open(open_file(path, os.O_RDONLY), "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                return None
            head = file.read(_HEAD.size + _SUM.size)
            magic, of, facts_size, text_size, count, sums, stamps_sum = _HEAD.unpack_from(head)
            whole = _SUM.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])
            if magic != _MAGIC or of != state or not whole:
                return None
            rest = file.read()
        stamps_at = facts_size + text_size
        if len(rest) != stamps_at + 16 * count or zlib.crc32(rest[stamps_at:]) != stamps_sum:
            return None
        if zlib.crc32(rest[:stamps_at]) != sums:
            return None
        picture = _unpacked(rest, facts_size, stamps_at, count)
    except (OSError, ValueError, TypeError, LookupError, struct.error):
        return None
    where = _HEAD.size + _SUM.size + stamps_at
    return Kept(picture, where, sums, (facts_size, text_size, count))


def save(path: str, picture: Picture, state: bytes) -> None:
    """Keep a picture of what an index in this state holds; nothing happens where that fails."""
    facts = json.dumps(
        [
            picture.made_with,
            picture.witnesses,
            picture.names,
            picture.blob_length,
            picture.unindexable,
            picture.rules,
            picture.languages,
            [len(picture.folders), len(picture.files)],
        ]
    ).encode()
    text = b"\0".join((*picture.folders, *picture.files)) + picture.blobs
    stamps = picture.sizes.tobytes() + picture.changed.tobytes()
    sums = zlib.crc32(facts + text)
    head = _head(state, (len(facts), len(text), len(picture.files)), sums, zlib.crc32(stamps))
    with suppress(OSError), open(open_file(path, os.O_WRONLY, create=True), "wb") as file:
        # One that is cut short, or of two that write at once, has wrong sums.
        file.write(head + facts + text + stamps)
        file.truncate()


def save_stamps(path: str, kept: Kept, numbers: Iterable[int], state: bytes) -> None:
    """Keep what has changed of a picture: the stamps of these files, and the index's state."""
    picture = kept.picture
    stamps_sum = zlib.crc32(picture.changed.tobytes(), zlib.crc32(picture.sizes.tobytes()))
    head = _head(state, kept.sizes, kept.sums, stamps_sum)
    with suppress(OSError), open(open_file(path, os.O_RDWR), "r+b", buffering=0) as file:
        for column, values in enumerate((picture.sizes, picture.changed)):
            start = kept.stamps_at + 8 * column * len(values)
            for number in numbers:
                os.pwrite(file.fileno(), values[number : number + 1].tobytes(), start + 8 * number)
        os.pwrite(file.fileno(), head, 0)


def _head(state: bytes, sizes: tuple[int, int, int], sums: int, stamps_sum: int) -> bytes:
    head = _HEAD.pack(_MAGIC, state, *sizes, sums, stamps_sum)
    return head + _SUM.pack(zlib.crc32(head))


def _unpacked(rest: bytes, facts_size: int, stamps_at: int, count: int) -> Picture:
    made_with, witnesses, names, length, unindexable, rules, languages, (folders, files) = (
        json.loads(rest[:facts_size])
    )
    blobs_at = stamps_at - length * files
    paths = rest[facts_size:blobs_at].split(b"\0")
    if files != count or len(paths) != folders + files:
        raise ValueError(paths[:1])
    sizes, changed = array("q"), array("q")
    sizes.frombytes(rest[stamps_at : stamps_at + 8 * count])
    changed.frombytes(rest[stamps_at + 8 * count :])
    return Picture(
        made_with,
        witnesses,
        paths[:folders],
        names,
        paths[folders:],
        sizes,
        changed,
        rest[blobs_at:stamps_at],
        length,
        unindexable,
        rules,
        languages,
    )
