"""Beside husky, lefthook and git-lfs themselves, where LUMEN_TEST_TOOLS has folders with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lumen_hooks.doctor.examine import examine
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from tests.support.other_git import needs_config_hooks, newer_git
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end

__all__ = ["newer_git"]

FOLDERS = os.environ.get("LUMEN_TEST_TOOLS", "")
"""Read when the tests are collected: each test is sealed off from LUMEN_* variables."""


def needs(tool: str) -> pytest.MarkDecorator:
    path = FOLDERS + os.pathsep + os.environ["PATH"]
    reason = f"no {tool} in LUMEN_TEST_TOOLS or PATH"
    return pytest.mark.skipif(shutil.which(tool, path=path) is None, reason=reason)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("PATH", FOLDERS + os.pathsep + os.environ["PATH"])
    return StandIn.make(tmp_path / "stand in")


def tool(repo: Repository, *command: str) -> None:
    done = subprocess.run(command, cwd=repo.top, check=False, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout, done.stderr)


def install(repo: Repository, stand_in: StandIn, *, config: bool = False) -> dict[str, str]:
    """Install, insist that nothing of theirs changed, and return what is refused with its lines."""
    folder = find_worktree(str(repo.top)).common_dir
    before = theirs(repo, folder)
    request = Request(str(stand_in.program), config_hooks=config)
    found = install_hooks(find_worktree(str(repo.top)), request)
    after = theirs(repo, folder)
    assert {name: after[name] for name in before} == before
    return {item.event: item.line_to_add for item in found if item.action == "refused"}


def theirs(repo: Repository, common_dir: str) -> dict[str, bytes]:
    paths = [
        *Path(common_dir, "hooks").glob("*"),
        *repo.top.glob(".husky/**/*"),
        *repo.top.glob("lefthook*"),
    ]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def started(repo: Repository, stand_in: StandIn, *arguments: str) -> list[str]:
    """The events for which a worker was started by a git command, which must succeed."""
    stand_in.records()  # doctor tried the interpreter, perhaps
    done = run_to_the_end(["git", *arguments], repo.top)
    assert done.returncode == 0, done.stderr
    return [record["argv"][4] for record in stand_in.last_records(repo.top)]


def hooks_check(repo: Repository) -> str:
    found = examine(find_worktree(str(repo.top)), os.environ)
    return next(check.detail for check in found if check.name == "hooks")


def every_event(repo: Repository, stand_in: StandIn) -> None:
    (repo.top / ".git/lumen/index.db").touch()
    empty = ("-q", "--allow-empty", "-m", "x")
    assert started(repo, stand_in, "switch", "-q", "-c", "side") == ["post-checkout"]
    assert started(repo, stand_in, "commit", *empty) == ["post-commit"]
    both = started(repo, stand_in, "commit", "--amend", *empty)
    assert sorted(both) == ["post-commit", "post-rewrite"]
    assert started(repo, stand_in, "switch", "-q", "main") == ["post-checkout"]
    assert started(repo, stand_in, "merge", "-q", "side") == ["post-merge"]
    lines = (repo.top / ".git/lumen/events").read_text().splitlines()
    assert [len(line.split()) for line in lines] == [4, 1, 1, 2, 4, 2]


@needs("husky")
class TestHusky:
    @pytest.fixture
    def husky(self, repo: Repository, stand_in: StandIn) -> Repository:
        repo.commit({"a.py": "a = 1\n", ".husky/pre-push": "true\n"})
        tool(repo, "husky")
        assert repo.git("config", "core.hooksPath") == ".husky/_\n"
        return repo

    def test_lines_that_are_printed_work(self, husky: Repository, stand_in: StandIn) -> None:
        refused = install(husky, stand_in)
        assert list(refused) == list(GIT_EVENTS)
        assert "no hooks are installed" in hooks_check(husky)
        for event, line in refused.items():
            (husky.top / ".husky" / event).write_text(line + "\n")
        every_event(husky, stand_in)
        assert hooks_check(husky) == f"all {len(GIT_EVENTS)} events by husky"
        uninstall_hooks(find_worktree(str(husky.top)))
        assert started(husky, stand_in, "commit", "-q", "--allow-empty", "-m", "x") == []

    def test_linked_worktrees(self, husky: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        for event, line in install(husky, stand_in).items():
            husky.write({f".husky/{event}": line + "\n"})
        husky.git("add", "-A")
        husky.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "husky")
        # Made from where husky ran: fires. In it, .husky/_ is missing and nothing fires.
        assert started(husky, stand_in, "worktree", "add", "-q", "../w1") == [str(tmp_path / "w1")]
        linked = Repository(tmp_path / "w1")
        (husky.top / ".git/worktrees/w1/lumen/index.db").touch()
        assert started(linked, stand_in, "commit", "-q", "--allow-empty", "-m", "x") == []
        assert "relative to each worktree" in hooks_check(linked)

    @needs_config_hooks
    @pytest.mark.usefixtures("newer_git")
    def test_beside_config_hooks(
        self, husky: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        assert install(husky, stand_in, config=True) == {}
        every_event(husky, stand_in)
        started(husky, stand_in, "worktree", "add", "-q", "../w1")
        linked = Repository(tmp_path / "w1")
        assert hooks_check(linked) == f"all {len(GIT_EVENTS)} events by git config"


@needs("lefthook")
class TestLefthook:
    @pytest.fixture
    def lefthook(self, repo: Repository, stand_in: StandIn) -> Repository:
        echo = "{{event}}:\n  commands:\n    theirs:\n      run: 'true'\n"
        config = "".join(echo.replace("{{event}}", event) for event in GIT_EVENTS)
        repo.commit({"a.py": "a = 1\n", "lefthook.yml": config})
        tool(repo, "lefthook", "install")
        return repo

    def test_lines_that_are_printed_work(self, lefthook: Repository, stand_in: StandIn) -> None:
        refused = install(lefthook, stand_in)
        assert list(refused) == list(GIT_EVENTS)
        lefthook.write({"lefthook.yml": "".join(line + "\n" for line in refused.values())})
        tool(lefthook, "lefthook", "install")
        assert hooks_check(lefthook) == f"all {len(GIT_EVENTS)} events by lefthook"
        every_event(lefthook, stand_in)

    @needs_config_hooks
    @pytest.mark.usefixtures("newer_git")
    def test_beside_config_hooks(self, lefthook: Repository, stand_in: StandIn) -> None:
        assert install(lefthook, stand_in, config=True) == {}
        every_event(lefthook, stand_in)


@needs("git-lfs")
class TestGitLfs:
    @pytest.fixture
    def lfs(self, repo: Repository, stand_in: StandIn) -> Repository:
        tool(repo, "git", "lfs", "install", "--local")
        repo.commit({"a.py": "a = 1\n", ".gitattributes": "*.bin filter=lfs\n"})
        return repo

    def test_lines_that_are_printed_work(self, lfs: Repository, stand_in: StandIn) -> None:
        refused = install(lfs, stand_in)
        assert sorted(refused) == ["post-checkout", "post-commit", "post-merge"]
        for event, line in refused.items():
            path = lfs.top / ".git/hooks" / event
            content = path.read_text()
            path.write_text(content + line + "\n")
        every_event(lfs, stand_in)
        assert hooks_check(lfs) == f"all {len(GIT_EVENTS)} events by hook file"

    def test_came_second(self, repo: Repository, stand_in: StandIn) -> None:
        # git-lfs refuses to add its hooks to ours, and says so itself.
        assert install(repo, stand_in) == {}
        done = subprocess.run(
            ["git", "lfs", "install", "--local"], cwd=repo.top, capture_output=True, check=False
        )
        assert done.returncode == 2
        assert b"Hook already exists: post-checkout" in done.stdout + done.stderr

    @needs_config_hooks
    @pytest.mark.usefixtures("newer_git")
    def test_beside_config_hooks(self, lfs: Repository, stand_in: StandIn) -> None:
        assert install(lfs, stand_in, config=True) == {}
        every_event(lfs, stand_in)
