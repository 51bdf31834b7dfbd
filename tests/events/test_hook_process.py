"""What a hook script does where processes fail, where numbers are given away, and while git traces.

Also that nothing is made after git has returned.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.notify import spawn
from lumen_hooks.setup.script import hook_script
from lumen_hooks.system.locks import Acquired, acquire, read_holder
from tests.support.hooked import make_index, put_hooks
from tests.support.proc import end_of_all_in
from tests.support.stand_in import StandIn, run_to_the_end

from .hook_calls import SHELLS, git, started

if TYPE_CHECKING:
    from tests.support.repository import Repository

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")

SOMEBODY = 29003
"""A user with no process, so that a limit of processes is met by this test alone."""


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "python")


@pytest.fixture
def hooked(repo: Repository, stand_in: StandIn) -> Repository:
    repo.commit({"a.py": "a = 1\n"})
    put_hooks(repo, stand_in.program)
    make_index(repo.top / ".git")
    return repo


@as_root
@pytest.mark.parametrize(
    "shell", [name for name in SHELLS if name != "bash"]
)  # it retries for 30 s
@pytest.mark.parametrize("folder", [True, False])
def test_git_does_not_notice_that_no_process_can_be_started(shell: str, *, folder: bool) -> None:
    if shutil.which(SHELLS[shell][0]) is None:
        pytest.skip(f"{shell} is not installed")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name, "top")
        (top / ".git").mkdir(parents=True)
        (top / ".git" / "HEAD").touch()
        if folder:
            make_index(top / ".git")
        script = Path(name, "post-commit")
        script.write_bytes(hook_script("post-commit", "/bin/sh"))
        for path in (Path(name), *Path(name).rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
        done = subprocess.run(
            [*SHELLS[shell], str(script)],
            cwd=top,
            check=False,
            capture_output=True,
            timeout=60,
            user=SOMEBODY,
            group=SOMEBODY,
            extra_groups=[],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)),
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@needs_proc
@pytest.mark.parametrize(
    "words",
    [
        ["lumen-hooks", "mcp"],
        ["lumen_hooks", "search", "x"],
        ["lumen_hooks.worker", "/another/worktree", "post-commit"],
    ],
)
def test_a_number_that_was_given_to_no_worker_of_this_worktree(
    hooked: Repository, stand_in: StandIn, words: list[str]
) -> None:
    program = "print(flush=True); input()"
    folder = hooked.top / ".git/lumen"
    with subprocess.Popen(
        [sys.executable, "-c", program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        (folder / "worker.lock").write_text(f"{other.pid} 12.5 1 post-commit\n")
        assert not spawn.worker_alive(str(folder))
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        other.kill()
    assert len(started(stand_in)) == 1


@needs_proc
def test_a_holder_is_known_by_its_start_time(tmp_path: Path) -> None:
    path = str(tmp_path / "x.lock")
    lock = acquire(path, timeout=0, purpose="refresh after post-commit")
    assert isinstance(lock, Acquired)
    with lock:
        holder = read_holder(path)
        assert holder is not None
        assert (holder.pid, holder.purpose) == (os.getpid(), "refresh after post-commit")
        pid, since, ticks, purpose = Path(path).read_text().split(" ", 3)
        assert int(ticks) == spawn.start_ticks(os.getpid())
        os.truncate(path, 0)
        Path(path).write_text(f"{pid} {since} {int(ticks) + 1} {purpose}")
        assert read_holder(path) is None
        Path(path).write_text(f"{pid} {since} {purpose}")  # as an earlier version wrote it
        holder = read_holder(path)
        assert holder is not None
        assert holder.purpose == "refresh after post-commit"


def test_nothing_of_ours_lands_in_gits_trace(hooked: Repository, tmp_path: Path) -> None:
    traces = {
        name: tmp_path / name
        for name in ("GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE2", "GIT_TRACE2_EVENT")
    }
    for event in ("post-commit", "post-checkout"):
        shutil.rmtree(hooked.top / ".git/lumen", ignore_errors=True)
        script = hooked.top / ".git/hooks" / event
        done = run_to_the_end(
            [str(script)], hooked.top, {name: str(path) for name, path in traces.items()}
        )
        assert done.returncode == 0
    assert [name for name, path in traces.items() if path.exists()] == []


@pytest.fixture
def slow_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git takes its time to say whether we are enabled."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "git"
    real = shutil.which("git")
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *lumen.enabled*) sleep 0.4 ;; esac\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("slow_git")
def test_nothing_is_made_after_git_has_returned(repo: Repository) -> None:
    repo.commit({"a.py": "a = 1\n"})
    put_hooks(repo)
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    done = subprocess.run(["rm", "-rf", str(repo.top)], check=False, capture_output=True, text=True)
    assert done.stderr == ""
    end_of_all_in(repo.top)
    assert not repo.top.exists()
