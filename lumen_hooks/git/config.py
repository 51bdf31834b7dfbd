"""git's configuration as git reads it: values, which file sets them, and what takes one away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .command import git

if TYPE_CHECKING:
    from .worktree import Worktree

_FLAGS = {"local": "", "worktree": "--worktree ", "global": "--global ", "system": "--system "}
"""What tells git-config(1) to look at the file of a scope alone; without, it changes the local."""

_SYSTEM = ("/etc", "/usr/local/etc", "/opt/homebrew/etc")
"""Where packages of git look for files of the whole system."""


class Entry(NamedTuple):
    """One setting of one file, environment variable or command line.

    Attributes:
        key: section and name in lower case, what is between them as it is written.
        value: None for a name that stands alone, which means true.
        scope: whose file it is, in git's words: `local`, `global`, `system`, `worktree`, ...
        origin: `file:` and the path, or what else git calls it.
    """

    key: str
    value: str | None
    scope: str
    origin: str


def config_entries(
    directory: str, pattern: str, *, only: str | None = None, as_bool: bool = False
) -> list[Entry]:
    """The settings whose keys match, those that win last.

    Args:
        directory: where to ask.
        pattern: an extended regular expression of whole keys, as `Entry` has them.
        only: the scope whose file to look at alone; what that includes is left out.
        as_bool: each value is to be `true` or `false`, in whatever way it is written.

    Raises:
        RepositoryError: git cannot read its configuration, or a value is no boolean.
    """
    flags = [f"--{only}"] if only else []
    flags += ["--type=bool"] if as_bool else []
    command = ["config", "-z", "--show-scope", "--show-origin", *flags]
    output = git([*command, "--get-regexp", f"^({pattern})$"], cwd=directory, accept=(0, 1))
    parts = [os.fsdecode(part) for part in output.split(b"\0")]
    found = []
    for scope, origin, setting in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        key, separator, value = setting.partition("\n")
        found.append(Entry(key, value if separator else None, scope, origin))
    return found


def config_values(
    directory: str, key: str, *, only: str | None = None, as_bool: bool = False
) -> list[str]:
    """All values of one setting, the one in force last; see `config_entries`."""
    found = config_entries(directory, _exactly(key), only=only, as_bool=as_bool)
    return [entry.value or "" for entry in found]


def _exactly(key: str) -> str:
    """The pattern of one key, which git compares without regard to case but for its middle."""
    section, *middle, name = key.split(".")
    return "[.]".join((section.lower(), *middle, name.lower()))


def scope_of(worktree: Worktree, key: str) -> str:
    """The scope of the file that a setting is in force from, empty if it is not set."""
    found = config_entries(worktree.top, _exactly(key))
    return found[-1].scope if found else ""


def unset_command(worktree: Worktree, key: str) -> str:
    """The command that removes a setting from the file that it is in force from.

    Raises:
        RepositoryError: git cannot read its configuration.
    """
    found = config_entries(worktree.top, _exactly(key))
    scope, origin = (found[-1].scope, found[-1].origin) if found else ("local", "")
    if scope not in _FLAGS:
        return f"unset {key} where it is set: {origin}"
    # Included files are of the scope of those that include them, but --unset does not follow.
    if origin.startswith("file:") and not config_values(worktree.top, key, only=scope):
        from shlex import quote  # seldom needed, and every hook pays for this module

        file = os.path.join(worktree.top, origin.removeprefix("file:"))
        return f"git config --file {quote(file)} --unset {key}"
    return f"git config {_FLAGS[scope]}--unset {key}"


def system_files(name: str, directory: str) -> list[str]:
    """The places where git may look for a file of the whole system; there need be none.

    Args:
        name: of the file.
        directory: where to ask git where it is itself.

    Raises:
        RepositoryError: git does not say it.
    """
    programs = os.fsdecode(git(["--exec-path"], cwd=directory).strip())
    prefix = os.path.dirname(os.path.dirname(programs))
    return [os.path.join(folder, name) for folder in (*_SYSTEM, os.path.join(prefix, "etc"))]
