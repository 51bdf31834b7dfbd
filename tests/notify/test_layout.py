"""One discovery for hooks and commands: where both agree, and where each is meant to differ."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks import hook
from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.layout import common_dir_of, git_dir_of, upwards

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


def found_by_both(directory: Path) -> tuple[str, str, str]:
    """Top, git dir and common dir, if a hook and a command name the same."""
    top, git_dir = hook._find(str(directory))
    worktree = find_worktree(str(directory))
    assert (worktree.top, worktree.git_dir) == (top, git_dir)
    assert worktree.common_dir == common_dir_of(git_dir)
    return top, git_dir, worktree.common_dir


def test_hooks_and_commands_find_the_same(repo: Repository, tmp_path: Path) -> None:
    git_dir = str(repo.top / ".git")
    repo.commit({"a/b/c.py": "c = 1\n"})
    assert found_by_both(repo.top / "a/b") == (str(repo.top), git_dir, git_dir)
    linked = repo.add_worktree("linked")
    linked_dir = os.path.join(git_dir, "worktrees", linked.top.name)
    assert found_by_both(linked.top / "a") == (str(linked.top), linked_dir, git_dir)
    (linked.top / ".git").write_text(f"gitdir: {os.path.relpath(linked_dir, linked.top)}\n")
    assert found_by_both(linked.top) == (str(linked.top), linked_dir, git_dir)
    (repo.top / ".git").rename(tmp_path / "elsewhere")
    (repo.top / ".git").symlink_to(tmp_path / "elsewhere")
    elsewhere = str(tmp_path / "elsewhere")
    assert found_by_both(repo.top / "a") == (str(repo.top), elsewhere, elsewhere)


def test_a_pointer_to_nowhere_is_told_to_people_and_passed_over_by_hooks(repo: Repository) -> None:
    inner = repo.top / "inner"
    inner.mkdir()
    (inner / ".git").write_text("gitdir: /gone\n")
    assert git_dir_of(str(inner)) == "/gone"
    assert hook._find(str(inner)) == (str(repo.top), str(repo.top / ".git"))
    with pytest.raises(RepositoryError, match="/gone, which does not exist"):
        find_worktree(str(inner))


def test_ceilings_are_for_commands(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo.top / "a").mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repo.top))
    assert hook._find(str(repo.top / "a"))[0] == str(repo.top)
    with pytest.raises(RepositoryError, match="not in a git worktree"):
        find_worktree(str(repo.top / "a"))


def test_nobody_waits_for_a_fifo_in_the_place_of_dot_git(repo: Repository) -> None:
    inner = repo.top / "inner"
    inner.mkdir()
    os.mkfifo(inner / ".git")
    code = (
        "import sys; from tests.notify.test_layout import *; print(found_by_both(sys.argv[1])[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(inner)],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == str(repo.top)


def test_upwards() -> None:
    assert list(upwards("/a/b")) == ["/a/b", "/a", "/"]
    assert list(upwards("/a/b/c", "/a")) == ["/a/b/c", "/a/b"]
    assert list(upwards("/")) == ["/"]


def test_an_unreadable_common_dir_is_the_git_dir_itself(tmp_path: Path) -> None:
    (tmp_path / "commondir").mkdir()
    assert common_dir_of(str(tmp_path)) == str(tmp_path)
