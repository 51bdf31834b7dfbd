"""`lumen.refresh`: background, inline and off, in the scripts, in `hook` and to the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks import hook
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify import spawn
from lumen_hooks.setup.installer import Request, install_hooks
from lumen_hooks.setup.script import filled_in, hook_script
from tests.support import commands
from tests.support.proc import end_of_all_in
from tests.support.stand_in import StandIn, run_to_the_end
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.settings import RefreshMode
    from tests.support.repository import Repository

HASH = "1" * 40


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "stand in")


@pytest.fixture
def repo_with_index(repo: Repository) -> Repository:
    repo.commit({"a.py": "a = 1\n"})
    (repo.top / ".git/lumen").mkdir()
    (repo.top / ".git/lumen/index.db").touch()
    return repo


def put_hooks(repo: Repository, python: Path | str, refresh: RefreshMode) -> None:
    request = Request(str(python), refresh, config_hooks=False)
    install_hooks(find_worktree(str(repo.top)), request)


def run(repo: Repository, *arguments: str, **environ: str) -> None:
    done = run_to_the_end(["git", *arguments], repo.top, environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def commit(repo: Repository, **environ: str) -> None:
    run(repo, "commit", "-q", "--allow-empty", "-m", "x", **environ)


def argvs(stand_in: StandIn) -> list[list[str]]:
    return [record["argv"][3:] for record in stand_in.records()]


def events(repo: Repository) -> list[str]:
    return (repo.top / ".git/lumen/events").read_text().splitlines()


class TestScripts:
    @pytest.mark.parametrize("mode", ["background", "inline", "off"])
    def test_is_filled_in(self, mode: str) -> None:
        python = "/odd 'place\"\nrefresh='x'/python"
        assert filled_in(hook_script("post-commit", python, mode)) == (python, mode)

    def test_installing_again_takes_a_change_over(self, repo: Repository) -> None:
        put_hooks(repo, sys.executable, "inline")
        path = repo.top / ".git/hooks/post-commit"
        assert filled_in(path.read_bytes())[1] == "inline"
        put_hooks(repo, sys.executable, "background")
        assert filled_in(path.read_bytes())[1] == "background"

    @pytest.mark.parametrize(("filled", "environ"), [("off", ""), ("background", "off")])
    def test_off_leaves_events_alone(
        self,
        repo_with_index: Repository,
        stand_in: StandIn,
        tmp_path: Path,
        filled: RefreshMode,
        environ: str,
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, filled)
        extra = {"LUMEN_REFRESH": environ} if environ else {}
        commit(repo_with_index, **extra)
        run(repo_with_index, "worktree", "add", "-q", str(tmp_path / "w1"), **extra)
        assert argvs(stand_in) == []
        assert events(repo_with_index) == ["post-commit"]
        assert not (repo_with_index.top / ".git/worktrees/w1/lumen").exists()

    def test_environment_wins(self, repo_with_index: Repository, stand_in: StandIn) -> None:
        put_hooks(repo_with_index, stand_in.program, "off")
        commit(repo_with_index, LUMEN_REFRESH="background")
        assert argvs(stand_in) == [[str(repo_with_index.top), "post-commit"]]

    def test_nonsense_is_the_workers_to_report(
        self, repo_with_index: Repository, stand_in: StandIn
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, "background")
        commit(repo_with_index, LUMEN_REFRESH="$(reboot)")
        assert argvs(stand_in) == [[str(repo_with_index.top), "post-commit"]]

    @pytest.mark.parametrize(
        "arguments",
        [["commit", "-q", "--allow-empty", "-m", "x"], ["checkout", "-q", "--", "a.py"]],
    )
    @pytest.mark.stress
    def test_git_waits_for_inline(
        self, repo_with_index: Repository, stand_in: StandIn, arguments: list[str]
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, "inline")
        stand_in.hold()
        with subprocess.Popen(["git", *arguments], cwd=repo_with_index.top) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.7)
            stand_in.release()
            assert process.wait(PATIENCE_SECONDS) == 0
        (record,) = stand_in.records()
        assert record["argv"][3:] == [
            str(repo_with_index.top),
            "post-commit" if arguments[0] == "commit" else "post-checkout",
            "--inline",
        ]
        assert record["streams"] == ["/dev/null"] * 3

    def test_inline_does_not_trust_a_worker_at_work(
        self, repo_with_index: Repository, stand_in: StandIn
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, "inline")
        with at_work(repo_with_index):
            commit(repo_with_index)
        assert argvs(stand_in) == [[str(repo_with_index.top), "post-commit", "--inline"]]

    def test_of_a_rebase_the_end_is_waited_for(
        self, repo_with_index: Repository, stand_in: StandIn
    ) -> None:
        repo = repo_with_index
        repo.git("branch", "base")
        for number in range(3):
            repo.commit({f"m{number}": "m"})
        repo.git("switch", "-q", "base")
        repo.commit({"b": "b"})
        repo.git("switch", "-q", "main")
        put_hooks(repo, stand_in.program, "inline")
        run(repo, "rebase", "-q", "base")
        top = str(repo.top)
        assert sorted(argvs(stand_in)) == [
            [top, "post-checkout"],
            [top, "post-rewrite", "--inline"],
        ]

    def test_new_worktree(
        self, repo_with_index: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, "inline")
        run(repo_with_index, "worktree", "add", "-q", str(tmp_path / "w1"))
        (record,) = stand_in.records()
        assert record["argv"][2:4] == ["lumen_hooks.hook", "post-checkout"]
        assert record["environ"]["LUMEN_REFRESH"] == "inline"
        put_hooks(repo_with_index, stand_in.program, "background")
        run(repo_with_index, "worktree", "add", "-q", str(tmp_path / "w2"))
        (record,) = stand_in.records()
        assert "LUMEN_REFRESH" not in record["environ"]


class TestUnderPreCommit:
    """What pre-commit gives a hook: no arguments but variables, and edits set aside."""

    CHECKOUT = {  # noqa: RUF012
        "PRE_COMMIT": "1",
        "PRE_COMMIT_FROM_REF": HASH,
        "PRE_COMMIT_TO_REF": HASH,
        "PRE_COMMIT_CHECKOUT_TYPE": "1",
    }

    @pytest.mark.parametrize(
        ("event", "environ", "line"),
        [
            ("post-checkout", CHECKOUT, f"post-checkout {HASH} {HASH} 1"),
            ("post-merge", {"PRE_COMMIT_IS_SQUASH_MERGE": "0"}, "post-merge 0"),
            ("post-rewrite", {"PRE_COMMIT_REWRITE_COMMAND": "rebase"}, "post-rewrite rebase"),
            ("post-commit", {}, "post-commit"),
        ],
    )
    @pytest.mark.parametrize("refresh", ["background", "inline"])
    def test_script(
        self,
        repo_with_index: Repository,
        stand_in: StandIn,
        event: str,
        environ: dict[str, str],
        line: str,
        refresh: RefreshMode,
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, refresh)
        script = str(repo_with_index.top / ".git/lumen/hooks" / event)
        # The shell is what pre-commit is to the script: its parent.
        done = run_to_the_end(
            ["sh", "-c", 'echo $$; "$1"; :', "sh", script],
            repo_with_index.top,
            {"PRE_COMMIT": "1", **environ},
        )
        top = str(repo_with_index.top)
        assert argvs(stand_in) == [[top, event, "--after", done.stdout.decode().strip()]]
        assert events(repo_with_index) == [line]

    def test_file_checkout(self, repo_with_index: Repository, stand_in: StandIn) -> None:
        put_hooks(repo_with_index, stand_in.program, "background")
        script = str(repo_with_index.top / ".git/lumen/hooks/post-checkout")
        environ = {**self.CHECKOUT, "PRE_COMMIT_CHECKOUT_TYPE": "0"}
        run_to_the_end([script], repo_with_index.top, environ)
        assert argvs(stand_in) == []
        assert events(repo_with_index) == [f"post-checkout {HASH} {HASH} 0"]

    def test_new_worktree(
        self, repo_with_index: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        put_hooks(repo_with_index, stand_in.program, "background")
        shell = 'echo $$; cd "$2"; "$1"; :'
        repo_with_index.git("-c", "core.hooksPath=/dev/null", "worktree", "add", "../w1")
        script = str(repo_with_index.top / ".git/lumen/hooks/post-checkout")
        w1 = str(repo_with_index.top.parent / "w1")
        done = run_to_the_end(["sh", "-c", shell, "sh", script, w1], "/", self.CHECKOUT)
        (record,) = stand_in.records()
        assert record["argv"][3:] == ["post-checkout", w1, HASH, HASH, "1"]
        assert record["environ"]["LUMEN_AFTER"] == done.stdout.decode().strip()

    def test_hook(self, repo_with_index: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[dict[str, Any]] = []

        def note(top: str, event: str, **how: object) -> None:
            started.append(how)

        monkeypatch.setattr(hook, "spawn_worker", note)
        top = str(repo_with_index.top)
        hook.run("post-checkout", top, [], {**self.CHECKOUT, "LUMEN_REFRESH": "inline"})
        hook.run("post-checkout", top, [], {**self.CHECKOUT, "LUMEN_AFTER": "77"})
        hook.run("post-checkout", top, [], {**self.CHECKOUT, "PRE_COMMIT_CHECKOUT_TYPE": "0"})
        hook.run("post-merge", top, [], {"PRE_COMMIT_IS_SQUASH_MERGE": "1"})  # not pre-commit's
        assert started == [
            {"after": os.getppid(), "inline": False},
            {"after": 77, "inline": False},
            {"after": None, "inline": False},
        ]
        assert events(repo_with_index)[2:] == [f"post-checkout {HASH} {HASH} 0", "post-merge"]


class TestHook:
    def test_off(
        self, repo_with_index: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(hook, "spawn_worker", None)
        hook.run("post-commit", str(repo_with_index.top), [], {"LUMEN_REFRESH": "off"})
        assert events(repo_with_index) == ["post-commit"]
        linked = repo_with_index.add_worktree("w1")
        hook.run("worktree-add", str(linked.top), [], {"LUMEN_REFRESH": "off"})
        assert not (repo_with_index.top / ".git/worktrees/w1/lumen").exists()

    def test_spawn_waits_for_inline(
        self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", str(stand_in.program))
        spawn.spawn_worker("/a b", "post-commit", inline=True)
        assert argvs(stand_in) == [["/a b", "post-commit", "--inline"]]
        assert not spawn._started

    def test_command_asks_git_for_the_setting(self, repo_with_index: Repository) -> None:
        repo_with_index.git("config", "lumen.refresh", "off")
        command = [sys.executable, "-m", "lumen_hooks", "hook", "post-commit"]
        done = run_to_the_end(command, repo_with_index.top)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert events(repo_with_index) == ["post-commit"]
        names = sorted(path.name for path in (repo_with_index.top / ".git/lumen").iterdir())
        assert names == ["events", "index.db"]


class TestToTheEnd:
    """Real hooks, the real worker, the real model."""

    @staticmethod
    def lumen(repo: Repository, *arguments: str) -> str:
        done = commands.lumen(repo.top, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self, repo: Repository) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.lumen(repo, "status", "--json"))
        return answer

    def test_inline(self, repo: Repository) -> None:
        repo.commit({"a.py": "def first():\n    return 'one'\n"})
        repo.git("config", "lumen.refresh", "inline")
        self.lumen(repo, "install")
        repo.commit({"b.py": "def second():\n    return 'two'\n"})
        found = self.status(repo)
        assert (found["state"], found["files"], found["lock"]) == ("fresh", 2, None)
        assert events_left(repo) == []
        linked = repo.add_worktree("w1")
        assert self.status(linked)["state"] == "fresh"
        linked.commit({"c.py": "def third():\n    return 'three'\n"})
        assert self.status(linked)["files"] == 3
        repo.git("merge", "-q", "w1")
        assert self.status(repo)["files"] == 3
        repo.git("reset", "-q", "--hard", "HEAD~1")  # fires nothing
        repo.git("checkout", "-q", "w1", "--", "c.py")
        found = self.status(repo)
        assert (found["state"], found["files"]) == ("fresh", 3)

    def test_who_has_seeded_a_worktree_refreshes_it(self, repo: Repository, tmp_path: Path) -> None:
        counted = tmp_path / "python"
        script = f'#!/bin/sh\necho "$3" >>{counted}.log\nexec {sys.executable} "$@"\n'
        counted.write_text(script)
        counted.chmod(0o755)
        repo.commit({"a.py": "def first():\n    return 'one'\n"})
        self.lumen(repo, "index")
        put_hooks(repo, counted, "background")
        linked = repo.add_worktree("w1")
        end_of_all_in(linked.top)
        found = self.status(linked)
        assert (found["state"], found["last_refresh"]["kind"]) == ("fresh", "seed")
        assert Path(f"{counted}.log").read_text() == "lumen_hooks.hook\n"

    @pytest.mark.stress
    def test_inline_beside_a_worker(self, repo: Repository) -> None:
        repo.commit({"a.py": "def first():\n    return 'one'\n"})
        repo.git("config", "lumen.refresh", "inline")
        self.lumen(repo, "install")
        command = [sys.executable, "-m", "lumen_hooks", "hook", "post-commit"]
        for number in range(3):
            repo.write({f"m{number}.py": f"def f{number}():\n    return {number}\n"})
            subprocess.run(command, cwd=repo.top, check=True, env={**os.environ, **BACKGROUND})
            repo.commit()
            assert self.status(repo)["state"] == "fresh"

    def test_off(self, repo: Repository) -> None:
        repo.commit({"a.py": "def first():\n    return 'one'\n"})
        repo.git("config", "lumen.refresh", "off")
        self.lumen(repo, "install")
        repo.commit({"b.py": "def second():\n    return 'two'\n"})
        end_of_all_in(repo.top)
        assert self.status(repo)["state"] == "stale"
        assert events_left(repo) == ["post-commit"]
        self.lumen(repo, "index")
        assert self.status(repo)["state"] == "fresh"
        assert events_left(repo) == []


BACKGROUND = {"LUMEN_REFRESH": "background"}


def events_left(repo: Repository) -> list[str]:
    path = repo.top / ".git/lumen/events"
    return path.read_text().splitlines() if path.exists() else []


@contextmanager
def at_work(repo: Repository) -> Iterator[None]:
    """A process that looks like a repository's worker, for a while."""
    command = [sys.executable, "-c", "print(flush=True); input()", "lumen_hooks.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its command line can be read from now on
        (repo.top / ".git/lumen/worker.lock").write_text(f"{process.pid} 12.5 refresh\n")
        yield
        process.kill()
