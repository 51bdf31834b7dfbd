"""A copy on APFS that shares the original's blocks: clonefile(2), which Python does not have."""

from __future__ import annotations

import os
import sys

_AT_FDCWD = -2
_CLONE_NOFOLLOW, _CLONE_NOOWNERCOPY = 0x0001, 0x0002


def cloned(source: int, target: str) -> bool:
    """Whether a file is now a clone of an open one; where that cannot be, nothing is done.

    Args:
        source: its descriptor.
        target: a name that nothing has yet, on the same file system.
    """
    if sys.platform != "darwin":
        return False
    return _fclonefileat(source, os.fsencode(target))


def _fclonefileat(source: int, target: bytes) -> bool:
    import ctypes

    try:
        call = ctypes.CDLL(None).fclonefileat
    except (AttributeError, OSError):
        return False
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
    call.restype = ctypes.c_int
    return bool(call(source, _AT_FDCWD, target, _CLONE_NOFOLLOW | _CLONE_NOOWNERCOPY) == 0)
