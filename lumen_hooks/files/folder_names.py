"""The names in the folders that git looks into, read again only where they may be others.

A folder is changed by whoever makes, removes or renames something in it, so its own size, inode and
change time say that its names are what they were, where the file system keeps them (`mounts`).
They are believed as those of files are: if nothing had changed there for a while. What knows no
such time is listed. It knows neither git nor rules.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FOLDER, OTHER = b"/", b"//"
"""What is put behind the name of a folder, and of what is neither that nor a plain file."""

DIGEST_BYTES = 16

FolderStamp: TypeAlias = tuple[int, int]
"""Inode and change time (nanoseconds) of a folder."""

_NEVER = -1
"""The change time of a folder that must be listed."""


class FolderNames(NamedTuple):
    """Folders with the names that were in them.

    Attributes:
        device: the one whose folders' times tell; None for none.
        paths: of the folders below the worktree's top, each with a slash behind it.
        digests: of the names in each, one after the other.
        inodes: of each.
        changed: when each changed; of one that must be listed, -1.
    """

    device: int | None
    paths: list[bytes]
    digests: bytes
    inodes: array[int]
    changed: array[int]

    def differing(self, base: bytes, settled_ns: int) -> dict[int, FolderStamp] | None:
        """What to note of folders that must not be listed again, by number; None for other names.

        Args:
            base: the worktree's top with a slash.
            settled_ns: what changed before may be believed the next time.

        Raises:
            OSError: a folder is not there, or cannot be read.
        """
        found: dict[int, FolderStamp] = {}
        lstat, device = os.lstat, self.device
        then = zip(self.paths, self.inodes, self.changed, strict=True)
        for number, (path, inode, changed) in enumerate(then):
            folder = base + path
            if device is not None:
                status = lstat(folder)  # before its names are read: later ones change it again
                modified, altered = status.st_mtime_ns, status.st_ctime_ns
                now = modified if modified > altered else altered  # noqa: FURB136 - max takes longer
                if now == changed and status.st_ino == inode and status.st_dev == device:
                    continue
                if now < settled_ns and status.st_dev == device:
                    found[number] = status.st_ino, now
            start = number * DIGEST_BYTES
            if digest_of(names_in(folder)) != self.digests[start : start + DIGEST_BYTES]:
                return None
        return found

    def note(self, stamps: Mapping[int, FolderStamp]) -> None:
        """Believe these stamps, by number, from now on."""
        for number, (inode, changed) in stamps.items():
            self.inodes[number], self.changed[number] = inode, changed


def noted(
    device: int | None,
    paths: list[bytes],
    digests: bytes,
    stamps: Iterable[tuple[int, int, int]],
    settled_ns: int,
) -> FolderNames:
    """Folders as they were listed.

    Args:
        device: see `FolderNames`.
        paths: likewise.
        digests: likewise.
        stamps: device, inode and change time of each, looked at after it was listed; it had not
            changed meanwhile.
        settled_ns: what changed before may be believed.
    """
    inodes, changed = array("Q"), array("q")
    for on, inode, at in stamps:
        inodes.append(inode)
        changed.append(at if on == device and at < settled_ns else _NEVER)
    return FolderNames(device, paths, digests, inodes, changed)


def names_in(folder: bytes) -> list[bytes]:
    """The names in a folder, with what they are, in order."""
    with os.scandir(folder) as found:
        names = [
            entry.name
            if entry.is_file(follow_symlinks=False)
            else entry.name + (FOLDER if entry.is_dir(follow_symlinks=False) else OTHER)
            for entry in found
        ]
    names.sort()
    return names


def digest_of(names: Sequence[bytes]) -> bytes:
    """Of the names in one folder."""
    return hashlib.blake2b(b"\0".join(names), digest_size=DIGEST_BYTES).digest()
