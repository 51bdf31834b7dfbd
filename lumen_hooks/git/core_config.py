"""What a repository's own configuration says of its shape: bare or not, where its files are, whose.

Reads the two settings that decide whether there is a worktree at all, and the
one that says for whom git's files are, without starting git: every entry point
needs them. What an included file or the user's own configuration sets is
missed; git has the last word with every command.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from lumen_hooks.notify.own_files import PRIVATE

_TRUE = frozenset({"true", "yes", "on", "1"})

_GROUP, _EVERYBODY = 0o660, 0o664
_SHARED = {
    **dict.fromkeys(("group", "true", "yes", "on", "1"), _GROUP),
    **dict.fromkeys(("all", "world", "everybody", "2"), _EVERYBODY),
}


class CoreSettings(NamedTuple):
    """`core.bare`, `core.worktree` (relative to the git dir) or None, `core.sharedRepository`."""

    bare: bool
    worktree: str | None
    shared: str = ""


def core_settings(git_dir: str) -> CoreSettings:
    """The settings of a common dir, with those of `config.worktree` where that counts."""
    found: dict[str, str] = {}
    for name in ("config", "config.worktree"):
        _read(os.path.join(git_dir, name), found)
        if "core.repositoryformatversion" not in found:
            return CoreSettings(bare=False, worktree=None)  # git then believes nothing of it
        if found.get("extensions.worktreeconfig", "").lower() not in _TRUE:
            break
    return CoreSettings(
        bare=found.get("core.bare", "").lower() in _TRUE,
        worktree=found.get("core.worktree") or None,
        shared=found.get("core.sharedrepository", ""),
    )


def folder_mode(common_dir: str) -> int:
    """The mode of our folders, and by that of our files, in a repository.

    git's own rule for a shared one (`core.sharedRepository` in git-config(1); setup.c and path.c
    have the numbers), which grants what the umask would take; otherwise for the owner alone, since
    an index holds words of files that nobody else may read.
    """
    value = core_settings(common_dir).shared.lower()
    files = _SHARED.get(value, 0)
    if not files:
        try:
            files = int(value, 8) & 0o666
        except ValueError:
            return PRIVATE
    if files & 0o600 != 0o600:
        return PRIVATE  # git gives such a value up
    folders = files | (files & 0o444) >> 2
    return folders | (stat.S_ISGID if files & 0o060 else 0)


def _read(path: str, found: dict[str, str]) -> None:
    """Add what a file sets in plain sections; git-config(1) has the syntax."""
    try:
        with open(path, "rb") as file:
            lines = os.fsdecode(file.read()).splitlines()
    except OSError:
        return
    section = ""
    for line in lines:
        rest = line.strip()
        if rest.startswith("["):
            header, _, rest = rest.partition("]")
            section = header[1:].strip().lower()
        key, equals, value = rest.partition("=")
        if section in {"core", "extensions"} and key and key[0] not in "#;":
            found[f"{section}.{key.strip().lower()}"] = _value(value) if equals else "true"


def _value(text: str) -> str:
    """A value without its quotes, escapes and comment."""
    value, quoted, escaped = "", False, False
    for character in text.strip():
        if escaped:
            value, escaped = value + character, False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            return value.rstrip()
        else:
            value += character
    return value
