"""What people see of a store elsewhere, and what scripts get of the commands for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.commands import lumen
from tests.support.sources import python_module

from .clones import cloned, objects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture
def store(repo: Repository, tmp_path: Path) -> Path:
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(6)})
    repo.git("config", "lumen.remote", str(tmp_path / "store"))
    return tmp_path / "store"


def told(repo: Repository) -> dict[str, Any]:
    """What is said of the one fingerprint's indexes."""
    (found,) = json.loads(lumen(repo.top, "remote", "status", "--json").stdout)["indexes"]
    return dict(found)


def test_push_pull_status_and_prune(repo: Repository, store: Path) -> None:
    assert "nothing yet" in lumen(repo.top, "remote", "status").stdout
    done = lumen(repo.top, "push")
    assert (done.returncode, done.stdout) == (0, "")
    assert "6 files, 12 chunks; 12 new vectors" in done.stderr
    assert "already" in lumen(repo.top, "push").stderr
    repo.commit({"m0.py": python_module("gamma")})
    lumen(repo.top, "push")
    indexes = told(repo)
    assert (indexes["commits"], indexes["manifest"]["files"]) == (2, 6)
    clone = cloned(repo, "clone")
    done = lumen(clone.top, "pull")
    assert done.returncode == 0
    assert f"seeded from {store} at " in done.stderr
    assert "0 files changed, 0 texts embedded" in done.stderr
    assert "has an index" in lumen(clone.top, "pull").stderr
    assert "removed 1 indexes" in lumen(repo.top, "remote", "prune", "--keep", "1").stderr
    assert told(repo)["commits"] == 1


def test_all_worktrees_are_pushed_and_one_that_cannot_be_does_not_stop_the_others(
    repo: Repository, store: Path
) -> None:
    repo.add_worktree("w2", "-b", "two").commit({"new.py": python_module("new")})
    repo.add_worktree("w3", "-b", "three").git("checkout", "-q", "--orphan", "four")
    done = lumen(repo.top, "push", "--all")
    assert done.returncode == 1
    assert "nothing is committed here yet" in done.stderr
    assert len(objects(store, "indexes")) == 3  # two manifests and the list of heads


@pytest.mark.parametrize("command", ["push", "pull"])
def test_where_there_is_no_store_what_is_optional_says_nothing(
    repo: Repository, store: Path, command: str
) -> None:
    repo.git("config", "--unset", "lumen.remote")
    done = lumen(repo.top, command, "--optional")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert lumen(repo.top, command).returncode == 1


def test_without_credentials_what_is_optional_says_nothing(repo: Repository, store: Path) -> None:
    # A fork's job: the store is named, and nothing is there to get in with.
    repo.git("config", "lumen.remote", "s3://bucket/path")
    nothing = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/none",
        "AWS_CONFIG_FILE": "/none",
    }
    for command in ("push", "pull"):
        done = lumen(repo.top, command, "--optional", environment=nothing)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = lumen(repo.top, "push", environment=nothing)
    assert done.returncode == 1
    assert "AWS_PROFILE" in done.stderr
