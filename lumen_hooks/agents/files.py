"""Other people's configuration files: read whole, replaced in one step, never half written.

A symbolic link is followed to the real file, which keeps its mode. Whatever
another program wrote since the file was read is seen before it is replaced.
Knows nothing of what is in them.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import InstallError
from lumen_hooks.system.atomic_file import TEMPORARY, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 32 << 20
"""Larger files of a user are no configuration."""

MAX_SHARED_BYTES = 1 << 18
"""The same of a repository's files. Whoever made it may have made them to keep parsers busy: a
megabyte can take a minute."""

_DEAD_SECONDS = 60
"""A temporary file of ours is never that old while its writer lives."""

_TEMPORARY = re.compile(re.escape(TEMPORARY) + r"[a-z0-9_]{8}")
"""As tempfile.mkstemp completes the name; a user's own file may begin like that."""

_WRITABLE = 0o222


class ChangedError(Exception):
    """Somebody else wrote the file since it was read."""


class Ground(NamedTuple):
    """Where files are: what holds for those of a user, and for those of a repository.

    Attributes:
        base: the home folder or a worktree's top; no folder but those in it is removed.
        shared: the files are a repository's: new ones are for everybody, and since a repository may
            be anybody's, none is reached through a link that leads out of it.
    """

    base: str
    shared: bool


def read(path: str, ground: Ground) -> str | None:
    """A file's text, line breaks and byte order mark as they are; None if it is not there.

    Raises:
        InstallError: it is no text in UTF-8, is too large, or cannot be read; it is left alone.
    """
    content = _content(path, ground)
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        raise InstallError(f"{path} is not UTF-8, so it was left alone") from None


def _content(path: str, ground: Ground) -> bytes | None:
    most = MAX_SHARED_BYTES if ground.shared else MAX_BYTES
    try:
        with open(path, "rb", opener=_opener) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise InstallError(f"{path} is no file, so it was left alone")
            if found.st_size > most:
                size = f"{most >> 10:,} KB"
                raise InstallError(f"{path} is larger than {size}, so it was left alone")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InstallError(f"cannot read {path}: {error.strerror or error}") from error


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a FIFO must not hang


def insist_on_writable(path: str) -> None:
    """Refuse a file that its user, or a tool that manages it, made read-only.

    Raises:
        InstallError: it is.
    """
    real = os.path.realpath(path)
    try:
        mode = os.stat(real).st_mode
    except OSError:
        return
    if not (mode & _WRITABLE and os.access(real, os.W_OK)):
        raise InstallError(f"{path} is read-only, so it was left alone")


def insist_on_inside(path: str, ground: Ground) -> None:
    """Refuse a repository's file that is somewhere else.

    Raises:
        InstallError: a link leads out of the repository.
    """
    real, base = os.path.realpath(path), os.path.realpath(ground.base)
    if ground.shared and not real.startswith(os.path.join(base, "")):
        raise InstallError(f"{path} leads to {real}, so it was left alone")


def write(path: str, before: str | None, after: str | None, ground: Ground) -> None:
    """Replace a file, make it, or remove it.

    Args:
        path: the file; a link to it stays.
        before: its text as it was read, None if it was not there.
        after: its text from now on, None to remove it, with folders that are empty then.
        ground: where it is.

    Raises:
        ChangedError: it is not as it was read.
        InstallError: it cannot be written; it is as it was.
    """
    insist_on_inside(path, ground)
    insist_on_writable(path)
    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    try:
        if after is None:
            with _locked(folder):
                _insist_on(path, before, ground)
                os.unlink(real)
            _remove_empty(folder, ground.base)
            return
        with _made(folder), _locked(folder):
            _insist_on(path, before, ground)
            _sweep(folder)
            mode = stat.S_IMODE(os.stat(real).st_mode) if before is not None else _new_mode(ground)
            write_atomic(
                real, after.encode(), mode, last_look=lambda: _insist_on(path, before, ground)
            )
    except OSError as error:
        raise InstallError(f"cannot write {path}: {error.strerror or error}") from error


def _insist_on(path: str, before: str | None, ground: Ground) -> None:
    if _content(path, ground) != (None if before is None else before.encode()):
        raise ChangedError(path)


def _sweep(folder: str) -> None:
    """Remove what writers of ours left that were killed; the folder is locked."""
    long_ago = time.time() - _DEAD_SECONDS
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with suppress(OSError):
            if _TEMPORARY.fullmatch(name) and os.lstat(path).st_mtime < long_ago:
                os.unlink(path)


def _new_mode(ground: Ground) -> int:
    """A program may come to keep secrets in a user's file."""
    mask = os.umask(0o077)
    os.umask(mask)
    return (0o666 if ground.shared else 0o600) & ~mask


def _remove_empty(folder: str, base: str) -> None:
    """Remove a folder that is empty now, and those above it, below a folder that stays."""
    base = os.path.join(os.path.realpath(base), "")
    while folder.startswith(base):
        try:
            os.rmdir(folder)
        except OSError:  # it is not empty
            return
        folder = os.path.dirname(folder)


@contextmanager
def _made(folder: str) -> Iterator[None]:
    """Make a folder, and those above it; what is empty of them goes again if the rest fails."""
    missing = []
    above = folder
    while not os.path.lexists(above):
        missing.append(above)
        above = os.path.dirname(above)
    try:
        os.makedirs(folder, exist_ok=True)
        yield
    except BaseException:
        for path in missing:
            with suppress(OSError):
                os.rmdir(path)
        raise


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold off others of us in a folder, without a file for that.

    Where a folder cannot be locked (NFS), the comparison before the replacement is all there is.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
