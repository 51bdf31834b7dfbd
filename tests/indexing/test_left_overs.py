"""Indexes of worktrees whose folders were deleted without git: named, purged, swept."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.index import check_left_overs
from lumen_hooks.errors import BusyError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.left_overs import QUIET_SECONDS, find_left_overs
from lumen_hooks.indexing.trim import keep_house
from lumen_hooks.service.purge import purge_indexes
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.helpers import job_for, update
from tests.support.repository import Repository

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree


@pytest.fixture
def linked(repo: Repository) -> Repository:
    """A linked worktree with an index, as its main worktree has."""
    repo.commit({"a.py": "def first():\n    return 'one'\n"})
    update(repo)
    found = repo.add_worktree("linked", "-b", "linked")
    update(found)
    return found


def folder_of(worktree: Repository) -> Path:
    return Path(find_worktree(str(worktree.top)).folder)


def here(repo: Repository) -> Worktree:
    return find_worktree(str(repo.top))


def age(folder: Path, seconds: float = QUIET_SECONDS + 60) -> None:
    """Make a git dir with all that lies in it look as if nobody had written there for so long."""
    then = time.time() - seconds
    for place, _, names in os.walk(folder.parent):
        for name in (".", *names):
            os.utime(os.path.join(place, name), (then, then))


def sweep(repo: Repository) -> None:
    keep_house(here(repo), job_for(repo).settings, os.environ)


def test_doctor_names_them_with_their_size_and_the_fix(
    repo: Repository, linked: Repository
) -> None:
    assert check_left_overs(here(repo)).ok
    shutil.rmtree(linked.top)
    found = check_left_overs(here(repo))
    assert not found.ok
    assert str(linked.top) in found.detail
    assert "MB" in found.detail
    assert "git worktree prune" in found.hint
    repo.git("worktree", "prune")
    assert check_left_overs(here(repo)).ok


def test_purge_all_takes_our_folder_and_leaves_git_its_own(
    repo: Repository, linked: Repository
) -> None:
    folder = folder_of(linked)
    shutil.rmtree(linked.top)
    purge_indexes(here(repo), print, every=True)
    assert not folder.exists()
    assert (folder.parent / "HEAD").exists()
    assert str(linked.top) in repo.git("worktree", "list")


def test_purge_all_waits_for_no_one_and_takes_nothing_in_use(
    repo: Repository, linked: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(linked)
    shutil.rmtree(linked.top)
    monkeypatch.setattr("lumen_hooks.service.purge.LOCK_WAIT_SECONDS", 0)
    answer = acquire(str(folder / "index.lock"), timeout=0, purpose="test")
    assert isinstance(answer, Acquired)
    with answer, pytest.raises(BusyError, match=r"in use by process \d+ \(test\)"):
        purge_indexes(here(repo), print, every=True)
    assert (folder / "index.db").exists()


def test_one_that_is_locked_is_away_and_stays(repo: Repository, linked: Repository) -> None:
    folder = folder_of(linked)
    repo.git("worktree", "lock", str(linked.top))
    shutil.rmtree(linked.top)
    age(folder)
    found = check_left_overs(here(repo))
    assert found.ok
    assert f"{linked.top} is away and locked" in found.detail
    sweep(repo)
    told: list[str] = []
    purge_indexes(here(repo), told.append, every=True)
    assert (folder / "index.db").exists()
    assert f"kept the index of {linked.top}" in "\n".join(told)


def test_a_worker_sweeps_what_is_quiet_for_a_day(repo: Repository, linked: Repository) -> None:
    folder = folder_of(linked)
    shutil.rmtree(linked.top)
    sweep(repo)
    assert (folder / "index.db").exists()
    age(folder)
    sweep(repo)
    assert not folder.exists()
    assert (folder.parent / "HEAD").exists()
    assert str(linked.top) in (repo.top / ".git/lumen/log.jsonl").read_text()


def test_where_a_disk_may_not_be_mounted_nothing_is_swept(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"a.py": "a = 1\n"})
    (tmp_path / "disk").mkdir()
    away = repo.add_worktree("disk/away", "-b", "away")
    update(away)
    folder = folder_of(away)
    age(folder)
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    sweep(repo)
    assert (folder / "index.db").exists()
    assert [found.top for found in find_left_overs(str(repo.top / ".git"))] == [str(away.top)]


def test_one_moved_by_hand_keeps_its_index_until_it_is_repaired(
    repo: Repository, linked: Repository, tmp_path: Path
) -> None:
    folder = folder_of(linked)
    moved = Repository(tmp_path / "moved")
    linked.top.rename(moved.top)
    age(folder)
    moved.commit({"b.py": "b = 2\n"})
    sweep(repo)
    assert (folder / "index.db").exists()
    repo.git("worktree", "repair", str(moved.top))
    assert find_left_overs(str(repo.top / ".git")) == []


def test_relative_pointers_are_followed(repo: Repository, linked: Repository) -> None:
    folder = folder_of(linked)
    (folder.parent / "gitdir").write_text("../../../../linked/.git\n")
    (linked.top / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")
    assert find_left_overs(str(repo.top / ".git")) == []
    shutil.rmtree(linked.top)
    (found,) = find_left_overs(str(repo.top / ".git"))
    assert found.top == str(linked.top)


def test_a_folder_that_is_a_link_is_nobodys(
    repo: Repository, linked: Repository, tmp_path: Path
) -> None:
    folder = folder_of(linked)
    shutil.rmtree(linked.top)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    age(tmp_path / "elsewhere" / "x")
    sweep(repo)
    purge_indexes(here(repo), print, every=True)
    assert (tmp_path / "elsewhere" / "index.db").exists()
