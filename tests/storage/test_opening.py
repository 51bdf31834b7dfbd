from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import StoreError
from lumen_hooks.storage import opening

if TYPE_CHECKING:
    from pathlib import Path


def test_an_extension_of_another_system_is_named_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vec0.so").write_bytes(b"\x7fELF of another machine")
    monkeypatch.setattr(opening, "vec0_path", lambda: str(tmp_path / "vec0.so"))
    with pytest.raises(StoreError, match=r"sqlite-vec cannot be loaded: .*vec0") as raised:
        opening.versions()
    assert "glibc" in raised.value.hint
