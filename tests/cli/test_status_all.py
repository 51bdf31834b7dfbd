"""`status --all` beside worktrees that cannot be looked at, or vanish meanwhile."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.helpers import update
from tests.support.other_users import as_another_user
from tests.support.repository import Repository

if TYPE_CHECKING:
    from tests.support.commands import Launcher

USER = 29001


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
    fault = ("remove_before", "lumen_hooks.service.overview", "look_beside", str(siblings[0].top))
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


@as_another_user
def test_files_of_another_user_are_named_with_what_mends_them(launcher: Launcher) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        repo = Repository(home / "main")
        repo.top.mkdir()
        repo.git("init", "-q")
        repo.commit({"a.py": "a = 1\n"})
        update(repo)
        lock = repo.top / ".git/lumen/worker.lock"
        lock.touch(0o600)
        for path in (home, *home.rglob("*")):
            os.chown(path, USER, USER)
        os.chown(lock, 0, 0)  # root ran git here once
        hers = {"HOME": name, "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
        done = launcher.run(repo.top, "status", "--json", environment=hers, user=USER)
        assert done.code == 0, done.err
        remedy = f"sudo chown -R {USER} {lock.parent}"
        assert json.loads(done.out)["problem"].endswith(f"{lock} belongs to root ({remedy})")
        done = launcher.run(repo.top, "doctor", "--json", environment=hers, user=USER)
        (check,) = [one for one in json.loads(done.out) if one["name"] == "ownership"]
        assert (check["ok"], check["hint"]) == (False, remedy)


def test_the_current_one_is_still_an_error(launcher: Launcher, repo: Repository) -> None:
    repo.git("config", "lumen.workers", "many")
    done = launcher.run(repo.top, "status")
    assert done.code == 1
