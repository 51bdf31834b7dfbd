"""What a repository's own configuration says of its shape: bare or not, and where its files are.

Reads the two settings that decide whether there is a worktree at all, without
starting git: every entry point needs them. What an included file sets is
missed; git has the last word with every command.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

_TRUE = frozenset({"true", "yes", "on", "1"})


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """`core.bare`, and `core.worktree` as it stands there (relative to the git dir) or None."""

    bare: bool
    worktree: str | None


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
    )


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
