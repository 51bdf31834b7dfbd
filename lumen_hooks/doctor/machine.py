"""Whether this machine has what an index needs: git, SQLite, the model, locks, room."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from typing import TYPE_CHECKING

from lumen_hooks.git.command import git_version
from lumen_hooks.git.ownership import foreign_files
from lumen_hooks.indexing.throttle import runtime_folder
from lumen_hooks.notify.layout import FOLDER
from lumen_hooks.notify.own_files import REMEDY, NotOursError, check
from lumen_hooks.notify.spawn import is_stopped
from lumen_hooks.setup.git_config import FIRST_GIT
from lumen_hooks.system.locks import read_holder

from .check import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

MINIMUM_GIT = (2, 31)
SCARCE_BYTES = 200_000_000

_NETWORK = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ncpfs|fuse\.(sshfs|smb.*|rclone|s3fs)")
_OCTAL = re.compile(r"\\([0-7]{3})")


def check_git(worktree: Worktree) -> Check:
    """Whether git is recent enough, and whether it runs hooks from its configuration."""
    version = git_version(worktree.top)
    shown = ".".join(map(str, version))
    if version < MINIMUM_GIT:
        return Check("git", False, f"{shown} is too old", "use git 2.31 or later")
    way = "its configuration" if version >= FIRST_GIT else "files"
    return Check("git", True, f"{shown}, which takes hooks from {way}")


def check_backend(worktree: Worktree) -> Check:
    """What reads this repository's history: libgit2, or git's command line where that cannot."""
    from lumen_hooks.git.backend import backend_of

    return Check("history", True, f"read by {backend_of(worktree)}")


def check_sqlite() -> Check:
    """Whether SQLite is one that several processes can use safely, and loads sqlite-vec."""
    from lumen_hooks.storage.opening import versions

    sqlite, vec0 = versions()
    return Check("sqlite", True, f"{sqlite}, sqlite-vec {vec0.lstrip('v')}")


def check_model(settings: Settings) -> Check:
    """Whether the embedding model in force is here and works."""
    from lumen_hooks.embedding.loading import load_embedder

    embedder = load_embedder(settings)
    vector = embedder.embed_query("where do we retry failed uploads")
    identity = embedder.identity
    if len(vector) != identity.dimensions or not vector.any():
        return Check("model", False, f"{identity.name} gave no vector", "git config lumen.model")
    return Check("model", True, f"{identity.name}, {identity.dimensions} dimensions")


def check_locks(worktree: Worktree, mounts: str) -> Check:
    """Whether locks in the git dir keep processes apart.

    Tried on HEAD, which git does not lock in this way, so that nothing is written.

    Args:
        worktree: names the git dir.
        mounts: proc_pid_mountinfo(5), empty where there is none.
    """
    kind = file_system_of(worktree.git_dir, mounts)
    if _NETWORK.fullmatch(kind):
        return Check(
            "locks",
            False,
            f"{worktree.git_dir} is on {kind}, where neither file locks nor SQLite's shared "
            "memory can be relied on",
            "keep the repository on a local disk",
        )
    where = f" on {kind}" if kind else ""
    head = os.path.join(worktree.git_dir, "HEAD")
    mode = os.O_RDWR if os.access(head, os.W_OK) else os.O_RDONLY
    first = os.open(head, mode | os.O_CLOEXEC)
    second = os.open(head, mode | os.O_CLOEXEC)
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Check("locks", True, f"flock works{where}")
        return Check(
            "locks",
            False,
            f"two processes can hold the same lock{where}",
            "keep the repository on a local disk",
        )
    except BlockingIOError:
        return Check("locks", True, f"flock works{where}; someone holds one on HEAD just now")
    except OSError as error:
        hint = "keep the repository on a file system that has locks"
        return Check("locks", False, f"flock fails{where}: {error.strerror}", hint)
    finally:
        os.close(first)
        os.close(second)


def file_system_of(path: str, mounts: str) -> str:
    """The type of the file system that holds a path, empty if that cannot be told.

    Args:
        path: any path that exists.
        mounts: proc_pid_mountinfo(5).
    """
    inside = os.path.join(os.path.realpath(path), "")
    found, depth = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = os.path.join(_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]), "")
        # Of two mounts on one point, the later covers the earlier.
        if inside.startswith(point) and len(point) >= depth:
            found, depth = after.split(" ", 1)[0], len(point)
    return found


def check_ownership(worktree: Worktree) -> Check:
    """Whether all of our files are files, and can be used by this user, not by root alone, say."""
    for path in (
        worktree.events_path,
        worktree.worker_lock_path,
        worktree.watch_lock_path,
        worktree.lock_path,
        worktree.index_path,
        worktree.embeddings_path,
        worktree.log_path,
    ):
        try:
            check(path)
        except NotOursError as error:
            return Check("ownership", False, f"{error.filename}: {error.strerror}", REMEDY)
        except OSError:
            continue  # what follows says why
    what, remedy = foreign_files(worktree)
    if what:
        return Check("ownership", False, f"{what}: no hook of yours can refresh", remedy)
    return Check("ownership", True, "every file of ours can be used")


def check_room(worktree: Worktree) -> Check:
    """Whether the git dirs can be written, with room for an index's copy."""
    if worktree.obstacle:
        where = f"the index is in {worktree.home}" if worktree.home else "nor can the cache folder"
        return Check(
            "git dir",
            False,
            f"{worktree.obstacle}; {where}",
            "as it must be in a sandbox, where no hook can tell of changes, but every search looks;"
            f" elsewhere check who owns it, and the mount: ls -ld {worktree.git_dir}",
        )
    for folder in dict.fromkeys((worktree.git_dir, worktree.common_dir)):
        for path in (folder, os.path.join(folder, FOLDER)):
            if os.path.lexists(path) and not os.access(path, os.W_OK | os.X_OK):
                hint = f"check who owns it, and the mount: ls -ld {path}"
                return Check("git dir", False, f"{path} cannot be written", hint)
    status = os.statvfs(worktree.git_dir)
    free = status.f_bavail * status.f_frsize
    wanted = max(SCARCE_BYTES, 3 * _size(worktree.index_path))
    detail = f"{free / 1e9:,.1f} GB free"
    if free < wanted:
        return Check("git dir", False, detail, f"free at least {wanted / 1e6:,.0f} MB")
    if status.f_files and status.f_favail == 0:
        return Check("git dir", False, f"{detail}, but no inodes", "remove some files")
    return Check("git dir", True, f"can be written, {detail}")


def check_slots(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Whether the folder of the machine-wide embedding slots is ours, and who holds them."""
    folder = runtime_folder(environ)
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        return Check("embedding slots", True, f"{settings.workers}, none used so far in {folder}")
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        hint = "remove it, or set XDG_RUNTIME_DIR to a folder of yours"
        return Check("embedding slots", False, f"{folder} does not belong to you", hint)
    paths = [os.path.join(folder, f"slot-{number}.lock") for number in range(settings.workers)]
    holders = [holder for holder in map(read_holder, paths) if holder]
    stopped = [holder for holder in holders if is_stopped(holder.pid)]
    if stopped:
        hint = f"kill -CONT {stopped[0].pid}, or kill {stopped[0].pid}"
        return Check("embedding slots", False, f"{stopped[0]} holds one and is stopped", hint)
    used = f", held by {', '.join(map(str, holders))}" if holders else ""
    return Check("embedding slots", True, f"{len(holders)} of {settings.workers} taken{used}")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
