"""Whether what is at a path is what was there before, told by its stat data.

A time stamp alone says little of what has just changed: it may change again within one tick of the
file system's clock, and leave the same. So what is young is not believed.
"""

from __future__ import annotations

import os
from typing import TypeAlias

Signature: TypeAlias = list[int] | None
"""Device, inode, size, modification and change time of what is at a path; None for nothing."""

YOUNG_NS = 2_000_000_000
"""What changed less than this before a look may change again under the same time stamp."""

_TICK_NS = 50_000_000
"""The same on a file system that notes fractions of milliseconds: several ticks of its clock."""


def signature_of(path: str | bytes) -> Signature:
    """Of a file or folder, a symbolic link followed.

    Raises:
        OSError: it cannot be told whether there is one.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def settled_before(began_ns: int) -> int:
    """What changed before may be believed by a look that began then (Unix time, nanoseconds)."""
    return began_ns - YOUNG_NS


def was_still(signature: Signature, began_ns: int) -> bool:
    """Whether what looks so now has not changed since shortly before a look began.

    What is not there counts; who made it go shows in its folder alone.
    """
    if signature is None:
        return True
    *_, modified, changed = signature
    fine = changed % 1_000_000 and modified % 1_000_000
    return max(modified, changed) < began_ns - (_TICK_NS if fine else YOUNG_NS)
