"""Hooks that are in place and cannot fire: install and doctor say where, why and what helps."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.hooks import check_hooks
from lumen_hooks.errors import InstallError
from lumen_hooks.git.config import unset_command
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.hooks_dir import line_to_add
from lumen_hooks.setup.installer import Request, install_hooks
from tests.support.other_git import needs_config_hooks, newer_git
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.doctor.check import Check
    from tests.support.commands import Launcher, Result

__all__ = ["newer_git"]


def install(launcher: Launcher, repo: Repository) -> Result:
    return launcher.run(repo.top, "install", "--no-index")


def firing(repo: Repository) -> Check:
    return check_hooks(find_worktree(str(repo.top)))[0]


class TestRelativeHooksPath:
    def test_install_says_that_linked_worktrees_run_none(
        self, launcher: Launcher, repo: Repository
    ) -> None:
        repo.git("config", "core.hooksPath", ".git/hooks")
        done = install(launcher, repo)
        assert done.code == 1
        assert "error: the hooks are in place, but do not fire in every worktree" in done.err
        assert "'.git/hooks', relative to each worktree" in done.err
        assert "hint: git config --unset core.hooksPath, then: lumen-hooks install" in done.err
        repo.git("config", "--unset", "core.hooksPath")
        assert install(launcher, repo).code == 0

    def test_in_the_linked_worktree_it_is_refused_in_words(
        self, launcher: Launcher, repo: Repository
    ) -> None:
        repo.commit()
        linked = repo.add_worktree("linked", "-b", "linked")
        repo.git("config", "core.hooksPath", ".git/hooks")
        done = install(launcher, linked)
        assert done.code == 1
        assert f".git, which is a file in {linked.top}" in done.err
        found = firing(linked)
        assert not found.ok
        assert found.hint == "git config --unset core.hooksPath, then: lumen-hooks install"

    def test_another_folder(self, launcher: Launcher, repo: Repository) -> None:
        repo.commit({".gitignore": "/.hooks\n"})
        repo.git("config", "core.hooksPath", ".hooks")
        done = install(launcher, repo)
        assert done.code == 1
        assert "make core.hooksPath absolute" in done.err

    def test_in_one_worktree_alone(
        self, launcher: Launcher, repo: Repository, tmp_path: Path
    ) -> None:
        repo.commit()
        linked = repo.add_worktree("linked", "-b", "linked")
        repo.git("config", "extensions.worktreeConfig", "true")
        linked.git("config", "--worktree", "core.hooksPath", str(tmp_path / "none"))
        done = install(launcher, repo)
        assert done.code == 1
        assert f"\n  {linked.top}: core.hooksPath is" in done.err
        assert "hint: git config --worktree --unset core.hooksPath" in done.err

    @needs_config_hooks
    @pytest.mark.usefixtures("newer_git")
    def test_config_hooks_fire_all_the_same(self, launcher: Launcher, repo: Repository) -> None:
        repo.git("config", "core.hooksPath", ".git/hooks")
        done = install(launcher, repo)
        assert done.code == 0, done.err


class TestLinkedHooksFolder:
    @pytest.fixture
    def shared(self, repo: Repository, tmp_path: Path) -> Path:
        (tmp_path / "shared").mkdir()
        shutil.rmtree(repo.top / ".git/hooks")
        (repo.top / ".git/hooks").symlink_to(tmp_path / "shared")
        return tmp_path / "shared"

    def test_is_refused_with_the_line_to_add_and_the_index_is_made(
        self, launcher: Launcher, repo: Repository, shared: Path
    ) -> None:
        repo.commit({"a.py": "a = 1\n"})
        done = launcher.run(repo.top, "install")
        assert done.code == 1
        assert f".git/hooks leads to {shared}" in done.err
        assert line_to_add("post-merge") in done.err
        assert list(shared.iterdir()) == []
        assert (repo.top / ".git/lumen/index.db").exists()

    def test_the_line_gets_through(self, repo: Repository, shared: Path) -> None:
        install_hooks(find_worktree(str(repo.top)), Request(sys.executable, config_hooks=False))
        for event in GIT_EVENTS:
            (shared / event).write_text(f"#!/bin/sh\n{line_to_add(event)}\n")
            (shared / event).chmod(0o755)
        assert firing(repo).ok

    def test_one_inside_the_repository_is_used(self, launcher: Launcher, repo: Repository) -> None:
        shutil.rmtree(repo.top / ".git/hooks")
        (repo.top / ".git/own").mkdir()
        (repo.top / ".git/hooks").symlink_to("own")
        assert install(launcher, repo).code == 0
        assert (repo.top / ".git/own/post-merge").exists()


def test_someone_else_s_hook_that_calls_a_script_that_is_gone(
    launcher: Launcher, repo: Repository
) -> None:
    for event in GIT_EVENTS:
        path = repo.top / ".git/hooks" / event
        path.write_text("#!/bin/sh\necho theirs\n")
        path.chmod(0o755)
    assert install(launcher, repo).code == 0
    assert firing(repo).ok
    script = repo.top / ".git/lumen/hooks/post-merge"
    script.unlink()
    found = firing(repo)
    assert not found.ok
    assert found.detail == f"post-merge: {script} is missing"


@needs_config_hooks
@pytest.mark.usefixtures("newer_git")
@pytest.mark.parametrize("key", ["hook.lumen-post-merge.enabled", "hook.post-merge.enabled"])
def test_a_hook_that_the_user_switched_off_is_said_to_do_nothing(
    launcher: Launcher, repo: Repository, key: str
) -> None:
    repo.git("config", "--global", key, "false")
    done = install(launcher, repo)
    assert done.code == 0
    assert f", but {key} is false: it does nothing" in done.err
    found = firing(repo)
    assert (found.detail, found.hint) == (
        f"post-merge: {key} is false",
        f"git config --global --unset {key}",
    )


@pytest.mark.parametrize("scope", ["local", "worktree", "global", "included"])
def test_the_command_that_unsets_a_setting_does_so(
    repo: Repository, tmp_path: Path, scope: str
) -> None:
    repo.commit()
    linked = repo.add_worktree("linked", "-b", "linked")
    if scope == "worktree":
        repo.git("config", "extensions.worktreeConfig", "true")
    if scope == "included":
        repo.git("config", "--global", "include.path", str(tmp_path / "more config"))
        linked.git("config", "--file", str(tmp_path / "more config"), "core.hooksPath", "x")
    else:
        linked.git("config", f"--{scope}", "core.hooksPath", "x")
    assert linked.git("config", "core.hooksPath") == "x\n"
    command = unset_command(find_worktree(str(linked.top)), "core.hooksPath")
    Repository(linked.top).git("-c", f"alias.do=!{command}", "do")
    assert linked.git("config", "core.hooksPath", check=False) == ""


def test_a_folder_that_is_none_is_an_error_of_install(launcher: Launcher, repo: Repository) -> None:
    repo.git("config", "core.hooksPath", "")
    done = install(launcher, repo)
    assert done.err.splitlines()[-1] == "hint: git config --unset core.hooksPath"
    with pytest.raises(InstallError):
        install_hooks(find_worktree(str(repo.top)), Request(sys.executable, config_hooks=False))
