"""`status --all` beside worktrees that cannot be looked at, or vanish meanwhile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.doctor import examine
from lumen_hooks.status import read_status
from tests.helpers import job_for, update

if TYPE_CHECKING:
    from tests.hostile_processes import Launcher
    from tests.repository import Repository


@pytest.fixture
def siblings(repo: Repository) -> list[Repository]:
    repo.commit({"a.py": "a = 1\n"})
    update(repo)
    return [repo.add_worktree(name, "-b", name) for name in ("w1", "w2")]


def rows(launcher: Launcher, repo: Repository, *faults: tuple[object, ...]) -> dict[str, Any]:
    done = launcher.run(repo.top, "status", "--all", "--json", faults=faults)
    assert (done.code, done.err) == (0, "")
    return {os.path.basename(row["worktree"]): row for row in json.loads(done.out)}


def test_one_that_vanishes_meanwhile_is_left_out(
    launcher: Launcher, repo: Repository, siblings: list[Repository]
) -> None:
    fault = ("remove_before", "lumen_hooks.commands.status", "_look_beside", str(siblings[0].top))
    assert set(rows(launcher, repo, fault)) == {"main", "w2"}


def test_one_that_cannot_be_looked_at_is_a_row_with_its_problem(
    launcher: Launcher, repo: Repository, siblings: list[Repository]
) -> None:
    repo.git("config", "extensions.worktreeConfig", "true")
    siblings[0].git("config", "--worktree", "lumen.workers", "many")
    found = rows(launcher, repo)
    assert set(found) == {"main", "w1", "w2"}
    assert "lumen.workers is 'many'" in found["w1"]["problem"]
    assert found["w2"]["problem"] is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_are_named_with_what_mends_them(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": "a = 1\n"})
    update(repo)
    lock = repo.top / ".git/lumen/worker.lock"
    lock.touch(0o600)
    os.chown(lock, 29001, 29001)
    job = job_for(repo)
    # Root may use them all the same; so nothing is wrong until this process is somebody else.
    monkeypatch.setattr("lumen_hooks.own_files._may", lambda *_: False)
    problem = read_status(job.worktree, job.settings).problem
    assert problem is not None
    assert f"{lock} belongs to user 29001 (sudo chown -R root {lock.parent})" in problem
    (check,) = [one for one in examine(job.worktree, os.environ) if one.name == "ownership"]
    assert not check.ok
    assert check.hint == f"sudo chown -R root {lock.parent}"


def test_the_current_one_is_still_an_error(launcher: Launcher, repo: Repository) -> None:
    repo.git("config", "lumen.workers", "many")
    done = launcher.run(repo.top, "status")
    assert done.code == 1
