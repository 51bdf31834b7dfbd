"""Where a user keeps what programs put there for all of their work (XDG base directories)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "lumen-hooks"

Way = Literal["config", "files"]
"""Who calls the scripts for all repositories: git's configuration, or hook files."""

WAYS: tuple[Way, ...] = ("config", "files")
"""The folders of these names hold the scripts."""


def data_folder(environ: Mapping[str, str]) -> str:
    """Our folder for what stays until it is removed, which need not be there; absolute.

    Args:
        environ: where XDG_DATA_HOME is looked up; the home folder is used without it.
    """
    data = environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data):
        data = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, NAME)


def has_hooks_for_all(environ: Mapping[str, str]) -> bool:
    """Whether the user installed hooks for all repositories; see `data_folder`."""
    return any(os.path.isdir(os.path.join(data_folder(environ), way)) for way in WAYS)
