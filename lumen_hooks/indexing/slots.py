"""A machine-wide limit on how many processes embed at once.

Lock order: a slot is taken after the index lock, before the repository's turn
to embed and SQLite, and never two at a time.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from lumen_hooks.errors import BusyError, LockError
from lumen_hooks.system.locks import Acquired, Failed, acquire, read_holder
from lumen_hooks.system.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

WAIT_SECONDS = 1800.0
"""A build of a very large repository with a slow model may keep others waiting this long."""

_POLL_SECONDS = 0.05


def runtime_folder(environ: Mapping[str, str]) -> str:
    """This user's folder for slots: in XDG_RUNTIME_DIR, else in the temporary directory.

    After `su` or `sudo -E`, XDG_RUNTIME_DIR is another user's, and nothing is put there.
    """
    base = environ.get("XDG_RUNTIME_DIR", "")
    try:
        if base and os.stat(base).st_uid == os.geteuid() and os.path.isdir(base):
            return os.path.join(base, "lumen-hooks")
    except OSError:  # there is none any more
        pass
    return os.path.join(temporary_folder(environ), f"lumen-hooks-{os.geteuid()}")


def acquire_slot(folder: str, slots: int, *, purpose: str) -> Acquired:
    """Wait for one of the slots; a dead holder's is free at once.

    Args:
        folder: from `runtime_folder`.
        slots: how many there are (`lumen.workers`).
        purpose: what for.

    Raises:
        BusyError: the holders kept all of them for WAIT_SECONDS.
        LockError: the folder is another user's, or locks do not work in it.
    """
    _make_private(folder)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        for number in range(slots):
            answer = acquire(
                os.path.join(folder, f"slot-{number}.lock"), timeout=0, purpose=purpose
            )
            if isinstance(answer, Acquired):
                return answer
            if isinstance(answer, Failed):
                raise answer.error()
        if time.monotonic() > deadline:
            raise BusyError(
                f"all {slots} embedding slots of this machine are taken: {_holders(folder, slots)}",
                hint="wait, end one of them, or raise lumen.workers",
            )
        time.sleep(_POLL_SECONDS)


def _holders(folder: str, slots: int) -> str:
    paths = (os.path.join(folder, f"slot-{number}.lock") for number in range(slots))
    return ", ".join(str(read_holder(path) or "an unknown process") for path in paths)


def _make_private(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError as error:
        raise LockError(f"cannot make {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LockError(
            f"{folder} does not belong to you",
            hint="remove it, or set XDG_RUNTIME_DIR to a folder of yours",
        )
