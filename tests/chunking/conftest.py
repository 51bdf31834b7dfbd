"""Here the parser's process is started as the product starts it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def as_in_the_product(real_parsers: None) -> None:
    """See tests/conftest.py."""
