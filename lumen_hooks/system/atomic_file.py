"""Small files that others may read at any moment: read whole, replaced in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.notify.own_files import inherit

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPORARY = ".lumen-hooks-"
"""How the name of a file begins that is being written."""


def read_regular(path: str) -> bytes:
    """A file's content; nothing for what is missing or no regular file of its own."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
    except (FileNotFoundError, NotADirectoryError):
        return b""
    with open(path, "rb") as file:
        return file.read()


def write_atomic(
    path: str, content: bytes, mode: int, *, last_look: Callable[[], None] | None = None
) -> bool:
    """Replace a file durably; False if it was there as it should be.

    Args:
        path: the file, in a folder that is there; a symbolic link is replaced, not followed.
        content: all of it, not empty.
        mode: its permissions.
        last_look: called right before the replacement, which it prevents by raising.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    folder = os.path.dirname(path)
    if read_regular(path) == content and stat.S_IMODE(os.lstat(path).st_mode) == mode:
        return False
    descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            inherit(file.fileno(), folder, mode)
            os.fsync(file.fileno())
        if last_look is not None:
            last_look()
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return True
