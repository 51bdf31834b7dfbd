"""Hooks and commands given nonsense, or a repository that was prepared to do harm.

Elsewhere: a hook outside a repository, in a folder that is gone, with an unusable interpreter or
git dir, with odd worktree names, with modules of our names in the tree (test_hooks.py:
TestWorktrees, TestNeverHurts, TestHookProcess); odd paths, FIFOs, symbolic links, an ignore file
that is a link (files/test_manifest.py); filters that git would run (files/test_content.py,
test_odd_repositories.py); a worktree or a repository removed under a worker (test_worker.py);
models of the wrong shape (embedding/test_models.py).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.setup.script import hook_script
from tests.support.commands import lumen
from tests.support.helpers import spread, update
from tests.support.sources import python_module
from tests.support.stand_in import StandIn, run_to_the_end

if TYPE_CHECKING:
    from tests.support.repository import Repository

pytestmark = pytest.mark.slow

SECONDS = 30.0

HASH = "1" * 40
ZERO = "0" * 40


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn.make(tmp_path / "stand in")


@pytest.fixture
def hooked(repo: Repository, stand_in: StandIn) -> Repository:
    """Hooks that start a stand-in, and a fresh index."""
    repo.commit({"a.py": python_module("a")})
    put_hooks(repo, str(stand_in.program))
    update(repo)
    return repo


def put_hooks(repo: Repository, python: str) -> None:
    folder = repo.top / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    for event in EVENTS:
        (folder / event).write_bytes(hook_script(event, python))
        (folder / event).chmod(0o755)


@pytest.mark.parametrize("event", GIT_EVENTS)
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["$(touch taken)", "`touch taken`", "; touch taken"],
        ["-rf", "--", "*"],
        ["a\nb\n", "\\n%s%n", "\x01\xff"],
        [HASH, HASH, "1", "and", "more"],
        ["x" * 60_000],
    ],
    ids=["none", "empty", "commands", "options", "control characters", "too many", "long"],
)
def test_arguments_that_git_never_gives(
    hooked: Repository, stand_in: StandIn, event: str, arguments: list[str]
) -> None:
    done = run_to_the_end([str(hooked.top / ".git/hooks" / event), *arguments], hooked.top)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (record,) = stand_in.records()
    assert record["argv"] == ["-I", "-m", "lumen_hooks.worker", str(hooked.top), event]
    assert not list(hooked.top.rglob("taken"))


@pytest.mark.parametrize(
    "arguments",
    [[], ["pre-push"], ["post-checkout"], ["worktree-add", ""], ["worktree-add", "a", "b"],
     ["post-commit", "--force", "-x"], ["worktree-add", "/dev/null"]],
    ids=" ".join,
)  # fmt: skip
def test_the_command_for_other_tools(hooked: Repository, arguments: list[str]) -> None:
    """Only a name that is no event's is an error: whoever wrote that wants to know."""
    command = [sys.executable, "-m", "lumen_hooks", "hook", *arguments]
    done = run_to_the_end(command, hooked.top, {"LUMEN_REFRESH": "off"})
    usage = arguments in ([], ["pre-push"])
    assert done.returncode == (2 if usage else 0), done.stderr
    assert done.stdout == b""
    assert usage or done.stderr == b""


@pytest.mark.parametrize("name", ["-x", "a;touch taken", "$(touch taken)", "`id`", "a'b\"c", "ünï"])
def test_names_of_branches_and_files(hooked: Repository, stand_in: StandIn, name: str) -> None:
    hooked.git("update-ref", f"refs/heads/{name}".replace(" ", "_"), "HEAD", check=False)
    hooked.git("symbolic-ref", "HEAD", f"refs/heads/{name}".replace(" ", "_"), check=False)
    hooked.write({f"{name}.py": python_module("odd")})
    hooked.git("add", "-A")
    done = run_to_the_end(["git", "commit", "-q", "-m", "x"], hooked.top)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert {record["argv"][3] for record in stand_in.records()} == {str(hooked.top)}
    update(hooked)
    assert not list(hooked.top.rglob("taken"))


def test_a_worktree_that_is_being_removed(hooked: Repository, stand_in: StandIn) -> None:
    """Its git dir is gone and its files are still there, or the other way round."""
    linked = hooked.add_worktree("w1", "-b", "w1")
    stand_in.records()
    script = str(hooked.top / ".git/hooks/post-commit")
    git_dir = Path(find_worktree(str(linked.top)).git_dir)
    git_dir.rename(git_dir.with_name("gone"))
    for environ in ({}, {"GIT_DIR": str(git_dir)}):
        done = run_to_the_end([script], linked.top, environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not git_dir.exists()
    assert stand_in.records() == []
    for module in ("lumen_hooks.worker", "lumen_hooks.hook"):
        first, second = (
            (linked.top, "x") if module.endswith("worker") else ("post-commit", linked.top)
        )
        done = run_to_the_end([sys.executable, "-I", "-m", module, str(first), str(second)], "/")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not git_dir.exists()


PROGRAMS = {
    "core.fsmonitor": "{program}",
    "core.sshCommand": "{program}",
    "core.pager": "{program}",
    "core.editor": "{program}",
    "core.askPass": "{program}",
    "diff.external": "{program}",
    "diff.evil.command": "{program}",
    "diff.evil.textconv": "{program}",
    "filter.evil.clean": "{program}",
    "filter.evil.smudge": "{program}",
    "filter.evil.process": "{program}",
    "filter.evil.required": "true",
    "merge.evil.driver": "{program}",
    "credential.helper": "!{program}",
    "gpg.program": "{program}",
    "alias.ls-files": "!{program}",
    "alias.diff-files": "!{program}",
    "alias.config": "!{program}",
    "alias.rev-parse": "!{program}",
    "uploadpack.packObjectsHook": "{program}",
    "extensions.partialClone": "origin",
    "remote.origin.url": "ext::{program}",
    "remote.origin.promisor": "true",
    "trailer.x.command": "{program}",
    "interactive.diffFilter": "{program}",
    "hook.evil.command": "{program}",
    "hook.evil.event": "post-index-change",
}
"""Settings that make git run a program."""


def test_no_setting_makes_our_processes_run_a_program(repo: Repository, tmp_path: Path) -> None:
    """Git itself may run them for the user; hooks, workers, searches and sessions never do."""
    repo.commit(
        {
            "a.py": python_module("a"),
            "b.py": python_module("b"),
            ".gitattributes": "*.py filter=evil diff=evil merge=evil\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::evil\n\tupdate = !evil\n',
            ".lumenignore": "!*.py\n",
        }
    )
    put_hooks(repo, sys.executable)
    update(repo)
    taken = tmp_path / "taken"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >>'{taken}'\nexit 1\n")
    program.chmod(0o755)
    evil_hooks = tmp_path / "evil hooks"
    evil_hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
        (evil_hooks / name).write_bytes(program.read_bytes())
        (evil_hooks / name).chmod(0o755)
    linked = repo.add_worktree("w1", "-b", "w1")
    for key, value in PROGRAMS.items():
        repo.git("config", key, value.format(program=program))
    repo.git("config", "core.hooksPath", str(evil_hooks))
    repo.write({"a.py": python_module("edited"), "new.py": python_module("new")})
    os.utime(repo.top / "b.py")
    taken.unlink(missing_ok=True)

    environ = {"LUMEN_REFRESH": "inline"}
    for event, *arguments in (
        ("post-checkout", HASH, HASH, "1"),
        ("post-commit",),
        ("worktree-add", str(linked.top)),
    ):
        script = str(repo.top / ".git/hooks" / event)
        done = run_to_the_end([script, *arguments], repo.top, environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    for top in (repo.top, linked.top):
        for command in (["search", "send a request"], ["status"], ["wait"], ["doctor"]):
            lumen(top, *command)
    session = json.dumps({"cwd": str(linked.top)}).encode()
    command = [sys.executable, "-m", "lumen_hooks", "agent", "session-start"]
    assert b"additionalContext" in run_to_the_end(command, "/", stdin=session).stdout
    assert not taken.exists(), taken.read_text()


@pytest.mark.parametrize(
    "value",
    spread(
        ["/dev/zero", "./model", "{folder}/fifo", "../../model", "{folder}/pickle.bin", "model;id",
         "{folder}/model", "/proc/self/mem", "https://127.0.0.1:9/model", "\x07"],
    ),
)  # fmt: skip
def test_a_model_that_is_no_model(repo: Repository, tmp_path: Path, value: str) -> None:
    """An error in time, that names the setting; nothing is unpickled, read for ever, or fetched."""
    taken = tmp_path / "taken"
    payload = f"cposix\nsystem\n(S'touch {taken}'\ntR.".encode()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "pickle.bin").write_bytes(payload)
    (tmp_path / "model").mkdir()
    for name in ("model.safetensors", "tokenizer.json", "model.onnx", "config.json", "model.pkl"):
        (tmp_path / "model" / name).write_bytes(payload)
    repo.commit({"a.py": python_module("a"), "model/tokenizer.json": "{}"})
    repo.git("config", "lumen.model", value.format(folder=tmp_path))
    before = sorted(repo.top.iterdir())
    done = lumen(repo.top, "index")
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "hint:" in done.stderr
    assert not taken.exists()
    assert sorted(repo.top.iterdir()) == before


@pytest.mark.parametrize("value", ["relative/folder", ".", "~", "../up"])
def test_a_models_folder_in_the_tree(repo: Repository, value: str) -> None:
    """A relative folder would be another one in every directory, some in the tree among them."""
    repo.commit({"a.py": python_module("a")})
    repo.git("config", "lumen.modelsFolder", value)
    done = lumen(repo.top, "index")
    if value != "~":
        assert done.returncode == 1
        assert "lumen.modelsFolder" in done.stderr
    assert sorted(path.name for path in repo.top.iterdir()) == [".git", "a.py"]
