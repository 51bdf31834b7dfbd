"""git's configuration as a long-lived process remembers it, while it must still be what it was.

It must if no file that it comes from, or may come from, has changed: those of the system, the user,
the repository and the worktree, and all that they include. Where that cannot be told, git is asked
each time. Only git reads configuration; nothing here understands more of it than what it includes.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError
from lumen_hooks.system.unchanged import signature_of, was_still

from .config import config_entries, system_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lumen_hooks.system.unchanged import Signature

    from .config import Entry
    from .worktree import Worktree

_MAX_KEPT = 16
"""Worktrees whose configuration is remembered."""

_INCLUDES = "include[.]path|includeif[.].*[.]path"

_STEADY = re.compile(r"(include|includeif[.](gitdir(/i)?:(?!\./)|hasconfig:).*)[.]path", re.DOTALL)
"""What includes a file in the same worktree always, while all those files are the same; not what
does by the branch that is checked out."""

_USERS_OWN = ("~/.gitconfig", "~/.config/git/config")
_VARIABLES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")


class _Kept(NamedTuple):
    """What git said of a worktree.

    Attributes:
        pattern: what it was asked.
        entries: what it said.
        files: where that comes from, or may come from.
        owners: of what belongs to the worktree: git refuses what is another's.
    """

    pattern: str
    entries: list[Entry]
    files: dict[str, Signature]
    owners: list[int]


class ConfigMemory:
    """Remembers settings of the worktrees that were asked last. Safe to use from several threads.

    For one process, whose environment stays what it is.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Worktree, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def entries(self, worktree: Worktree, pattern: str) -> Sequence[Entry]:
        """As `config_entries` at the worktree's top, and what includes files.

        Raises:
            RepositoryError: git cannot read its configuration.
        """
        with self._lock:
            kept = self._kept.get(worktree)
        if kept is not None and kept.pattern == pattern and _still_is(worktree, kept):
            return kept.entries
        began_ns = time.time_ns()
        entries = config_entries(worktree.top, f"{pattern}|{_INCLUDES}")
        now = _remembered(worktree, pattern, entries, began_ns)
        with self._lock:
            self._kept.pop(worktree, None)
            if now is not None:
                self._kept[worktree] = now
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return entries


def _still_is(worktree: Worktree, kept: _Kept) -> bool:
    try:
        return kept.owners == _owners(worktree) and all(
            signature_of(path) == then for path, then in kept.files.items()
        )
    except OSError:
        return False


def _remembered(
    worktree: Worktree, pattern: str, entries: list[Entry], began_ns: int
) -> _Kept | None:
    """What git said, if it can be told how long it holds."""
    try:
        origins = _origins(worktree, entries)
        files = {*origins, *_usual_places(worktree), *_included(worktree, entries)}
        signatures = {path: signature_of(path) for path in files}
        owners = _owners(worktree)
    except (OSError, ValueError, RepositoryError):
        return None
    # What git has read is gone, or may be another by now.
    if any(signatures[path] is None for path in origins):
        return None
    if not all(was_still(signature, began_ns) for signature in signatures.values()):
        return None
    return _Kept(pattern, entries, signatures, owners)


def _owners(worktree: Worktree) -> list[int]:
    pointer = os.path.join(worktree.top, ".git")
    places = (worktree.top, pointer, worktree.git_dir, worktree.common_dir)
    return [os.lstat(place).st_uid for place in places]


def _origins(worktree: Worktree, entries: Iterable[Entry]) -> set[str]:
    """The files that these settings are in."""
    named = {entry.origin for entry in entries if entry.origin.startswith("file:")}
    return {os.path.join(worktree.top, origin.removeprefix("file:")) for origin in named}


def _usual_places(worktree: Worktree) -> list[str]:
    """Where git looks for configuration (git-config(1), FILES), whether or not there is any."""
    own = (worktree.common_dir, worktree.git_dir)
    named = [os.environ[name] for name in _VARIABLES if os.environ.get(name)]
    if os.environ.get("XDG_CONFIG_HOME"):
        named.append(os.path.join(os.environ["XDG_CONFIG_HOME"], "git", "config"))
    return [
        *(os.path.join(folder, name) for folder in own for name in ("config", "config.worktree")),
        *(os.path.join(worktree.top, os.path.expanduser(path)) for path in (*_USERS_OWN, *named)),
        *system_files("gitconfig", worktree.top),
    ]


def _included(worktree: Worktree, entries: Iterable[Entry]) -> set[str]:
    """The files that these settings include, or may include.

    Raises:
        ValueError: that cannot be told, or depends on more than files of configuration.
    """
    found = set()
    for key, value, _, origin in entries:
        if not re.fullmatch(_INCLUDES, key, re.DOTALL):
            continue
        steady = _STEADY.fullmatch(key) and origin.startswith("file:")
        if not steady or not value or value.startswith(("%", ":")):
            raise ValueError(key)
        folder = os.path.dirname(os.path.join(worktree.top, origin.removeprefix("file:")))
        found.add(os.path.join(folder, os.path.expanduser(value)))
    return found
