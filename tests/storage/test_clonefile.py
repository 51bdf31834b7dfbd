"""What a system without clonefile(2) makes of it: nothing, and the copy goes on as it would."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.storage import clonefile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "darwin", reason="it has clonefile(2)")
def test_without_the_call_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    target = tmp_path / "b"
    with (tmp_path / "a").open("rb") as source:
        assert not clonefile.cloned(source.fileno(), str(target))
        assert not clonefile._fclonefileat(source.fileno(), os.fsencode(target))
    assert not target.exists()


@pytest.mark.skipif(sys.platform != "darwin", reason="no clonefile(2)")
def test_a_clone_has_what_the_original_has(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one" * 10_000)
    target = tmp_path / "b"
    with (tmp_path / "a").open("rb") as source:
        if clonefile.cloned(source.fileno(), str(target)):  # APFS
            assert target.read_bytes() == b"one" * 10_000
            assert not clonefile.cloned(source.fileno(), str(target))
