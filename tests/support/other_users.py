"""Tests in which somebody else runs this package: root becomes another user, who must be let in."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest


def _is_open_to_all(place: Path) -> bool:
    """Whether anyone can read what lies at a path, and get there."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (place, *place.parents))


def _installation() -> list[Path]:
    """Where modules are imported from that this process need not have imported yet."""
    specs = (find_spec("lumen_hooks"), find_spec("sqlite_vec"))
    return [Path(spec.origin).resolve().parent for spec in specs if spec and spec.origin]


as_another_user = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(_is_open_to_all, _installation())),
    reason="only root can become others, who must be able to read this installation",
)
