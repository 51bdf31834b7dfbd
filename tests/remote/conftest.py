"""Servers that stores are tried on, and a store with one honest push for all who attack a copy."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.object_store import ObjectStore
from tests.support.repository import Repository

from .forge import Bucket, honest_store
from .keys import Keys, make_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


class Kept:
    """What the first test makes for all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = Repository(folder / "main")
        self.clone: Repository | None = None

    def made(self) -> Repository:
        """The clone."""
        if self.clone is None:
            self.repo.top.mkdir()
            subprocess.run(["git", "init", "-q"], cwd=self.repo.top, check=True)
            self.clone = honest_store(self.repo, self.folder / "store")
        return self.clone


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def bucket(kept: Kept, tmp_path: Path) -> Bucket:
    """A copy of the honest store, and the clone that is to be seeded from it."""
    clone = kept.made()
    return Bucket(kept.repo, tmp_path / "store", kept.folder / "store", clone)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys that sign, one of them allowed to."""
    return make_keys(tmp_path_factory.mktemp("keys"))
