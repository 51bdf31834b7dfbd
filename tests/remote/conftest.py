"""Servers that stores are tried on, started when a test first asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.object_store import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectStore]:
    """An S3 server, one for all tests of this process."""
    with ObjectStore() as server:
        yield server


@pytest.fixture
def object_store(
    object_server: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ObjectStore]:
    """The S3 server without objects, to which the environment leads."""
    for name, value in object_server.environment().items():
        monkeypatch.setenv(name, value)
    yield object_server
    object_server.forget()
