"""Many processes on one repository at once: one seed, one embedding, one tree in every answer.

The normal run has a slice of each race; for the long versions: `pytest -m stress -s` (the numbers
of trials are below, LUMEN_STRESS_SCALE multiplies them).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.indexing.seed import Seeded, seed
from lumen_hooks.indexing.throttle import SMALL_REFRESH_FILES
from lumen_hooks.notify.layout import SIDE_FILES
from lumen_hooks.search.results import Query
from lumen_hooks.service.status import read_status
from lumen_hooks.settings import Settings, load_settings
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.opening import open_to_read
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system.locks import Acquired, acquire, read_holder
from tests.support.commands import lumen
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, update
from tests.support.hooked import interpreter, put_hooks
from tests.support.ledger import read_ledger
from tests.support.processes import Crew
from tests.support.repository import Repository
from tests.support.search_corpus import search_index
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS, until

from .racers import (
    MODULES,
    NAMES,
    disturb,
    enough_done,
    enough_seen,
    search_two_trees,
    tree,
    trees_between,
    update_own,
    write_two_trees,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))
SEEDERS, SEED_ROUNDS = 32, max(1, int(20 * SCALE))
MIXED_ROUNDS = max(1, int(10 * SCALE))
WORKTREES = 20
WORKTREE_ROUNDS = max(1, int(2 * SCALE))
CLONES = max(2, int(200 * SCALE))
READERS, READ_SECONDS = 4, max(2.0, 20 * SCALE)
EVENTS = max(5, int(100 * SCALE))

SETTLE_SECONDS = PATIENCE_SECONDS

GIT_RACE = re.compile(r"fatal: failed to read \S+/commondir: [\w ]+\n")


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew() as ready:
        yield ready


@dataclass
class Report:
    """What a stress test tells about itself."""

    name: str
    record: Callable[[str, object], None]
    started: float = field(default_factory=time.monotonic)

    def done(self, trials: int, **more: object) -> None:
        """Every trial has passed its assertions."""
        seconds = round(time.monotonic() - self.started, 1)
        facts = {"trials": trials, "failures": 0, "seconds": seconds, **more}
        for key, value in facts.items():
            self.record(key, value)
        print(f"\n{self.name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()))


@pytest.fixture
def report(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Report:
    return Report(request.node.name, record_property)


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    return str(tmp_path / "ledger")


def log_of(repo: Repository) -> list[dict[str, Any]]:
    with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def seeds_of(repo: Repository, new: Repository) -> int:
    """How often a worktree was seeded, as the log says."""
    return sum(
        record.get("event") == "seeded" and record["worktree"] == str(new.top)
        for record in log_of(repo)
    )


def texts_in(repo: Repository) -> int:
    """How many different texts an index holds."""
    return len({row[5] for row in contents(repo)["chunks"]})


def stored_texts(repo: Repository) -> int:
    connection = open_to_read(find_worktree(str(repo.top)).embeddings_path)
    try:
        return int(connection.execute("SELECT count(*) FROM stored").get)
    finally:
        connection.close()


def no_temporary_files(repo: Repository) -> bool:
    return not any(".tmp-" in name for name in os.listdir(find_worktree(str(repo.top)).folder))


# One fresh worktree, many seeders.


def one_seed(repo: Repository, crew: Crew, ledger: str, *, seeders: int, rounds: int) -> None:
    repo.commit(tree("alpha"))
    update(repo)
    expected = contents(repo)
    for number in range(rounds):
        new = repo.add_worktree(f"w{number}", "--detach")
        results = crew.run(seeders, update_own, [str(new.top)], ledger)
        assert [result["seeded"] for result in results].count(True) == 1
        assert sorted(str(result["kind"]) for result in results) == ["None"] * (seeders - 1) + [
            "seed"
        ]
        assert len({result["inode"] for result in results}) == 1
        assert {result["chunks"] for result in results} == {len(expected["chunks"])}
        assert seeds_of(repo, new) == 1
        check_whole(new)
        assert contents(new) == expected
        assert no_temporary_files(new)
        repo.git("worktree", "remove", str(new.top))
    assert read_ledger(ledger) == (0, 0)


def test_many_seeders_make_one_seed(repo: Repository, crew: Crew, ledger: str) -> None:
    one_seed(repo, crew, ledger, seeders=8, rounds=2)


@pytest.mark.stress
def test_32_seeders_make_one_seed(
    repo: Repository, crew: Crew, ledger: str, report: Report
) -> None:
    one_seed(repo, crew, ledger, seeders=SEEDERS, rounds=SEED_ROUNDS)
    report.done(SEED_ROUNDS, processes=SEEDERS)


# Nothing is indexed, many worktrees are built.


def commit_much(repo: Repository) -> None:
    """Enough for a build to queue for an embedding slot."""
    files = SMALL_REFRESH_FILES + 8
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(files)})


def build_all(repo: Repository, crew: Crew, ledger: str, *, count: int) -> None:
    commit_much(repo)
    worktrees = [repo.add_worktree(f"w{number}", "--detach") for number in range(count)]
    crew.run(count, update_own, [str(new.top) for new in worktrees], ledger)
    texts, at_once = read_ledger(ledger)
    assert texts == texts_in(worktrees[0]) == stored_texts(repo)
    assert at_once <= job_for(repo).settings.workers
    expected = contents(worktrees[0])
    for new in worktrees:
        check_whole(new)
        assert contents(new) == expected


def test_builds_at_once_embed_each_text_once(repo: Repository, crew: Crew, ledger: str) -> None:
    build_all(repo, crew, ledger, count=4)


@pytest.mark.stress
def test_20_builds_at_once_embed_each_text_once(
    repo: Repository, crew: Crew, ledger: str, report: Report
) -> None:
    build_all(repo, crew, ledger, count=WORKTREES)
    report.done(WORKTREES)


@pytest.mark.stress
def test_builds_of_many_repositories_share_the_slots(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path
) -> None:
    commit_much(repo)
    others = [Repository(tmp_path / f"other{number}") for number in range(4)]
    for other in others:
        repo.git("clone", "-q", str(repo.top), str(other.top))
    crew.run(len(others), update_own, [str(other.top) for other in others], ledger)
    texts, at_once = read_ledger(ledger)
    assert texts == len(others) * texts_in(others[0])
    assert at_once <= job_for(repo).settings.workers


# A donor that never stands still.


def clone_a_busy_donor(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path, *, clones: int, disturbers: int
) -> dict[str, int]:
    """Take clones while other processes write, checkpoint and read; which trees the clones hold."""
    trees = []
    for name in NAMES:
        repo.write(tree(name))
        repo.commit()
        update(repo)
        trees.append(contents(repo))
    new = repo.add_worktree("clone", "--detach")
    worktree = find_worktree(str(new.top))
    wanted = fingerprint(identify(job_for(repo).settings))
    stop = tmp_path / "stop"
    taken: list[tuple[float, float, str]] = []
    crew.start(disturbers, disturb, str(repo.top), ledger, str(stop))
    try:
        while len(taken) < clones or not enough_done(ledger, disturbers, clones // 20):
            own_folders.begin(worktree)
            lock = acquire(worktree.lock_path, timeout=0, purpose="clone")
            assert isinstance(lock, Acquired)
            with lock:
                for suffix in ("", *SIDE_FILES):
                    with suppress(FileNotFoundError):
                        os.unlink(worktree.index_path + suffix)
                began = time.monotonic()
                seeded = seed(worktree, wanted, Settings(), NoProgress())
                ended = time.monotonic()
            assert isinstance(seeded, Seeded), log_of(repo)[-3:]
            check_whole(new)
            taken.append((began, ended, NAMES[trees.index(contents(new))]))
    finally:
        stop.touch()
        done = crew.finish()
    assert done[0] > clones // 20
    assert all(done)
    check_whole(repo)
    counts = dict.fromkeys((*NAMES, "of a donor at rest"), 0)
    for began, ended, name in taken:
        possible = trees_between(ledger, began, ended) or {NAMES[1]}
        assert name in possible
        counts[name] += 1
        counts["of a donor at rest"] += len(possible) == 1
    return {**counts, "refreshes meanwhile": done[0]}


def test_clones_of_a_donor_under_constant_writing(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path
) -> None:
    clone_a_busy_donor(repo, crew, ledger, tmp_path, clones=8, disturbers=3)


@pytest.mark.stress
def test_200_clones_of_a_donor_under_constant_writing(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path, report: Report
) -> None:
    seen = clone_a_busy_donor(repo, crew, ledger, tmp_path, clones=CLONES, disturbers=4)
    assert seen["alpha"] > 0
    assert seen["beta"] > 0
    report.done(CLONES, **seen)


# Readers during refreshes.


def read_while_writing(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path, *, readers: int, seconds: float
) -> dict[str, int]:
    """Search while another process refreshes; how many answers came from which tree."""
    repo.write(tree("alpha"))
    repo.commit()
    update(repo)
    stop = tmp_path / "stop"
    with Crew() as searching:
        crew.start(1, write_two_trees, str(repo.top), ledger, str(stop))
        searching.start(readers, search_two_trees, str(repo.top), str(stop), ledger)
        time.sleep(seconds)
        # On a starved machine, one refresh may take longer than all that.
        until(lambda: enough_seen(ledger, readers))
        stop.touch()
        (writes,) = crew.finish()
        results = searching.finish()
    assert writes > 1
    totals = {key: sum(result[key] for result in results) for key in (*NAMES, "mixed")}
    assert totals["mixed"] == 0
    assert min(totals[name] for name in NAMES) > 0
    assert {result["files"] for result in results} == {MODULES}
    return totals


def test_an_answer_is_of_the_old_tree_or_the_new(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path
) -> None:
    read_while_writing(repo, crew, ledger, tmp_path, readers=1, seconds=1.0)


@pytest.mark.stress
def test_answers_are_of_the_old_tree_or_the_new(
    repo: Repository, crew: Crew, ledger: str, tmp_path: Path, report: Report
) -> None:
    totals = read_while_writing(repo, crew, ledger, tmp_path, readers=READERS, seconds=READ_SECONDS)
    report.done(sum(totals.values()), **totals)


def test_a_refresh_between_any_two_statements_of_a_search_does_not_show(repo: Repository) -> None:
    repo.write(tree(NAMES[0]))
    repo.commit()
    update(repo)
    place = find_worktree(str(repo.top))
    everything = Query("gives up after attempts", 100, None, (), ())
    for turn in itertools.count(1):
        index = open_reader(place.index_path)
        assert index is not None
        statements: list[str] = []

        def trace(
            _: object, statement: str, __: object, turn: int = turn, so_far: list[str] = statements
        ) -> bool:
            so_far.append(statement)
            if len(so_far) == turn:
                repo.write(tree(NAMES[turn % 2]))
                refreshed(repo)
            return True

        with index:
            index.connection.exec_trace = trace
            hits = search_index(index, FakeEmbedder(), everything)
        assert len({hit.path for hit in hits}) == MODULES
        assert len({hit.symbol.split("_")[0] for hit in hits}) == 1, statements[turn - 1]
        if len(statements) < turn:
            break
    assert turn > 5


# Real commands, hooks and workers.


def settle(*worktrees: Repository, seconds: float = SETTLE_SECONDS) -> None:
    """Wait, without any command of ours, until every index is fresh and no worker is at work."""
    deadline = time.monotonic() + seconds
    for repo in worktrees:
        place = find_worktree(str(repo.top))
        settings = load_settings(place.top, {})
        while (
            read_holder(place.worker_lock_path) is not None
            or events.pending(place)
            or read_status(place, settings).state != FRESH
        ):
            if time.monotonic() > deadline:
                state = read_status(place, settings)
                with open(place.log_path, encoding="utf-8") as log:
                    pytest.fail(f"not fresh: {state}\n{log.read()[-4000:]}")
            time.sleep(0.05)


def built_in_index(repo: Repository) -> None:
    """Index with the real model, as every command here does."""
    done = lumen(repo.top, "index")
    assert done.returncode == 0, done.stderr


def all_at_once(commands: list[list[str]], cwd: Path) -> list[subprocess.CompletedProcess[str]]:
    """Run commands side by side; none of them outlives this call."""
    with ExitStack() as stack:
        started = []
        for command in commands:
            process = subprocess.Popen(
                command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            started.append(stack.enter_context(process))
            stack.callback(process.kill)
        outputs = [process.communicate(timeout=SETTLE_SECONDS) for process in started]
        return [
            subprocess.CompletedProcess(process.args, process.returncode, *output)
            for process, output in zip(started, outputs, strict=True)
        ]


def every_way_in(new: Repository) -> list[list[str]]:
    python, top = sys.executable, str(new.top)
    return [
        [python, "-I", "-m", "lumen_hooks.hook", "post-checkout", top, "0" * 40, "1" * 40, "1"],
        [python, "-I", "-m", "lumen_hooks.worker", top, "post-checkout"],
        [python, "-m", "lumen_hooks", "-C", top, "index"],
        [python, "-m", "lumen_hooks", "-C", top, "search", "gives up after attempts", "--json"],
    ]


def all_ways_at_once(repo: Repository, *, rounds: int, of_each: int) -> None:
    repo.commit(tree("alpha"))
    built_in_index(repo)
    expected = contents(repo)
    for number in range(rounds):
        new = repo.add_worktree(f"w{number}", "--detach")
        commands = every_way_in(new) * of_each
        random.Random(number).shuffle(commands)
        for command, done in zip(commands, all_at_once(commands, repo.top), strict=True):
            assert done.returncode == 0, (command, done.stderr)
            if "--json" in command:
                assert len(json.loads(done.stdout)["results"]) == 10
        settle(new)
        assert seeds_of(repo, new) == 1
        check_whole(new)
        assert contents(new) == expected
        assert no_temporary_files(new)
    embedded = [record.get("chunks_embedded", 0) for record in log_of(repo)]
    assert sum(embedded) == 0
    assert stored_texts(repo) == texts_in(repo)


def test_hook_worker_index_and_search_at_once_make_one_seed(repo: Repository) -> None:
    all_ways_at_once(repo, rounds=1, of_each=1)


@pytest.mark.stress
def test_hooks_workers_commands_and_searches_at_once(repo: Repository, report: Report) -> None:
    all_ways_at_once(repo, rounds=MIXED_ROUNDS, of_each=4)
    report.done(MIXED_ROUNDS, processes=16)


INSTRUMENT = """\
from tests.support.ledger import written_down
sys.executable = program
from lumen_hooks.embedding import builtin
plain = builtin.BuiltinEmbedder.embed_documents
def embed_documents(self, texts):
    with written_down({ledger!r}, texts):
        return plain(self, texts)
builtin.BuiltinEmbedder.embed_documents = embed_documents
"""


def instrumented_python(folder: Path, ledger: str) -> str:
    """An interpreter that writes down when the built-in model embeds how many texts."""
    return interpreter(folder / "python", INSTRUMENT.format(ledger=ledger))


def add_all_at_once(repo: Repository, prefix: str, count: int) -> list[Repository]:
    """Run many `git worktree add` side by side.

    Without any hook, up to git 2.39 at least, some of them fail because they read the folder that
    another is just making; these are run again.
    """
    tops = [repo.top.parent / f"{prefix}{number}" for number in range(count)]
    waiting = tops
    while waiting:
        commands = [["git", "worktree", "add", "-q", "--detach", str(top)] for top in waiting]
        done = all_at_once(commands, repo.top)
        waiting = [top for top, one in zip(waiting, done, strict=True) if one.returncode]
        for one in done:
            assert one.stdout == ""
            assert one.stderr == "" or GIT_RACE.fullmatch(one.stderr), one.stderr
    return [Repository(top) for top in tops]


def worktrees_of_an_indexed_repository(
    repo: Repository, tmp_path: Path, ledger: str, *, count: int, rounds: int
) -> None:
    repo.commit(tree("alpha"))
    built_in_index(repo)
    expected = contents(repo)
    put_hooks(repo, instrumented_python(tmp_path, ledger))
    for number in range(rounds):
        added = add_all_at_once(repo, f"round{number}-", count)
        for new in added:
            assert os.path.exists(find_worktree(str(new.top)).index_path), log_of(repo)
        settle(*added)
        for new in added:
            assert seeds_of(repo, new) == 1
            check_whole(new)
            assert contents(new) == expected
            status = read_status(find_worktree(str(new.top)), job_for(new).settings)
            assert status.last_refresh is not None
            assert status.last_refresh["kind"] == "seed"
            repo.git("worktree", "remove", str(new.top))
    assert read_ledger(ledger) == (0, 0)
    assert not [record for record in log_of(repo) if "error" in record]


def test_worktrees_added_at_once_are_seeded(repo: Repository, tmp_path: Path, ledger: str) -> None:
    worktrees_of_an_indexed_repository(repo, tmp_path, ledger, count=2, rounds=1)


@pytest.mark.stress
def test_20_worktrees_added_at_once_are_seeded(
    repo: Repository, tmp_path: Path, ledger: str, report: Report
) -> None:
    worktrees_of_an_indexed_repository(
        repo, tmp_path, ledger, count=WORKTREES, rounds=WORKTREE_ROUNDS
    )
    report.done(WORKTREES * WORKTREE_ROUNDS)


@pytest.mark.stress
def test_20_worktrees_added_at_once_where_nothing_is_indexed(
    repo: Repository, tmp_path: Path, ledger: str, report: Report
) -> None:
    commit_much(repo)
    put_hooks(repo, instrumented_python(tmp_path, ledger))
    added = add_all_at_once(repo, "w", WORKTREES)
    settle(*added)
    texts, at_once = read_ledger(ledger)
    assert texts == texts_in(added[0]) == stored_texts(repo)
    assert at_once <= load_settings(str(repo.top), {}).workers
    expected = contents(added[0])
    for new in added:
        check_whole(new)
        assert contents(new) == expected
    assert not [record for record in log_of(repo) if "error" in record]
    report.done(WORKTREES, texts=texts)


# No hint is lost.


def commit_at_random_moments(repo: Repository, *, count: int, seed: int) -> None:
    """Commits, many of them as a worker ends; then nothing but waiting."""
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(4)})
    built_in_index(repo)
    put_hooks(repo)
    place = find_worktree(str(repo.top))
    chance = random.Random(seed)
    for number in range(count):
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0, 0.4))
        else:  # the moment in which a worker lets go of its lock
            deadline = time.monotonic() + 2
            while read_holder(place.worker_lock_path) and time.monotonic() < deadline:
                time.sleep(0.0005)
        repo.commit(
            {"m0.py": python_module(f"changed_{number}"), f"n{number % 7}.py": f"x = {number}\n"}
        )
    settle(repo)
    assert f"changed_{count - 1}" in {row[3] for row in contents(repo)["chunks"]}
    head = repo.git("rev-parse", "HEAD").strip()
    assert read_status(place, job_for(repo).settings).head == head
    assert not [record for record in log_of(repo) if "error" in record]


def test_no_commit_is_missed(repo: Repository) -> None:
    commit_at_random_moments(repo, count=4, seed=1)


@pytest.mark.stress
def test_no_commit_of_many_is_missed(repo: Repository, report: Report) -> None:
    commit_at_random_moments(repo, count=EVENTS, seed=2)
    report.done(EVENTS)
