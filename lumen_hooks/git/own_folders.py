"""Makes our folders in a worktree's git dirs, with the files in them that stay.

They are made by whoever begins work while somebody waits for it (a command, a
seed, an install), and never by a worker, a log, a lock or a database: what git
or the user removed stays removed.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.notify import own_files
from lumen_hooks.notify.layout import ORIGIN

from .core_config import folder_mode

if TYPE_CHECKING:
    from .worktree import Worktree

REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""What the system says of a folder where this process may not write."""


def begin(worktree: Worktree) -> None:
    """Make our folders, or bring them to the mode that the repository asks for.

    And the files that stay, so that a worker finds them and need not make them: it may be the
    last one here.

    Raises:
        NotOursError: something else lies in the place of a folder of ours.
        OSError: a folder cannot be made.
        GoneError: the worktree is gone.
    """
    if worktree.home:
        _begin_aside(worktree)
        return
    mode = folder_mode(worktree.common_dir)
    for folder in _folders(worktree):
        worktree.insist_on_presence()
        try:
            if not own_files.make_folder(folder, mode):
                own_files.settle(folder, mode)
        except OSError as error:
            if folder == worktree.folder or error.errno not in REFUSED:
                raise
            # A sandbox may allow this worktree's git dir alone: no store and no log then.
    _make_files(worktree, worktree.lock_path, worktree.worker_lock_path)
    try:
        _make_files(worktree, worktree.log_path)
    except OSError as error:
        if not worktree.is_linked or error.errno not in {*REFUSED, errno.ENOENT}:
            raise


def settle(worktree: Worktree) -> None:
    """Bring what is in our folders to the mode that the repository asks for, and make nothing.

    For a worker, which may be the first of a version, or after a change of the setting. What
    cannot be changed stays: whoever opens it will say why.
    """
    if not worktree.home:
        mode = folder_mode(worktree.common_dir)
        for folder in _folders(worktree):
            with suppress(OSError):
                own_files.settle(folder, mode)


def _folders(worktree: Worktree) -> dict[str, None]:
    return dict.fromkeys((worktree.shared_folder, worktree.folder))


def _begin_aside(worktree: Worktree) -> None:
    os.makedirs(os.path.dirname(worktree.home), own_files.PRIVATE, exist_ok=True)
    worktree.insist_on_presence()
    own_files.make_folder(worktree.home, own_files.PRIVATE)
    origin = os.path.join(worktree.home, ORIGIN)
    if own_files.check(origin) is None:
        with open(own_files.open_file(origin, os.O_WRONLY, create=True), "wb") as file:
            file.write(os.fsencode(worktree.git_dir) + b"\n")
    _make_files(worktree, worktree.lock_path, worktree.worker_lock_path)


def _make_files(worktree: Worktree, *paths: str) -> None:
    for path in paths:
        if not os.path.lexists(path):
            worktree.insist_on_presence()
            os.close(own_files.open_file(path, os.O_WRONLY, create=True))
