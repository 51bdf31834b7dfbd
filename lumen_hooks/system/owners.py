"""Whose a file is: what belongs to another user and cannot be used by this one."""

from __future__ import annotations

import os
import stat

from lumen_hooks.notify.layout import HOOKS


def foreign_owner(path: str) -> str:
    """The name of the owner of a file that is another user's and cannot be used by us, or nothing.

    A missing file is as good as its folder.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        above = os.path.dirname(path)
        return foreign_owner(above) if above != path else ""
    except OSError:
        return ""
    needed = os.R_OK | os.W_OK | (os.X_OK if stat.S_ISDIR(found.st_mode) else 0)
    if os.path.basename(path) == HOOKS:
        needed = os.R_OK | os.X_OK
    me = os.geteuid()
    if found.st_uid == me or stat.S_ISLNK(found.st_mode) or _may(path, needed):
        return ""
    return user_name(found.st_uid)


def _may(path: str, needed: int) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, needed, effective_ids=effective)


def user_name(number: int) -> str:
    """A user's name, or the number in words."""
    try:
        import pwd  # seldom needed

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"
