"""Which file systems write into a folder when its names changed, so that one `lstat` tells.

POSIX asks for it (open, unlink, rename: "mark for update the last data modification and last file
status change timestamps of the parent directory"), and these are known to do so at once and with
fine clocks. A network's or a virtual machine's shared folder may show a folder's old times for a
while after another machine made a file; of what is not named here nothing is believed.
"""

from __future__ import annotations

import os
import re

_TELLING = frozenset({"bcachefs", "btrfs", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs"})

_MOUNTS = "/proc/self/mountinfo"
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def device_that_tells(folder: str) -> int | None:
    """The number of the device that a folder is on (`st_dev`), if its folders' times tell.

    Folders below it that are on another one are on another file system, or part of one.

    Args:
        folder: absolute, with no symbolic link in it.
    """
    try:
        with open(_MOUNTS, "rb") as file:
            mounts = file.read()
        kind = _kind_at(os.fsencode(folder), mounts)
        return os.stat(folder).st_dev if kind in _TELLING else None
    except OSError:  # no Linux, or nothing is mounted there
        return None


def _kind_at(folder: bytes, mounts: bytes) -> str:
    """The kind of file system that a folder is on, by what is mounted (proc_pid_mountinfo(5)).

    By path, since subvolumes of btrfs have devices of their own. Of what is mounted in one place
    the last one counts.
    """
    longest, kind = -1, b""
    for line in mounts.splitlines():
        fields, _, kinds = line.partition(b" - ")
        place = _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), fields.split(b" ")[4])
        above = place.rstrip(b"/") + b"/"
        if (folder + b"/").startswith(above) and len(above) >= longest:
            longest, kind = len(above), kinds.split(b" ")[0]
    return os.fsdecode(kind)
