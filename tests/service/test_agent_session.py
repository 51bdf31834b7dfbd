"""`lumen-hooks agent session-start` as an agent's host calls it: a process, JSON in and out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import foreground_seed as foreground
from lumen_hooks.service.agent_session import Ready, describe, is_wanted, prepare_session
from lumen_hooks.settings import Settings, load_settings
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from tests.events.counting import Counted
from tests.support.commands import lumen
from tests.support.helpers import contents, job_for, update
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture
def project(repo: Repository) -> Repository:
    """Hooks are installed, and the index is fresh."""
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(4)})
    install_hooks(find_worktree(str(repo.top)), Request(sys.executable, config_hooks=False))
    update(repo, load_embedder(Settings()))
    return repo


def call(given: object, cwd: Path | str = "/", **environ: str) -> str:
    """Run the command as a host does, and insist that it succeeds and says nothing else."""
    text = given if isinstance(given, str | bytes) else json.dumps(given)
    done = lumen(cwd, "agent", "session-start", environment=environ, stdin=text)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def context(output: str) -> str:
    """The one text in the answer that Claude Code takes."""
    answer = json.loads(output)
    assert set(answer) == {"hookSpecificOutput"}
    assert set(answer["hookSpecificOutput"]) == {"hookEventName", "additionalContext"}
    assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    text: str = answer["hookSpecificOutput"]["additionalContext"]
    return text


def logged(repo: Repository) -> list[dict[str, Any]]:
    try:
        with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


def prepared(repo: Repository, **settings: object) -> tuple[Ready | None, int]:
    """What a session is told, without a process; and how many workers it would start."""
    started: list[None] = []
    place = find_worktree(str(repo.top))
    found = load_settings(place.top, {name: str(value) for name, value in settings.items()})
    ready = prepare_session(place, found, lambda: started.append(None))
    return ready, len(started)


def test_the_forms_of_other_hosts(project: Repository) -> None:
    said = context(call({"cwd": str(project.top)}))
    for host, given, expected in (
        ("cursor", {"workspace_roots": [str(project.top)]}, {"additional_context": said}),
        ("copilot", {"cwd": str(project.top)}, {"additionalContext": said}),
        ("another", {"cwd": str(project.top)}, {}),
    ):
        words = ("agent", "session-start", "--host", host)
        answer = json.loads(lumen("/", *words, stdin=json.dumps(given)).stdout)
        in_claudes_form = answer.pop("hookSpecificOutput", {"additionalContext": said})
        assert (answer, in_claudes_form["additionalContext"]) == (expected, said)
    assert "lumen-hooks search --summary" in said


def test_a_fresh_index(project: Repository) -> None:
    text = context(call({"cwd": str(project.top), "source": "startup", "session_id": "x"}))
    assert "fresh: 4 files, 4 chunks" in text
    assert "semantic_search" in text
    assert "lumen-hooks search" in text
    assert logged(project) == []


def test_a_new_worktree_that_no_hook_saw(project: Repository) -> None:
    """It is seeded before the session starts, and refreshed behind its back."""
    project.git("-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", "../w1", "-b", "w1")
    linked = type(project)(project.top.parent / "w1")
    text = context(call({"cwd": str(linked.top / "m0.py"), "source": "resume"}))
    assert "cloned from a sibling worktree's (4 files, 4 chunks)" in text
    assert contents(linked) == contents(project)
    counted = Counted(linked, linked.top / "none")
    until(counted.settled)


def test_files_that_differ(project: Repository) -> None:
    project.write({"m0.py": python_module("edited"), "new.py": python_module("new")})
    ready, started = prepared(project)
    assert ready == Ready(4, 4, "stale", 2, started=True, seeded_from=None)
    assert started == 1
    assert "2 files differ" in describe(ready)
    assert "background refresh" in describe(ready)


def test_refreshing_off_starts_nothing(project: Repository) -> None:
    project.write({"m0.py": python_module("edited")})
    ready, started = prepared(project, LUMEN_REFRESH="off")
    assert ready is not None
    assert (ready.state, ready.started, started) == ("stale", False, 0)
    assert "the next search refreshes it" in describe(ready)
    os.unlink(find_worktree(str(project.top)).index_path)
    ready, started = prepared(project, LUMEN_REFRESH="off")
    assert (ready, started) == (Ready(0, 0, "absent", 0, started=False, seeded_from=None), 0)
    assert ready is not None
    assert "no index yet" in describe(ready)


def test_nothing_to_clone(project: Repository) -> None:
    os.unlink(find_worktree(str(project.top)).index_path)
    ready, started = prepared(project)
    assert (ready, started) == (Ready(0, 0, "building", 0, started=True, seeded_from=None), 1)
    assert ready is not None
    assert "lumen-hooks wait" in describe(ready)


def test_a_large_index_is_not_compared_on_the_spot(
    project: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumen_hooks.service.agent_session.QUICK_FILES", 3)
    ready, started = prepared(project)
    assert ready == Ready(4, 4, "", 0, started=True, seeded_from=None)
    assert started == 1
    assert "is fresh" not in describe(ready).split("To find")[0]


def test_a_seed_that_would_take_long_is_left_to_the_worker(
    project: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = project.add_worktree("w1", "-b", "w1", "--no-checkout")
    monkeypatch.setattr(foreground, "seed", lambda *_, **__: None)
    ready, started = prepared(linked)
    assert (ready, started) == (Ready(0, 0, "building", 0, started=True, seeded_from=None), 1)


def test_quiet_where_nobody_installed_anything(repo: Repository, tmp_path: Path) -> None:
    """Opening a project must not index it, however large its files or inviting its folders."""
    repo.commit({"a.py": python_module("a"), "lumen/hooks/post-commit": "", "lumen/index.db": ""})
    before = sorted(repo.top.rglob("*"))
    assert call({"cwd": str(repo.top)}) == ""
    assert call({"cwd": str(tmp_path)}) == ""
    assert call({"cwd": str(tmp_path / "missing")}) == ""
    assert sorted(repo.top.rglob("*")) == before


def test_hooks_for_all_repositories_count_where_something_was_indexed(
    project: Repository, sealed: Path
) -> None:
    uninstall_hooks(find_worktree(str(project.top)))
    linked = project.add_worktree("w1", "-b", "w1", "--no-checkout")
    assert not is_wanted(find_worktree(str(linked.top)))
    (sealed / ".local/share/lumen-hooks/config").mkdir(parents=True)
    assert is_wanted(find_worktree(str(linked.top)))
    subprocess.run(["git", "init", "-q", "other"], cwd=sealed, check=True)
    assert not is_wanted(find_worktree(str(sealed / "other")))


def test_quiet_where_it_is_switched_off(project: Repository) -> None:
    project.write({"m0.py": python_module("edited")})
    assert call({"cwd": str(project.top)}, LUMEN_HOOKS="0") == ""
    project.git("config", "lumen.enabled", "false")
    assert call({"cwd": str(project.top)}) == ""
    job = job_for(project)
    assert not os.path.exists(job.worktree.events_path)
    assert logged(project) == []


@pytest.mark.parametrize(
    "given",
    ["", "{", '"text"', "[]", '{"cwd": 7}', "[" * 100_000, b"\xff\xfe{}"],
    ids=["nothing", "cut off", "a text", "a list", "a number", "deep", "no text"],
)
def test_input_that_is_no_hooks(project: Repository, given: str | bytes) -> None:
    assert call(given, cwd=project.top) == ""
    (record,) = logged(project)
    assert record["event"] == "session-start"
    assert "session-start was" in record["error"]


def test_a_directory_that_cannot_be(project: Repository) -> None:
    assert call({"cwd": "a\0b"}, cwd=project.top) == ""


def test_a_wrong_setting_is_in_the_log(project: Repository) -> None:
    project.git("config", "lumen.workers", "none")
    assert call({"cwd": str(project.top)}) == ""
    (record,) = logged(project)
    assert "lumen.workers" in record["error"]


def test_an_end_that_is_left_open(project: Repository) -> None:
    """A host that never closes its end of the pipe is not waited for."""
    reader, writer = os.pipe()
    try:
        os.write(writer, json.dumps({"cwd": str(project.top)}).encode())
        done = subprocess.run(
            [sys.executable, "-m", "lumen_hooks", "agent", "session-start"],
            cwd="/",
            stdin=reader,
            capture_output=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        )
    finally:
        os.close(reader)
        os.close(writer)
    assert "fresh" in context(done.stdout.decode())
