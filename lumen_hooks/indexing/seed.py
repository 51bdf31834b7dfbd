"""Clone a donor's index into a worktree that has none: a sibling's, else one from elsewhere.

The one place where it happens, whoever asks: a hook, a command or a server.
The caller holds the worktree's `index.lock`.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import StorageFullError, StoreError
from lumen_hooks.storage.clone import clone
from lumen_hooks.storage.publish import create_exclusively, discard, publish, temporary_path

from .donors import Donor, find_donors, insist_on_fit
from .journal import note

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

    from .progress import Progress

FOREGROUND_BYTES = 200_000_000
"""Above this size a hook clones only where the file system shares blocks (FICLONE)."""

_FICLONE = 0x40049409


class Seeded(NamedTuple):
    """A seed that was published.

    Attributes:
        donor: top folder of the worktree that gave its index, or where else it came from.
        differing_files: files that differed between the two commits; None where that is not known.
        size_bytes: the new index's size.
    """

    donor: str
    differing_files: int | None
    size_bytes: int


class NotSeeded(NamedTuple):
    """No index could or should be cloned.

    Attributes:
        remark: what people are told of it; empty where there was nothing to seed from.
        store_failed: the store elsewhere cannot be used, and need not be asked for more.
    """

    remark: str = ""
    store_failed: bool = False


def seed(
    worktree: Worktree,
    fingerprint: str,
    settings: Settings,
    progress: Progress,
    *,
    foreground: bool = False,
) -> Seeded | NotSeeded:
    """Give a worktree the index of its nearest sibling, else one from the store elsewhere.

    The new index is complete but not fresh: its stamp is cleared until its own refresh has run.

    Args:
        worktree: the one without an index; its index lock is held by the caller.
        fingerprint: what the donor's index must have.
        settings: in force there; they name the store, if there is one.
        progress: is told how much of an index that comes from the store is there.
        foreground: a git command is waiting: leave what would take long to the worker.

    Returns:
        NotSeeded when nobody can or should donate; each refusal is in the log.

    Raises:
        StorageFullError: there is no room, or no permission, for the clone; nothing is left of it.
    """
    donors, refused = find_donors(worktree, fingerprint)
    for refusal in refused:
        if refusal.reason != "it has no index":
            note(worktree, "donor refused", donor=refusal.git_dir, reason=refusal.reason)
    for donor in donors:
        if not donor.pays:
            note(worktree, "building pays more than cloning", differing_files=donor.differing_files)
            break
        if foreground and not _quick(donor, worktree):
            note(worktree, "seed left to the worker", donor=donor.worktree.top)
            return NotSeeded()
        try:
            return _clone(donor, worktree, fingerprint)
        except StorageFullError:
            raise
        except StoreError as error:
            note(worktree, "donor refused", donor=donor.worktree.git_dir, reason=error.message)
    if settings.remote:
        return seed_from_elsewhere(worktree, fingerprint, settings, progress, foreground=foreground)
    return NotSeeded()


def seed_from_elsewhere(
    worktree: Worktree,
    fingerprint: str,
    settings: Settings,
    progress: Progress,
    *,
    foreground: bool = False,
) -> Seeded | NotSeeded:
    """Give a worktree the nearest index of the store elsewhere; as `seed`, but for siblings."""
    if foreground and _needs_network(settings.remote):
        note(worktree, "seed left to the worker", reason="no network while git waits")
        return NotSeeded()
    from .remote_seed import Refused, Search  # only where a store is set

    copy = temporary_path(worktree.index_path)

    def make_room() -> str:
        discard(copy)
        worktree.insist_on_presence()
        return copy

    try:
        search = Search(worktree, settings, fingerprint, progress, in_a_hurry=foreground)
        got = search.fetch(make_room)
        if isinstance(got, Refused):
            discard(copy)
            words = f"no index came from the store of lumen.remote: {got.reason}"
            return NotSeeded(words, got.failed)
    except BaseException:
        discard(copy)
        raise
    return _publish(worktree, copy, got.donor, got.differing_files)


def _clone(donor: Donor, worktree: Worktree, fingerprint: str) -> Seeded | NotSeeded:
    copy = temporary_path(worktree.index_path)
    try:
        worktree.insist_on_presence()
        source = donor.worktree.index_path
        clone(source, copy, accept=insist_on_fit(fingerprint), seeded_from=donor.worktree.top)
    except BaseException:
        discard(copy)
        raise
    return _publish(worktree, copy, donor.worktree.top, donor.differing_files)


def _publish(
    worktree: Worktree, copy: str, donor: str, differing_files: int | None
) -> Seeded | NotSeeded:
    """Give a finished copy its name; it is gone if that cannot be."""
    try:
        size = os.stat(copy).st_size
    except BaseException:
        discard(copy)
        raise
    if not publish(copy, worktree.index_path, gate=worktree.insist_on_presence):
        return NotSeeded()
    note(worktree, "seeded", donor=donor, differing_files=differing_files, bytes=size)
    return Seeded(donor, differing_files, size)


def _needs_network(url: str) -> bool:
    """Whether a store is no folder: to ask it takes a driver, whose import alone takes long."""
    return "://" in url and not url.lower().startswith("file://")


def _quick(donor: Donor, worktree: Worktree) -> bool:
    """Whether cloning takes no noticeable time: a small file, or blocks that can be shared."""
    source = donor.worktree.index_path
    try:
        if os.stat(source).st_size <= FOREGROUND_BYTES:
            return True
        # A clone of one file system block tells; the index itself must not be opened and closed
        # raw by a process that may have it open through SQLite.
        probe = temporary_path(worktree.index_path)
        a, b = create_exclusively(probe), create_exclusively(probe + "-journal")
        try:
            os.write(a, b"\0" * 4096)
            fcntl.ioctl(b, _FICLONE, a)
        finally:
            os.close(a)
            os.close(b)
            discard(probe)
    except OSError:
        return False
    return os.stat(source).st_dev == os.stat(worktree.folder).st_dev
