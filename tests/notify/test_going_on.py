"""The process that seeded a worktree goes on as its worker: what it lets go of, and when not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from lumen_hooks import hook
from lumen_hooks.notify import spawn
from tests.support.commands import lumen
from tests.support.hooked import interpreter, put_hooks
from tests.support.proc import end_of_all_in
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")

TELLS_WHAT_IT_HAS = """
import json, sys
def tell(worktree, event, *, inline):
    told = {
        "streams": [os.readlink(f"/proc/self/fd/{number}") for number in range(3)],
        "inheritable": [os.get_inheritable(number) for number in range(3)],
        "others": [],
        "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
        "folder": os.getcwd(),
        "niceness": os.nice(0),
        "git": [name for name in os.environ if name.startswith("GIT_T") or name == "GIT_DIR"],
        "packages": sorted({"pygit2", "filelock", "numpy"} & set(sys.modules)),
    }
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and os.path.exists(f"/proc/self/fd/{name}"):
            told["others"].append(os.readlink(f"/proc/self/fd/{name}"))
    with open(program + ".told", "w") as file:
        json.dump(told, file)
worker_loop.work = tell
"""


def _no_fork() -> NoReturn:
    raise BlockingIOError


def _never() -> NoReturn:
    raise AssertionError("it was forked")


def _told_by(program: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(program.with_name(f"{program.name}.told").read_text())
    return told


@pytest.mark.parametrize("closed", [(), (0,), (1,), (0, 1, 2)])
def test_of_what_it_lets_go(repo: Repository, tmp_path: Path, closed: tuple[int, ...]) -> None:
    repo.commit({f"{name}.py": f"{name} = 1\n" for name in "acde"})
    assert lumen(repo.top, "index").returncode == 0
    repo.commit({"b.py": "b = 1\n"})
    repo.git("gc", "-q")  # the donor's commit is another, in a pack that must be read
    linked = repo.add_worktree("w1")
    program = tmp_path / "python"
    closing = "".join(f"os.close({number})\n" for number in closed)
    interpreter(program, closing + TELLS_WHAT_IT_HAS)
    ours, theirs = os.pipe()
    command = [str(program), "-I", "-m", "lumen_hooks.hook", "post-checkout", str(linked.top)]
    hashes = ["0" * 40, "1" * 40, "1"]
    environ = {**os.environ, "GIT_DIR": str(linked.top / ".git"), "GIT_TRACE": "/dev/null"}
    subprocess.run([*command, *hashes], check=True, cwd=linked.top, env=environ, pass_fds=[theirs])
    os.close(theirs)
    assert os.read(ours, 1) == b""
    os.close(ours)
    end_of_all_in(linked.top)
    assert (repo.top / ".git/worktrees/w1/lumen/index.db").is_file()
    assert _told_by(program) == {
        "streams": ["/dev/null"] * 3,
        "inheritable": [True] * 3,
        "others": [],
        "leads": [True, True],
        "folder": "/",
        "niceness": min(os.nice(0) + 10, 19),
        "git": [],
        "packages": [],
    }


def test_git_and_who_reads_its_output_wait_for_nothing(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"a.py": "a = 1\n"})
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    statements = "worker_loop.work = lambda *_, **__: open(program[:-6] + 'gate').close()"
    put_hooks(repo, interpreter(tmp_path / "python", statements))
    command = ["git", "worktree", "add", "-q", str(tmp_path / "w1")]
    done = subprocess.run(
        command, cwd=repo.top, check=False, capture_output=True, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stdout) == (0, b"")
    with gate.open("w"):  # here it still is
        pass
    end_of_all_in(tmp_path / "w1")


def test_a_process_of_several_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", _never)
    end = threading.Event()
    beside = threading.Thread(target=end.wait)
    beside.start()
    try:
        assert not spawn.go_on_as_worker(_never, inline=False)
    finally:
        end.set()
        beside.join()


def test_where_it_cannot_be_forked_a_program_is_started(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def note(top: str, event: str, **_: object) -> None:
        started.append((top, event))

    repo.commit({"a.py": "a = 1\n"})
    linked = repo.add_worktree("w1")
    monkeypatch.setattr(hook, "spawn_worker", note)
    monkeypatch.setattr(spawn, "_runs_one_thread", lambda: True, raising=False)
    monkeypatch.setattr(os, "fork", _no_fork)
    hashes = ["0" * 40, "1" * 40, "1"]
    hook.run("post-checkout", str(linked.top), hashes, {}, alone=True)
    assert started == [(str(linked.top), "post-checkout")]
