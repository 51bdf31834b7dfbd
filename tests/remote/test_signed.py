"""Pushes that are signed, from end to end: what is taken, and what is never signed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.git.worktree import find_worktree
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import refreshed, update

from .clones import cloned, objects, pushed, shared

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    with open(f"{path}.pub", encoding="ascii") as file:
        (tmp_path / "signers").write_text(f"ci@example.com {file.read()}")
    return path


@pytest.fixture
def signers(key: str, tmp_path: Path) -> str:
    return str(tmp_path / "signers")


def test_a_signed_push_is_taken_and_an_unsigned_one_is_not(
    repo: Repository, tmp_path: Path, key: str, signers: str
) -> None:
    store = tmp_path / "store"
    pushed(shared(repo, store))
    reader, embedder = cloned(repo, "reader"), FakeEmbedder()
    reader.git("config", "lumen.remoteSigners", signers)
    done = update(reader, embedder)
    assert done.seeded is None
    assert "it is not signed" in done.remark
    assert embedder.embedded

    repo.git("config", "lumen.remoteSigners", signers)
    repo.git("config", "lumen.remoteSigningKey", key)
    assert not pushed(repo).already
    another, embedder = cloned(repo, "another"), FakeEmbedder()
    another.git("config", "lumen.remoteSigners", signers)
    done = update(another, embedder)
    assert done.seeded is not None
    assert done.seeded.donor.endswith(", signed by ci@example.com")
    assert embedder.embedded == []


def test_who_signs_and_believes_anybody_takes_and_pushes_nothing(
    repo: Repository, tmp_path: Path, key: str
) -> None:
    store = tmp_path / "store"
    pushed(shared(repo, store))
    before = objects(store)
    blind, embedder = cloned(repo, "blind"), FakeEmbedder()
    blind.git("config", "lumen.remoteSigningKey", key)
    assert refreshed(blind, embedder).kind == "full"
    assert embedder.embedded
    with open(find_worktree(str(blind.top)).log_path, encoding="utf-8") as log:
        assert "would be taken from there and signed here" in json.dumps(log.read())
    with pytest.raises(RemoteError, match="remoteSigners is not") as caught:
        pushed(blind, force=True)
    assert "git config lumen.remoteSigners" in caught.value.hint
    assert objects(store) == before
