"""Repositories that git refuses for their owner: nothing is read, written or deleted there."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.helpers import update

if TYPE_CHECKING:
    from tests.support.commands import Launcher
    from tests.support.repository import Repository

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

COMMANDS = (
    "purge",
    "purge --all",
    "uninstall",
    "uninstall --purge",
    "install",
    "index",
    "wait",
    "status",
    "status --all",
    "search x",
    "doctor",
)
SILENT = ("hook post-commit", "hook post-checkout 0 1 1", "hook worktree-add .")


@pytest.fixture
def theirs(repo: Repository, launcher: Launcher) -> Repository:
    """Another user's repository, with hooks and an index."""
    repo.commit({"a.py": "def first():\n    return 'one'\n"})
    assert launcher.run(repo.top, "install", "--no-index").code == 0
    update(repo)
    for folder, folders, files in os.walk(repo.top):
        for name in (".", *folders, *files):
            os.chown(os.path.join(folder, name), 65534, 65534, follow_symlinks=False)
    return repo


def state(repo: Repository) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in repo.top.rglob("*")
    }


def test_every_command_refuses_in_the_words_of_git(launcher: Launcher, theirs: Repository) -> None:
    before = state(theirs)
    for words in COMMANDS:
        done = launcher.run(theirs.top, *words.split())
        assert (done.code, done.out) == (1, ""), words
        assert "dubious ownership" in done.err, words
        assert f"hint: git config --global --add safe.directory {theirs.top}" in done.err, words
        assert state(theirs) == before, words


def test_hooks_leave_no_hint_there(launcher: Launcher, theirs: Repository) -> None:
    shutil.rmtree(theirs.top / ".git/lumen")
    before = state(theirs)
    for words in SILENT:
        done = launcher.run(theirs.top, *words.split())
        assert (done.code, done.out, done.err) == (0, "", ""), words
        assert state(theirs) == before, words


def test_an_owner_that_the_user_trusts_is_served(launcher: Launcher, theirs: Repository) -> None:
    theirs.git("config", "--global", "safe.directory", "*")
    done = launcher.run(theirs.top, "purge")
    assert (done.code, done.err) == (0, f"removed the index of {theirs.top}\n")
