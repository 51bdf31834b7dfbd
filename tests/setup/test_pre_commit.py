"""The pre-commit framework: our stanza in its configuration, and real runs of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pre_commit.clientlib import load_config  # type: ignore[import-untyped]

from lumen_hooks import __version__
from lumen_hooks.errors import InstallError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.installer import Request, install_hooks, install_pre_commit, uninstall_hooks
from lumen_hooks.setup.pre_commit import (
    FILE,
    INSTALL_COMMAND,
    declared_events,
    stanza,
    with_stanza,
    without_stanza,
)
from tests.support import commands
from tests.support.repository import Repository
from tests.support.stand_in import StandIn, run_to_the_end

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
PASSING = "{id: x, name: x, entry: 'true', language: system, always_run: true}"
IDS = [f"lumen-{event}" for event in GIT_EVENTS]

LAYOUTS = {
    "usual": f"repos:\n  - repo: local\n    hooks:\n      - {PASSING}\n",
    "no indentation": f"repos:\n- repo: local\n  hooks:\n  - {PASSING}\n",
    "deep indentation": f"repos:\n      - repo: local\n        hooks: [{PASSING}]\n",
    "more after it": (
        f"# top\nfail_fast: false\nrepos: # ours\n\n  # first\n  - repo: local\n    hooks:\n"
        f"      - {PASSING}\n\n  # about what follows\n\n# default\n"
        "default_stages: [pre-commit]\nexclude: >-\n  a|\n  b\n"
    ),
    "no line break at the end": f"repos:\n- repo: local\n  hooks: [{PASSING}]",
    "document marks": f"---\nrepos:\n  - repo: local\n    hooks: [{PASSING}]\n...\n",
    "dash on a line of its own": (
        f"repos:\n-\n  repo: local\n  hooks: [{PASSING}]\nfail_fast: true\n"
    ),
    "a script with hashes at its end": (
        "repos:\n  - repo: local\n    hooks:\n      - id: x\n        name: x\n"
        "        language: system\n        entry: |\n          sh -c 'true\n"
        "          # - not: a comment'\n          # last line of the entry\n"
    ),
    "names of keys in texts": (
        f"exclude: |\n  repos:\n  - repo: fake\nrepos:\n  - repo: local\n    hooks: [{PASSING}]\n"
    ),
}


def config_of(text: str | bytes, tmp_path: Path) -> dict[str, Any]:
    """As pre-commit itself reads it."""
    path = tmp_path / "read.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    loaded: dict[str, Any] = load_config(str(path))
    return loaded


def hook_ids(config: dict[str, Any]) -> list[str]:
    return [hook["id"] for repo in config["repos"] for hook in repo["hooks"]]


class TestText:
    @pytest.mark.parametrize("line_break", ["\n", "\r\n"])
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_in_again_and_out(self, tmp_path: Path, layout: str, line_break: str) -> None:
        before = LAYOUTS[layout].replace("\n", line_break).encode()
        plain = config_of(before, tmp_path)
        after = with_stanza(before)
        assert after is not None
        found = config_of(after, tmp_path)
        assert hook_ids(found) == ["x", *IDS]
        assert {key: found[key] for key in found if key != "repos"} == {
            key: plain[key] for key in plain if key != "repos"
        }
        assert found["repos"][0] == plain["repos"][0]
        # Nothing but whole lines was put in.
        kept = iter(after.splitlines())
        assert all(line in kept for line in before.splitlines())
        assert with_stanza(after) == after
        assert without_stanza(after) == before
        assert (b"\r\n" in after) == (line_break == "\r\n")
        assert after.replace(b"\r\n", b"").count(b"\n") == (
            0 if line_break == "\r\n" else after.count(b"\n")
        )

    def test_what_pre_commit_reads(self, tmp_path: Path) -> None:
        config = config_of(f"repos:\n{stanza()}", tmp_path)
        (repo,) = config["repos"]
        for hook, event in zip(repo["hooks"], GIT_EVENTS, strict=True):
            assert hook["id"] == f"lumen-{event}"
            assert hook["stages"] == [event]
            assert (hook["always_run"], hook["pass_filenames"], hook["require_serial"]) == (
                True,
                False,
                True,
            )

    def test_changed_since_is_brought_up_to_date(self, tmp_path: Path) -> None:
        before = LAYOUTS["more after it"].encode()
        after = with_stanza(before)
        assert after is not None
        older = after.replace(b"require_serial: true", b"require_serial: false")
        assert with_stanza(older) == after

    def test_lines_added_below_it_stay(self, tmp_path: Path) -> None:
        after = with_stanza(LAYOUTS["usual"].encode())
        assert after is not None
        more = after + b"  - repo: meta\n    hooks: [{id: identity}]\n"
        assert with_stanza(more) == more
        assert without_stanza(more) == more.replace(stanza().encode(), b"")

    @pytest.mark.parametrize(
        "text",
        [
            "repos: []\n",
            f"repos: [{{repo: local, hooks: [{PASSING}]}}]\n",
            f"repos:\n  [{{repo: local, hooks: [{PASSING}]}}]\n",
            f"- repo: local\n  hooks: [{PASSING}]\n",
            f'{{"repos": [{{"repo": "local", "hooks": [{PASSING}]}}]}}\n',
        ],
    )
    def test_other_layouts_are_left_alone(self, repo: Repository, text: str) -> None:
        assert with_stanza(text.encode()) is None
        repo.write({FILE: text})
        with pytest.raises(InstallError, match="lumen-post-rewrite") as raised:
            install_pre_commit(find_worktree(str(repo.top)), Request(sys.executable))
        assert "pre-commit install" in raised.value.hint
        assert (repo.top / FILE).read_text() == text

    def test_declared_events(self) -> None:
        text = b"hooks:\n- id: lumen-post-merge\n  - {id: lumen-post-x}\n"
        text += b"   -   id: 'lumen-post-commit'"
        assert declared_events(text) == {"post-merge", "post-commit"}
        text = (
            b"repos: [{repo: x, hooks: [{id: lumen-post-merge}, {id: a}]}]  # id: lumen-post-commit"
        )
        assert declared_events(text) == {"post-merge"}
        text = b'{"repos": [{"hooks": [{"id": "lumen-post-commit"}], "rev": "v1", "repo": "x"}]}'
        assert declared_events(text) == {"post-commit"}
        assert declared_events(stanza().encode()) == set(GIT_EVENTS)


class TestInstall:
    @staticmethod
    def install(repo: Repository, python: str = sys.executable) -> tuple[str, list[str]]:
        found, removed = install_pre_commit(find_worktree(str(repo.top)), Request(python))
        assert found.path == str(repo.top / FILE)
        return found.action, removed

    def test_file_is_made_and_goes_again(self, repo: Repository, tmp_path: Path) -> None:
        assert self.install(repo) == ("added", [])
        path = repo.top / FILE
        assert hook_ids(load_config(str(path))) == IDS
        assert path.stat().st_mode & 0o777 == 0o644
        assert self.install(repo) == ("unchanged", [])
        assert str(path) in uninstall_hooks(find_worktree(str(repo.top)))
        assert not path.exists()

    def test_file_of_others(self, repo: Repository) -> None:
        repo.write({FILE: LAYOUTS["more after it"]})
        path = repo.top / FILE
        path.chmod(0o600)
        assert self.install(repo)[0] == "added"
        assert path.stat().st_mode & 0o777 == 0o600
        uninstall_hooks(find_worktree(str(repo.top)))
        assert path.read_text() == LAYOUTS["more after it"]
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("config", [True, False])
    def test_hooks_that_git_calls_go(self, repo: Repository, config: bool) -> None:
        worktree = find_worktree(str(repo.top))
        install_hooks(worktree, Request(sys.executable, config_hooks=config))
        assert len(self.install(repo)[1]) == 4
        assert "lumen" not in repo.git("config", "--list")
        names = [path.name for path in (repo.top / ".git/hooks").glob("post-*")]
        assert [name for name in names if not name.endswith(".sample")] == []
        assert (repo.top / ".git/lumen/hooks/post-commit").exists()

    def test_as_a_hook_repository(self, repo: Repository) -> None:
        text = "repos:\n  - repo: https://example.org/x\n    rev: v1\n    hooks:\n"
        text += "".join(f"      - id: {name}\n" for name in IDS)
        repo.write({FILE: text})
        assert self.install(repo)[0] == "unchanged"
        uninstall_hooks(find_worktree(str(repo.top)))
        assert (repo.top / FILE).read_text() == text

    def test_symbolic_link(self, repo: Repository, tmp_path: Path) -> None:
        (tmp_path / "shared.yaml").write_text(LAYOUTS["usual"])
        (repo.top / FILE).symlink_to(tmp_path / "shared.yaml")
        with pytest.raises(InstallError, match="no regular file"):
            self.install(repo)
        assert (tmp_path / "shared.yaml").read_text() == LAYOUTS["usual"]

    def test_command_line(self, repo: Repository) -> None:
        done = commands.lumen(repo.top, "install", "--pre-commit", "--no-index")
        assert done.returncode == 0, done.stderr
        assert INSTALL_COMMAND in done.stderr
        assert all(f"-t {event}" in INSTALL_COMMAND for event in GIT_EVENTS)
        assert commands.lumen(repo.top, "install", "--pre-commit", "--native").returncode == 2
        done = commands.lumen(repo.top, "install", "--native", "--no-index")
        assert done.returncode == 0, done.stderr
        assert "twice" in done.stderr
        assert commands.lumen(repo.top, "uninstall").returncode == 0
        assert not (repo.top / FILE).exists()


class Framework:
    """A repository where pre-commit is installed for all four events."""

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        repo.commit()
        command = INSTALL_COMMAND.split()[1:]
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *command],
            cwd=repo.top,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)


class TestRun:
    """Real pre-commit with the stanza that `install --pre-commit` adds."""

    @pytest.fixture
    def stand_in(self, tmp_path: Path) -> StandIn:
        return StandIn.make(tmp_path / "stand in")

    @pytest.fixture
    def framed(self, repo: Repository, stand_in: StandIn) -> Repository:
        repo.write({"a.py": "a = 1\n"})
        install_pre_commit(find_worktree(str(repo.top)), Request(str(stand_in.program)))
        (repo.top / ".git/lumen/index.db").touch()
        return Framework(repo).repo

    @staticmethod
    def git(repo: Repository, *arguments: str, **environ: str) -> None:
        done = run_to_the_end(["git", *arguments], repo.top, environ)
        assert done.returncode == 0, (done.stdout, done.stderr)

    @pytest.mark.stress
    def test_every_event(self, framed: Repository, stand_in: StandIn) -> None:
        def started() -> list[str]:
            records = stand_in.last_records(framed.top)
            assert all("--after" in record["argv"] for record in records)
            return [record["argv"][4] for record in records]

        self.git(framed, "switch", "-q", "-c", "side")
        assert started() == ["post-checkout"]
        self.git(framed, "commit", "-q", "--allow-empty", "-m", "x")
        assert started() == ["post-commit"]
        self.git(framed, "commit", "-q", "--allow-empty", "--amend", "-m", "y")
        assert sorted(started()) == ["post-commit", "post-rewrite"]
        self.git(framed, "switch", "-q", "main")
        started()
        self.git(framed, "merge", "-q", "side")
        assert started() == ["post-merge"]
        self.git(framed, "checkout", "-q", "--", "a.py")
        assert started() == []
        lines = (framed.top / ".git/lumen/events").read_text().splitlines()
        head, old = framed.git("rev-parse", "HEAD", "HEAD~1").split()
        assert lines == [
            f"post-checkout {old} {old} 1",
            "post-commit",
            "post-commit",
            "post-rewrite amend",
            f"post-checkout {head} {old} 1",
            "post-merge 0",
            f"post-checkout {head} {head} 0",
        ]

    def test_linked_worktree(self, framed: Repository, stand_in: StandIn, tmp_path: Path) -> None:
        self.git(framed, "worktree", "add", "-q", str(tmp_path / "w1"))
        (record,) = stand_in.records()
        assert record["argv"][3:5] == ["post-checkout", str(tmp_path / "w1")]
        assert record["argv"][5] == "0" * 40
        assert record["environ"]["LUMEN_AFTER"].isdigit()
        (framed.top / ".git/worktrees/w1/lumen/index.db").touch()
        self.git(Repository(tmp_path / "w1"), "commit", "-q", "--allow-empty", "-m", "x")
        (record,) = stand_in.last_records(tmp_path / "w1")
        assert record["argv"][3:5] == [str(tmp_path / "w1"), "post-commit"]

    def test_set_aside_edits_are_no_event(self, framed: Repository, stand_in: StandIn) -> None:
        # pre-commit's own `git checkout -- .` fires post-checkout in the tree without the edits.
        (framed.top / "a.py").write_text("a = 2\n")
        self.git(framed, "commit", "-q", "--allow-empty", "-m", "x")
        assert (framed.top / "a.py").read_text() == "a = 2\n"
        records = stand_in.last_records(framed.top)
        assert [record["argv"][4] for record in records] == ["post-commit"]
        assert (framed.top / ".git/lumen/events").read_text() == "post-commit\n"

    def test_clone_where_nobody_installed_us(
        self, framed: Repository, stand_in: StandIn, tmp_path: Path
    ) -> None:
        framed.git("clone", "-q", ".", str(tmp_path / "copy"))
        copy = Framework(Repository(tmp_path / "copy")).repo
        self.git(copy, "commit", "-q", "--allow-empty", "-m", "x")
        assert stand_in.last_records(copy.top) == []
        assert not (copy.top / ".git/lumen").exists()

    @pytest.mark.stress
    def test_branch_without_the_file(self, framed: Repository, tmp_path: Path) -> None:
        framed.git("switch", "-q", "--orphan", "bare", check=False)
        framed.git("commit", "-q", "--allow-empty", "-m", "x")
        framed.git("switch", "-q", "main")
        # Installed as we say, it passes; installed without the flag, git exits with 1.
        self.git(framed, "worktree", "add", "-q", str(tmp_path / "w1"), "bare")
        command = [sys.executable, "-m", "pre_commit", "install", "-f", "-t", "post-checkout"]
        subprocess.run(command, cwd=framed.top, check=True, capture_output=True)
        framed.git("worktree", "remove", "--force", str(tmp_path / "w1"))
        done = run_to_the_end(
            ["git", "worktree", "add", "-q", str(tmp_path / "w1"), "bare"], framed.top
        )
        assert done.returncode == 1
        assert (tmp_path / "w1" / ".git").exists()
        again = {"PRE_COMMIT_ALLOW_NO_CONFIG": "1"}
        framed.git("worktree", "remove", "--force", str(tmp_path / "w1"))
        self.git(framed, "worktree", "add", "-q", str(tmp_path / "w1"), "bare", **again)


class TestToTheEnd:
    """Real pre-commit, worker and model."""

    def test_worker_indexes_what_the_user_has(self, repo: Repository, tmp_path: Path) -> None:
        # Not what lies there while pre-commit runs.
        repo.commit({"a.py": "def first():\n    return 'committed'\n"})
        slow = "{id: slow, name: slow, entry: sleep 1.5, language: system, always_run: true, "
        slow += "stages: [post-commit, post-checkout]}"
        repo.write({FILE: f"repos:\n- repo: local\n  hooks: [{slow}]\n"})
        lumen(repo, "install", "--pre-commit")
        Framework(repo)
        lumen(repo, "wait")
        edited = "def first():\n    return 'edited, not committed'\n"
        repo.write({"a.py": edited})
        repo.git("add", "-A", "--", FILE)
        repo.git("commit", "-q", "--allow-empty", "-m", "x")
        repo.git("switch", "-q", "-c", "other")
        lumen(repo, "wait", "--timeout", "180")
        assert (repo.top / "a.py").read_text() == edited
        assert "edited, not committed" in lumen(repo, "search", "first", "--no-refresh")
        # Nothing is in the log if `wait` came before the workers.
        log = repo.top / ".git/lumen/log.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        records = [json.loads(line) for line in lines]
        assert [record for record in records if "error" in record] == []
        # The edit alone was a change: nobody indexed the tree without it in between.
        changed = [record["files_changed"] for record in records if "refresh" in record]
        assert sum(changed) <= 1, records


def lumen(repo: Repository, *arguments: str) -> str:
    done = commands.lumen(repo.top, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.stress
def test_from_a_hook_repository(repo: Repository, tmp_path: Path, sealed: Path) -> None:
    """A clone of this project is the hook repository; pre-commit builds its environment."""
    pip_cache = subprocess.run(
        ["pip", "cache", "dir"], env=REAL_ENVIRONMENT, capture_output=True, text=True, check=False
    ).stdout.strip()
    hooks = tmp_path / "hooks"
    project = copy_of_this_project(hooks)
    tag = f"v{__version__}"
    project.git("tag", "-a", tag, "-m", tag)
    ids = "".join(f"      - id: {name}\n" for name in IDS)
    stanza = f"repos:\n  - repo: {project.top}\n    rev: {tag}\n"
    repo.commit(
        {
            FILE: f"{stanza}    hooks:\n{ids}",
            "a.py": "def first():\n    return 'one'\n",
        }
    )
    environ = {**os.environ, **({"PIP_CACHE_DIR": pip_cache} if pip_cache else {})}

    def framework(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *arguments],
            cwd=repo.top,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    assert "pre-commit install-hooks" in commands.lumen(repo.top, "doctor").stdout
    framework(*INSTALL_COMMAND.split()[1:])
    looked = commands.lumen(repo.top, "doctor").stdout
    assert f"ok    scripts: none here: pre-commit has a copy of {project.top} at {tag}\n" in looked
    assert "ok    hooks: all 4 events by pre-commit\n" in looked
    assert not (repo.top / ".git/lumen").exists()
    assert "Passed" in framework("run", "lumen-post-commit", "--hook-stage", "post-commit")
    # The command of that copy is found as docs/setups.md says, and makes the same indexes.
    (own,) = (sealed / ".cache/pre-commit").glob("repo*/py_env-*/bin/lumen-hooks")

    def ask(repo: Repository, *arguments: str) -> str:
        done = subprocess.run(
            [own, *arguments], cwd=repo.top, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    ask(repo, "doctor")
    repo.commit({"b.py": "def second():\n    return 'two'\n"})
    ask(repo, "wait", "--timeout", "120")
    assert json.loads(ask(repo, "status", "--json"))["files"] == 3
    linked = repo.add_worktree("w1", "-b", "w1")
    index = repo.top / ".git/worktrees/w1/lumen/index.db"
    assert index.exists(), "seeded in front of git"
    ask(linked, "wait", "--timeout", "120")
    assert json.loads(ask(linked, "status", "--json"))["seeded_from"] == str(repo.top)
    linked.write({"b.py": "def second():\n    return 'edited, not committed'\n"})
    linked.git("commit", "-q", "--allow-empty", "-m", "x")
    ask(linked, "wait", "--timeout", "120")
    assert "edited, not committed" in ask(linked, "search", "second", "--no-refresh")
    repo.git("merge", "-q", "w1")
    ask(repo, "wait", "--timeout", "120")
    events = repo.top / ".git/lumen/events"
    assert not events.exists() or events.read_text() == ""
    project.commit(message="next")
    project.git("tag", "-a", "v99.0.0", "-m", "next")
    framework("autoupdate")
    assert "rev: v99.0.0" in (repo.top / FILE).read_text()
    assert "has no environment of" in commands.lumen(repo.top, "doctor").stdout
    log = (repo.top / ".git/lumen/log.jsonl").read_text()
    seen = {json.loads(line).get("event") for line in log.splitlines()}
    assert seen & set(GIT_EVENTS), seen


REAL_ENVIRONMENT = dict(os.environ)
"""As it was before the tests were sealed off: for pip's cache, lest it downloads all again."""


def copy_of_this_project(folder: Path) -> Repository:
    """The files of this checkout as a repository with one commit."""
    folder.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    ).stdout
    for name in map(os.fsdecode, listed.split(b"\0")[:-1]):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    project = Repository(folder)
    project.git("init", "-q")
    project.commit()
    return project
