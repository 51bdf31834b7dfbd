"""A process that is killed loses at most one batch, whatever it was doing: the next one ends right.

Each scene is a real repository in some state and a thing that is done there in a process of its
own. That process is killed, at each step that could outlive it or after a random time. Then the
next command, without any help, must end with an index that is whole and equal to a clean build's.
"""

from __future__ import annotations

import glob
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, cycle
from typing import TYPE_CHECKING, NoReturn

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.opening import PAGE_SIZE_BYTES
from lumen_hooks.storage.publish import set_aside
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system.locks import read_holder
from tests.support.commands import lumen
from tests.support.helpers import job_for
from tests.support.repository import Repository
from tests.support.waiting import until

from .kill_scenes import (
    LASTING,
    MODULES,
    SCENES,
    SIDE_FILES,
    Trials,
    ask_git,
    digest,
    digests,
    modules,
    warm_up,
)
from .killing import COUNT, ForkServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lumen_hooks.git.worktree import Worktree

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1"))
RANDOM_KILLS = 900
"""In all scenes together."""
COMMAND_KILLS = 60
"""Of the worker, and of `git worktree add`."""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer(warm_up) as running:
        yield running


@pytest.fixture
def trials(
    request: pytest.FixtureRequest, repo: Repository, server: ForkServer, tmp_path: Path
) -> Trials:
    return Trials(SCENES[request.param], repo, server, tmp_path)


in_every_scene = pytest.mark.parametrize("trials", SCENES, indirect=True)


class Tally:
    """Counts trials and failures, and says so."""

    def __init__(self) -> None:
        self.trials = self.killed = 0
        self.failures: list[str] = []
        self._started = time.monotonic()

    def count(self, trial: Callable[[], bool], name: str) -> None:
        self.trials += 1
        try:
            self.killed += trial()
        except AssertionError as error:
            self.failures.append(f"{name}: {error}")

    def report(self, record_property: Callable[[str, object], None]) -> None:
        numbers = {
            "trials": self.trials,
            "killed": self.killed,
            "failures": len(self.failures),
            "seconds": round(time.monotonic() - self._started, 1),
        }
        for name, number in numbers.items():
            record_property(name, number)
        print(", ".join(f"{number} {name}" for name, number in numbers.items()))
        assert not self.failures, "\n".join(self.failures[:10])


def last_of_each_kind(steps: Sequence[str]) -> dict[str, int]:
    """The number of one step of each kind.

    A write that is half done stands for one not begun, and one side file for all that go with it.
    """
    numbers = {name: number for number, name in enumerate(steps, start=1)}
    for name in steps:
        if name.startswith("finish writing"):
            numbers.pop(name.replace("finish writing", "write"), None)
        if name.startswith(("unlink", "rename")) and name.endswith(("-shm", "-journal")):
            numbers.pop(name, None)
    return numbers


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 10])
def test_killed_at_a_step_of_each_kind(
    repo: Repository,
    server: ForkServer,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    every: int,
) -> None:
    """The normal run takes one kind in ten."""
    shown: set[str] = set()
    turn = count()
    tally = Tally()
    for name in ("build", "seed", "refresh"):
        place = Repository(tmp_path / name / "main")
        shutil.copytree(repo.top, place.top)
        trials = Trials(SCENES[name], place, server, place.top.parent)
        for kind, number in last_of_each_kind(trials.uninterrupted.steps).items():
            if kind not in shown and next(turn) % every == 0:
                tally.count(partial(trials.kill, kill_at=number), f"{name}: {kind}")
        shown.update(trials.uninterrupted.steps)
    tally.report(record_property)
    assert {"link index.db.tmp", "replace events", "embedded", "copy_file_range index.db"} <= shown


@pytest.mark.stress
@in_every_scene
def test_killed_at_every_step(
    trials: Trials, record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    chance = random.Random(7)
    for number, kind in enumerate(trials.uninterrupted.steps, start=1):
        if chance.random() < SCALE:
            tally.count(partial(trials.kill, kill_at=number), f"step {number}, {kind}")
    tally.report(record_property)


@pytest.mark.stress
@in_every_scene
def test_killed_at_random_times(
    trials: Trials, record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    chance = random.Random(7)
    for _ in range(round(RANDOM_KILLS * SCALE / len(SCENES))):
        seconds = chance.uniform(0, trials.uninterrupted.seconds)
        tally.count(partial(trials.kill, kill_after=seconds), f"after {seconds:.4f} s")
    tally.report(record_property)


# The embedding store alone

MODEL = "a model"
PUTS = 12
PUT_ROWS = 8
STORE_BYTES = 64 * 1024


def batch(number: int) -> dict[bytes, bytes]:
    """What one `put` is given: large vectors, so that a trim finds something to do."""
    return {
        hashlib.sha256(f"{number}-{row}".encode()).digest(): bytes([number]) * 2000
        for row in range(PUT_ROWS)
    }


def put_all(path: str, record: str) -> None:
    with EmbeddingStore(path) as store:
        for number in range(PUTS):
            store.put(MODEL, batch(number))
            with open(record, "a", encoding="utf-8") as file:
                file.write(f"{number}\n")


def trim_all_but_one_batch(path: str, record: str) -> None:
    with EmbeddingStore(path) as store:
        store.trim(STORE_BYTES, batch(0))


def batches_in(path: str) -> list[int]:
    """How many rows of each batch a store has; it must be sound, and they what was put."""
    with EmbeddingStore(path) as store:
        assert store._connection.execute("PRAGMA integrity_check").get == "ok"
        found = [store.get(MODEL, list(batch(number))) for number in range(PUTS)]
    for number, rows in enumerate(found):
        assert rows.items() <= batch(number).items()
    return [len(rows) for rows in found]


def _check_puts(server: ForkServer, path: str, record: str) -> None:
    with open(record, encoding="utf-8") as file:
        promised = len(file.readlines())
    rows = server.run(batches_in, path)
    assert rows[:promised] == [PUT_ROWS] * promised, "a batch was lost after put returned"
    assert rows[promised] in {0, PUT_ROWS} if promised < PUTS else True, "half a batch"
    assert not any(rows[promised + 1 :])
    server.run(put_all, path, os.devnull)
    assert server.run(batches_in, path) == [PUT_ROWS] * PUTS


def _check_trim(server: ForkServer, path: str, record: str) -> None:
    assert server.run(batches_in, path)[0] == PUT_ROWS, "what is in use was evicted"
    server.run(trim_all_but_one_batch, path, record)
    rows = server.run(batches_in, path)
    assert rows[0] == PUT_ROWS
    assert sum(rows) < PUTS * PUT_ROWS
    assert os.stat(path).st_size <= STORE_BYTES * 2 + PAGE_SIZE_BYTES  # each table has a page


STORE_SCENES = {
    "put": (put_all, False, _check_puts),
    "trim": (trim_all_but_one_batch, True, _check_trim),
}


@pytest.mark.parametrize("scene", STORE_SCENES)
@pytest.mark.parametrize(
    "every", [pytest.param(True, marks=pytest.mark.stress, id="every step"), False]
)
def test_the_embedding_store_keeps_what_was_put(
    server: ForkServer,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    scene: str,
    every: bool,
) -> None:
    act, filled, check = STORE_SCENES[scene]
    path, record = str(tmp_path / "lumen" / "embeddings.db"), str(tmp_path / "record")

    def trial(number: int) -> bool:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)
        os.mkdir(os.path.dirname(path))
        if filled:
            server.run(put_all, path, os.devnull)
        open(record, "w", encoding="utf-8").close()
        ended = server.end(act, path, record, kill_at=number)
        assert ended.killed or not ended.error, ended.error
        check(server, path, record)
        assert set(os.listdir(os.path.dirname(path))) <= LASTING | SIDE_FILES
        steps.extend(ended.steps)
        return ended.killed

    tally = Tally()
    steps: list[str] = []
    assert not trial(COUNT)
    numbers = range(1, len(steps) + 1) if every else sorted(last_of_each_kind(steps).values())
    for number in numbers:
        tally.count(partial(trial, number), f"step {number}, {steps[number - 1]}")
    tally.report(record_property)


# Setting a damaged index aside


def set_index_aside(path: str) -> None:
    set_aside(path)


def test_a_damaged_index_is_never_there_without_its_wal(server: ForkServer, tmp_path: Path) -> None:
    """It might pass for a whole one of an older tree."""
    path = tmp_path / "index.db"
    wal = tmp_path / "index.db-wal"

    def lay_out() -> None:
        for file in (path, wal):
            file.write_bytes(b"of one database")

    lay_out()
    steps = server.end(set_index_aside, str(path), kill_at=COUNT).steps
    assert "rename index.db" in steps
    for number in range(1, len(steps) + 1):
        lay_out()
        assert server.end(set_index_aside, str(path), kill_at=number).killed
        assert wal.exists() or not path.exists(), steps[number - 1]


# Real commands

MANY = pytest.param(round(COMMAND_KILLS * SCALE), id="often", marks=pytest.mark.stress)


@pytest.fixture
def project(repo: Repository) -> Repository:
    """With hooks, and an index by the real model."""
    repo.commit(modules(*range(MODULES)))
    installed = lumen(repo.top, "install")
    assert installed.returncode == 0, installed.stderr
    return repo


@contextmanager
def group(*command: str, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, of which nothing is left afterwards."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def workers(below: Path) -> list[str]:
    """Command lines of the workers of repositories below a folder."""
    found = []
    for place in glob.glob("/proc/[0-9]*/cmdline"):
        with suppress(OSError), open(place, "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
            if {"lumen_hooks.worker", "lumen_hooks.hook"} & set(words) and any(
                word.startswith(f"{below}/") for word in words
            ):
                found.append(" ".join(words))
    return found


def built_anew(top: Path) -> str:
    """The index's digest after all of it was made again, for which nothing had to be embedded."""
    job = job_for(Repository(top))._replace(load=_no_embedder)
    assert isinstance(update_index(job, wait=5, force=True), Updated)
    return digest(find_worktree(str(top)))


def _no_embedder(settings: object) -> NoReturn:
    raise AssertionError("a text that some run had embedded was to be embedded again")


def check_after_wait(server: ForkServer, top: Path) -> None:
    """The next `lumen-hooks wait` ends right."""
    waited = lumen(top, "wait")
    assert (waited.returncode, waited.stdout) == (0, ""), waited.stderr
    place = find_worktree(str(top))
    assert not events.pending(place)
    assert set(os.listdir(place.folder)) <= LASTING | SIDE_FILES
    (made,) = server.run(digests, (top,))
    assert made == server.run(built_anew, top)


def kill_worker(
    project: Repository, server: ForkServer, number: int, moment: Callable[[Worktree], None]
) -> bool:
    project.write(modules(number % MODULES, suffix=f"_{number}"))
    place = find_worktree(str(project.top))
    with open(place.events_path, "a", encoding="utf-8") as file:
        file.write("post-commit\n")
    git = ask_git(project.top)
    command = (sys.executable, "-m", "lumen_hooks.worker", str(project.top), "post-commit")
    reader = open_reader(place.index_path)  # as a server has it open for good
    assert reader is not None
    with reader, group(*command, cwd=project.top) as process:
        before = reader.facts().last_refresh
        moment(place)
        killed = process.poll() is None
        process.kill()
        process.wait()
        hinted = events.pending(place)
        assert hinted or reader.facts().last_refresh != before, "a hint was lost"
    check_after_wait(server, project.top)
    assert ask_git(project.top) == git
    return killed


def moments(chance: random.Random) -> Iterator[Callable[[Worktree], None]]:
    """Some time after its start, and some time after it took the index's lock, in turn."""

    def after_start(_: Worktree) -> None:
        time.sleep(chance.uniform(0, 0.5))

    def after_lock(place: Worktree) -> None:
        until(lambda: read_holder(place.lock_path) or not events.pending(place))
        time.sleep(chance.uniform(0, 0.1))

    return cycle([after_lock, after_start])


@pytest.mark.parametrize("kills", [pytest.param(1, id="once", marks=pytest.mark.slow), MANY])
def test_the_worker_is_killed(
    project: Repository,
    server: ForkServer,
    record_property: Callable[[str, object], None],
    kills: int,
) -> None:
    tally = Tally()
    for number, moment in zip(range(kills), moments(random.Random(7)), strict=False):
        tally.count(partial(kill_worker, project, server, number, moment), f"trial {number}")
    tally.report(record_property)


def kill_worktree_add(project: Repository, server: ForkServer, number: int, seconds: float) -> bool:
    name = f"w{number}"
    new = Repository(project.top.parent / name)
    main_index = server.run(digests, (project.top,))
    with group("git", "worktree", "add", str(new.top), "-b", name, cwd=project.top) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        killed = process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    until(lambda: not workers(project.top.parent))
    if _is_worktree(new, project):
        check_after_wait(server, new.top)
    check_after_wait(server, project.top)
    assert server.run(digests, (project.top,)) == main_index
    project.git("worktree", "list")
    project.git("worktree", "remove", "--force", "--force", str(new.top), check=False)
    shutil.rmtree(new.top, ignore_errors=True)
    project.git("worktree", "unlock", str(new.top), check=False)
    project.git("worktree", "prune", "--expire=now")
    assert not os.path.exists(project.top / ".git" / "worktrees" / name)
    assert project.git("status", "--porcelain") == ""
    project.git("fsck", "--strict", "--no-dangling", "--no-progress")
    return killed


def _is_worktree(new: Repository, project: Repository) -> bool:
    """Whether git, killed on its way, had made enough of a worktree for itself."""
    asked = subprocess.run(
        ["git", "rev-parse", "--show-toplevel", "HEAD"],
        cwd=new.top if new.top.is_dir() else project.top,
        check=False,
        capture_output=True,
        text=True,
    )
    return asked.returncode == 0 and asked.stdout.splitlines()[0] == str(new.top)


@pytest.mark.parametrize("kills", [pytest.param(1, id="once"), MANY])
def test_worktree_add_is_killed(
    project: Repository,
    server: ForkServer,
    record_property: Callable[[str, object], None],
    kills: int,
) -> None:
    started = time.monotonic()
    project.add_worktree("timed")
    usual = time.monotonic() - started
    until(lambda: not workers(project.top.parent))
    tally = Tally()
    chance = random.Random(7)
    for number in range(kills):
        seconds = chance.uniform(0.3, 1) * usual
        trial = partial(kill_worktree_add, project, server, number, seconds)
        tally.count(trial, f"trial {number}, after {seconds:.3f} s")
    tally.report(record_property)
