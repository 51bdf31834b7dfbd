"""Here the parser's process is started as the product starts it."""

from __future__ import annotations

import pytest

from lumen_hooks.chunking import process
from tests.support.parsers import start_a_real_one


@pytest.fixture(autouse=True)
def real_parsers(forked_parsers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_start", start_a_real_one)
