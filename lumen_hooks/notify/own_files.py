"""Our files in a git dir: the one rule by which they are opened, made and removed.

What lies in `lumen/` is a plain file or folder of ours. Nothing is reached
through a symbolic link, not even `lumen` itself, and a FIFO, a socket, a
device or a folder in a file's place is refused, never written to. The folder
carries the rest of the rule: its files are for whom the folder is for, and
belong to whom it belongs, also where root made them. No folder above ours is
ever made, and no file without its folder: what git or the user removed stays
removed. Part of the hook tier: os and stat alone. This module knows no lock,
no database and no worktree.
"""

from __future__ import annotations

import os
import stat

from .layout import HOOKS

TYPE_CHECKING = False  # typing costs more to import than all of the hook tier
if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE = 0o700
"""A folder for its owner alone."""

SHARED = 0o2770
"""A folder for a group, until `core_config.folder_mode` has read the repository's configuration."""

REMEDY = "remove it; only plain files and folders of lumen-hooks belong there"

# O_NONBLOCK: opening a FIFO for writing would wait for a reader, or for ever.
_PLAIN = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISREG, "a plain file"),
)
_EEXIST = 17


class NotOursError(OSError):
    """Something else lies in the place of one of our files or folders; it was left alone."""


def open_file(path: str, flags: int, *, create: bool = False, exclusive: bool = False) -> int:
    """A descriptor of one of our files.

    Args:
        path: the file, in a folder of ours.
        flags: os.O_RDONLY, O_WRONLY or O_RDWR, perhaps with O_APPEND.
        create: make the file if it is missing, but never its folder.
        exclusive: the file must be missing.

    Raises:
        NotOursError: it is no plain file, or its folder is a link.
        OSError: any other reason.
    """
    above, name = os.path.split(path)
    folder = _enter(above)
    try:
        if not exclusive:
            try:
                return _insist_on_plain(os.open(name, flags | _PLAIN, dir_fd=folder), path)
            except FileNotFoundError:
                if not create:
                    raise
            except OSError:
                check(path)
                raise
        return _create(folder, name, flags, path, exclusive=exclusive)
    finally:
        os.close(folder)


def _create(folder: int, name: str, flags: int, path: str, *, exclusive: bool) -> int:
    flags |= _PLAIN | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    except FileExistsError:  # another process was faster, or something else lies there
        if exclusive:
            raise
        check(path)
        flags &= ~(os.O_CREAT | os.O_EXCL)
        return _insist_on_plain(os.open(name, flags, dir_fd=folder), path)
    inherit(descriptor, folder)
    return descriptor


def inherit(descriptor: int, folder: int | str, mode: int | None = None) -> None:
    """Give a file that this process made the owner and the mode that its folder asks for."""
    above = os.stat(folder)
    _give(descriptor, above)
    os.fchmod(descriptor, file_mode(above.st_mode) if mode is None else mode)


def file_mode(folder_mode: int) -> int:
    """The mode of the files in a folder of this mode."""
    return 0o600 | (folder_mode & 0o066)


def _give(descriptor: int, above: os.stat_result) -> None:
    """Root's work in another's repository is the other's, who could not use it otherwise."""
    if os.geteuid() == 0 and above.st_uid != 0:
        os.fchown(descriptor, above.st_uid, above.st_gid)


def make_folder(path: str, mode: int | None = None) -> bool:
    """Make one of our folders, and none above it; False if it was there.

    For those alone who begin work on a worktree: see `own_folders.begin`.

    Args:
        path: the folder; above it is a git dir, or a folder of ours.
        mode: None takes it from the folder above: for a group if git made that for a group.

    Raises:
        NotOursError: something else lies there.
        OSError: any other reason; what is above it may be gone.
    """
    above, name = os.path.split(path)
    parent = _enter(above)
    try:
        try:
            os.mkdir(name, PRIVATE, dir_fd=parent)
        except FileExistsError:
            os.close(_enter(path))
            return False
        outer = os.fstat(parent)
        if mode is None:
            mode = SHARED if outer.st_mode & stat.S_ISGID else PRIVATE
        folder = os.open(name, _ENTER, dir_fd=parent)
        try:
            _give(folder, outer)
            os.fchmod(folder, mode)  # last: a change of owner takes the set-group-ID bit away
        finally:
            os.close(folder)
    finally:
        os.close(parent)
    return True


def settle(folder: str, mode: int) -> None:
    """Bring a folder of ours, and the files in it that belong to us, to a mode.

    Where the setting changed, or an earlier version made them for everybody. Files of another
    owner are that owner's to change.

    Raises:
        NotOursError: the folder is none.
        OSError: it cannot be read.
    """
    me = os.geteuid()
    descriptor = _enter(folder)
    try:
        found = os.fstat(descriptor)
        if found.st_mode & PRIVATE != PRIVATE:
            return  # its owner has closed it
        if stat.S_IMODE(found.st_mode) != mode and me in {found.st_uid, 0}:
            os.fchmod(descriptor, mode)
        for name in os.listdir(descriptor):
            _settle_one(name, descriptor, mode, me)
    finally:
        os.close(descriptor)


def _settle_one(name: str, folder: int, mode: int, me: int) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            wanted = file_mode(mode)
        elif stat.S_ISDIR(found.st_mode) and name == HOOKS:
            wanted = mode
        else:
            return
        if found.st_mode & 0o600 != 0o600:
            return  # its owner has closed it
        if stat.S_IMODE(found.st_mode) != wanted and me in {found.st_uid, 0}:
            _set_mode(name, folder, wanted)
    except FileNotFoundError:  # a temporary file that is gone by now
        return


def _set_mode(name: str, folder: int, mode: int) -> None:
    """Change the mode of what lies under a name, never of what a link there leads to.

    Another member of a shared repository may put a link in its place at any moment. A descriptor
    without access (open(2), O_PATH) is of the file itself, and closing it, unlike a real one of a
    database, drops none of SQLite's locks on it.
    """
    if not hasattr(os, "O_PATH"):
        os.chmod(name, mode, dir_fd=folder, follow_symlinks=False)
        return
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
            os.chmod(f"/proc/self/fd/{descriptor}", mode)
    finally:
        os.close(descriptor)


def check(path: str) -> os.stat_result | None:
    """What is known of one of our files, or None if it is missing.

    For files that others open by name: SQLite's.

    Raises:
        NotOursError: it is no plain file, or its folder is no folder.
        OSError: any other reason.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        above = os.path.dirname(path)
        raise _not_ours(os.lstat(above).st_mode, "folder", above) from None
    if not stat.S_ISREG(found.st_mode):
        raise _not_ours(found.st_mode, "file", path)
    return found


def check_folder(path: str) -> None:
    """Refuse what is no folder in the place of one of ours; one that is missing is not refused.

    Raises:
        NotOursError: it is a link, or something else.
        OSError: any other reason.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        raise _not_ours(mode, "folder", path)


def remove(path: str) -> bool:
    """Remove what lies in the place of one of our files, whatever it is; False if nothing does.

    A link goes, never what it leads to; a folder goes with what is in it.

    Raises:
        NotOursError: the folder that it lies in is a link, or none.
        OSError: it cannot be removed.
    """
    above, name = os.path.split(path)
    try:
        folder = _enter(above)
    except FileNotFoundError:
        return False
    try:
        return _remove(folder, name)
    finally:
        os.close(folder)


def _remove(folder: int, name: str) -> bool:
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=folder)
            return True
        inner = os.open(name, _ENTER, dir_fd=folder)
    except FileNotFoundError:
        return False
    try:
        for child in os.listdir(inner):
            _remove(inner, child)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)
    return True


def remove_all(folder: str, wanted: Callable[[str], bool]) -> int:
    """Remove what has a wanted name in a folder of ours; how many there were.

    Raises:
        NotOursError: the folder is a link, or none: nothing is removed where it leads.
        OSError: something cannot be removed.
    """
    try:
        descriptor = _enter(folder)
    except FileNotFoundError:
        return 0
    try:
        return sum(_remove(descriptor, name) for name in os.listdir(descriptor) if wanted(name))
    finally:
        os.close(descriptor)


def _enter(path: str) -> int:
    """A descriptor of a folder that is one, not a link to one."""
    try:
        return os.open(path, _ENTER)
    except FileNotFoundError:
        raise
    except OSError:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            raise
        raise _not_ours(mode, "folder", path) from None


def _insist_on_plain(descriptor: int, path: str) -> int:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise _not_ours(mode, "file", path)


def _not_ours(mode: int, wanted: str, path: str) -> NotOursError:
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "a device")
    return NotOursError(_EEXIST, f"it is {kind}, not a {wanted} of lumen-hooks", path)
