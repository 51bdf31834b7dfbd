"""Workers that are stopped, overtaken or lose their worktree; clocks and versions that differ."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage.fingerprint import INDEX_VERSION
from lumen_hooks.storage.opening import open_to_write
from lumen_hooks.storage.schema import SCHEMA_VERSION
from lumen_hooks.system.locks import read_holder
from tests.support.commands import Launcher
from tests.support.forks import ROOT
from tests.support.helpers import check_whole, contents
from tests.support.proc import end_workers_of
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

from .checks import (
    MODULES,
    answer_to,
    answers_from,
    error_of,
    index_files,
    indexed,
    install_hooks,
    log_of,
    quiet_git,
    report,
    scaled,
    working,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.commands import Running

pytestmark = pytest.mark.slow

IN_A_TRANSACTION = ("lumen_hooks.indexing.write", "_finish")
BEFORE_LOCKING = ("lumen_hooks.indexing.update", "acquire")
WHILE_READING = ("lumen_hooks.indexing.stage", "Stager._stage_batch")
BEFORE_PUBLISHING = ("lumen_hooks.indexing.write", "publish")
WHILE_SEARCHING = ("lumen_hooks.service.answer", "results_now")
NAME_ANOTHER = "hint: name one that does: lumen-hooks -C FOLDER ...\n"
"""Places in the code where a process is stopped."""

WAIT_SECONDS = 0.3
"""`lumen.seedWait` in these tests."""

YEAR_SECONDS = 31_536_000

NEWER = INDEX_VERSION + 1

STRESS_REMOVALS = scaled(100)
"""Worktrees that are removed while their worker runs."""


def _stopped_worker(launcher: Launcher, top: Path, place: tuple[str, str]) -> Running:
    worker = launcher.start(top, str(top), "post-commit", entry="worker", faults=[_stop(place)])
    worker.until_stopped()
    return worker


def _stop(place: tuple[str, str]) -> tuple[object, ...]:
    return ("signal_before", signal.SIGSTOP, *place)


def _edit(repo: Repository) -> None:
    repo.write({"m1.py": python_module("edited_1"), "m2.py": python_module("edited_2")})


def test_a_stopped_worker_holds_up_nobody(repo: Repository, launcher: Launcher) -> None:
    """It holds the index lock and SQLite's write lock; everyone goes on with what there is."""
    indexed(launcher, repo)
    install_hooks(launcher, repo)
    repo.git("config", "lumen.seedWait", str(WAIT_SECONDS))
    _edit(repo)
    worker = _stopped_worker(launcher, repo.top, IN_A_TRANSACTION)

    started = time.monotonic()
    searching = launcher.start(repo.top, "search", "beta_9", "--json")
    refused = [
        launcher.start(repo.top, *command)
        for command in (("index",), ("wait", "--timeout", str(WAIT_SECONDS)))
    ]
    linked = Repository(repo.top.parent / "w2")
    quiet_git(repo, "worktree", "add", "-q", "-b", "feature", str(linked.top))
    assert index_files(linked)[:1] == ["index.db"]
    found = json.loads(working(searching.wait()))
    assert (found["state"], found["pending_files"]) == ("refreshing", 2)
    assert found["results"][0]["path"] == "m9.py"
    for command in refused:
        error_of(command.wait(), f"process {worker.pid} (refresh after post-commit)", "hint: wait")
    assert time.monotonic() - started < 15
    shown = json.loads(working(launcher.run(repo.top, "status", "--json")))
    assert shown["state"] == "refreshing"
    assert shown["lock"] == f"process {worker.pid} (refresh after post-commit)"
    quiet_git(repo, "commit", "-q", "-am", "change")

    worker.signal(signal.SIGCONT)
    assert worker.wait().code == 0
    end_workers_of(repo.top.parent)
    for top in (repo.top, linked.top):
        assert answers_from(launcher, top, "beta_9", "m9.py") == "fresh"
        check_whole(top)
    assert json.loads(working(launcher.run(linked.top, "status", "--json")))["seeded_from"] == str(
        repo.top
    )
    assert answer_to(launcher, repo.top, "edited_1")["results"][0]["symbol"] == "edited_1"


def test_a_stopped_builder_is_named_to_whoever_needs_its_index(
    repo: Repository, launcher: Launcher
) -> None:
    repo.commit(MODULES)
    repo.git("config", "lumen.seedWait", str(WAIT_SECONDS))
    builder = launcher.start(repo.top, "index", faults=[_stop(BEFORE_PUBLISHING)])
    builder.until_stopped()
    waiting = [
        launcher.start(repo.top, *command)
        for command in (("search", "beta_9"), ("index",), ("wait", "--timeout", "0.2"))
    ]
    for command in waiting:
        error_of(command.wait(), f"process {builder.pid} (index)", "hint: wait")
    assert "state      building" in working(launcher.run(repo.top, "status"))
    builder.signal(signal.SIGCONT)
    working(builder.wait())
    assert answers_from(launcher, repo.top, "beta_9", "m9.py", "--no-refresh") == "fresh"


# worktrees that go away


@pytest.fixture
def linked(repo: Repository, launcher: Launcher) -> Repository:
    """A linked worktree with an index and uncommitted changes."""
    indexed(launcher, repo)
    found = repo.add_worktree("w2", "-b", "feature")
    working(launcher.run(found.top, "index"))
    _edit(found)
    return found


@pytest.mark.parametrize(
    ("how", "place"),
    [
        ("remove", BEFORE_LOCKING),
        ("remove", IN_A_TRANSACTION),
        ("prune", BEFORE_LOCKING),
        ("prune", WHILE_READING),
    ],
)
def test_a_worktree_that_goes_away_under_a_worker_stays_away(
    repo: Repository, linked: Repository, launcher: Launcher, place: tuple[str, str], how: str
) -> None:
    git_dir = Path(find_worktree(str(linked.top)).git_dir)
    worker = _stopped_worker(launcher, linked.top, place)
    if how == "remove":
        quiet_git(repo, "worktree", "remove", "--force", str(linked.top))
    else:
        shutil.rmtree(linked.top)
        quiet_git(repo, "worktree", "prune")
    worker.signal(signal.SIGCONT)
    assert worker.wait().code in {0, 1}
    assert not git_dir.exists()
    assert not linked.top.exists()
    assert "bug" not in {record["event"] for record in log_of(repo)}
    assert answers_from(launcher, repo.top, "beta_9", "m9.py") == "fresh"


def test_a_build_whose_worktree_goes_away_leaves_nothing(
    repo: Repository, linked: Repository, launcher: Launcher
) -> None:
    git_dir = Path(find_worktree(str(linked.top)).git_dir)
    working(launcher.run(linked.top, "purge"))
    builder = launcher.start(linked.top, "index", "--force", faults=[_stop(BEFORE_PUBLISHING)])
    builder.until_stopped()
    quiet_git(repo, "worktree", "remove", "--force", str(linked.top))
    builder.signal(signal.SIGCONT)
    error_of(builder.wait())
    assert not git_dir.exists()


def test_a_search_whose_worktree_goes_away_ends_well(
    repo: Repository, linked: Repository, launcher: Launcher
) -> None:
    search = launcher.start(linked.top, "search", "beta_9", faults=[_stop(WHILE_SEARCHING)])
    search.until_stopped()
    quiet_git(repo, "worktree", "remove", "--force", str(linked.top))
    search.signal(signal.SIGCONT)
    ended = search.wait()
    assert (ended.code, ended.out, ended.err) == (1, "", "no results\n")
    gone = launcher.run("/", "-C", str(linked.top), "search", "beta_9")
    assert (gone.code, gone.err) == (1, f"error: {linked.top} does not exist\n{NAME_ANOTHER}")


def test_a_worktree_that_moves_under_a_worker_keeps_its_index(
    repo: Repository, linked: Repository, launcher: Launcher
) -> None:
    worker = _stopped_worker(launcher, linked.top, WHILE_READING)
    moved = Repository(linked.top.parent / "moved")
    quiet_git(repo, "worktree", "move", str(linked.top), str(moved.top))
    worker.signal(signal.SIGCONT)
    assert worker.wait().code in {0, 1}
    assert not linked.top.exists()
    assert answers_from(launcher, moved.top, "edited_1", "m1.py") == "fresh"
    kept = contents(moved)
    result = launcher.run(moved.top, "index", "--force")
    assert ", 0 texts embedded" in result.err
    assert contents(moved) == kept


# clocks


def test_a_clock_that_jumps_back_hides_no_change(repo: Repository, launcher: Launcher) -> None:
    """Files, index, lock and events are a year ahead, and edits keep size and time stamp."""
    ahead = time.time() + YEAR_SECONDS
    repo.commit(MODULES)
    repo.write({"untracked.py": python_module("before")})
    for name in ("m1.py", "untracked.py"):
        os.utime(repo.top / name, (ahead, ahead))
    working(launcher.run(repo.top, "index", faults=[("shift_clock", YEAR_SECONDS)]))
    worktree = find_worktree(str(repo.top))
    dead = subprocess.run(["sh", "-c", "echo $$"], check=True, capture_output=True, text=True)
    left = Path(f"{worktree.index_path}.tmp-{dead.stdout.strip()}-0badc0de")
    left.write_bytes(b"left behind")
    Path(worktree.events_path).write_text("post-commit\n", encoding="ascii")
    for path in Path(worktree.folder).iterdir():
        os.utime(path, (ahead, ahead))

    repo.write({"m1.py": python_module("omega_1", "beta_1")})
    repo.write({"untracked.py": python_module("behind")})
    for name in ("m1.py", "untracked.py"):
        os.utime(repo.top / name, (ahead, ahead))
    shown = json.loads(working(launcher.run(repo.top, "status", "--json")))
    assert (shown["state"], shown["pending_files"]) == ("stale", 2)
    assert answers_from(launcher, repo.top, "behind", "untracked.py") == "fresh"
    assert answers_from(launcher, repo.top, "omega_1", "m1.py") == "fresh"
    working(launcher.run(repo.top, "wait", "--timeout", str(PATIENCE_SECONDS)))
    assert index_files(repo)[0] == "index.db"
    assert not left.exists()
    assert not Path(worktree.events_path).exists()
    check_whole(repo)
    new = repo.add_worktree("w2", "-b", "feature")
    assert f"seeded from {repo.top}" in launcher.run(new.top, "index").err


def test_a_clock_that_jumps_back_during_a_refresh(repo: Repository, launcher: Launcher) -> None:
    indexed(launcher, repo)
    _edit(repo)
    worker = launcher.start(
        repo.top,
        str(repo.top),
        "post-commit",
        entry="worker",
        faults=[("shift_clock", YEAR_SECONDS), _stop(IN_A_TRANSACTION)],
    )
    worker.until_stopped()
    holder = read_holder(find_worktree(str(repo.top)).lock_path)
    assert holder is not None
    assert holder.since > time.time() + YEAR_SECONDS / 2
    repo.git("config", "lumen.seedWait", "0")
    error_of(launcher.run(repo.top, "index"), f"process {worker.pid}")
    worker.signal(signal.SIGCONT)
    assert worker.wait().code == 0
    assert answers_from(launcher, repo.top, "edited_1", "m1.py", "--no-refresh") == "fresh"


# two versions of this tool on one repository


@pytest.fixture
def newer(tmp_path: Path) -> Iterator[Launcher]:
    """The next version: a copy of the package that chunks otherwise and says so."""
    package = tmp_path / "newer" / "lumen_hooks"
    shutil.copytree(
        ROOT / "lumen_hooks", package, ignore=shutil.ignore_patterns("weights", "__pycache__")
    )
    (package / "embedding/weights").symlink_to(ROOT / "lumen_hooks/embedding/weights")
    for name, old, new in (
        ("storage/fingerprint.py", f"INDEX_VERSION = {INDEX_VERSION}", f"INDEX_VERSION = {NEWER}"),
        ("chunking/settings.py", "CHUNKER_VERSION = ", "CHUNKER_VERSION = 1000 + "),
    ):
        text = (package / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (package / name).write_text(text.replace(old, new), encoding="utf-8")
    found = Launcher(package.parent)
    yield found
    found.close()


def test_two_versions_on_one_repository(
    repo: Repository, launcher: Launcher, newer: Launcher
) -> None:
    indexed(launcher, repo)
    linked = repo.add_worktree("w2", "-b", "feature")

    # the newer one seeds nothing from the older's index, and embeds nothing that is known
    result = newer.run(linked.top, "index")
    assert working(result) == ""
    assert result.err.startswith("indexed: 10 files")
    assert ", 0 texts embedded" in result.err

    # the older one refuses what the newer one made, whatever it is asked, and leaves it
    path = Path(find_worktree(str(linked.top)).index_path)
    kept = path.read_bytes()
    for command in (
        ("index", "--force"),
        ("search", "beta_9"),
        ("search", "beta_9", "--no-refresh"),
        ("status",),
    ):
        error_of(
            launcher.run(linked.top, *command),
            f"was made by a newer lumen-hooks (version {NEWER}, ours is {INDEX_VERSION})",
            "hint: upgrade lumen-hooks",
        )
    worker = launcher.start(linked.top, str(linked.top), "post-commit", entry="worker")
    assert worker.wait().code == 1
    assert "newer lumen-hooks" in log_of(repo)[-1]["error"]
    assert path.read_bytes() == kept
    assert answers_from(newer, linked.top, "beta_9", "m9.py") == "fresh"

    # each seeds from its equals alone
    third = repo.add_worktree("w3", "-b", "third")
    assert f"seeded from {repo.top}" in launcher.run(third.top, "index").err
    fourth = repo.add_worktree("w4", "-b", "fourth")
    assert f"seeded from {linked.top}" in newer.run(fourth.top, "index").err

    # the newer one makes the older's anew
    result = newer.run(repo.top, "index")
    assert ", 0 texts embedded" in result.err
    assert answers_from(newer, repo.top, "beta_9", "m9.py") == "fresh"
    error_of(launcher.run(repo.top, "index"), "newer lumen-hooks")


def test_a_schema_of_a_newer_version_is_refused_and_left(
    repo: Repository, launcher: Launcher
) -> None:
    indexed(launcher, repo)
    path = find_worktree(str(repo.top)).index_path
    connection = open_to_write(path)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.execute("CREATE TABLE newer(x)")  # on our very tables the number would be damage
    connection.close()
    for command in (("index",), ("search", "beta_9"), ("status",)):
        error_of(launcher.run(repo.top, *command), "newer lumen-hooks", "hint: upgrade")
    assert "index.db.damaged" not in index_files(repo)
    working(launcher.run(repo.top, "purge"))
    working(launcher.run(repo.top, "index"))


@pytest.mark.stress
def test_worktrees_are_removed_at_any_moment_of_their_workers(
    repo: Repository, launcher: Launcher, record_property: Callable[[str, object], None]
) -> None:
    started = time.monotonic()
    chance = random.Random(3)
    indexed(launcher, repo)
    failures = 0
    for number in range(STRESS_REMOVALS):
        linked = repo.add_worktree(f"w{number}", "--detach")
        _edit(linked)
        git_dir = Path(find_worktree(str(linked.top)).git_dir)
        worker = launcher.start(linked.top, str(linked.top), "post-checkout", entry="worker")
        time.sleep(chance.uniform(0, 0.25))
        done = subprocess.run(
            ["git", "worktree", "remove", "--force", str(linked.top)],
            cwd=repo.top, check=False, capture_output=True, text=True,
        )  # fmt: skip
        worker.wait()
        if done.returncode != 0 or git_dir.exists():
            failures += 1
            quiet_git(repo, "worktree", "prune")
        assert not linked.top.exists()
        assert not git_dir.exists()
    check_whole(repo)
    report(record_property, trials=STRESS_REMOVALS, failures=failures, started=started)
    # git deletes what it has listed, and no look at the worktree before we make a file can be
    # atomic with that: then git says "Directory not empty", and a prune finishes its work.
    assert failures <= 1 + STRESS_REMOVALS // 50
