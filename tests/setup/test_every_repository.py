"""`install --global`: in git's configuration, or in a template and in repositories that are there.

The hooks and git are real; the interpreter that hooks would start writes down how (stand_in.py).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.examine import examine
from lumen_hooks.errors import InstallError, LumenError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.every_repository import install_everywhere, uninstall_everywhere
from lumen_hooks.setup.hooks_dir import put_scripts
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from lumen_hooks.setup.user_files import UserFiles, user_files
from lumen_hooks.setup.walk import Missed, find_repositories
from lumen_hooks.system.user_folders import data_folder, has_hooks_for_all
from tests.support.commands import Launcher, lumen
from tests.support.other_git import needs_config_hooks, newer_git
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end

if TYPE_CHECKING:
    from lumen_hooks.doctor.check import Check
    from lumen_hooks.setup.every_repository import Visited
    from lumen_hooks.setup.hooks_dir import Installed

__all__ = ["newer_git"]

EMPTY = ("commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def home(tmp_path: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose path needs quoting everywhere, with the sealed one's settings."""
    folder = tmp_path / 'it\'s "a" $home'
    folder.mkdir()
    (folder / ".gitconfig").write_bytes((sealed / ".gitconfig").read_bytes())
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    return folder


@pytest.fixture
def files(home: Path) -> UserFiles:
    return user_files(os.environ)


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "an 'odd\" place" / "python 3")


def install(
    python: Path | str = sys.executable, *folders: Path, config: bool | None = False
) -> tuple[list[Installed], list[Visited]]:
    visited: list[Visited] = []
    request = Request(str(python), config_hooks=config)
    done = install_everywhere(request, [str(one) for one in folders], os.environ, visited.append)
    return done.hooks, visited


def uninstall(*folders: Path) -> list[str]:
    return uninstall_everywhere([str(one) for one in folders], os.environ)[0]


def tree(*folders: Path) -> dict[str, bytes]:
    """Every file below some folders, and every folder."""
    return {
        str(path): path.read_bytes() if path.is_file() else b""
        for folder in folders
        for path in sorted(folder.rglob("*"))
    }


def serve_here(files: UserFiles, way: str = "files") -> None:
    """Take out of the installed scripts that folders for temporary files do not count.

    The tests' own repositories lie in one.
    """
    for event in GIT_EVENTS:
        path = Path(files.folder, way, event)
        text = path.read_text()
        assert "\t/tmp/* | " in text
        path.write_text(
            text.replace("\t/tmp/* |", "\t/no/*) return 1 ;;\n\t/no/tmp/* |")
            .replace("| /var/tmp/* |", "| /no/var/tmp/* |")
            .replace("/dev/shm/*", "/no/shm/*")  # noqa: S108
        )


def started(stand_in: StandIn, repo: Repository, *command: str) -> list[str]:
    """The events that a git command starts a process for."""
    done = run_to_the_end(["git", *command], repo.top)
    assert done.returncode == 0, done.stderr
    words = [record["argv"] for record in stand_in.records()]
    return [next(word for word in argv if word in GIT_EVENTS) for argv in words]


def new_repository(top: Path) -> Repository:
    top.mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    return Repository(top)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("config", [True, False])
def test_a_configuration_that_is_no_file_is_not_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: bool, config: bool
) -> None:
    path = home / "null" if named else home / ".gitconfig"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    if named:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    before = tree(home)
    with pytest.raises(InstallError, match="is no file") as refused:
        install(config=config)
    assert refused.value.hint
    assert path.is_fifo()
    assert tree(home) == before


class TestInPlace:
    @pytest.mark.parametrize("config", [True, False])
    @pytest.mark.parametrize("where", ["home", "xdg", "named"])
    def test_install_again_and_uninstall(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, where: str, config: bool
    ) -> None:
        if where == "xdg":  # git writes there if ~/.gitconfig is missing
            (home / ".config/git").mkdir(parents=True)
            (home / ".gitconfig").rename(home / ".config/git/config")
        elif where == "named":
            monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "my settings"))
            (home / ".gitconfig").rename(home / "my settings")
        (home / ".local/share").mkdir(parents=True)
        before = tree(home)
        found, _ = install(config=config)
        assert [one.action for one in found] == ["installed"] * len(GIT_EVENTS)
        written = tree(home)
        if config:
            (path,) = {one.path for one in found}
            assert path in before
        found, _ = install(config=config)
        assert [one.action for one in found] == ["unchanged"] * len(GIT_EVENTS)
        assert tree(home) == written
        assert len(uninstall()) >= len(GIT_EVENTS) * 2
        assert tree(home) == before
        assert uninstall() == []
        assert tree(home) == before

    def test_sections_in_both_of_the_users_files_go(self, home: Path) -> None:
        (home / ".config/git").mkdir(parents=True)
        (home / ".gitconfig").rename(home / ".config/git/config")
        install(config=True)
        (home / ".gitconfig").write_text("[user]\n\tname = x\n")
        install(config=True)
        uninstall()
        assert "lumen" not in (home / ".gitconfig").read_text()
        assert "lumen" not in (home / ".config/git/config").read_text()

    def test_a_switch_of_the_users_is_told_and_stays(self, home: Path) -> None:
        key = "hook.lumen-post-merge.enabled"
        install(config=True)
        subprocess.run(["git", "config", "--global", key, "false"], check=True)
        found, _ = install(config=True)
        assert [one.off for one in found if one.off] == [key]

    def test_one_way_follows_the_other(self, home: Path, repo: Repository) -> None:
        install(sys.executable, repo.top, config=False)
        assert (repo.top / ".git/hooks/post-merge").exists()
        install(config=True)
        assert not (repo.top / ".git/hooks/post-merge").exists()
        assert "templateDir" not in (home / ".gitconfig").read_text()
        found, _ = install(config=False)
        assert [one.action for one in found] == ["installed"] * len(GIT_EVENTS)
        assert '[hook "lumen' not in (home / ".gitconfig").read_text()

    def test_a_template_of_the_users_is_added_to(self, home: Path, files: UserFiles) -> None:
        theirs = home / "my template"
        (theirs / "hooks").mkdir(parents=True)
        (theirs / "hooks/post-merge").write_text("#!/bin/sh\necho theirs\n")
        (theirs / "README").write_text("mine")
        subprocess.run(
            ["git", "config", "--global", "init.templateDir", "~/my template"], check=True
        )
        before = tree(theirs)
        config = (home / ".gitconfig").read_bytes()
        found, _ = install()
        assert {one.event: one.action for one in found} == {
            event: "refused" if event == "post-merge" else "installed" for event in GIT_EVENTS
        }
        (refused,) = [one for one in found if one.action == "refused"]
        assert files.script("files", "post-merge").replace("'", "'\"'\"'") in refused.line_to_add
        assert (home / ".gitconfig").read_bytes() == config
        assert {name: tree(theirs)[name] for name in before} == before
        uninstall()
        assert tree(theirs) == before
        assert (home / ".gitconfig").read_bytes() == config

    def test_one_folder_for_all_hooks_is_used_instead_of_a_template(
        self, home: Path, repo: Repository, stand_in: StandIn, files: UserFiles
    ) -> None:
        put = home / "my hooks"
        put.mkdir()
        (put / "post-merge").write_text("#!/bin/sh\necho mine\n")
        repo.git("config", "--global", "core.hooksPath", "~/my hooks")
        before = tree(home)
        found, visited = install(stand_in.program, repo.top)
        assert [one.event for one in found if one.action == "refused"] == ["post-merge"]
        assert visited == []
        serve_here(files)
        assert started(stand_in, repo, *EMPTY) == ["post-commit"]
        checks = examine(find_worktree(str(repo.top)), os.environ)
        assert "post-merge: not installed" in {check.detail for check in checks}
        repo.git("config", "--global", "--unset", "core.hooksPath")
        uninstall()
        repo.git("config", "--global", "core.hooksPath", "~/my hooks")
        left = tree(home)
        assert {name for name in left if name not in before} <= {
            str(home / ".local"),
            str(home / ".local/share"),
        }

    @pytest.mark.parametrize("value", [".githooks", "/dev/null", ""])
    def test_no_folder_for_all_hooks(self, home: Path, repo: Repository, value: str) -> None:
        repo.git("config", "--global", "core.hooksPath", value)
        before = tree(home)
        with pytest.raises(InstallError, match="no hook file can serve"):
            install()
        assert tree(home) == before | {str(home / name): b"" for name in (".local", ".local/share")}

    def test_what_others_put_into_our_template_stays(self, home: Path, files: UserFiles) -> None:
        install()
        added = Path(files.template, "hooks/pre-push")
        added.write_text("#!/bin/sh\n")
        edited = Path(files.template, "hooks/post-merge")
        edited.write_text(edited.read_text() + "echo mine\n")
        uninstall()
        assert added.exists()
        assert edited.exists()

    @pytest.mark.parametrize("config", [True, False])
    def test_a_configuration_that_git_cannot_read(self, home: Path, config: bool) -> None:
        (home / ".gitconfig").write_text("[user\nname = x\n")
        before = tree(home)
        with pytest.raises(LumenError, match="bad config line 1"):
            install(config=config)
        assert tree(home) == before

    def test_an_empty_template_setting_is_left_to_the_user(self, home: Path) -> None:
        subprocess.run(["git", "config", "--global", "init.templateDir", ""], check=True)
        with pytest.raises(InstallError, match=r"init\.templateDir is empty"):
            install()

    def test_a_folder_that_cannot_be_made(self, home: Path) -> None:
        (home / ".local").write_text("")
        with pytest.raises(InstallError, match=r"cannot write .*\.local"):
            install()

    @pytest.mark.parametrize("config", [False, True])
    def test_a_full_disk_leaves_nothing(
        self, home: Path, config: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "the script")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(InstallError, match="No space left on device"):
            install(config=config)
        assert not Path(data_folder(os.environ)).exists()
        assert not has_hooks_for_all(os.environ)

    def test_an_interpreter_that_vanishes(self, home: Path, tmp_path: Path) -> None:
        python = tmp_path / "pip-build-env-x1/bin/python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        before = tree(home)
        with pytest.raises(InstallError, match="made for one build"):
            install(python)
        assert tree(home) == before


FIRST_EVENTS: tuple[tuple[str, tuple[tuple[str, ...], ...], list[str]], ...] = (
    ("commit", (EMPTY,), ["post-commit"]),
    ("amend", (("commit", "-q", "--amend", "-m", "x"),), ["post-commit", "post-rewrite"]),
    ("worktree", (("worktree", "add", "-q", "../w1"),), ["post-checkout"]),
    ("switch", (("switch", "-q", "-c", "x"), ("switch", "-q", "main")), []),
    ("file", (("checkout", "-q", "--", "a.py"),), []),
    ("merge", (("merge", "-q", "side"),), []),
    ("pull", (("pull", "-q", "--ff-only", ".", "side"),), []),
    ("pull to rebase", (("pull", "-q", "--rebase", ".", "side"),), []),
)


class TestFirstEvent:
    """What begins an index where nothing of ours is; with copies of a template, by any git."""

    @pytest.fixture
    def project(self, files: UserFiles, stand_in: StandIn, tmp_path: Path) -> Repository:
        """A clone, as a package manager makes it, with a branch ahead."""
        project = new_repository(tmp_path / "origin")
        project.commit({"a.py": "a = 1\n"})
        project.git("switch", "-q", "-c", "side")
        project.commit({"a.py": "a = 2\n"})
        project.git("switch", "-q", "main")
        install(stand_in.program)
        serve_here(files)
        return project

    @pytest.fixture
    def clone(self, project: Repository, stand_in: StandIn, tmp_path: Path) -> Repository:
        command = ("clone", "-q", str(project.top), str(tmp_path / "clone"))
        assert started(stand_in, project, *command) == []
        clone = Repository(tmp_path / "clone")
        assert (clone.top / ".git/hooks/post-commit").exists()
        clone.git("branch", "side", "origin/side")
        return clone

    def test_table(self, clone: Repository, stand_in: StandIn) -> None:
        for name, commands, events in FIRST_EVENTS:
            found = [one for command in commands for one in started(stand_in, clone, *command)]
            assert set(found) == set(events), name
            folder = clone.top / ".git/lumen"
            assert folder.exists() == bool(events), name
            if folder.exists():
                subprocess.run(["rm", "-r", str(folder)], check=True)
            clone.git("-c", "core.hooksPath=/dev/null", "reset", "-q", "--hard", "origin/main")

    def test_afterwards_every_event_counts(self, clone: Repository, stand_in: StandIn) -> None:
        (clone.top / ".git/lumen").mkdir()
        store = clone.top / ".git/lumen/embeddings.db"
        store.touch()  # as any search makes it
        assert started(stand_in, clone, "switch", "-q", "-c", "x") == ["post-checkout"]
        assert started(stand_in, clone, "merge", "-q", "side") == ["post-merge"]
        assert started(stand_in, clone, "worktree", "add", "-q", "../w1") == ["post-checkout"]
        store.unlink()  # as `purge --all` does
        assert started(stand_in, clone, "switch", "-q", "-c", "y") == []
        assert started(stand_in, clone, *EMPTY) == ["post-commit"]

    @pytest.mark.parametrize(
        "place", ["home/.cache/tool/x", "site/node_modules/.pkg/x", "Library/Caches/x", "tmpdir/x"]
    )
    def test_not_in(
        self,
        project: Repository,
        stand_in: StandIn,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        place: str,
    ) -> None:
        (tmp_path / "tmpdir").mkdir()
        (tmp_path / "linked").symlink_to("tmpdir")
        monkeypatch.setenv("TMPDIR", str(tmp_path / "linked"))
        repo = new_repository(tmp_path / place)
        assert started(stand_in, repo, *EMPTY) == []
        assert not (repo.top / ".git/lumen").exists()

    @pytest.mark.parametrize("above", [False, True])
    def test_not_where_the_home_folder_is(
        self, project: Repository, stand_in: StandIn, home: Path, above: bool
    ) -> None:
        top = home.parent if above else home
        repo = Repository(top)
        repo.git("init", "-q")
        assert started(stand_in, repo, *EMPTY) == []
        assert not (top / ".git/lumen").exists()

    def test_not_in_folders_for_temporary_files(
        self, files: UserFiles, stand_in: StandIn, tmp_path: Path
    ) -> None:
        install(stand_in.program)  # and the scripts are left as they are
        repo = new_repository(tmp_path / "r")
        counts = not str(tmp_path).startswith(("/tmp/", "/dev/shm/", "/var/"))  # noqa: S108
        assert bool(started(stand_in, repo, *EMPTY)) == counts

    def test_switches(self, clone: Repository, stand_in: StandIn) -> None:
        clone.git("config", "lumen.enabled", "false")
        assert started(stand_in, clone, *EMPTY) == []
        assert not (clone.top / ".git/lumen").exists()
        clone.git("config", "--unset", "lumen.enabled")
        clone.git("config", "--global", "lumen.enabled", "off")
        assert started(stand_in, clone, *EMPTY) == []
        clone.git("config", "lumen.enabled", "yes")
        assert started(stand_in, clone, *EMPTY) == ["post-commit"]

    def test_a_submodule_and_a_bare_repository(
        self, project: Repository, clone: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        allow = ("-c", "protocol.file.allow=always")
        command = (*allow, "submodule", "add", "-q", str(project.top), "sub")
        assert started(stand_in, clone, *command) == []
        assert started(stand_in, clone, "clone", "-q", "--bare", ".", str(tmp_path / "b.git")) == []
        bare = Repository(tmp_path / "b.git")
        assert started(stand_in, bare, "worktree", "add", "-q", "../wt") == ["post-checkout"]

    def test_a_repository_s_own_install_comes_first(
        self, clone: Repository, stand_in: StandIn, files: UserFiles
    ) -> None:
        worktree = find_worktree(str(clone.top))
        install_hooks(worktree, Request(str(stand_in.program), config_hooks=False))
        assert started(stand_in, clone, *EMPTY) == ["post-commit"]
        uninstall_hooks(worktree)
        install(stand_in.program, clone.top)
        serve_here(files)
        assert started(stand_in, clone, *EMPTY) == ["post-commit"]
        put_scripts(worktree, str(stand_in.program), "background")  # as for pre-commit
        assert started(stand_in, clone, *EMPTY) == []

    def test_an_interpreter_that_is_gone_does_nothing(
        self, clone: Repository, stand_in: StandIn
    ) -> None:
        stand_in.program.rename(f"{stand_in.program}.moved")
        assert started(stand_in, clone, *EMPTY) == []
        assert not (clone.top / ".git/lumen").exists()

    def test_copies_do_nothing_without_the_scripts(
        self, clone: Repository, stand_in: StandIn
    ) -> None:
        uninstall()
        assert (clone.top / ".git/hooks/post-commit").exists()
        assert started(stand_in, clone, *EMPTY) == []
        assert uninstall(clone.top.parent) != []
        assert not (clone.top / ".git/hooks/post-commit").exists()


class TestFolders:
    def test_repositories_are_found_once_and_nothing_else(self, tmp_path: Path) -> None:
        one = new_repository(tmp_path / "src/one")
        one.commit()
        one.git("worktree", "add", "-q", "../one-linked")
        one.git("init", "-q", "inside")
        new_repository(tmp_path / "src/group/two")
        for hidden in ("node_modules/x", ".cache/x", "env/lib/x"):
            new_repository(tmp_path / "src" / hidden)
        (tmp_path / "src/env/pyvenv.cfg").touch()
        one.git("init", "-q", "--bare", "../bare.git")
        one.git("clone", "-q", "--bare", ".", "../three/.bare")
        (tmp_path / "src/three/.git").write_text("gitdir: ./.bare\n")
        Repository(tmp_path / "src/three").git("worktree", "add", "-q", "main2")
        (tmp_path / "src/loop").symlink_to(".")
        (tmp_path / "src/broken").mkdir()
        (tmp_path / "src/broken/.git").write_text("gitdir: /nowhere\n")
        found = list(find_repositories([str(tmp_path / "src"), str(tmp_path / "src/one")]))
        tops = sorted(os.path.relpath(item[0], tmp_path / "src") for item in found)
        assert tops == ["broken", "group/two", "one", "three/main2"]
        (missed,) = [item for item in found if isinstance(item, Missed)]
        assert "does not exist" in missed.reason
        few = list(find_repositories([str(tmp_path)], most=2))
        assert isinstance(few[-1], Missed)
        assert "more than 2 folders" in few[-1].reason

    def test_each_gets_what_fits_and_the_next_goes_on(
        self, home: Path, stand_in: StandIn, tmp_path: Path, files: UserFiles
    ) -> None:
        plain = new_repository(tmp_path / "src/a")
        own = new_repository(tmp_path / "src/b")
        (own.top / ".git/hooks").mkdir(exist_ok=True)
        (own.top / ".git/hooks/post-merge").write_text("#!/bin/sh\necho own\n")
        husky = new_repository(tmp_path / "src/c")
        husky.git("config", "core.hooksPath", ".husky/_")
        last = new_repository(tmp_path / "src/d")
        leads_out = new_repository(tmp_path / "src/e")
        leads_out.git("config", "core.hooksPath", str(tmp_path / "elsewhere"))
        src = tmp_path / "src"
        before = tree(src)
        _, visited = install(stand_in.program, src)
        said = {os.path.basename(one.top): one for one in visited}
        assert [one.action for one in said["a"].hooks] == ["installed"] * len(GIT_EVENTS)
        assert [one.event for one in said["b"].hooks if one.action == "refused"] == ["post-merge"]
        assert "husky" in said["c"].problem
        assert "outside of it" in said["e"].problem
        assert not (tmp_path / "elsewhere").exists()
        assert (last.top / ".git/hooks/post-commit").exists()
        assert not list(src.rglob("lumen"))
        serve_here(files)
        assert started(stand_in, plain, *EMPTY) == ["post-commit"]
        subprocess.run(["rm", "-r", str(plain.top / ".git/lumen")], check=True)
        plain.git("-c", "core.hooksPath=/dev/null", "update-ref", "-d", "HEAD")
        uninstall()
        left = tree(src)
        assert not [name for name in left if "/hooks/post-" in name and name not in before]
        assert {name: left[name] for name in before} == before


class TestDoctor:
    @staticmethod
    def checks(repo: Repository) -> dict[str, Check]:
        found = examine(find_worktree(str(repo.top)), os.environ)
        names = ("hooks", "installed once", "scripts", "interpreter", "refresh mode")
        return {check.name: check for check in found if check.name in names}

    def test_with_the_template(
        self, files: UserFiles, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        install(sys.executable, repo.top)
        found = self.checks(repo)
        assert all(check.ok for check in found.values()), found
        assert "by hook file for all; they begin here with" in found["hooks"].detail
        (repo.top / ".git/lumen").mkdir()
        (repo.top / ".git/lumen/embeddings.db").touch()
        assert "begin" not in self.checks(repo)["hooks"].detail
        repo.git("config", "lumen.refresh", "inline")
        assert self.checks(repo)["refresh mode"].hint == "lumen-hooks install"
        install("/bin/sh")
        found = self.checks(repo)
        assert "has no lumen_hooks" in found["interpreter"].detail
        assert "lumen-hooks install --global" in found["interpreter"].hint
        install_hooks(find_worktree(str(repo.top)), Request(sys.executable, config_hooks=False))
        assert self.checks(repo)["hooks"].detail == "all 4 events by hook file"

    def test_after_uninstall_none_are_there(self, home: Path, repo: Repository) -> None:
        install(sys.executable, repo.top)
        (repo.top / ".git/hooks/post-merge").rename(repo.top / "kept")
        kept = (repo.top / "kept").read_bytes()
        uninstall()
        (repo.top / ".git/hooks/post-merge").write_bytes(kept)
        assert self.checks(repo)["hooks"].detail == "no hooks are installed"

    @needs_config_hooks
    @pytest.mark.usefixtures("newer_git")
    def test_with_configuration(self, files: UserFiles, repo: Repository) -> None:
        install(config=None)
        found = self.checks(repo)
        assert all(check.ok for check in found.values()), found
        assert "all 4 events by global git config; they begin here" in found["hooks"].detail
        for config in (True, False):
            worktree = find_worktree(str(repo.top))
            install_hooks(worktree, Request(sys.executable, config_hooks=config))
            found = self.checks(repo)
            assert all(check.ok for check in found.values()), found
            kind = "git config" if config else "hook file"
            assert found["hooks"].detail == f"all 4 events by {kind}"
        uninstall_hooks(find_worktree(str(repo.top)))
        os.unlink(files.script("config", "post-merge"))
        found = self.checks(repo)
        assert found["hooks"].hint == "lumen-hooks install --global"
        assert found["scripts"].hint == "lumen-hooks install --global"


@needs_config_hooks
@pytest.mark.usefixtures("newer_git")
def test_git_runs_them_from_the_users_configuration_once(
    files: UserFiles, repo: Repository, stand_in: StandIn, tmp_path: Path
) -> None:
    install(stand_in.program, config=None)
    serve_here(files, "config")
    repo.git("config", "core.hooksPath", "/dev/null")
    assert started(stand_in, repo, "switch", "-q", "-c", "x") == []
    assert started(stand_in, repo, *EMPTY) == ["post-commit"]
    assert started(stand_in, repo, "clone", "-q", ".", str(tmp_path / "c")) == []
    assert started(stand_in, repo, "worktree", "add", "-q", str(tmp_path / "w")) == [
        "post-checkout"
    ]
    repo.git("config", "--unset", "core.hooksPath")
    for config in (True, False):  # both ways of a repository's own install
        worktree = find_worktree(str(repo.top))
        install_hooks(worktree, Request(str(stand_in.program), config_hooks=config))
        assert started(stand_in, repo, *EMPTY) == ["post-commit"], config
    uninstall_hooks(worktree)
    assert started(stand_in, repo, *EMPTY) == ["post-commit"]


class TestCommand:
    def test_anywhere_and_what_it_says(self, home: Path, tmp_path: Path) -> None:
        before = tree(home)
        new_repository(tmp_path / "src/a")
        done = lumen(home, "install", "--global")
        assert done.returncode == 0, done.stderr
        assert "lumen-hooks install --global FOLDER..." in done.stderr
        done = lumen(tmp_path, "install", "--global", "src")
        assert done.returncode == 0, done.stderr
        assert f"{tmp_path}/src/a: installed (4 hooks)\n" in done.stderr
        own = new_repository(tmp_path / "src/b")
        (own.top / ".git/hooks/post-merge").write_text("#!/bin/sh\n")
        done = lumen("/", "-C", str(tmp_path), "install", "--global", "src")
        assert done.returncode == 1
        assert f"error: not every hook is in place\n  {own.top}\n" in done.stderr
        assert "hint: lumen-hooks -C FOLDER install" in done.stderr
        assert not list((tmp_path / "src").rglob("lumen"))
        done = lumen("/", "uninstall", "--global")
        assert done.returncode == 0, done.stderr
        assert lumen("/", "uninstall", "--global").stderr == "there was nothing to remove\n"
        assert {name for name in tree(home) if name not in before} <= {
            str(home / ".local"),
            str(home / ".local/share"),
        }

    @pytest.mark.parametrize(
        "arguments",
        [
            ("install", "--global", "--native"),
            ("install", "--global", "--pre-commit"),
            ("install", "--global", "nowhere"),
            ("install", "."),
            ("uninstall", "."),
            ("uninstall", "--global", "--purge"),
        ],
    )
    def test_usage(self, home: Path, arguments: tuple[str, ...]) -> None:
        before = tree(home)
        assert lumen(home, *arguments).returncode == 2
        assert tree(home) == before

    def test_without_a_home_folder(self, launcher: Launcher, tmp_path: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if name != "HOME"}
        environ.pop("XDG_CONFIG_HOME")
        done = launcher.run(tmp_path, "install", "--global", environment=environ)
        assert done.code == 1
        assert "$HOME not set" in done.err

    def test_two_at_once(self, launcher: Launcher, home: Path) -> None:
        running = [launcher.start("/", "install", "--global") for _ in range(3)]
        assert [one.wait().code for one in running] == [0, 0, 0]
        found, _ = install(config=False)
        assert [one.action for one in found] == ["unchanged"] * len(GIT_EVENTS)
        running = [launcher.start("/", "uninstall", "--global") for _ in range(3)]
        assert [one.wait().code for one in running] == [0, 0, 0]
        assert not (home / ".local/share/lumen-hooks").exists()
