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

from .folder_names import DIGEST_BYTES, FolderNames
from .picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .picture import Touched

MAX_BYTES = 1 << 28

_MAGIC = b"lumen picture 2\n"
_HEAD = struct.Struct("<16s32sQQQQII")
"""What it is; the index's state; bytes of facts, of texts; files; folders; sums of all but stamps,
of these."""

_SUM = struct.Struct("<I")
"""Of the head itself."""


class Kept(NamedTuple):
    """A picture in its file.

    Attributes:
        picture: what was found.
        stamps_at: where in the file they begin; see `_stamps`.
        sums: of everything else.
        sizes: of the parts in front of the stamps, and how many files and folders there are.
    """

    picture: Picture
    stamps_at: int
    sums: int
    sizes: tuple[int, int, int, int]


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
            magic, of, *sizes, sums, stamps_sum = _HEAD.unpack_from(head)
            whole = _SUM.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])
            if magic != _MAGIC or of != state or not whole:
                return None
            rest = file.read()
        facts_size, text_size, files, folders = sizes
        stamps_at = facts_size + text_size
        if (
            len(rest) != stamps_at + 16 * (files + folders)
            or zlib.crc32(rest[stamps_at:]) != stamps_sum
        ):
            return None
        if zlib.crc32(rest[:stamps_at]) != sums:
            return None
        picture = _unpacked(rest, facts_size, stamps_at, (files, folders))
    except (OSError, ValueError, TypeError, LookupError, struct.error):
        return None
    where = _HEAD.size + _SUM.size + stamps_at
    return Kept(picture, where, sums, (facts_size, text_size, files, folders))


def save(path: str, picture: Picture, state: bytes) -> None:
    """Keep a picture of what an index in this state holds; nothing happens where that fails."""
    folders = picture.folders
    facts = json.dumps(
        [
            picture.made_with,
            picture.witnesses,
            folders.device,
            picture.blob_length,
            picture.unindexable,
            picture.rules,
            picture.languages,
        ]
    ).encode()
    text = b"\0".join((*folders.paths, *picture.files)) + folders.digests + picture.blobs
    stamps = b"".join(column.tobytes() for column in _stamps(picture))
    sums = zlib.crc32(facts + text)
    sizes = (len(facts), len(text), len(picture.files), len(folders.paths))
    head = _head(state, sizes, sums, zlib.crc32(stamps))
    with suppress(OSError), open(open_file(path, os.O_WRONLY, create=True), "wb") as file:
        # One that is cut short, or of two that write at once, has wrong sums.
        file.write(head + facts + text + stamps)
        file.truncate()


def save_stamps(path: str, kept: Kept, touched: Touched, state: bytes) -> None:
    """Keep what has changed of a picture: the stamps of what was touched, and the index's state."""
    columns = _stamps(kept.picture)
    stamps_sum = 0
    for column in columns:
        stamps_sum = zlib.crc32(column.tobytes(), stamps_sum)
    head = _head(state, kept.sizes, kept.sums, stamps_sum)
    numbers: tuple[Iterable[int], ...] = (touched.files,) * 2 + (touched.folders,) * 2
    with suppress(OSError), open(open_file(path, os.O_RDWR), "r+b", buffering=0) as file:
        start = kept.stamps_at
        for column, changed in zip(columns, numbers, strict=True):
            for number in changed:
                value = column[number : number + 1].tobytes()
                os.pwrite(file.fileno(), value, start + 8 * number)
            start += 8 * len(column)
        os.pwrite(file.fileno(), head, 0)


def _stamps(picture: Picture) -> tuple[array[int], ...]:
    """The columns that change: sizes and times of files, inodes and times of folders."""
    folders = picture.folders
    return picture.sizes, picture.changed, folders.inodes, folders.changed


def _head(state: bytes, sizes: tuple[int, int, int, int], sums: int, stamps_sum: int) -> bytes:
    head = _HEAD.pack(_MAGIC, state, *sizes, sums, stamps_sum)
    return head + _SUM.pack(zlib.crc32(head))


def _unpacked(rest: bytes, facts_size: int, stamps_at: int, counts: tuple[int, int]) -> Picture:
    made_with, witnesses, device, length, unindexable, rules, languages = json.loads(
        rest[:facts_size]
    )
    files, folders = counts
    blobs_at = stamps_at - length * files
    digests_at = blobs_at - DIGEST_BYTES * folders
    paths = rest[facts_size:digests_at].split(b"\0")
    if len(paths) != folders + files:
        raise ValueError(paths[:1])
    columns, start = [], stamps_at
    for kind, count in (("q", files), ("q", files), ("Q", folders), ("q", folders)):
        column = array(kind)
        column.frombytes(rest[start : start + 8 * count])
        columns.append(column)
        start += 8 * count
    sizes, changed, inodes, changed_folders = columns
    digests = rest[digests_at:blobs_at]
    return Picture(
        made_with,
        witnesses,
        FolderNames(device, paths[:folders], digests, inodes, changed_folders),
        paths[folders:],
        sizes,
        changed,
        rest[blobs_at:stamps_at],
        length,
        unindexable,
        rules,
        languages,
    )
