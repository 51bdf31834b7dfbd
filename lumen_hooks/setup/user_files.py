"""What `install --global` keeps in the user's data folder, and nothing else lies there.

The scripts for all repositories, in one of two folders, by who calls them:
git's configuration, or hook files that git copied from a template. Changing
from one way to the other removes the folder of the former, and what still
calls it then does nothing.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import BusyError, InstallError
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.notify.own_files import PRIVATE
from lumen_hooks.system.atomic_file import read_regular, write_atomic
from lumen_hooks.system.locks import Failed, Held, acquire
from lumen_hooks.system.user_folders import NAME, WAYS, data_folder

from .hooks_dir import EXECUTABLE
from .script import hook_script, is_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lumen_hooks.settings import RefreshMode
    from lumen_hooks.system.user_folders import Way

_LOCK = "install.lock"
_PUT = "put"
_LOCK_SECONDS = 60.0
_TRIES = 10
_PLAIN = 0o644

_EXCLUDE = b"""\
# git ls-files --others --exclude-from=.git/info/exclude
# Lines that start with '#' are comments.
"""
_DESCRIPTION = b"Unnamed repository; edit this file 'description' to name the repository.\n"


class UserFiles(NamedTuple):
    """The paths.

    Attributes:
        folder: that holds all the others; its name ends in the tool's.
    """

    folder: str

    @property
    def template(self) -> str:
        """A template folder (git-init(1)) for a user who has none."""
        return os.path.join(self.folder, "template")

    def scripts(self, way: Way) -> str:
        """The folder of the scripts that are called in one way."""
        return os.path.join(self.folder, way)

    def script(self, way: Way, event: str) -> str:
        """One of them."""
        return os.path.join(self.scripts(way), event)


def user_files(environ: Mapping[str, str]) -> UserFiles:
    """Those of this user.

    Args:
        environ: where XDG_DATA_HOME is looked up.
    """
    return UserFiles(data_folder(environ))


def insist_on_configuration(environ: Mapping[str, str]) -> None:
    """See to it that the user's configuration is a file, or can become one.

    git writes another beside it and renames that over it, whatever it is: run by root with
    `GIT_CONFIG_GLOBAL=/dev/null` it would replace the device.

    Args:
        environ: where the variables of git-config(1) are looked up.

    Raises:
        InstallError: it is something else.
    """
    home = os.path.expanduser("~")
    own = os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git")
    named = environ.get("GIT_CONFIG_GLOBAL")
    places = [named] if named else [os.path.join(home, ".gitconfig"), os.path.join(own, "config")]
    for path in places:
        with suppress(OSError):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise InstallError(
                    f"{path} is no file: nothing can be written to your git configuration",
                    hint="unset GIT_CONFIG_GLOBAL, or have it name a file"
                    if named
                    else "put a file in its place",
                )


def is_user_script(path: str) -> bool:
    """Whether a path is that of a script for all repositories, of whatever user; by its names."""
    folder, way = os.path.split(os.path.dirname(path))
    return way in WAYS and os.path.basename(folder) == NAME


@contextmanager
def alone(files: UserFiles) -> Iterator[None]:
    """Keep a second install or uninstall out; the folder is made, and goes if it is empty.

    Raises:
        BusyError: another takes too long.
        InstallError: there can be no lock.
        OSError: the folder cannot be made.
    """
    path = os.path.join(files.folder, _LOCK)
    for _ in range(_TRIES):
        os.makedirs(os.path.dirname(files.folder), exist_ok=True)
        os.makedirs(files.folder, PRIVATE, exist_ok=True)
        answer = acquire(path, timeout=_LOCK_SECONDS, purpose="install --global")
        if os.path.isdir(files.folder):
            break  # else an uninstall was at work, and took it away
    if isinstance(answer, Held):
        raise BusyError(
            f"another install --global is at work: {answer.holder}", hint="run this again later"
        )
    if isinstance(answer, Failed):
        raise InstallError(f"cannot lock {path}: {answer.cause}", hint=answer.hint)
    with answer:
        try:
            yield
        finally:
            for way in WAYS:  # an empty one would say that there are hooks for all
                with suppress(OSError):
                    os.rmdir(files.scripts(way))
            if os.listdir(files.folder) == [_LOCK]:
                os.unlink(path)
                with suppress(OSError):  # another has come in, and waits for its turn
                    os.rmdir(files.folder)


def put_user_scripts(files: UserFiles, way: Way, python: str, refresh: RefreshMode) -> bool:
    """Write the scripts of one way; whether anything changed.

    Raises:
        OSError: one cannot be written.
    """
    os.makedirs(files.scripts(way), PRIVATE, exist_ok=True)
    changed = False
    for event in GIT_EVENTS:
        script = hook_script(event, python, refresh, serves="user")
        changed |= write_atomic(files.script(way, event), script, EXECUTABLE)
    return changed


def remove_user_scripts(scripts: Iterable[str]) -> list[str]:
    """Remove scripts of ours, and their folders if nothing else is in them; their paths.

    Raises:
        OSError: one cannot be removed.
    """
    removed = []
    for path in scripts:
        if is_own(read_regular(path)):
            os.unlink(path)
            removed.append(path)
        with suppress(OSError):
            os.rmdir(os.path.dirname(path))
    return removed


def begin_template(files: UserFiles) -> None:
    """Make a template folder with what git's own has that others count on; hooks go beside it.

    Raises:
        OSError: it cannot be written.
    """
    info = os.path.join(files.template, "info")
    os.makedirs(info, exist_ok=True)
    write_atomic(os.path.join(info, "exclude"), _EXCLUDE, _PLAIN)
    write_atomic(os.path.join(files.template, "description"), _DESCRIPTION, _PLAIN)


def remove_template(files: UserFiles) -> None:
    """Remove that folder, but for what was added to it."""
    for name, content in (("info/exclude", _EXCLUDE), ("description", _DESCRIPTION)):
        path = os.path.join(files.template, name)
        if read_regular(path) == content:
            os.unlink(path)
    for name in ("info", "hooks", ""):
        with suppress(OSError):
            os.rmdir(os.path.join(files.template, name))


def what_was_put(files: UserFiles) -> list[str]:
    """The hook files in repositories that were written down."""
    content = read_regular(os.path.join(files.folder, _PUT))
    return [os.fsdecode(path) for path in content.split(b"\0") if path]


def write_down(files: UserFiles, paths: Iterable[str]) -> None:
    """Write down hook files in repositories, beside those that were; none at all forgets them.

    Raises:
        OSError: it cannot be written.
    """
    record = os.path.join(files.folder, _PUT)
    paths = dict.fromkeys(paths)
    if paths:
        content = b"\0".join(os.fsencode(path) for path in paths) + b"\0"
        write_atomic(record, content, _PLAIN)
    else:
        with suppress(FileNotFoundError):
            os.unlink(record)
