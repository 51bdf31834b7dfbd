"""A linked worktree whose git dir is missing: the hint names what helps in each case."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.worktree import find_worktree
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def linked(repo: Repository) -> Repository:
    repo.commit({"a.py": "a = 1\n"})
    return repo.add_worktree("linked", "-b", "linked")


def hint(repo: Repository) -> str:
    with pytest.raises(RepositoryError, match="which does not exist") as error:
        find_worktree(str(repo.top))
    return error.value.hint


def test_pruned(repo: Repository, linked: Repository) -> None:
    shutil.rmtree(repo.top / ".git/worktrees")
    found = hint(linked)
    assert "git no longer knows this worktree" in found
    assert "repair" not in found
    # What it says is done, step by step.
    away = Repository(linked.top.with_name("away"))
    os.rename(linked.top, away.top)
    repo.git("worktree", "prune")
    repo.git("worktree", "add", str(linked.top), "linked")
    assert find_worktree(str(linked.top)).top == str(linked.top)


def test_moved(repo: Repository, linked: Repository, tmp_path: Path) -> None:
    moved = Repository(tmp_path / "moved")
    os.rename(repo.top, moved.top)
    found = hint(linked)
    assert f"git worktree repair {linked.top}" in found
    assert f"mount it at {repo.top / '.git'}" in found
    moved.git("worktree", "repair", str(linked.top))
    assert find_worktree(str(linked.top)).common_dir == str(moved.top / ".git")


def test_no_linked_worktree(repo: Repository, tmp_path: Path) -> None:
    apart = Repository(tmp_path / "apart")
    repo.git("init", "-q", "--separate-git-dir", str(tmp_path / "git dir"), str(apart.top))
    os.rename(tmp_path / "git dir", tmp_path / "elsewhere")
    assert hint(apart).endswith(f"write its new place into {apart.top}/.git")
    (apart.top / ".git").write_text(f"gitdir: {tmp_path}/elsewhere\n")
    assert find_worktree(str(apart.top)).git_dir == str(tmp_path / "elsewhere")
