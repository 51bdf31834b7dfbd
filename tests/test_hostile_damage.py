"""Damaged indexes: found by code, set aside once, made again without embedding anything twice."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.answer import answer
from lumen_hooks.indexing.update import Updated, update_index
from lumen_hooks.search.model import Query
from lumen_hooks.sqlite import connect
from lumen_hooks.status import read_status
from lumen_hooks.store import open_index
from lumen_hooks.worktree import find_worktree
from tests.fake_embedder import FakeEmbedder
from tests.helpers import check_whole, contents, job_for, update
from tests.hostile_checks import (
    MODULES,
    answers_from,
    error_of,
    index_files,
    indexed,
    install_hooks,
    log_of,
    quiet_git,
    working,
)
from tests.hostile_damage import DAMAGES, GARBAGE, UNNOTICED, garbage_in_table, nothing_left
from tests.hostile_processes import end_workers_of
from tests.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers import Contents
    from tests.hostile_processes import Launcher
    from tests.repository import Repository


@pytest.fixture
def whole(repo: Repository) -> Contents:
    """What the index of a repository of ten modules holds."""
    repo.commit(MODULES)
    update(repo)
    return contents(repo)


def _path(repo: Repository) -> Path:
    return Path(find_worktree(str(repo.top)).index_path)


def _kept(repo: Repository) -> list[str]:
    return [name for name in index_files(repo) if "damaged" in name]


def _never() -> None:
    raise AssertionError("a worker is not needed")


def _found_by_search(repo: Repository) -> str:
    found = answer(
        job_for(repo), Query("beta_9"), FakeEmbedder(), refresh=True, start_worker=_never
    )
    assert found.state == "fresh"
    return found.results[0].path


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_repaired_by_whoever_meets_it(
    repo: Repository, whole: Contents, damage: Callable[[str], None]
) -> None:
    path = _path(repo)
    shutil.copyfile(path, path.with_name("sound"))
    for entry in (_found_by_search, _indexed_with_a_check):
        damage(str(path))
        damaged = path.read_bytes()
        read_status(find_worktree(str(repo.top)), job_for(repo).settings)
        assert path.read_bytes() == damaged
        assert entry(repo) in {"m9.py", "0 embedded"}
        check_whole(repo)
        assert contents(repo) == whole
        assert _kept(repo) == ["index.db.damaged"]
        assert path.with_name("index.db.damaged").read_bytes() == damaged
        path.with_name("index.db.damaged").unlink()


def _indexed_with_a_check(repo: Repository) -> str:
    done = update_index(job_for(repo), wait=0, check=True)
    assert isinstance(done, Updated)
    assert done.refresh is not None
    return f"{done.refresh.chunks_embedded} embedded"
