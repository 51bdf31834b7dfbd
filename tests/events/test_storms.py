"""Many events at once are answered by few workers, and none is lost: real git, real workers."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git.worktree import find_worktree
from tests.support.helpers import contents, peer, update
from tests.support.hooked import NEVER_STOPPED, until_a_worker_is_there
from tests.support.proc import end_workers_of
from tests.support.sources import python_module
from tests.support.waiting import until

from .counting import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.repository import Repository

pytestmark = pytest.mark.slow

COMMITS = 50
SWITCHES = 30


A_STORM_MAY_PAUSE = """
worker_loop.SETTLE_SECONDS = worker_loop.SETTLE_AT_MOST_SECONDS = 3600.0
"""
"""For `interpreter`: events of one hour belong together, however slow this machine is."""


@pytest.fixture
def repo(repo: Repository) -> Repository:
    """Two branches, `topic` of which is two commits that fit onto `main`, with an index."""
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(4)})
    repo.git("switch", "-q", "-c", "topic")
    repo.commit({"t1.py": python_module("one")})
    repo.commit({"t2.py": python_module("two")})
    repo.git("switch", "-q", "-c", "clash", "main")
    repo.commit({"m0.py": python_module("clash")})
    repo.commit({"c.py": python_module("after")})
    repo.git("switch", "-q", "main")
    repo.commit({"m0.py": python_module("on_main")})
    update(repo)
    return repo


@pytest.fixture
def counted(repo: Repository, tmp_path: Path) -> Iterator[Counted]:
    found = Counted.make(repo, tmp_path)
    yield found
    for command in ("rebase", "cherry-pick"):  # a worker watches them: end it
        repo.git("-c", "core.hooksPath=/dev/null", command, "--abort", check=False)
    until(lambda: not found.at_work())


def equals_a_clean_build(repo: Repository) -> bool:
    before = contents(repo)
    update(repo, force=True)
    return contents(repo) == before


def commits(repo: Repository, count: int) -> None:
    """So many commits on `many`, each of which changes the same file."""
    repo.git("-c", "core.hooksPath=/dev/null", "switch", "-q", "-c", "many", "topic")
    for number in range(count):
        repo.write({"busy.txt": "".join(f"line {n}\n" for n in range(number + 1))})
        repo.git("add", "-A")
        repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", f"{number}")
    update(repo)


@pytest.mark.parametrize("command", ["rebase", "cherry-pick"])
def test_of_many_picks_only_the_end_is_indexed(
    repo: Repository, tmp_path: Path, command: str
) -> None:
    commits(repo, COMMITS)
    counted = Counted.make(repo, tmp_path, NEVER_STOPPED)
    if command == "rebase":
        repo.git("rebase", "-q", "main")
    else:
        repo.git("-c", "core.hooksPath=/dev/null", "switch", "-q", "main")
        update(repo)
        repo.git("cherry-pick", "topic..many")
    until(counted.settled)
    # Until one holds the lock, each pick of a cherry-pick starts another: how many, is a matter of
    # how fast processes start here.
    assert counted.starts <= (2 if command == "rebase" else COMMITS)
    assert 1 <= len(counted.refreshes) <= 2
    assert equals_a_clean_build(repo)


def test_switches_in_a_row_coalesce(repo: Repository, tmp_path: Path) -> None:
    counted = Counted.make(repo, tmp_path, A_STORM_MAY_PAUSE)
    for number in range(SWITCHES):
        repo.git("switch", "-q", ("topic", "clash", "main")[number % 3])
    repo.git("switch", "-q", "topic")
    until(counted.at_work)
    assert counted.refreshes == []

    def settled_long_after() -> bool:
        # A worker that starts late leaves a hint of its own with the one that is at work.
        with contextlib.suppress(FileNotFoundError):
            os.utime(find_worktree(str(repo.top)).events_path, (0, 0))
        return counted.settled()

    until(settled_long_after)
    assert len(counted.refreshes) == 1
    assert (repo.top / "t2.py").exists()
    assert equals_a_clean_build(repo)


def test_a_conflict_is_indexed_and_so_is_its_abort(counted: Counted) -> None:
    """No hook tells of either; the worker that the rebase's start woke sees both."""
    repo = counted.repo
    before = contents(repo)
    repo.git("-c", "core.hooksPath=/dev/null", "switch", "-q", "clash")
    update(repo)
    clash = contents(repo)
    with peer(repo):  # nobody indexes what was checked out before the conflict
        repo.git("rebase", "-q", "main", check=False)
    assert "<<<<<<<" in (repo.top / "m0.py").read_text()
    until(counted.is_fresh)
    assert contents(repo) not in (before, clash)
    repo.git("rebase", "--abort")
    until(counted.settled)
    assert contents(repo) == clash
    assert (counted.starts, len(counted.refreshes)) == (1, 2)


@pytest.mark.stress
def test_a_conflict_that_is_solved_needs_no_other_worker(counted: Counted) -> None:
    repo = counted.repo
    with peer(repo):
        repo.git("rebase", "-q", "-x", until_a_worker_is_there(repo), "main", "clash", check=False)
    until(counted.is_fresh)
    repo.commit({"m0.py": python_module("both")})
    _goes_on_to_its_end(counted)


@pytest.mark.stress
def test_a_commit_at_an_edit_stop_is_indexed(counted: Counted) -> None:
    repo = counted.repo
    edit = ("-c", "sequence.editor=sed -i 1s/^pick/edit/")
    with peer(repo):
        waits = until_a_worker_is_there(repo)
        repo.git(*edit, "rebase", "-q", "-i", "-x", waits, "main", "topic")
    until(counted.is_fresh)
    repo.commit({"extra.py": python_module("extra")})
    until(counted.is_fresh)
    assert (repo.top / ".git/rebase-merge").is_dir()
    _goes_on_to_its_end(counted)


@pytest.mark.stress
def test_a_watch_ends_with_the_index(counted: Counted) -> None:
    repo = counted.repo
    with peer(repo):
        repo.git("rebase", "-q", "main", "clash", check=False)
    until(lambda: counted.is_fresh() and counted.at_work())
    for path in (repo.top / ".git/lumen").glob("index.db*"):
        path.unlink()
    end_workers_of(repo.top)
    assert not (repo.top / ".git/lumen/index.db").exists()


def _goes_on_to_its_end(counted: Counted) -> None:
    """A rebase that stopped, at the cost of one worker more at most."""
    counted.repo.git("rebase", "--continue")
    until(counted.settled)
    assert counted.starts <= 2
    assert equals_a_clean_build(counted.repo)
