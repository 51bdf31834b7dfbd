"""Where an index lives whose git dir cannot be written: in a sandbox, on a read-only file system.

Then it lies in the user's cache folder, one folder for each git dir, known by
path and inode number, and is seeded, refreshed and asked there like any other.
Where the cache folder cannot be written either, the nearest index that can be
read answers as it is. This is the one place that decides it; everybody else
goes by the paths of the `Worktree`.
"""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.git.own_folders import REFUSED
from lumen_hooks.notify.layout import ORIGIN
from lumen_hooks.notify.own_files import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings


class Aside(NamedTuple):
    """An index in the cache folder.

    Attributes:
        folder: where it lies.
        git_dir: whose it is.
        gone: that git dir is no more, or another by now.
    """

    folder: str
    git_dir: str
    gone: bool


def housed(worktree: Worktree, environ: Mapping[str, str]) -> Worktree:
    """A worktree with the place where its index can be written, if there is one. Makes nothing.

    Args:
        worktree: as `find_worktree` gives it.
        environ: says where the cache folder is.
    """
    obstacle = _obstacle(worktree.git_dir)
    if not obstacle:
        return worktree
    home = folder_for(worktree.git_dir, environ)
    if not home or _obstacle(_existing(home)):
        return worktree._replace(obstacle=obstacle, read_only=True)
    return worktree._replace(home=home, obstacle=obstacle)


def settled(worktree: Worktree, settings: Settings, environ: Mapping[str, str]) -> Worktree:
    """As `housed`; where nothing can be written, with the index that is to be read.

    That is its own, else that of the sibling that would be the donor.

    Raises:
        ModelError: there is no own index, and the configured model cannot be had.
        RepositoryError: git cannot read the repository.
    """
    found = housed(worktree, environ)
    if not found.read_only or os.path.exists(found.index_path):
        return found
    from lumen_hooks.embedding.registry import identify
    from lumen_hooks.storage.fingerprint import fingerprint

    from .donors import find_donors  # few need it

    donors, _ = find_donors(worktree, fingerprint(identify(settings)))
    donor = next(donors, None)
    return found._replace(home=donor.worktree.folder) if donor is not None else found


def folder_for(git_dir: str, environ: Mapping[str, str]) -> str:
    """Where the index of a git dir lies if it must lie aside; empty if there is no cache folder."""
    base = _base(environ)
    try:
        inode = os.stat(git_dir).st_ino
    except OSError:
        return ""
    # Another repository may come to lie at the same path.
    name = hashlib.sha256(os.fsencode(git_dir) + b"\0%d" % inode).hexdigest()[:20]
    return os.path.join(base, name) if base else ""


def find_asides(environ: Mapping[str, str]) -> Iterator[Aside]:
    """Every index in the cache folder, whosever it is."""
    base = _base(environ)
    names: list[str] = []
    with suppress(OSError):
        names = os.listdir(base)
    for name in sorted(names):
        folder = os.path.join(base, name)
        try:
            with open(open_file(os.path.join(folder, ORIGIN), os.O_RDONLY), "rb") as file:
                git_dir = os.fsdecode(file.read().removesuffix(b"\n"))
        except OSError:
            continue
        yield Aside(folder, git_dir, gone=folder_for(git_dir, environ) != folder)


def has_index(worktree: Worktree) -> bool:
    """Whether a worktree has an index, in its git dir or aside."""
    own = worktree._replace(home="").index_path
    return os.path.exists(own) or os.path.exists(worktree.index_path)


def _base(environ: Mapping[str, str]) -> str:
    """The folder of all indexes that lie aside (XDG base directories), empty without a home."""
    cache = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        home = environ.get("HOME", "")
        cache = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return os.path.join(cache, "lumen-hooks", "worktrees") if cache else ""


def _existing(path: str) -> str:
    """A folder, or the nearest above it that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _obstacle(folder: str) -> str:
    """Why nothing can be written in a folder, or nothing (also if it is gone). Leaves no trace."""
    if not os.path.isdir(folder):
        return ""
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        reason = os.strerror(errno.EROFS if read_only else errno.EACCES)
        return f"{folder} cannot be written: {reason}"
    try:
        # Sandboxes (Landlock, seccomp) refuse what access(2) knows nothing of. A file without a
        # name is in nobody's way.
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except AttributeError:  # not on this system
        pass
    except OSError as error:
        if error.errno in REFUSED:
            return f"{folder} cannot be written: {error.strerror}"
    return ""
