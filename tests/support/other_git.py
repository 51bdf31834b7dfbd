"""Another git than the one on PATH, for what only newer ones do: LUMEN_TEST_GIT is its folder."""

from __future__ import annotations

import os

import pytest

BIN = os.environ.get("LUMEN_TEST_GIT", "")
"""Read when the tests are collected: each test is sealed off from LUMEN_* variables."""

needs_config_hooks = pytest.mark.skipif(
    not os.access(os.path.join(BIN, "git"), os.X_OK),
    reason="LUMEN_TEST_GIT names no folder with a git of 2.54 or later",
)


@pytest.fixture
def newer_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put that git first on PATH."""
    monkeypatch.setenv("PATH", BIN + os.pathsep + os.environ["PATH"])
