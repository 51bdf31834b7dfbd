"""Where no folder for temporary files can be written: a sandbox, or a full disk."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.setup.throw_away import is_temporary
from lumen_hooks.system import temporary
from tests.support.helpers import update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = str(tmp_path / "missing")
    monkeypatch.setenv("TMPDIR", missing)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(temporary, "USUAL", (missing,))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [missing])


def test_is_no_matter_to_most(repo: Repository) -> None:
    repo.commit({f"m{number}.py": python_module(f"name_{number}") for number in range(40)})
    assert open_workspace(str(repo.top)).job("test", NoProgress()).slots
    update(repo)
    assert not is_temporary("/usr/bin/python3")


def test_is_said_where_git_needs_one(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a/m.py": python_module("alpha"), "b/m.py": python_module("beta")})
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")
    before = sorted(os.listdir(repo.top))
    monkeypatch.chdir(repo.top)
    with pytest.raises(RepositoryError, match="temporary files") as caught:
        update(repo)
    assert "TMPDIR" in caught.value.hint
    assert sorted(os.listdir(repo.top)) == before
