from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from lumen_hooks import hook
from lumen_hooks.notify import spawn
from lumen_hooks.notify.environment import LOCAL_VARIABLES, without_local_variables
from lumen_hooks.notify.events import EVENTS, PRE_COMMIT_VARIABLES
from lumen_hooks.setup.script import hook_script
from tests.support.hooked import make_index, put_hooks
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end
from tests.support.waiting import PATIENCE_SECONDS

from .hook_calls import SHELLS, git, started

if TYPE_CHECKING:
    from collections.abc import Iterator

ZERO = "0" * 40
HASH = "1" * 40


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "an 'odd\" place\nfor" / "python 3")


def worker(top: Path | str, event: str) -> list[str]:
    return ["-I", "-m", "lumen_hooks.worker", str(top), event]


def seeder(top: Path | str, event: str, *args: str) -> list[str]:
    return ["-I", "-m", "lumen_hooks.hook", event, str(top), *args]


def events(folder: Path) -> list[str]:
    return (folder / "events").read_text().splitlines()


@contextmanager
def working_process(top: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a worker of a worktree, or like what the words say."""
    program = "print(flush=True); input()"
    words = words or ("lumen_hooks.worker", str(top), "post-commit")
    command = [sys.executable, "-c", program, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its command line can be read from now on
        yield process
        process.kill()


@pytest.fixture
def hooked(repo: Repository, stand_in: StandIn) -> Repository:
    """A repository with one commit, an index, and the hooks."""
    repo.commit({"a.py": "a = 1\n"})
    put_hooks(repo, stand_in.program)
    make_index(repo.top / ".git")
    return repo


class TestEvents:
    def test_commit_starts_a_worker(self, hooked: Repository, stand_in: StandIn) -> None:
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(hooked.top, "post-commit")]
        assert events(hooked.top / ".git/lumen") == ["post-commit"]

    def test_switch_from_a_folder_inside(self, hooked: Repository, stand_in: StandIn) -> None:
        (hooked.top / "sub").mkdir()
        run_to_the_end(["git", "switch", "-q", "-c", "other"], hooked.top / "sub")
        assert started(stand_in) == [worker(hooked.top, "post-checkout")]
        (line,) = events(hooked.top / ".git/lumen")
        assert line.split()[0] == "post-checkout"
        assert line.split()[3] == "1"

    def test_merge_and_pull(self, hooked: Repository, stand_in: StandIn) -> None:
        hooked.git("branch", "side")
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        git(hooked, "switch", "-q", "side")
        stand_in.records()
        git(hooked, "merge", "-q", "main")
        assert started(stand_in) == [worker(hooked.top, "post-merge")]
        hooked.git("reset", "-q", "--hard", "HEAD~1")
        git(hooked, "pull", "-q", "--ff-only", ".", "main")
        assert started(stand_in) == [worker(hooked.top, "post-merge")]
        assert events(hooked.top / ".git/lumen")[-1] == "post-merge 0"

    def test_amend(self, hooked: Repository, stand_in: StandIn) -> None:
        git(hooked, "commit", "-q", "--amend", "-m", "again")
        assert sorted(started(stand_in)) == [
            worker(hooked.top, "post-commit"),
            worker(hooked.top, "post-rewrite"),
        ]
        assert events(hooked.top / ".git/lumen") == ["post-commit", "post-rewrite amend"]

    def test_picks_of_a_rebase_only_leave_events(
        self, hooked: Repository, stand_in: StandIn
    ) -> None:
        hooked.git("-c", "core.hooksPath=/dev/null", "switch", "-q", "-c", "side")
        for number in range(4):
            hooked.write({f"s{number}": "x"})
            hooked.git("add", "-A")
            hooked.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", f"{number}")
        hooked.git("-c", "core.hooksPath=/dev/null", "switch", "-q", "main")
        hooked.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", "m")
        git(hooked, "rebase", "-q", "main", "side")
        # Both are detached: which of them is seen first is no promise.
        assert sorted(argv[-1] for argv in started(stand_in)) == ["post-checkout", "post-rewrite"]
        names = [line.split()[0] for line in events(hooked.top / ".git/lumen")]
        assert names == ["post-checkout", *["post-commit"] * 4, "post-rewrite"]

    def test_file_checkout_only_leaves_an_event(
        self, hooked: Repository, stand_in: StandIn
    ) -> None:
        git(hooked, "checkout", "-q", "--", "a.py")
        assert started(stand_in) == []
        assert events(hooked.top / ".git/lumen")[0].endswith(" 0")

    def test_file_checkout_without_an_index(self, hooked: Repository, stand_in: StandIn) -> None:
        shutil.rmtree(hooked.top / ".git/lumen")
        git(hooked, "checkout", "-q", "--", "a.py")
        assert started(stand_in) == []
        assert not (hooked.top / ".git/lumen").exists()

    def test_first_event_that_makes_no_worktree(
        self, hooked: Repository, stand_in: StandIn
    ) -> None:
        shutil.rmtree(hooked.top / ".git/lumen")
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(hooked.top, "post-commit")]
        assert events(hooked.top / ".git/lumen") == ["post-commit"]

    def test_clone(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        template = tmp_path / "template"
        put_hooks(hooked, stand_in.program, template / "hooks")
        git(hooked, "clone", "-q", f"--template={template}", ".", str(tmp_path / "copy"))
        (argv,) = started(stand_in)
        assert argv[:6] == seeder(tmp_path / "copy", "post-checkout", ZERO)


class TestWorktrees:
    def test_new_worktree_is_seeded_in_front(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        head = hooked.git("rev-parse", "HEAD").strip()
        git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        (record,) = stand_in.records()
        assert record["argv"] == seeder(tmp_path / "w1", "post-checkout", ZERO, head, "1")
        assert record["cwd"] == str(tmp_path / "w1")
        assert (hooked.top / ".git/worktrees/w1/lumen").is_dir()

    def test_git_waits_for_the_seed(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        stand_in.hold()
        command = ["git", "worktree", "add", "-q", str(tmp_path / "w1")]
        with subprocess.Popen(command, cwd=hooked.top) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            stand_in.release()
            assert process.wait(20) == 0

    def test_linked_worktree(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        folder = make_index(hooked.top / ".git/worktrees/w1")
        stand_in.records()
        git(Repository(tmp_path / "w1"), "commit", "-q", "--allow-empty", "-m", "x")
        (record,) = stand_in.records()
        assert record["argv"] == worker(tmp_path / "w1", "post-commit")
        assert events(folder) == ["post-commit"]
        assert not (hooked.top / ".git/lumen/events").exists()

    def test_nested_worktree(self, hooked: Repository, stand_in: StandIn) -> None:
        nested = hooked.top / ".claude" / "worktrees" / "x"
        git(hooked, "worktree", "add", "-q", str(nested))
        assert started(stand_in)[0][:5] == seeder(nested, "post-checkout")
        folder = make_index(hooked.top / ".git/worktrees/x")
        git(Repository(nested), "switch", "-q", "-c", "y")
        assert started(stand_in) == [worker(nested, "post-checkout")]
        assert len(events(folder)) == 1

    def test_bare_repository_with_worktrees(self, stand_in: StandIn, tmp_path: Path) -> None:
        (tmp_path / "seed").mkdir()
        seed = Repository(tmp_path / "seed")
        seed.git("init", "-q")
        seed.commit({"a": "a"})
        seed.git("clone", "-q", "--bare", ".", str(tmp_path / ".bare"))
        bare = Repository(tmp_path / ".bare")
        put_hooks(bare, stand_in.program, bare.top / "hooks")
        git(bare, "worktree", "add", "-q", str(tmp_path / "w"))
        assert started(stand_in)[0][:5] == seeder(tmp_path / "w", "post-checkout")
        git(Repository(tmp_path / "w"), "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(tmp_path / "w", "post-commit")]

    def test_separate_git_dir(self, stand_in: StandIn, tmp_path: Path) -> None:
        top = tmp_path / "tree"
        top.mkdir()
        repo = Repository(top)
        repo.git("init", "-q", "--separate-git-dir", str(tmp_path / "store"))
        put_hooks(repo, stand_in.program, tmp_path / "store" / "hooks")
        folder = make_index(tmp_path / "store")
        git(repo, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(top, "post-commit")]
        assert events(folder) == ["post-commit"]

    def test_relative_pointers(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        # What `git worktree add --relative-paths` (2.48) writes.
        git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        (tmp_path / "w1" / ".git").write_text("gitdir: ../main/.git/worktrees/w1")
        folder = make_index(hooked.top / ".git/worktrees/w1")
        stand_in.records()
        script = hooked.top / ".git/hooks/post-commit"
        done = run_to_the_end([str(script)], tmp_path / "w1")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert started(stand_in) == [worker(tmp_path / "w1", "post-commit")]
        assert events(folder) == ["post-commit"]

    def test_submodule(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        (tmp_path / "lib").mkdir()
        library = Repository(tmp_path / "lib")
        library.git("init", "-q")
        library.commit({"l": "l"})
        hooked.git(
            "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.top)
        )
        modules = hooked.top / ".git/modules/lib"
        put_hooks(hooked, stand_in.program, modules / "hooks")
        folder = make_index(modules)
        git(Repository(hooked.top / "lib"), "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(hooked.top / "lib", "post-commit")]
        assert events(folder) == ["post-commit"]

    @pytest.mark.parametrize(
        "name", ["with space", "new\nline", "-dash", "quo'te\"$HOME`x`", "ünï"]
    )
    def test_odd_names(self, stand_in: StandIn, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir()
        repo = Repository(tmp_path / name)
        repo.git("init", "-q")
        repo.commit({"a": "a"})
        put_hooks(repo, stand_in.program)
        make_index(repo.top / ".git")
        git(repo, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(repo.top, "post-commit")]
        linked = tmp_path / f"{name} linked"
        git(repo, "worktree", "add", "-q", "-b", "b", str(linked))
        assert started(stand_in)[0][:5] == seeder(linked, "post-checkout")
        git(Repository(linked), "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == [worker(linked, "post-commit")]

    def test_symlinked_path_is_resolved(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        (tmp_path / "alias").symlink_to(hooked.top)
        alias = str(tmp_path / "alias")
        script = str(hooked.top / ".git/hooks/post-commit")
        run_to_the_end([script], alias, {"PWD": alias})
        assert started(stand_in) == [worker(hooked.top, "post-commit")]


class TestWorktreeAdd:
    @pytest.fixture
    def script(self, tmp_path: Path, stand_in: StandIn) -> Path:
        path = tmp_path / "worktree-add"
        path.write_bytes(hook_script("worktree-add", str(stand_in.program)))
        path.chmod(0o755)
        return path

    @pytest.mark.parametrize("name", ["w1", "-", "-x", "a b\nc"])
    def test_relative_path(
        self, hooked: Repository, stand_in: StandIn, script: Path, name: str
    ) -> None:
        hooked.git("worktree", "add", "-q", "--no-checkout", "-b", "b", f"./{name}")
        done = run_to_the_end([str(script), name], hooked.top, {"OLDPWD": "/"})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert started(stand_in) == [seeder(hooked.top / name, "worktree-add")]

    def test_callers_repository_is_not_meant(
        self, hooked: Repository, stand_in: StandIn, script: Path, tmp_path: Path
    ) -> None:
        hooked.git("worktree", "add", "-q", "--no-checkout", str(tmp_path / "w1"))
        git_dir = str(hooked.top / ".git")
        run_to_the_end([str(script), str(tmp_path / "w1")], hooked.top, {"GIT_DIR": git_dir})
        assert started(stand_in) == [seeder(tmp_path / "w1", "worktree-add")]
        assert (hooked.top / ".git/worktrees/w1/lumen").is_dir()

    def test_with_an_index_it_is_an_event_like_others(
        self, hooked: Repository, stand_in: StandIn, script: Path
    ) -> None:
        run_to_the_end([str(script), "."], hooked.top)
        assert started(stand_in) == [worker(hooked.top, "worktree-add")]
        assert events(hooked.top / ".git/lumen") == ["worktree-add"]

    def test_an_unfinished_worktree_is_tried_again(
        self, hooked: Repository, stand_in: StandIn, script: Path
    ) -> None:
        (hooked.top / ".git/lumen/index.db").unlink()
        run_to_the_end([str(script), "."], hooked.top)
        assert started(stand_in) == [seeder(hooked.top, "worktree-add")]

    @pytest.mark.parametrize("args", [[], ["missing"], ["/"], [""]])
    def test_no_such_worktree(
        self, hooked: Repository, stand_in: StandIn, script: Path, args: list[str]
    ) -> None:
        done = run_to_the_end([str(script), *args], hooked.top)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert started(stand_in) == []


class TestSwitchedOff:
    @pytest.mark.parametrize(
        "environ",
        [{"LUMEN_HOOKS": "0"}, {"LUMEN_ENABLED": "false"}, {"_PRE_COMMIT_SKIP_POST_CHECKOUT": "1"}],
    )
    def test_by_the_environment(
        self, hooked: Repository, stand_in: StandIn, environ: dict[str, str]
    ) -> None:
        git(hooked, "switch", "-q", "-c", "b", **environ)
        assert started(stand_in) == []

    def test_by_git_config(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        hooked.git("config", "lumen.enabled", "off")
        git(hooked, "switch", "-q", "-c", "b")
        git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        assert started(stand_in) == []
        assert not (hooked.top / ".git/worktrees/w1/lumen").exists()
        git(hooked, "switch", "-q", "-c", "c", LUMEN_ENABLED="true")
        assert started(stand_in) == [worker(hooked.top, "post-checkout")]

    def test_for_one_git_command(self, hooked: Repository, stand_in: StandIn) -> None:
        git(hooked, "-c", "lumen.enabled=false", "switch", "-q", "-c", "b")
        assert started(stand_in) == []

    def test_unreadable_setting_is_the_workers_to_report(
        self, hooked: Repository, stand_in: StandIn
    ) -> None:
        hooked.git("config", "lumen.enabled", "perhaps")
        git(hooked, "switch", "-q", "-c", "b")
        assert len(started(stand_in)) == 1


class TestNeverHurts:
    def test_interpreter_gone(self, hooked: Repository, stand_in: StandIn) -> None:
        stand_in.program.unlink()
        done = git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert (done.stdout, done.stderr) == (b"", b"")
        assert not (hooked.top / ".git/lumen/events").exists()

    @pytest.mark.parametrize("kind", ["folder", "no program"])
    def test_interpreter_unusable(self, hooked: Repository, stand_in: StandIn, kind: str) -> None:
        stand_in.program.unlink()
        if kind == "folder":
            stand_in.program.mkdir()
        else:
            stand_in.program.write_bytes(b"\x7fELF nonsense")
            stand_in.program.chmod(0o755)
        done = git(hooked, "switch", "-q", "-c", "b")
        assert (done.stdout, done.stderr) == (b"", b"")

    def test_interpreter_that_fails_in_front(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        stand_in.program.write_text("#!/bin/sh\necho no module; echo no >&2; exit 7\n")
        done = git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        assert (done.stdout, done.stderr) == (b"", b"")

    @pytest.mark.parametrize("what", ["folder is a file", "events is a folder", "lock is a folder"])
    def test_git_dir_that_cannot_be_written(
        self, hooked: Repository, stand_in: StandIn, what: str
    ) -> None:
        folder = hooked.top / ".git/lumen"
        if what == "folder is a file":
            shutil.rmtree(folder)
            folder.write_text("")
        else:
            (folder / ("events" if "events" in what else "worker.lock")).mkdir()
        for arguments in (
            ["switch", "-q", "-c", "b"],
            ["commit", "-q", "--allow-empty", "-m", "x"],
        ):
            done = git(hooked, *arguments)
            assert (done.stdout, done.stderr) == (b"", b"")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_read_only_git_dir(self, hooked: Repository, stand_in: StandIn) -> None:
        folder = hooked.top / ".git/lumen"
        folder.chmod(0o500)
        done = git(hooked, "switch", "-q", "-c", "b")
        folder.chmod(0o700)
        assert (done.stdout, done.stderr) == (b"", b"")

    def test_directory_gone(self, hooked: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        (tmp_path / "gone").mkdir()
        script = str(hooked.top / ".git/hooks/post-commit")
        shell = 'cd "$1" && rmdir "$1" && exec "$2"'
        command = ["sh", "-c", shell, "sh", str(tmp_path / "gone"), script]
        git_dir = str(hooked.top / ".git")
        done = run_to_the_end(command, tmp_path, {"GIT_DIR": git_dir})
        # dash complains before it reads the script; git itself would not have come this far.
        assert (done.returncode, done.stdout) == (0, b"")
        assert started(stand_in) == []

    def test_errexit_and_nounset_from_the_environment(
        self, hooked: Repository, stand_in: StandIn
    ) -> None:
        script = str(hooked.top / ".git/hooks/post-commit")
        done = run_to_the_end(
            ["bash", "--posix", script], hooked.top, {"SHELLOPTS": "errexit:nounset"}
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert started(stand_in) == [worker(hooked.top, "post-commit")]

    def test_source_as_shipped_does_nothing(self, repo: Repository) -> None:
        # Even where a repository holds a program with the placeholder's name.
        repo.commit({"@PYTHON@": "#!/bin/sh\necho taken >taken\n"})
        (repo.top / "@PYTHON@").chmod(0o755)
        script = Path(__file__).parents[2] / "hooks" / "event.sh"
        path = f"{repo.top}:{os.environ['PATH']}"
        done = run_to_the_end([str(script), "."], repo.top, {"PATH": path})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert not (repo.top / "taken").exists()

    def test_tree_with_modules_of_our_names(self, repo: Repository, tmp_path: Path) -> None:
        # The real interpreter: nothing of the checked-out tree may be imported.
        trap = f"open({str(tmp_path / 'taken')!r}, 'w').close()\nraise SystemExit(0)\n"
        names = ("sqlite3.py", "os.py", "runpy.py", "lumen_hooks/__init__.py", "sitecustomize.py")
        repo.commit(dict.fromkeys(names, trap))
        put_hooks(repo, Path(sys.executable))
        repo.git("config", "lumen.refresh", "off")  # Python finds out, not the script
        done = git(repo, "switch", "-q", "-c", "b", PYTHONPATH=str(repo.top))
        assert (done.stdout, done.stderr) == (b"", b"")
        assert any((repo.top / ".git/lumen").iterdir())  # it ran: the script makes the folder only
        assert not (tmp_path / "taken").exists()


class TestWorkerAtWork:
    @pytest.fixture
    def alive(self, hooked: Repository) -> Iterator[subprocess.Popen[bytes]]:
        with working_process(hooked.top) as process:
            yield process

    def test_it_will_see_the_event(
        self, hooked: Repository, stand_in: StandIn, alive: subprocess.Popen[bytes]
    ) -> None:
        folder = hooked.top / ".git/lumen"
        (folder / "worker.lock").write_text(f"{alive.pid} 12.5 refresh\n")
        assert spawn.worker_alive(str(folder))
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == []
        assert events(folder) == ["post-commit"]

    @pytest.mark.parametrize("event", ["post-checkout", "worktree-add"])
    def test_it_may_have_been_the_seed(
        self, hooked: Repository, stand_in: StandIn, event: str
    ) -> None:
        with working_process(hooked.top, "lumen_hooks.hook", event, str(hooked.top)) as seeder:
            folder = hooked.top / ".git/lumen"
            (folder / "worker.lock").write_text(f"{seeder.pid} 12.5 refresh\n")
            assert spawn.worker_alive(str(folder))
            git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert started(stand_in) == []

    def test_dead_but_not_buried(
        self, hooked: Repository, stand_in: StandIn, alive: subprocess.Popen[bytes]
    ) -> None:
        folder = hooked.top / ".git/lumen"
        (folder / "worker.lock").write_text(f"{alive.pid} 12.5 refresh\n")
        alive.kill()
        os.waitid(os.P_PID, alive.pid, os.WEXITED | os.WNOWAIT)
        assert not spawn.worker_alive(str(folder))
        git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert len(started(stand_in)) == 1

    @pytest.mark.parametrize(
        "content", ["", "\n", "0 1 x\n", "-1 1 x\n", "nonsense\n", "{gone} 1 x\n", "{other} 1 x\n"]
    )
    def test_lock_that_names_no_worker(
        self, hooked: Repository, stand_in: StandIn, content: str
    ) -> None:
        with subprocess.Popen(["true"]) as gone:
            pass
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
            folder = hooked.top / ".git/lumen"
            (folder / "worker.lock").write_text(content.format(gone=gone.pid, other=other.pid))
            assert not spawn.worker_alive(str(folder))
            git(hooked, "commit", "-q", "--allow-empty", "-m", "x")
        assert len(started(stand_in)) == 1


class TestDetachment:
    def test_git_returns_while_the_worker_runs(self, hooked: Repository, stand_in: StandIn) -> None:
        stand_in.hold()
        try:
            # Waits for the end of both pipes, which anyone holding them would delay.
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

    def test_what_the_worker_gets(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        git(hooked, "worktree", "add", "-q", str(tmp_path / "w1"))
        make_index(hooked.top / ".git/worktrees/w1")
        stand_in.records()
        shell = "git -c a.b=c commit -q --allow-empty -m x 3>&1 9>&1"
        run_to_the_end(["sh", "-c", shell], tmp_path / "w1", {"GIT_CONFIG_COUNT": "0", "KEPT": "1"})
        (record,) = stand_in.records()
        assert record["cwd"] == "/"
        assert record["streams"] == ["/dev/null"] * 3
        assert record["environ"]["KEPT"] == "1"
        assert [name for name in record["environ"] if name in LOCAL_VARIABLES] == []
        # 3 is what the recorder has open itself, if anything.
        assert 9 not in record["low"]

    def test_list_of_variables_is_whole(self, repo: Repository) -> None:
        wanted = set(repo.git("rev-parse", "--local-env-vars").split())
        assert wanted <= set(LOCAL_VARIABLES)
        script = hook_script("post-commit", sys.executable).decode()
        block = script.split("leave_worktree() {\n\tunset ")[1].split("\n}")[0]
        assert set(block.replace("\\", "").split()) == set(LOCAL_VARIABLES)

    def test_variables_that_go(self) -> None:
        environ = {"GIT_DIR": "x", "GIT_CONFIG_KEY_0": "k", "GIT_AUTHOR_NAME": "n", "PATH": "p"}
        assert without_local_variables(environ) == {"GIT_AUTHOR_NAME": "n", "PATH": "p"}


class TestShells:
    @pytest.mark.parametrize("shell", SHELLS)
    def test_every_way_through_the_script(
        self, hooked: Repository, stand_in: StandIn, tmp_path: Path, shell: str
    ) -> None:
        if shutil.which(SHELLS[shell][0]) is None:
            pytest.skip(f"{shell} is not installed")
        folder = hooked.top / ".git/lumen"
        hooked.git(
            "-c",
            "core.hooksPath=/dev/null",
            "worktree",
            "add",
            "-q",
            "-b",
            "w",
            str(tmp_path / "w\n1"),
        )

        def run(event: str, *args: str, cwd: Path = hooked.top) -> list[list[str]]:
            script = tmp_path / event
            script.write_bytes(hook_script(event, str(stand_in.program)))
            done = run_to_the_end([*SHELLS[shell], str(script), *args], cwd)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
            return started(stand_in)

        checkout = "post-checkout"
        assert run(checkout, HASH, HASH, "1") == [worker(hooked.top, checkout)]
        assert run(checkout, HASH, HASH, "0") == []
        assert run("post-merge", "0") == [worker(hooked.top, "post-merge")]
        with working_process(hooked.top) as alive:
            (folder / "worker.lock").write_text(f"{alive.pid} 1 x\n")
            assert run("post-commit") == []
        assert run("post-commit") == [worker(hooked.top, "post-commit")]
        assert len(events(folder)) == 5
        shutil.rmtree(folder)
        assert run(checkout, ZERO, HASH, "1") == [seeder(hooked.top, checkout, ZERO, HASH, "1")]
        shutil.rmtree(folder)
        folder.write_text("")
        assert run(checkout, HASH, HASH, "1") == [seeder(hooked.top, checkout, HASH, HASH, "1")]
        linked = tmp_path / "w\n1"
        assert run("worktree-add", "w\n1", cwd=tmp_path) == [seeder(linked, "worktree-add")]
        assert run("post-rewrite", "amend", cwd=linked) == [worker(linked, "post-rewrite")]
        assert run("post-commit", cwd=Path("/")) == []

    def test_scripts_differ_in_their_event_only(self) -> None:
        folder = Path(__file__).parents[2] / "hooks"
        assert [path.name for path in folder.iterdir()] == ["event.sh"]
        texts = {event: hook_script(event, "/python").decode() for event in EVENTS}
        assert all(f"\nevent={event}\npython=/python\n" in texts[event] for event in EVENTS)
        bodies = {text.replace("\r", "?").split("\npython=", 1)[1] for text in texts.values()}
        assert len(bodies) == 1
        assert os.access(folder / "event.sh", os.X_OK)

    def test_pre_commit_is_asked_for_the_same_variables_as_by_python(self) -> None:
        source = (Path(__file__).parents[2] / "hooks" / "event.sh").read_text()
        for event, variables in PRE_COMMIT_VARIABLES.items():
            case = source.partition(f"'{event} 0')")[2].partition(";;")[0]
            assert re.findall(r"\$\{(PRE_COMMIT_\w+)-\}", case) == list(variables)


class TestHookProcess:
    """What the command line runs for pre-commit and other tools, in a process of its own."""

    @staticmethod
    def run(
        repo: Repository, event: str, *args: str, **environ: str
    ) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[bytes]]:
        """Run `hook.main` with posix_spawn's arguments written down instead of obeyed."""
        code = (
            "import json, os, sys\n"
            "calls = []\n"
            "def note(path, argv, env, *, file_actions, setsid):\n"
            "    calls.append({'argv': argv, 'env': dict(env), 'setsid': setsid,\n"
            "                  'closed': [a[1] for a in file_actions if len(a) == 2]})\n"
            "    return os.getpid()\n"
            "os.posix_spawn = note\n"
            "from lumen_hooks import hook\n"
            "status = hook.main(sys.argv[1:])\n"
            "print(json.dumps({'calls': calls, 'status': status, 'parent': os.getppid()}))\n"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, event, str(repo.top), *args],
            env={**os.environ, **environ},
            check=True,
            capture_output=True,
        )
        answer = json.loads(done.stdout)
        assert answer["status"] == 0
        assert done.stderr == b""
        return answer["calls"], done

    def test_spawns_a_worker(self, repo: Repository) -> None:
        make_index(repo.top / ".git")
        calls, _ = self.run(repo, "post-merge", "0", GIT_DIR="elsewhere")
        assert [call["argv"][1:] for call in calls] == [worker(repo.top, "post-merge")]
        assert calls[0]["setsid"] is True
        assert "GIT_DIR" not in calls[0]["env"]
        assert events(repo.top / ".git/lumen") == ["post-merge 0"]

    def test_pre_commit_is_waited_for(self, repo: Repository) -> None:
        make_index(repo.top / ".git")
        calls, _ = self.run(repo, "post-commit", PRE_COMMIT="1")
        assert calls[0]["argv"][-2:] == ["--after", str(os.getpid())]

    def test_file_checkout(self, repo: Repository) -> None:
        make_index(repo.top / ".git")
        assert self.run(repo, "post-checkout", HASH, HASH, "0")[0] == []
        assert len(events(repo.top / ".git/lumen")) == 1

    @pytest.mark.parametrize("name", ["LUMEN_HOOKS", "LUMEN_ENABLED"])
    def test_switched_off(self, repo: Repository, name: str) -> None:
        assert self.run(repo, "post-commit", **{name: "0"})[0] == []
        assert not (repo.top / ".git/lumen").exists()

    def test_worktree_add_names_another_worktree(self, repo: Repository) -> None:
        repo.commit()
        linked = repo.add_worktree("a\nb", "-b", "b")
        make_index(repo.top / ".git/worktrees/a-b")
        calls, _ = self.run(repo, "worktree-add", "../a\nb")
        assert calls[0]["argv"][1:] == worker(linked.top, "worktree-add")
        assert events(repo.top / ".git/worktrees/a-b/lumen") == ["worktree-add"]

    def test_from_a_folder_inside(self, repo: Repository) -> None:
        make_index(repo.top / ".git")
        (repo.top / "sub").mkdir()
        calls, _ = self.run(Repository(repo.top / "sub"), "post-commit")
        assert calls[0]["argv"][1:] == worker(repo.top, "post-commit")

    def test_no_repository(self, tmp_path: Path) -> None:
        assert self.run(Repository(tmp_path), "post-commit")[0] == []

    def test_what_goes_wrong_is_logged(self, repo: Repository) -> None:
        (make_index(repo.top / ".git") / "events").mkdir()
        assert self.run(repo, "post-commit")[0] == []
        (line,) = (repo.top / ".git/lumen/log.jsonl").read_text().splitlines()
        assert json.loads(line)["event"] == "post-commit"
        assert "it is a folder, not a file of lumen-hooks" in json.loads(line)["error"]

    def test_unknown_events_are_ignored(self, repo: Repository) -> None:
        assert self.run(repo, "pre-push")[0] == []

    def test_event_written_while_a_worker_takes_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "lumen" / "events"
        path.parent.mkdir()
        real = os.write

        def taken_before_the_write(descriptor: int, data: bytes) -> int:
            if not path.with_name("taken").exists():
                path.rename(path.with_name("taken"))
            return real(descriptor, data)

        monkeypatch.setattr(os, "write", taken_before_the_write)
        hook._record(str(tmp_path / "lumen"), "post-commit")
        assert path.read_text() == "post-commit\n"


class TestSpawn:
    @pytest.mark.parametrize("way", ["posix_spawn", "subprocess"])
    def test_descriptors_and_session(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        stand_in = StandIn.make(tmp_path / "stand in")
        refusal = NotImplementedError("posix_spawn: setsid unavailable on this platform")
        refused = Mock(side_effect=refusal)  # what os.posix_spawn raises there
        if way == "subprocess":
            monkeypatch.setattr(os, "posix_spawn", refused)
        monkeypatch.setattr(sys, "executable", str(stand_in.program))
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        stand_in.hold()
        try:
            spawn.spawn_worker("/a b", "search", after=7)
            assert refused.called == (way == "subprocess")
            os.close(writer)
            # At its end unless the child holds the other end.
            assert select.select([reader], [], [], 10)[0] == [reader]
            (pid,) = spawn._started
            assert os.getsid(pid) == pid
        finally:
            stand_in.release()
            os.close(reader)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        (record,) = stand_in.records()
        assert record["argv"] == [*worker("/a b", "search"), "--after", "7"]
        assert record["streams"] == ["/dev/null"] * 3
        spawn._reap()
        assert not spawn._started

    def test_detach(self, tmp_path: Path) -> None:
        code = (
            "import os\nfrom lumen_hooks.notify.spawn import detach\ndetach()\ndetach()\n"
            "print(os.getsid(0) == os.getpid(), os.getcwd(), flush=True)\ninput()\n"
        )
        reader, writer = os.pipe()
        with subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            pass_fds=[writer],
        ) as process:
            os.close(writer)
            assert process.stdout is not None
            assert process.stdout.readline() == b"True /\n"
            assert os.read(reader, 1) == b""
            process.kill()
        os.close(reader)
