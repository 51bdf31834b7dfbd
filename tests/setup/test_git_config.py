from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.command import git_version
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.setup import git_config as config_hooks
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from lumen_hooks.setup.script import hook_script
from tests.support.hooked import make_index
from tests.support.other_git import needs_config_hooks, newer_git
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from lumen_hooks.setup.hooks_dir import Installed

__all__ = ["newer_git"]


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "an 'odd\" place" / "python 3")


def install(
    repo: Repository, python: Path | None = None, *, config: bool = True
) -> dict[str, Installed]:
    request = Request(str(python or sys.executable), config_hooks=config)
    found = install_hooks(find_worktree(str(repo.top)), request)
    return {item.event: item for item in found}


def actions(repo: Repository, *, config: bool = True) -> list[str]:
    return [item.action for item in install(repo, config=config).values()]


def hook_settings(repo: Repository) -> list[str]:
    return [line for line in repo.git("config", "--list").splitlines() if line.startswith("hook.")]


def hook_files(repo: Repository) -> list[str]:
    folder = repo.top / ".git/hooks"
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".sample"))


class TestConfiguration:
    """What is written, with any git: those before 2.54 keep the settings without running them."""

    def test_install_again_and_uninstall(self, repo: Repository) -> None:
        config = repo.top / ".git/config"
        repo.git("config", "user.nickname", "x")
        before = config.read_bytes()
        assert actions(repo) == ["installed"] * len(GIT_EVENTS)
        assert hook_files(repo) == []
        written = config.read_bytes()
        for event in GIT_EVENTS:
            section = written.split(f'[hook "lumen-{event}"]\n'.encode())[1].split(b"[")[0]
            names = [line.split()[0] for line in section.splitlines() if line.strip()]
            assert names[0] == b"command"
            assert repo.git("config", f"hook.lumen-{event}.event") == f"{event}\n"
        assert actions(repo) == ["unchanged"] * len(GIT_EVENTS)
        assert config.read_bytes() == written
        removed = uninstall_hooks(find_worktree(str(repo.top)))
        assert len(removed) == len(GIT_EVENTS) + len(EVENTS)
        assert config.read_bytes() == before
        assert not (repo.top / ".git/lumen/hooks").exists()
        assert uninstall_hooks(find_worktree(str(repo.top))) == []

    def test_from_a_linked_worktree(self, repo: Repository) -> None:
        repo.commit()
        repo.git("config", "extensions.worktreeConfig", "true")
        linked = repo.add_worktree("w1")
        assert actions(linked) == ["installed"] * len(GIT_EVENTS)
        assert actions(repo) == ["unchanged"] * len(GIT_EVENTS)
        assert "lumen-post-merge" in (repo.top / ".git/config").read_text()

    def test_files_give_way_to_settings_and_back(self, repo: Repository) -> None:
        theirs = repo.top / ".git/hooks/post-merge"
        theirs.parent.mkdir(exist_ok=True)
        theirs.write_bytes(b"#!/bin/sh\necho theirs\n")
        theirs.chmod(0o750)
        added_to = ["added to" if event == "post-merge" else "installed" for event in GIT_EVENTS]
        assert actions(repo, config=False) == added_to
        assert actions(repo, config=True) == ["installed"] * len(GIT_EVENTS)
        assert hook_files(repo) == ["post-merge"]
        assert theirs.read_bytes() == b"#!/bin/sh\necho theirs\n"
        assert theirs.stat().st_mode & 0o777 == 0o750
        assert actions(repo, config=False) == added_to
        assert hook_settings(repo) == []

    def test_an_edited_file_of_ours_keeps_its_event(self, repo: Repository) -> None:
        install(repo, config=False)
        path = repo.top / ".git/hooks/post-commit"
        path.write_bytes(path.read_bytes() + b"echo mine\n")
        found = install(repo)
        assert {item.action for item in found.values()} == {"installed", "refused"}
        assert found["post-commit"].action == "refused"
        assert hook_files(repo) == ["post-commit"]
        assert "lumen-post-commit" not in "".join(hook_settings(repo))

    def test_moved_repository(self, repo: Repository, tmp_path: Path) -> None:
        install(repo)
        repo.top.rename(tmp_path / "moved 'to'")
        moved = Repository(tmp_path / "moved 'to'")
        assert actions(moved) == ["updated"] * len(GIT_EVENTS)
        assert str(repo.top) + "/" not in "".join(hook_settings(moved))

    def test_a_users_switch_stays(self, repo: Repository) -> None:
        install(repo)
        repo.git("config", "hook.lumen-post-merge.enabled", "false")
        assert actions(repo) == ["unchanged"] * len(GIT_EVENTS)
        assert repo.git("config", "hook.lumen-post-merge.enabled") == "false\n"
        uninstall_hooks(find_worktree(str(repo.top)))
        assert hook_settings(repo) == []

    def test_half_a_section_is_completed(self, repo: Repository) -> None:
        install(repo)
        repo.git("config", "--unset", "hook.lumen-post-merge.event")
        found = install(repo)
        assert found["post-merge"].action == "updated"
        assert repo.git("config", "hook.lumen-post-merge.event") == "post-merge\n"

    def test_locked_configuration(self, repo: Repository) -> None:
        (repo.top / ".git/config.lock").touch()
        with pytest.raises(RepositoryError, match="could not lock config file"):
            install(repo)

    @pytest.mark.parametrize("state", ["there", "gone", "not executable", "broken", "failing"])
    def test_command(self, tmp_path: Path, state: str) -> None:
        script = tmp_path / 'it\'s a "$HOME" `x`\nplace'
        if state != "gone":
            script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.args"\necho x; echo y >&2\n')
            script.chmod(0o644 if state == "not executable" else 0o755)
        if state == "broken":
            script.write_bytes(b"\x7fELF nonsense")
        if state == "failing":
            script.write_text("#!/bin/sh\nexit 7\n")
        command = config_hooks.command_for(str(script))
        # As git starts it: run-command.c appends the arguments in this way.
        done = subprocess.run(
            ["sh", "-c", f'{command} "$@"', command, "a b", "1"], capture_output=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        if state == "there":
            assert Path(f"{script}.args").read_text() == "a b\n1\n"

    @pytest.mark.parametrize(
        ("said", "version"),
        [
            ("git version 2.54.0", (2, 54, 0)),
            ("git version 2.39.5 (Apple Git-154)", (2, 39, 5)),
            ("git version 2.55.GIT", (2, 55, 0)),
            ("git version 2.54.0.windows.1", (2, 54, 0)),
            ("nonsense", (0,)),
        ],
    )
    def test_version(
        self,
        repo: Repository,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        said: str,
        version: tuple[int, ...],
    ) -> None:
        fake = tmp_path / "bin" / "git"
        fake.parent.mkdir()
        fake.write_text(f"#!/bin/sh\necho '{said}'\n")
        fake.chmod(0o755)
        worktree = find_worktree(str(repo.top))
        monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
        assert git_version(worktree.top) == version


@needs_config_hooks
@pytest.mark.usefixtures("newer_git")
class TestRunByGit:
    @pytest.fixture
    def hooked(self, repo: Repository, stand_in: StandIn) -> Repository:
        repo.commit({"a.py": "a = 1\n"})
        request = Request(str(stand_in.program))
        found = install_hooks(find_worktree(str(repo.top)), request)
        assert {item.path for item in found} == {str(repo.top / ".git/config")}
        make_index(repo.top / ".git")
        return repo

    def test_every_event_once(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        quiet(hooked, "switch", "-q", "-c", "side")
        assert names(stand_in) == ["post-checkout"]
        quiet(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == ["post-commit"]
        quiet(hooked, "commit", "-q", "--amend", "--allow-empty", "-m", "y")
        assert sorted(names(stand_in)) == ["post-commit", "post-rewrite"]
        quiet(hooked, "switch", "-q", "main")
        names(stand_in)
        quiet(hooked, "merge", "-q", "side")
        assert names(stand_in) == ["post-merge"]
        quiet(hooked, "checkout", "-q", "--", "a.py")
        assert names(stand_in) == []
        lines = (hooked.top / ".git/lumen/events").read_text().splitlines()
        assert [line.split()[0] for line in lines] == [
            "post-checkout",
            "post-commit",
            "post-commit",
            "post-rewrite",
            "post-checkout",
            "post-merge",
            "post-checkout",
        ]
        assert lines[3] == "post-rewrite amend"
        assert lines[-1].endswith(" 0")

    def test_worktree_add_is_seeded_in_front(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        quiet(hooked, "worktree", "add", "-q", "-b", "w", str(tmp_path / "w 1"))
        (record,) = stand_in.records()
        assert record["argv"][2:5] == ["lumen_hooks.hook", "post-checkout", str(tmp_path / "w 1")]
        make_index(hooked.top / ".git/worktrees/w-1")
        quiet(Repository(tmp_path / "w 1"), "commit", "-q", "--allow-empty", "-m", "x")
        (record,) = stand_in.records()
        assert record["argv"][3:] == [str(tmp_path / "w 1"), "post-commit"]

    @pytest.mark.parametrize("hooks_path", ["/dev/null", ".husky/_", "", "/nonexistent"])
    def test_whatever_hooks_path_says(
        self, hooked: Repository, stand_in: StandIn, hooks_path: str
    ) -> None:
        hooked.git("config", "core.hooksPath", hooks_path)
        assert actions_of_real(hooked, stand_in) == ["unchanged"] * len(GIT_EVENTS)
        quiet(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == ["post-commit"]

    def test_beside_hook_files_of_others(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        theirs = hooked.top / ".git/hooks/post-commit"
        theirs.parent.mkdir(exist_ok=True)
        theirs.write_text(f"#!/bin/sh\necho theirs >>'{tmp_path}/theirs'\n")
        theirs.chmod(0o755)
        quiet(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == ["post-commit"]
        assert (tmp_path / "theirs").read_text() == "theirs\n"

    @pytest.mark.parametrize("gone", ["scripts", "interpreter", "executable bit"])
    def test_never_hurts(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path, gone: str
    ) -> None:
        if gone == "scripts":
            shutil.rmtree(hooked.top / ".git/lumen/hooks")
        elif gone == "interpreter":
            stand_in.program.unlink()
        else:
            (hooked.top / ".git/lumen/hooks/post-checkout").chmod(0o644)
        quiet(hooked, "switch", "-q", "-c", "b")
        quiet(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        assert names(stand_in) == []

    def test_switched_off(self, hooked: Repository, stand_in: StandIn) -> None:
        hooked.git("config", "hook.lumen-post-commit.enabled", "false")
        quiet(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == []

    def test_after_an_upgrade_and_a_downgrade(self, repo: Repository, stand_in: StandIn) -> None:
        repo.commit()
        make_index(repo.top / ".git")
        install(repo, stand_in.program, config=False)
        assert len(hook_files(repo)) == 4
        assert actions_of_real(repo, stand_in) == ["installed"] * len(GIT_EVENTS)
        assert hook_files(repo) == []
        quiet(repo, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == ["post-commit"]
        install(repo, stand_in.program, config=False)
        assert hook_settings(repo) == []
        quiet(repo, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == ["post-commit"]

    def test_after_uninstall(self, hooked: Repository, stand_in: StandIn) -> None:
        uninstall_hooks(find_worktree(str(hooked.top)))
        quiet(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert names(stand_in) == []
        assert hook_settings(hooked) == []

    def test_git_returns_while_the_worker_runs(self, hooked: Repository, stand_in: StandIn) -> None:
        stand_in.hold()
        try:
            done = subprocess.run(
                ["git", "commit", "-q", "--allow-empty", "-m", "x"],
                cwd=hooked.top,
                check=False,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
            )
        finally:
            stand_in.release()
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def actions_of_real(repo: Repository, stand_in: StandIn) -> list[str]:
    request = Request(str(stand_in.program))
    return [item.action for item in install_hooks(find_worktree(str(repo.top)), request)]


def quiet(repo: Repository, *arguments: str) -> None:
    done = run_to_the_end(["git", *arguments], repo.top)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def names(stand_in: StandIn) -> list[str]:
    """The events for which a worker was started."""
    return [record["argv"][-1] for record in stand_in.records()]


def test_scripts_in_the_common_dir(repo: Repository) -> None:
    install(repo)
    for event in GIT_EVENTS:
        path = repo.top / ".git/lumen/hooks" / event
        assert path.read_bytes() == hook_script(event, sys.executable)
