"""A store in a folder of this machine, or of a disk that several share.

Nothing below the folder is reached through a link, and what is no plain file
is neither read nor waited for: others may write there. An object is written
to a temporary file beside it, synced and renamed. Folders and files are for
whom the folder above is for, where its set-group-ID bit says that it is for a
group; else the umask decides.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .driver import Entry, NotPlainError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPORARY = "tmp-"
"""How the name of an object begins that was not whole when its writer was killed."""

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO would wait for a writer, or for ever.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """Objects as files below a folder.

    Args:
        top: full path; made by the first write, the folders above it too.
    """

    def __init__(self, top: str) -> None:
        self._top = top

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`; the size is known before anything is read."""
        with self._within(path) as (folder, name):
            file = os.open(name, _READ, dir_fd=folder)
            try:
                about = os.fstat(file)
                _insist_on_plain(about)
                if whole and about.st_size > most:
                    raise TooLargeError
                pieces: list[bytes] = []
                while most > 0 and (piece := os.pread(file, most, start)):
                    pieces.append(piece)
                    start += len(piece)
                    most -= len(piece)
                return b"".join(pieces)
            finally:
                os.close(file)

    def size(self, path: str) -> int:
        """As `Driver.size`."""
        with self._within(path) as (folder, name):
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            _insist_on_plain(about)
            return about.st_size

    def put(self, path: str, data: bytes) -> None:
        """As `Driver.put`: a temporary file beside it, synced, renamed, its folder synced."""
        with self._within(path, make=True) as (folder, name):
            temporary = TEMPORARY + os.urandom(8).hex()
            file = os.open(temporary, _MAKE, 0o666, dir_fd=folder)
            try:
                try:
                    above = os.fstat(folder).st_mode
                    if above & stat.S_ISGID:
                        os.fchmod(file, above & 0o664 | 0o600)
                    rest = memoryview(data)
                    while rest:
                        rest = rest[os.write(file, rest) :]
                    os.fsync(file)
                finally:
                    os.close(file)
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            os.fsync(folder)

    def delete(self, path: str) -> None:
        """As `Driver.delete`."""
        with self._within(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def walk(self, prefix: str) -> list[Entry]:
        """As `Driver.walk`; links and what is no plain file are left out."""
        found: list[Entry] = []
        waiting = [prefix.rstrip("/")]
        while waiting:
            below = waiting.pop()
            try:
                with self._within(below + "/x") as (folder, _), os.scandir(folder) as listed:
                    for entry in listed:
                        path = f"{below}/{entry.name}".lstrip("/")
                        with suppress(FileNotFoundError):
                            about = entry.stat(follow_symlinks=False)
                            if stat.S_ISDIR(about.st_mode):
                                waiting.append(path)
                            elif stat.S_ISREG(about.st_mode):
                                found.append(Entry(path, about.st_size, about.st_mtime))
            except FileNotFoundError:  # removed meanwhile, or never there
                continue
        return found

    @contextmanager
    def _within(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The folder of an object, open, and the object's name in there.

        Raises:
            FileNotFoundError: there is no such folder, and none is to be made.
            NotADirectoryError: something else has its name, a link for instance.
        """
        *folders, name = path.strip("/").split("/")
        if make:
            _make_all(self._top)
        folder = os.open(self._top, _ENTER)  # the top may be a link: the user has named it
        try:
            for step in folders:
                inner = _enter(folder, step, make=make)
                os.close(folder)
                folder = inner
            yield folder, name
        finally:
            os.close(folder)


def _enter(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _ENTER | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    _make(name, os.fstat(folder).st_mode, within=folder)
    return os.open(name, _ENTER | os.O_NOFOLLOW, dir_fd=folder)


def _make_all(top: str) -> None:
    """Make a folder and those above it that are missing."""
    if os.path.isdir(top):
        return
    above = os.path.dirname(top)
    _make_all(above)
    _make(top, os.stat(above).st_mode)


def _make(path: str, above: int, *, within: int | None = None) -> None:
    try:
        os.mkdir(path, dir_fd=within)
    except FileExistsError:
        return
    if above & stat.S_ISGID:
        made = os.open(path, _ENTER | os.O_NOFOLLOW, dir_fd=within)  # others may write here
        try:
            os.fchmod(made, above & 0o2775 | 0o2700)
        finally:
            os.close(made)


def _insist_on_plain(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise NotPlainError("no plain file lies there")
