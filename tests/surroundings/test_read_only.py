"""Git dirs that cannot be written, as in the sandboxes of agents: every question is answered."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.aside import find_asides, folder_for
from lumen_hooks.indexing.left_overs import QUIET_SECONDS, sweep_asides
from lumen_hooks.storage.index import open_writer
from lumen_hooks.system.locks import Acquired, acquire
from tests.support import commands
from tests.support.helpers import check_whole, say

if TYPE_CHECKING:
    from tests.support.repository import Repository

MOUNT = "mount --bind {0} {0} && mount -o remount,{1},bind {0} && "


def _can_mount() -> bool:
    done = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not _can_mount(), reason="mounts need root and a namespace"
)


class Sandbox:
    """Runs commands where a repository's git dir is read-only.

    Args:
        repo: any worktree of the repository.
        writable: folders in there that can be written all the same.
        cache: whether the user's cache folder can be.
    """

    def __init__(self, repo: Repository, *writable: str, cache: bool = True) -> None:
        common = find_worktree(str(repo.top)).common_dir
        mounts = [(common, "ro"), *((folder, "rw") for folder in writable)]
        if not cache:
            os.makedirs(os.environ["XDG_CACHE_HOME"], exist_ok=True)
            mounts.append((os.environ["XDG_CACHE_HOME"], "ro"))
        self._mounts = "".join(MOUNT.format(shlex.quote(place), how) for place, how in mounts)

    def run(
        self, repo: Repository, *arguments: str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command = shlex.join([sys.executable, "-m", "lumen_hooks", *arguments])
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{self._mounts}cd {repo.top} && exec {command}"],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
        )

    def json(self, repo: Repository, *arguments: str) -> dict[str, Any]:
        done = self.run(repo, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def lumen(repo: Repository, *arguments: str) -> str:
    """A command outside of any sandbox, which must succeed."""
    done = commands.lumen(repo.top, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def linked(repo: Repository) -> Repository:
    """A worktree without an index, whose sibling has one."""
    repo.commit({"a.py": "def retry_upload(part):\n    return upload(part)\n"})
    lumen(repo, "index")
    return repo.add_worktree("linked", "-b", "linked")


def git_dir(repo: Repository) -> str:
    return find_worktree(str(repo.top)).git_dir


def aside(repo: Repository) -> str:
    return folder_for(git_dir(repo), os.environ)


def state(folder: str) -> dict[str, tuple[int, int]]:
    """Every file below a folder but SQLite's shared memory, which even readers touch."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


class TestAside:
    """The index is made in the user's cache folder."""

    def test_it_is_seeded_and_then_refreshed_like_any_other(self, linked: Repository) -> None:
        sandbox = Sandbox(linked)
        before = state(find_worktree(str(linked.top)).common_dir)
        found = sandbox.json(linked, "search", "retry upload")
        assert [result["symbol"] for result in found["results"]] == ["retry_upload"]
        assert found["state"] == "fresh"
        remark = f"the index is kept in {aside(linked)}: {git_dir(linked)} cannot be written"
        assert found["problem"] == f"{remark}: Read-only file system"
        linked.write({"b.py": "def chill():\n    return 1\n"})
        assert sandbox.run(linked, "search", "chill", "-n1", "-l").stdout == "b.py\n"
        status = sandbox.json(linked, "status")
        assert status["index"] == f"{aside(linked)}/index.db"
        assert (status["state"], status["files"]) == ("fresh", 2)
        assert status["seeded_from"] == str(linked.top.parent / "main")
        assert status["last_refresh"]["chunks_embedded"] == 1
        assert status["problem"] == found["problem"]
        assert state(find_worktree(str(linked.top)).common_dir) == before
        check_whole(find_worktree(str(linked.top))._replace(home=aside(linked)))

    @pytest.mark.slow
    def test_its_own_index_is_cloned_though_another_process_writes_it(
        self, linked: Repository
    ) -> None:
        lumen(linked, "index")
        own = f"{git_dir(linked)}/lumen/index.db"
        index = open_writer(own)
        assert index is not None
        linked.write({"b.py": "def chill():\n    return 1\n"})
        with index, index.transaction():
            say(index, head="0" * 40)
            done = Sandbox(linked).json(linked, "search", "chill", "-n1")
        assert (done["results"][0]["path"], done["state"]) == ("b.py", "fresh")
        status = Sandbox(linked).json(linked, "status")
        assert status["index"] == f"{aside(linked)}/index.db"
        assert status["last_refresh"]["chunks_embedded"] == 1

    @pytest.mark.slow
    def test_where_no_index_can_be_cloned_it_is_built(self, repo: Repository) -> None:
        repo.commit({"a.py": "a = 1\n"})
        sandbox = Sandbox(repo)
        done = sandbox.run(repo, "index")
        assert done.returncode == 0, done.stderr
        assert sandbox.run(repo, "wait").returncode == 0
        assert not (repo.top / ".git/lumen").exists()

    @pytest.mark.slow
    def test_a_session_is_told_where_it_lies(self, linked: Repository) -> None:
        lumen(linked, "install", "--no-index")
        done = Sandbox(linked).run(linked, "agent", "session-start", stdin="{}")
        told = json.loads(done.stdout)["hookSpecificOutput"]["additionalContext"]
        assert "being built in the background" not in told
        assert f"The index is kept in {aside(linked)}" in told
        assert f"{aside(linked)}/index.db" == Sandbox(linked).json(linked, "status")["index"]

    @pytest.mark.slow
    def test_doctor_says_so(self, linked: Repository) -> None:
        done = Sandbox(linked).run(linked, "doctor")
        assert f"FAIL  git dir: {git_dir(linked)} cannot be written" in done.stdout
        assert f"the index is in {aside(linked)}" in done.stdout

    @pytest.mark.slow
    def test_purge_takes_it_away(self, linked: Repository) -> None:
        assert Sandbox(linked).run(linked, "index").returncode == 0
        assert list(find_asides(os.environ)) != []
        lumen(linked.__class__(linked.top.parent / "main"), "purge", "--all")
        assert list(find_asides(os.environ)) == []
        assert not os.path.exists(aside(linked))

    @pytest.mark.slow
    def test_one_whose_git_dir_is_gone_is_swept(self, linked: Repository) -> None:
        assert Sandbox(linked).run(linked, "index").returncode == 0
        folder = Path(aside(linked))
        linked.git("worktree", "remove", str(linked.top))
        assert sweep_asides(os.environ) == []
        for path in (folder, *folder.iterdir()):
            os.utime(path, (1, path.stat().st_mtime - QUIET_SECONDS - 60))
        (swept,) = sweep_asides(os.environ)
        assert swept.gone
        assert not folder.exists()


@pytest.mark.slow
class TestNowhere:
    """The cache folder cannot be written either."""

    def test_its_own_index_answers_as_it_is(self, linked: Repository) -> None:
        lumen(linked, "index")
        sandbox = Sandbox(linked, cache=False)
        found = sandbox.json(linked, "search", "retry upload")
        assert (found["state"], len(found["results"])) == ("fresh", 1)
        linked.write({"b.py": "def chill():\n    return 1\n"})
        found = sandbox.json(linked, "search", "retry upload")
        assert (found["state"], found["pending_files"]) == ("stale", 1)
        assert found["problem"].startswith("the index cannot be refreshed here: ")
        done = sandbox.run(linked, "wait")
        assert done.returncode == 1
        assert "no index can be made or refreshed here" in done.stderr

    def test_the_nearest_sibling_answers(self, linked: Repository) -> None:
        sandbox = Sandbox(linked, cache=False)
        found = sandbox.json(linked, "search", "retry upload")
        assert [result["symbol"] for result in found["results"]] == ["retry_upload"]
        main = str(linked.top.parent / "main")
        assert found["worktree"] == str(linked.top)
        assert found["problem"].startswith(f"answered from {main}/.git/lumen/index.db, a sibling's")
        assert sandbox.run(linked, "wait").returncode == 0
        assert sandbox.run(linked, "status").returncode == 0
        told = sandbox.run(linked, "agent", "session-start", stdin="{}")
        assert told.stdout == ""  # nobody wants an index here

    def test_where_there_is_none_at_all_the_error_says_why(self, repo: Repository) -> None:
        repo.commit({"a.py": "a = 1\n"})
        lumen(repo, "install", "--no-index")
        sandbox = Sandbox(repo, cache=False)
        done = sandbox.run(repo, "search", "x")
        assert done.returncode == 1
        assert "error: no index can be made or refreshed here" in done.stderr
        assert "hint: run this where it can be written" in done.stderr
        told = sandbox.run(repo, "agent", "session-start", stdin="{}").stdout
        assert "none can be made here" in told


def test_a_common_dir_that_cannot_be_written_costs_the_store_and_the_log(
    linked: Repository,
) -> None:
    sandbox = Sandbox(linked, git_dir(linked), cache=False)
    found = sandbox.json(linked, "search", "retry upload")
    assert (found["state"], found["problem"]) == ("fresh", None)
    linked.write({"b.py": "def chill():\n    return 1\n"})
    assert sandbox.run(linked, "wait").returncode == 0
    assert sandbox.json(linked, "status")["index"] == f"{git_dir(linked)}/lumen/index.db"


@pytest.mark.slow
def test_the_lock_aside_is_the_one_that_is_waited_for(linked: Repository) -> None:
    sandbox = Sandbox(linked)
    assert sandbox.run(linked, "index").returncode == 0
    linked.write({"b.py": "b = 2\n"})
    answer = acquire(f"{aside(linked)}/index.lock", timeout=0, purpose="test")
    assert isinstance(answer, Acquired)
    with answer:
        assert "is at work" in sandbox.run(linked, "wait", "--timeout", "0.1").stderr
