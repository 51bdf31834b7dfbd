"""The background worker as a process: what it waits for, what it picks up, what it leaves behind.

It is started as hooks start it, and held up by what holds it up in life: a peer's lock, a taken
embedding slot, a rebase.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks import worker
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events, rebase, worker_loop
from lumen_hooks.indexing.freshness import look_at
from lumen_hooks.indexing.throttle import SMALL_REFRESH_FILES, acquire_slot, runtime_folder
from lumen_hooks.service.status import read_status
from lumen_hooks.system.locks import Acquired, acquire, read_holder
from tests.support.commands import Running, shared_launcher
from tests.support.helpers import check_whole, contents, job_for, peer, update
from tests.support.hooked import NEVER_STOPPED, interpreter, put_hooks, until_a_worker_is_there
from tests.support.proc import open_files
from tests.support.processes import Partner
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.repository import Repository

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc")


@pytest.fixture
def project(repo: Repository) -> Repository:
    """A few modules with an index; the embedding store knows all texts."""
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(4)})
    update(repo)
    return repo


def change(repo: Repository, name: str = "m0.py") -> None:
    """Remove a file, and leave the hint that a hook would leave."""
    (repo.top / name).unlink()
    place = find_worktree(str(repo.top))
    os.makedirs(place.folder, exist_ok=True)
    with open(place.events_path, "a", encoding="utf-8") as file:
        file.write("post-commit\n")


def begun(project: Repository, name: str) -> Repository:
    """A new worktree with our folder in its git dir, which a hook makes and a worker never does."""
    new = project.add_worktree(name)
    own_folders.begin(find_worktree(str(new.top)))
    return new


@contextmanager
def started(repo: Repository, *rest: str) -> Iterator[Running]:
    launcher = shared_launcher()
    worker = launcher.start("/", str(repo.top), "post-commit", *rest, entry="worker")
    try:
        yield worker
    finally:
        worker.end()


def ended(process: Running) -> int:
    return process.wait().code


def run(repo: Repository, *rest: str) -> int:
    with started(repo, *rest) as process:
        return ended(process)


def at_work(repo: Repository) -> int:
    """The process id of the worktree's worker, 0 if there is none."""
    holder = read_holder(find_worktree(str(repo.top)).worker_lock_path)
    return holder.pid if holder else 0


def records(repo: Repository) -> list[dict[str, Any]]:
    try:
        with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


def refreshes(repo: Repository) -> list[dict[str, Any]]:
    return [record for record in records(repo) if "refresh" in record]


def is_fresh(repo: Repository) -> bool:
    job = job_for(repo)
    found = look_at(job.worktree, job.settings)
    return (found.state, found.differing) == ("fresh", ())


def embedding_slot(repo: Repository) -> Acquired:
    """The machine's one slot, in front of which the worker waits when it has read the tree."""
    repo.git("config", "lumen.workers", "1")
    repo.write({f"n{n}.py": python_module(f"new_{n}") for n in range(SMALL_REFRESH_FILES + 1)})
    return acquire_slot(runtime_folder(os.environ), 1, purpose="a peer")


def wants_to_embed(repo: Repository, process: Running) -> bool:
    return find_worktree(str(repo.top)).embeddings_path in open_files(process.pid).values()


def test_makes_the_index_follow_answers_the_hints_and_gives_up_its_lock(
    project: Repository,
) -> None:
    change(project)
    assert run(project) == 0
    assert is_fresh(project)
    check_whole(project)
    (record,) = records(project)
    assert (record["event"], record["worktree"]) == ("post-commit", str(project.top))
    assert (record["refresh"], record["files_removed"]) == ("incremental", 1)
    assert (record["files_changed"], record["chunks_embedded"]) == (0, 0)
    place = find_worktree(str(project.top))
    assert not events.pending(place)
    free = acquire(place.worker_lock_path, timeout=0, purpose="test")
    assert isinstance(free, Acquired)
    free.release()


def test_seeds_a_worktree_that_has_no_index(project: Repository) -> None:
    new = begun(project, "new")
    assert run(new) == 0
    assert is_fresh(new)
    assert contents(new) == contents(project)
    seeded, refreshed = records(new)
    assert (seeded["event"], refreshed["refresh"]) == ("seeded", "seed")


@needs_proc
def test_an_event_that_arrives_while_it_works_is_picked_up(project: Repository) -> None:
    slot = embedding_slot(project)
    with slot, started(project) as first:
        until(lambda: wants_to_embed(project, first))
        change(project)
        assert run(project) == 0  # the second one leaves it to the first
        assert (first.runs(), at_work(project), refreshes(project)) == (True, first.pid, [])
        slot.release()
        assert ended(first) == 0
    # In two refreshes; in one if the file went before the first had read it.
    counts = [(r["files_changed"], r["files_removed"]) for r in refreshes(project)]
    assert counts in ([(SMALL_REFRESH_FILES + 1, 0), (0, 1)], [(SMALL_REFRESH_FILES + 1, 1)])
    assert is_fresh(project)
    assert not events.pending(find_worktree(str(project.top)))
    check_whole(project)


_EVENT_AS_IT_LETS_GO = """
import os, sys
from lumen_hooks.system import locks; from lumen_hooks import worker
top, events = sys.argv[1:]
let_go = locks.Acquired.release
def release(lock):
    if lock.path.endswith("worker.lock") and os.path.exists(top + "/m1.py"):
        os.unlink(top + "/m1.py")
        open(events, "a").write("post-commit\\n")
    let_go(lock)
locks.Acquired.release = release
sys.exit(worker.main([top, "post-commit"]))
"""


def test_an_event_that_arrives_as_it_lets_go_is_picked_up(project: Repository) -> None:
    change(project)
    place = find_worktree(str(project.top))
    command = [sys.executable, "-c", _EVENT_AS_IT_LETS_GO, place.top, place.events_path]
    subprocess.run(command, check=True, timeout=PATIENCE_SECONDS)
    assert [record["files_removed"] for record in refreshes(project)] == [1, 1]
    assert is_fresh(project)
    assert not events.pending(place)


def test_one_at_a_time_in_each_worktree(project: Repository) -> None:
    other = begun(project, "other")
    change(project)
    lock = peer(project)
    with lock, started(project) as first:
        until(lambda: at_work(project) == first.pid)
        assert run(project) == 0
        assert run(other) == 0  # is nobody's business but its own
        assert (first.runs(), at_work(project), is_fresh(other)) == (True, first.pid, True)
        lock.release()
        assert ended(first) == 0
    assert is_fresh(project)


_SAYS_THAT_IT_WAITS = """
from lumen_hooks import worker

is_alive = worker.is_alive

def asked(*arguments):
    with open(asks, "a") as file:
        file.write("alive?\\n")
    return is_alive(*arguments)

worker.is_alive = asked
answer = worker.main([top, "post-commit", "--after", str(after)])
"""


@contextmanager
def waiting_for_another(
    repo: Repository, asks: Path
) -> Iterator[tuple[Partner, Callable[[], int]]]:
    """A worker that has looked a few times whether a process has ended; and what ends that one."""
    with subprocess.Popen(["sleep", "600"]) as before, Partner() as own:

        def end() -> int:
            before.kill()
            before.wait()
            return before.pid

        try:
            own.start(_SAYS_THAT_IT_WAITS, top=str(repo.top), after=before.pid, asks=str(asks))
            until(lambda: asks.exists() and len(asks.read_text().splitlines()) > 2)
            yield own, end
        finally:
            before.kill()


def test_waits_for_the_process_that_it_is_to_come_after(
    project: Repository, tmp_path: Path
) -> None:
    change(project)
    with waiting_for_another(project, tmp_path / "asks") as (own, end):
        assert (at_work(project), refreshes(project)) == (0, [])
        change(project, "m1.py")
        before = end()
        assert own.finish() == 0
    assert [record["files_removed"] for record in refreshes(project)] == [2]
    change(project, "m2.py")
    assert run(project, "--after", str(before)) == 0
    assert is_fresh(project)


@pytest.mark.parametrize(
    ("key", "value"),
    [("lumen.enabled", "false"), ("lumen.refresh", "off"), ("LUMEN_REFRESH", "off")],
)
def test_does_nothing_where_it_is_switched_off(
    project: Repository, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    if key.startswith("lumen."):
        project.git("config", key, value)
    else:
        monkeypatch.setenv(key, value)
    change(project)
    before = contents(project)
    assert run(project) == 0
    assert (contents(project), records(project)) == (before, [])
    assert events.pending(find_worktree(str(project.top)))


def test_a_rebase_is_refreshed_once_at_its_end(project: Repository, tmp_path: Path) -> None:
    project.git("switch", "-q", "-c", "topic")
    for n in range(4):
        project.git("mv", f"m{n}.py", f"moved{n}.py")
        project.commit()
    project.git("switch", "-q", "main")
    project.commit({"on_main.py": python_module("on_main")})
    project.git("switch", "-q", "topic")
    update(project)
    put_hooks(project, interpreter(tmp_path / "patient python", NEVER_STOPPED))
    # Each pick waits for the worker to be there, which then sees the rest of them.
    project.git("rebase", "-q", "-x", until_a_worker_is_there(project), "main")
    head = project.git("rev-parse", "HEAD").strip()
    until(lambda: refreshes(project) and not at_work(project))
    (record,) = refreshes(project)
    assert (record["event"], record["files_changed"]) == ("post-checkout", 1)
    assert is_fresh(project)
    assert not events.pending(find_worktree(str(project.top)))
    assert read_status(find_worktree(str(project.top)), job_for(project).settings).head == head


def test_a_rebase_that_stopped_is_not_waited_for_but_watched(project: Repository) -> None:
    """Its abort fires no hook; the other ways out of it are in events/test_storms.py."""
    project.git("switch", "-q", "-c", "topic")
    project.commit({"m0.py": python_module("f1")})
    project.git("switch", "-q", "main")
    project.commit({"m0.py": python_module("f2")})
    project.git("rebase", "-q", "main", "topic", check=False)
    assert os.path.isdir(os.path.join(find_worktree(str(project.top)).git_dir, "rebase-merge"))
    with started(project) as process:
        until(lambda: is_fresh(project))
        assert process.runs()
        project.git("rebase", "--abort")
        assert ended(process) == 0
    assert is_fresh(project)
    assert len(refreshes(project)) == 2


def test_a_rebase_that_is_abandoned_before_it_is_watched_is_answered(project: Repository) -> None:
    project.git("rebase", "-q", "--exec", "false", "--root", check=False)
    place = find_worktree(str(project.top))
    was_stopped = worker_loop.follow(place, "post-commit", inline=True)
    assert was_stopped
    project.git("rebase", "--abort")
    assert rebase.watch_stopped(place, was_stopped=was_stopped)
    assert not rebase.watch_stopped(place, was_stopped=False)
    shutil.rmtree(place.folder)
    own_folders.begin(place)
    assert not rebase.watch_stopped(place, was_stopped=True)  # nobody wants the index any more


def test_makes_no_folder_of_its_own(project: Repository) -> None:
    new = project.add_worktree("new")
    assert run(new) == 0
    assert not os.path.exists(find_worktree(str(new.top)).folder)
    shutil.rmtree(find_worktree(str(project.top)).folder)
    assert run(project) == 0
    assert not os.path.exists(find_worktree(str(project.top)).folder)


def test_ends_at_once_if_the_worktree_was_removed(project: Repository) -> None:
    new = project.add_worktree("new")
    update(new)
    place = find_worktree(str(new.top))
    project.git("worktree", "remove", str(new.top))
    assert run(new) == 0
    assert not os.path.exists(place.git_dir)
    assert not new.top.exists()


def test_ends_quietly_if_the_worktree_is_removed_while_it_waits(
    project: Repository, tmp_path: Path
) -> None:
    new = project.add_worktree("new")
    place = find_worktree(str(new.top))
    with waiting_for_another(new, tmp_path / "asks") as (own, end):
        project.git("worktree", "remove", str(new.top))
        end()
        assert own.finish() == 0
    assert not os.path.exists(place.git_dir)
    assert records(project) == []


@needs_proc
def test_ends_quietly_if_the_worktree_is_removed_while_it_works(project: Repository) -> None:
    new = begun(project, "new")
    place = find_worktree(str(new.top))
    slot = embedding_slot(new)
    with slot, started(new) as process:
        until(lambda: wants_to_embed(new, process))
        project.git("worktree", "remove", "--force", str(new.top))
        slot.release()
        assert ended(process) == 0
    assert not os.path.exists(place.git_dir)
    assert not any("error" in record for record in records(project))


@needs_proc
def test_a_repository_that_is_deleted_does_not_come_back(project: Repository) -> None:
    slot = embedding_slot(project)
    with slot, started(project) as process:
        until(lambda: wants_to_embed(project, process))
        shutil.rmtree(project.top)
        slot.release()
        assert ended(process) == 0
    assert list(project.top.rglob("*")) == []


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("lumen.model", "/no/such/folder", "ModelError"),
        ("lumen.refresh", "sometimes", "SettingsError"),
    ],
)
def test_what_goes_wrong_is_in_the_log_with_a_way_out(
    project: Repository, key: str, value: str, error: str
) -> None:
    change(project)
    project.git("config", key, value)
    assert run(project) == 1
    (record,) = records(project)
    assert record["error"].startswith(f"{error}: ")
    assert key in record["error"] + record["hint"]
    assert events.pending(find_worktree(str(project.top)))
    project.git("config", "--unset", key)
    assert run(project) == 0
    assert is_fresh(project)


PAUSES_AT_ITS_END = """
import os, time
from lumen_hooks import worker
from lumen_hooks.indexing import events, trim as housekeeping

def rest(*_):
    open(gate + ".reached", "w").close()
    while os.path.exists(gate):
        time.sleep(0.01)

housekeeping.trim_embeddings = rest  # the last thing that it does before it lets go
worker.main([top, "post-commit"])
"""

PAUSES_BEFORE_ITS_HINT = """
import os, time
from lumen_hooks import worker
from lumen_hooks.indexing import events, rebase, worker_loop

leave = events.leave

def leave_late(*arguments):
    open(gate + ".reached", "w").close()
    while os.path.exists(gate):
        time.sleep(0.01)
    leave(*arguments)

events.leave = leave_late
worker.main([top, "search"])
"""


@pytest.mark.parametrize("what", ["an edit", "a setting"])
def test_one_that_a_search_starts_while_another_ends_has_that_one_look_again(
    project: Repository, tmp_path: Path, what: str
) -> None:
    """A search saw a difference that no hook reported: nothing but this worker tells of it."""
    gate = tmp_path / "gate"
    gate.touch()
    change(project)
    with Partner() as other:
        other.start(PAUSES_AT_ITS_END, top=str(project.top), gate=str(gate))
        until((tmp_path / "gate.reached").exists)
        if what == "an edit":
            (project.top / "m1.py").unlink()
        else:
            project.git("config", "lumen.exclude", "m1.py")
        assert run(project) == 0
        assert not is_fresh(project)
        gate.unlink()
        other.finish()
    assert is_fresh(project)
    assert not events.pending(find_worktree(str(project.top)))


def test_one_that_leaves_its_hint_too_late_for_another_does_the_work_itself(
    project: Repository, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    (project.top / "m1.py").unlink()
    place = find_worktree(str(project.top))
    lock = acquire(place.worker_lock_path, timeout=0, purpose="a worker that has looked and ends")
    assert isinstance(lock, Acquired)
    with Partner() as late:
        late.start(PAUSES_BEFORE_ITS_HINT, top=str(project.top), gate=str(gate))
        until((tmp_path / "gate.reached").exists)
        lock.release()
        gate.unlink()
        late.finish()
    assert is_fresh(project)
    assert not events.pending(place)


@needs_proc
def test_what_a_killed_worker_left_undone_is_done_by_the_next(project: Repository) -> None:
    slot = embedding_slot(project)
    change(project)
    with slot, started(project) as process:
        until(lambda: wants_to_embed(project, process))
        process.signal(signal.SIGKILL)
        process.wait()
    place = find_worktree(str(project.top))
    assert at_work(project) == 0
    assert events.pending(place)
    assert run(project) == 0
    assert is_fresh(project)
    assert not events.pending(place)
    check_whole(project)


@needs_proc
def test_it_is_cut_off_from_the_git_command_that_started_it(project: Repository) -> None:
    """Niced, in a session and folder of its own, with none of git's descriptors."""
    put_hooks(project)
    reader, writer = os.pipe()
    lock = peer(project)
    with lock, open(reader, "rb") as pipe:
        (project.top / "m0.py").unlink()
        subprocess.run(
            ["git", "commit", "-q", "-a", "-m", "change"],
            cwd=project.top, check=True, capture_output=True, pass_fds=[writer],
        )  # fmt: skip
        os.close(writer)
        until(lambda: at_work(project))
        pid = at_work(project)
        try:
            assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.nice(0) + worker.NICENESS)
            assert os.getsid(pid) == pid
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
            folder = find_worktree(str(project.top)).folder
            until(
                lambda: (
                    {os.path.dirname(path) for path in open_files(pid).values()} == {"/dev", folder}
                )
            )
            assert [open_files(pid)[number] for number in range(3)] == [os.devnull] * 3
            until(lambda: select.select([pipe], [], [], 0)[0])  # git's own housekeeping may linger
            assert (pipe.read(), at_work(project)) == (b"", pid)
        finally:
            lock.release()
    until(lambda: refreshes(project) and not at_work(project))
    assert is_fresh(project)
