from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lumen_hooks.cli.install import refusals
from lumen_hooks.errors import InstallError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.setup.hooks_dir import Installed, lefthook_lines, line_to_add
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from lumen_hooks.setup.script import hook_script, is_edited, is_own, with_block, without_block
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end

USER_HOOK = b'#!/bin/sh -e\n# mine\nset -u\necho "user $*"\ncat\nexit 3\n'


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "stand in")


def install(repo: Repository, python: Path | None = None) -> dict[str, Installed]:
    request = Request(str(python or sys.executable), config_hooks=False)
    found = install_hooks(find_worktree(str(repo.top)), request)
    assert [item.event for item in found] == list(GIT_EVENTS)
    return {item.event: item for item in found}


def uninstall(repo: Repository) -> list[str]:
    return uninstall_hooks(find_worktree(str(repo.top)))


def actions(repo: Repository, python: Path | None = None) -> list[str]:
    return [item.action for item in install(repo, python).values()]


def put(path: Path, content: bytes, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file below a folder: content, mode and inode."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {name: (content, mode) for name, (content, mode, _) in snapshot(folder).items()}


class TestFreeSlots:
    def test_install_use_and_uninstall(self, repo: Repository, stand_in: StandIn) -> None:
        before = contents(repo.top / ".git")
        assert actions(repo, stand_in.program) == ["installed"] * len(GIT_EVENTS)
        for event in GIT_EVENTS:
            path = repo.top / ".git/hooks" / event
            assert stat.S_IMODE(path.stat().st_mode) == 0o755
            assert path.read_bytes() == hook_script(event, str(stand_in.program))
        run_to_the_end(["git", "commit", "-q", "--allow-empty", "-m", "x"], repo.top)
        assert len(stand_in.records()) == 1
        removed = uninstall(repo)
        assert len(removed) == len(set(removed)) == 2 * len(GIT_EVENTS) + 1
        shutil.rmtree(repo.top / ".git/lumen")  # the event
        after = contents(repo.top / ".git")
        assert {name for name in after if name not in before and "hooks" in name} == set()
        assert [name for name in before if name not in after] == []
        assert uninstall(repo) == []

    def test_second_time_touches_nothing(self, repo: Repository) -> None:
        install(repo)
        before = snapshot(repo.top / ".git")
        assert actions(repo) == ["unchanged"] * len(GIT_EVENTS)
        assert snapshot(repo.top / ".git") == before

    def test_moved_interpreter(self, repo: Repository, stand_in: StandIn) -> None:
        install(repo)
        assert actions(repo, stand_in.program) == ["updated"] * len(GIT_EVENTS)
        content = (repo.top / ".git/lumen/hooks/worktree-add").read_bytes()
        assert content == hook_script("worktree-add", str(stand_in.program))

    def test_older_version_of_our_file(self, repo: Repository) -> None:
        older = hook_script("post-merge", sys.executable)
        # As an older version would have written it: other words, its own digest.
        from lumen_hooks.setup import script as hook_files

        older = older.replace(b"Prints nothing", b"Print nothing")
        start, end = hook_files._OWN.match(older).span(1)  # type: ignore[union-attr]
        placed = older[:start] + b"@DIGEST@" + older[end:]
        older = older[:start] + hook_files._digest(placed) + older[end:]
        assert is_own(older)
        assert not is_edited(older)
        put(repo.top / ".git/hooks/post-merge", older)
        assert install(repo)["post-merge"].action == "updated"

    def test_lost_mode_is_mended(self, repo: Repository) -> None:
        install(repo)
        (repo.top / ".git/hooks/post-merge").chmod(0o644)
        assert install(repo)["post-merge"].action == "updated"
        assert os.access(repo.top / ".git/hooks/post-merge", os.X_OK)

    def test_our_file_edited_by_hand_is_kept(self, repo: Repository) -> None:
        install(repo)
        path = repo.top / ".git/hooks/post-merge"
        edited = path.read_bytes().replace(b"\nexec <", b"\necho mine\nexec <")
        path.write_bytes(edited)
        assert install(repo)["post-merge"].action == "refused"
        with pytest.raises(InstallError, match="edited"):
            uninstall(repo)
        assert path.read_bytes() == edited
        assert not (repo.top / ".git/hooks/post-commit").exists()

    def test_from_a_linked_worktree(self, repo: Repository) -> None:
        repo.commit()
        linked = repo.add_worktree("w1")
        assert actions(linked) == ["installed"] * len(GIT_EVENTS)
        assert (repo.top / ".git/hooks/post-commit").exists()
        assert actions(repo) == ["unchanged"] * len(GIT_EVENTS)
        assert len(uninstall(linked)) == 2 * len(GIT_EVENTS) + 1

    def test_bare_repository(self, repo: Repository, tmp_path: Path) -> None:
        repo.commit()
        repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
        bare = Repository(tmp_path / "bare.git")
        linked = bare.add_worktree("w")
        assert actions(linked) == ["installed"] * len(GIT_EVENTS)
        assert (bare.top / "hooks/post-checkout").exists()
        assert len(uninstall(linked)) == 2 * len(GIT_EVENTS) + 1

    def test_odd_paths(self, tmp_path: Path) -> None:
        top = tmp_path / 'it\'s {event} a "$HOME"\nplace'
        top.mkdir()
        repo = Repository(top)
        repo.git("init", "-q")
        stand_in = StandIn.make(tmp_path / "it's\n`$x`")
        put(top / ".git/hooks/post-commit", b"#!/bin/sh\n")
        install(repo, stand_in.program)
        for event in EVENTS:
            subprocess.run(["sh", "-n", top / ".git/lumen/hooks" / event], check=True)
        done = run_to_the_end(["git", "commit", "-q", "--allow-empty", "-m", "x"], top)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(stand_in.records()) == 1

    @pytest.mark.parametrize("python", ["", "python3", "/nonexistent/python", "/"])
    def test_unusable_interpreter(self, repo: Repository, python: str) -> None:
        with pytest.raises(InstallError):
            install_hooks(find_worktree(str(repo.top)), Request(python))


class TestHooksOfOthers:
    def test_is_called_after_ours_as_before(self, repo: Repository, stand_in: StandIn) -> None:
        path = put(repo.top / ".git/hooks/post-rewrite", USER_HOOK, 0o750)
        repo.commit()
        # From here on everything starts the stand-in, which records its standard input too.
        command = [str(path), "amend"]
        plain = run_to_the_end(command, repo.top, stdin=b"old new\n")
        assert install(repo, stand_in.program)["post-rewrite"].action == "added to"
        called = run_to_the_end(command, repo.top, stdin=b"old new\n")
        assert called.returncode == plain.returncode == 3
        assert called.stdout == plain.stdout == b"user amend\nold new\n"
        assert called.stderr == plain.stderr == b""
        (record,) = stand_in.records()
        assert record["argv"][-1] == "post-rewrite"
        assert (repo.top / ".git/lumen/events").read_text() == "post-rewrite amend\n"
        before = snapshot(repo.top / ".git")
        assert install(repo, stand_in.program)["post-rewrite"].action == "unchanged"
        assert snapshot(repo.top / ".git") == before
        assert str(path) in uninstall(repo)
        assert path.read_bytes() == USER_HOOK
        assert stat.S_IMODE(path.stat().st_mode) == 0o750

    def test_fails_no_more_once_our_script_is_gone(self, repo: Repository) -> None:
        path = put(repo.top / ".git/hooks/post-commit", b"#!/bin/sh\nset -eu\necho user\n")
        install(repo)
        shutil.rmtree(repo.top / ".git/lumen")
        done = run_to_the_end([str(path)], repo.top)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"user\n", b"")

    def test_moved_repository(self, repo: Repository, tmp_path: Path) -> None:
        put(repo.top / ".git/hooks/post-commit", b"#!/bin/sh\n")
        install(repo)
        repo.top.rename(tmp_path / "moved")
        moved = Repository(tmp_path / "moved")
        found = install(moved)
        assert [item.action for item in found.values()].count("updated") == 1
        assert found["post-commit"].action == "updated"
        content = (moved.top / ".git/hooks/post-commit").read_bytes()
        assert content.count(b">>> lumen-hooks >>>") == 1
        assert str(moved.top).encode() in content

    @pytest.mark.parametrize(
        "content",
        [
            b"#!/bin/sh\necho x\n",
            b"#!/bin/sh\necho x",
            b"#!/bin/sh",
            b"#!/bin/sh\n",
            b"#!/usr/bin/env -S bash -e\n\n\necho \xff\n",
            b"echo no shebang\n",
            b"",
            b"\n",
        ],
    )
    def test_restored_byte_for_byte(self, repo: Repository, content: bytes) -> None:
        path = put(repo.top / ".git/hooks/post-commit", content)
        assert install(repo)["post-commit"].action == "added to"
        assert path.read_bytes() != content
        assert with_block(path.read_bytes(), "/other") == with_block(content, "/other")
        assert without_block(path.read_bytes()) == content
        uninstall(repo)
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        ("content", "mode", "word"),
        [
            (b"#!/usr/bin/env python3\nprint()\n", 0o755, "not a shell script"),
            (b"#!/usr/bin/env -S perl -w\n", 0o755, "not a shell script"),
            (b"\x7fELF\0\0", 0o755, "program"),
            (b"#!/bin/sh\r\necho\r\n", 0o755, "line ends"),
            (b"#!/bin/sh\necho\n", 0o644, "not executable"),
            (b'#!/usr/bin/env sh\n. "$(dirname "$0")/h"', 0o755, "husky"),
            (b"#!/bin/sh\ncall_lefthook()\n", 0o755, "lefthook"),
            (b'#!/bin/sh\ngit lfs post-commit "$@"\n', 0o755, "git-lfs"),
            (b"#!/bin/sh\n# File generated by pre-commit: x\n", 0o755, "pre-commit"),
        ],
    )
    def test_refused(self, repo: Repository, content: bytes, mode: int, word: str) -> None:
        path = put(repo.top / ".git/hooks/post-commit", content, mode)
        found = install(repo)
        assert found["post-commit"].action == "refused"
        assert word in found["post-commit"].reason
        wanted = {
            "pre-commit": "lumen-hooks install --pre-commit",
            "lefthook": lefthook_lines("post-commit"),
        }
        line = found["post-commit"].line_to_add
        assert line == wanted.get(word, line_to_add("post-commit"))
        assert path.read_bytes() == content
        assert found["post-merge"].action == "installed"
        uninstall(repo)
        assert path.read_bytes() == content

    def test_symbolic_link_and_folder_in_the_way(self, repo: Repository, tmp_path: Path) -> None:
        target = put(tmp_path / "shared-hook", b"#!/bin/sh\n")
        folder = repo.top / ".git/hooks"
        folder.mkdir(exist_ok=True)
        (folder / "post-commit").symlink_to(target)
        (folder / "post-merge").mkdir()
        (folder / "post-rewrite").symlink_to(tmp_path / "nowhere")
        found = {event: item.action for event, item in install(repo).items()}
        in_the_way = dict.fromkeys(("post-commit", "post-merge", "post-rewrite"), "refused")
        assert found == {**dict.fromkeys(GIT_EVENTS, "installed"), **in_the_way}
        uninstall(repo)
        assert target.read_bytes() == b"#!/bin/sh\n"
        assert (folder / "post-merge").is_dir()
        assert (folder / "post-rewrite").is_symlink()

    def test_line_to_add_works_in_any_worktree(
        self, repo: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        repo.commit()
        install(repo, stand_in.program)
        shared = tmp_path / "shared"
        for event in ("post-checkout", "post-commit"):
            put(shared / event, f"#!/bin/sh\nset -eu\n{line_to_add(event)}\n".encode())
        repo.git("config", "core.hooksPath", str(shared))
        w1 = tmp_path / "w1"
        run_to_the_end(["git", "worktree", "add", "-q", str(w1)], repo.top)
        (record,) = stand_in.records()
        assert record["argv"][3:5] == ["post-checkout", str(w1)]
        run_to_the_end(["git", "commit", "-q", "--allow-empty", "-m", "x"], w1)
        (record,) = stand_in.records()
        assert record["argv"][3:] == [str(w1), "post-commit"]
        # In a repository that has not opted in, it does nothing.
        (tmp_path / "other").mkdir()
        other = Repository(tmp_path / "other")
        other.git("init", "-q")
        other.git("config", "core.hooksPath", str(shared))
        done = run_to_the_end(["git", "commit", "-q", "--allow-empty", "-m", "x"], other.top)
        assert (done.returncode, done.stderr) == (0, b"")
        assert stand_in.records() == []


class TestPreCommit:
    """With pre-commit itself."""

    @pytest.fixture
    def framework(self, repo: Repository) -> Repository:
        hook = "{id: x, name: x, entry: 'true', language: system, always_run: true}"
        repo.commit({".pre-commit-config.yaml": f"repos: [{{repo: local, hooks: [{hook}]}}]\n"})
        return repo

    @staticmethod
    def pre_commit(repo: Repository, *arguments: str) -> None:
        command = [sys.executable, "-m", "pre_commit", *arguments]
        subprocess.run(command, cwd=repo.top, check=True, capture_output=True)

    def test_came_first(self, framework: Repository) -> None:
        self.pre_commit(framework, "install", "-t", "post-commit")
        found = install(framework)["post-commit"]
        assert found.action == "refused"
        assert found.line_to_add == "lumen-hooks install --pre-commit"

    def test_one_command_for_all_events_is_said_once(self, framework: Repository) -> None:
        self.pre_commit(framework, "install", *(f"--hook-type={event}" for event in GIT_EVENTS))
        told = refusals(list(install(framework).values()))
        assert told.count("lumen-hooks install --pre-commit") == 1
        assert all(f"hooks/{event}" in told for event in GIT_EVENTS)

    def test_came_second(self, framework: Repository, stand_in: StandIn) -> None:
        install(framework)
        self.pre_commit(framework, "install", "-t", "post-commit")
        found = install(framework, stand_in.program)["post-commit"]
        assert found.action == "updated"
        assert found.path.endswith("post-commit.legacy")
        run_to_the_end(["git", "commit", "-q", "--allow-empty", "-m", "x"], framework.top)
        (record,) = stand_in.last_records(framework.top)
        assert record["argv"][-1] == "post-commit"
        assert found.path in uninstall(framework)

    def test_a_hook_is_its_child(self, framework: Repository, tmp_path: Path) -> None:
        # `hook.run` has the worker wait for its parent process to end.
        program = put(
            tmp_path / "note",
            b'#!/bin/sh\nexec >"$0.parent"\ntr "\\0" " " </proc/$PPID/cmdline\necho $PRE_COMMIT\n',
        )
        hook = f"{{id: x, name: x, entry: '{program}', language: system, always_run: true}}"
        framework.commit(
            {".pre-commit-config.yaml": f"repos: [{{repo: local, hooks: [{hook}]}}]\n"}
        )
        self.pre_commit(framework, "run", "--hook-stage", "post-commit")
        command, marker = (tmp_path / "note.parent").read_text().rsplit(" ", 1)
        assert "pre_commit run" in command
        assert marker == "1\n"

    def test_manifest(self) -> None:
        manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
        command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(manifest)]
        subprocess.run(command, check=True, capture_output=True)
        for event in GIT_EVENTS:
            entry = manifest.read_text().split(f"- id: lumen-{event}\n")[1].split("- id:")[0]
            assert f"entry: lumen-hooks hook {event}\n" in entry
            assert f"stages: [{event}]\n" in entry
            assert "always_run: true\n" in entry
            assert "pass_filenames: false\n" in entry


class TestHooksPath:
    def test_own_folder_of_the_repository(self, repo: Repository, tmp_path: Path) -> None:
        repo.git("config", "core.hooksPath", str(tmp_path / "my hooks"))
        assert actions(repo) == ["installed"] * len(GIT_EVENTS)
        assert (tmp_path / "my hooks" / "post-merge").exists()
        assert len(uninstall(repo)) == 2 * len(GIT_EVENTS) + 1

    def test_uninstall_after_it_was_set(self, repo: Repository, tmp_path: Path) -> None:
        install(repo)
        repo.git("config", "core.hooksPath", str(tmp_path / "later"))
        assert len(uninstall(repo)) == 2 * len(GIT_EVENTS) + 1

    @pytest.mark.parametrize("made_by", ["husky", "tracked", "untracked"])
    def test_part_of_the_tree(self, repo: Repository, made_by: str) -> None:
        folder = ".husky/_" if made_by == "husky" else "scripts/hooks"
        repo.git("config", "core.hooksPath", folder)
        path = put(repo.top / folder / "post-commit", b"#!/bin/sh\n")
        if made_by == "husky":
            put(repo.top / folder / ".gitignore", b"*\n")
        if made_by == "tracked":
            repo.commit()
            (repo.top / ".git/info").mkdir(exist_ok=True)
            (repo.top / ".git/info/exclude").write_text("scripts\n")
        before = repo.git("status", "--porcelain", "--ignored")
        found = install(repo)
        assert {item.action for item in found.values()} == {"refused"}
        assert found["post-merge"].line_to_add == line_to_add("post-merge")
        assert "post-merge" in found["post-merge"].reason
        assert path.read_bytes() == b"#!/bin/sh\n"
        assert repo.git("status", "--porcelain", "--ignored") == before
        assert (repo.top / ".git/lumen/hooks/post-merge").exists()
        uninstall(repo)
        assert not (repo.top / ".git/lumen/hooks").exists()

    def test_ignored_folder_in_the_tree(self, repo: Repository) -> None:
        repo.commit({".gitignore": "/local\n"})
        repo.git("config", "core.hooksPath", "local/hooks")
        assert actions(repo) == ["installed"] * len(GIT_EVENTS)
        assert repo.git("status", "--porcelain") == ""

    def test_for_all_repositories(self, repo: Repository, tmp_path: Path) -> None:
        repo.git("config", "--global", "core.hooksPath", str(tmp_path / "shared"))
        found = install(repo)
        assert {item.action for item in found.values()} == {"refused"}
        assert "all repositories" in found["post-merge"].reason
        assert not (tmp_path / "shared").exists()

    @pytest.mark.parametrize("value", ["/dev/null", ""])
    def test_switched_off(self, repo: Repository, value: str) -> None:
        repo.git("config", "core.hooksPath", value)
        with pytest.raises(InstallError, match=r"core\.hooksPath|not a folder"):
            install(repo)

    def test_file_in_place_of_the_folder(self, repo: Repository) -> None:
        folder = repo.top / ".git/hooks"
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("")
        with pytest.raises(InstallError, match="not a folder"):
            install(repo)

    def test_folder_that_cannot_be_written(self, repo: Repository) -> None:
        # /sys forbids it even to root.
        if not Path("/sys/kernel").is_dir():
            pytest.skip("there is no /sys here")
        repo.git("config", "core.hooksPath", "/sys/kernel")
        with pytest.raises(InstallError, match="cannot write /sys/kernel"):
            install(repo)
