"""Odd places, environments, descriptors, signals: an answer or a clear error, and a quiet git."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.helpers import check_whole, contents
from tests.support.proc import end_workers_of
from tests.support.repository import Repository
from tests.support.sources import python_module

from .checks import (
    MODULES,
    answers_from,
    error_of,
    index_files,
    indexed,
    install_hooks,
    log_of,
    quiet_git,
    working,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.commands import Launcher

LONG_PATH_CHARACTERS = 3000
ODD = '- -C two\nlines, it\'s "quoted" `$HOME` \\ $(exit 3) %s;a?mode=ro#b%41 '
"""A name that is an option, has a line break, and means something to a shell, SQLite or git."""

NO_TEXT = os.fsdecode(b"caf\xe9 \xff")

ENVIRONMENTS: dict[str, dict[str, str | None]] = {
    "nothing is set": {
        **dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")),
        **dict.fromkeys(("LANG", "LANGUAGE", "TERM", "TMPDIR")),
        "LC_ALL": "C",
    },
    "nothing is there": {
        "HOME": "/nowhere/home",
        "XDG_CACHE_HOME": None,
        "XDG_RUNTIME_DIR": "/nowhere/run",
        "TMPDIR": "/nowhere/tmp",
        "SQLITE_TMPDIR": "/nowhere/tmp",
        "LC_ALL": "tlh_KL.klingon",
        "COLUMNS": "-5",
    },
    "folders are files": {
        "HOME": os.devnull,
        "XDG_CACHE_HOME": None,
        "XDG_RUNTIME_DIR": os.devnull,
        "TMPDIR": os.devnull,
    },
    "it is another repository's": {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index"},
}
"""What is missing or wrong in the environment, and all commands work."""

KEPT = "interrupted; {} embedded: lumen-hooks index goes on from there"

GARBAGE_SETTINGS = {
    "LUMEN_ENABLED": "perhaps",
    "LUMEN_MODEL": "no/such-model",
    "LUMEN_REFRESH": "sometimes",
    "LUMEN_SEED_WAIT": "soon",
    "LUMEN_MAX_FILE_BYTES": "-1",
    "LUMEN_WORKERS": "0",
    "LUMEN_THREADS": "1e9",
    "LUMEN_MODELS_FOLDER": "relative",
}


@pytest.fixture
def project(repo: Repository, launcher: Launcher) -> Repository:
    return indexed(launcher, repo)


def changed(variables: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with other values; None takes a variable out."""
    merged = {**os.environ, **variables}
    return {name: value for name, value in merged.items() if value is not None}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lumen_hooks", *arguments]


# environments


@pytest.mark.stress
def test_commands_work_whatever_the_environment_lacks(
    project: Repository, launcher: Launcher, subtests: pytest.Subtests
) -> None:
    for number, (name, variables) in enumerate(ENVIRONMENTS.items()):
        with subtests.test(name):
            environment = changed(variables)
            # so many that an embedding slot is needed
            project.write({f"more/n{n}.py": f"new_{number}_{n} = 1\n" for n in range(40)})
            working(launcher.run(project.top, "index", environment=environment))
            found = launcher.run(project.top, "search", "beta_9", environment=environment)
            assert working(found).startswith("m9.py:")
            assert found.err == ""


def test_every_wrong_setting_is_named_and_hooks_are_quiet(
    project: Repository, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_hooks(launcher, project)
    kept = contents(project)
    for name, value in GARBAGE_SETTINGS.items():
        environment = {**os.environ, name: value}
        message = error_of(launcher.run(project.top, "index", environment=environment))
        assert name in message or value in message
    for name, value in GARBAGE_SETTINGS.items():
        monkeypatch.setenv(name, value)
    quiet_git(project, "worktree", "add", "-q", "--detach", str(project.top.parent / "w2"))
    end_workers_of(project.top.parent)
    assert contents(project) == kept


def test_another_language_neither_fails_nor_garbles(project: Repository) -> None:
    """Names and snippets that the locale lacks, without Python's UTF-8 mode."""
    project.write({"grüße.py": python_module("grüße").replace("is slow", "ist länger \N{SNAIL}")})
    environment = changed(
        {
            "LANG": None,
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONIOENCODING": "latin-1",
        }
    )
    machines, people = (
        subprocess.run(
            command("search", "grüße", *options),
            cwd=project.top, env=environment, check=False, capture_output=True,
        )
        for options in (["--json", "--context", "9"], ["-n", "5"])
    )  # fmt: skip
    found = json.loads(machines.stdout)["results"][0]
    assert (found["path"], found["symbol"]) == ("grüße.py", "grüße")
    assert "länger \N{SNAIL}" in found["snippet"]
    assert (people.returncode, people.stderr) == (0, b"")
    assert people.stdout.startswith("grüße.py:".encode("latin-1"))


def test_git_that_is_not_there_is_named(project: Repository, launcher: Launcher) -> None:
    result = launcher.run(
        project.top, "search", "beta_9", environment=changed({"PATH": "/nowhere"})
    )
    assert error_of(result, "hint: install git") == "error: git was not found"


# places


@pytest.mark.stress
def test_everything_works_in_places_with_odd_names(tmp_path: Path, launcher: Launcher) -> None:
    """A linked worktree's path need not be text: its index lies in the main one's git directory."""
    _works_in(launcher, tmp_path / ODD / "main", tmp_path / NO_TEXT / "linked tree")


def _long_path(top: Path) -> Path:
    while len(str(top)) < LONG_PATH_CHARACTERS - 200:
        top /= "long" * 49
    return top


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_long_path, "is too long a path for SQLite: "),
        (lambda top: top / NO_TEXT, "cannot be opened by SQLite: it is not UTF-8"),
    ],
    ids=["long path", "path that is no text"],
)
def test_a_place_that_sqlite_cannot_open_is_an_error_and_git_is_quiet(
    tmp_path: Path, launcher: Launcher, make: Callable[[Path], Path], words: str
) -> None:
    repo = Repository(make(tmp_path))
    try:
        repo.top.mkdir(parents=True)
        repo.git("init", "-q")
        repo.commit(MODULES)
    except (OSError, AssertionError) as error:
        pytest.skip(f"no such paths here: {error}")
    for arguments in (("index",), ("search", "beta_9")):
        error_of(launcher.run(repo.top, *arguments), words)
    install_hooks(launcher, repo)
    quiet_git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "w2"))
    end_workers_of(tmp_path)
    assert any(words in str(record.get("error", "")) for record in log_of(repo))


def _works_in(launcher: Launcher, top: Path, other: Path) -> None:
    repo = Repository(top)
    repo.top.mkdir(parents=True)
    repo.git("init", "-q")
    indexed(launcher, repo)
    install_hooks(launcher, repo)
    linked = Repository(other)
    quiet_git(repo, "worktree", "add", "-q", "-b", "feature", str(linked.top))
    assert index_files(linked)[:1] == ["index.db"]
    linked.write({"m1.py": python_module("edited")})
    quiet_git(linked, "commit", "-q", "-am", "change")
    end_workers_of(top.parent)
    end_workers_of(other.parent)
    for worktree in (repo, linked):
        assert answers_from(launcher, worktree.top, "beta_9", "m9.py") == "fresh"
    shown = json.loads(working(launcher.run(linked.top, "status", "--json")))
    assert (shown["state"], shown["seeded_from"]) == ("fresh", str(repo.top))
    working(launcher.run(linked.top, "index", "--force"))
    assert {record["worktree"] for record in log_of(repo)} <= {str(repo.top), str(linked.top)}
    check_whole(linked)
    working(launcher.run(repo.top, "status", "--all"))
    working(launcher.run(repo.top, "uninstall", "--purge"))
    assert index_files(repo) == index_files(linked) == []


# descriptors and signals


@pytest.mark.parametrize("arguments", ["index --force <&- >&- 2>&-", "search beta_9 -n 5 >&-"])
def test_closed_descriptors_break_nothing(project: Repository, arguments: str) -> None:
    """What SQLite or a lock opens must never become standard output."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m lumen_hooks {arguments}', sys.executable],
        cwd=project.top, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    check_whole(project)


def test_a_reader_that_has_seen_enough_causes_no_error(project: Repository) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command("search", "beta_9"),
            cwd=project.top, check=False, stdout=writer, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_control_c_leaves_nothing_and_the_next_run_goes_on(
    repo: Repository, launcher: Launcher
) -> None:
    repo.commit(MODULES)
    faults = [
        ("set_constant", STAGING[0], "BATCH_CHUNKS", 8),
        ("signal_before", signal.SIGINT, *STAGING, 2),
    ]
    result = launcher.run(repo.top, "index", faults=faults)
    assert (result.code, result.out, result.err.strip()) == (130, "", KEPT.format("8 chunks are"))
    assert index_files(repo) == []
    assert "bug" not in {record["event"] for record in log_of(repo)}
    working(launcher.run(repo.top, "index"))
    check_whole(repo)
    shown = json.loads(working(launcher.run(repo.top, "status", "--json")))["last_refresh"]
    assert (shown["chunks_total"], shown["chunks_embedded"]) == (20, 12)


STAGING = ("lumen_hooks.indexing.stage", "Stager._stage_batch")


def test_control_c_in_a_refresh_leaves_the_old_index(
    project: Repository, launcher: Launcher
) -> None:
    kept = contents(project)
    project.write({"m1.py": python_module("edited")})
    fault = ("signal_before", signal.SIGINT, "lumen_hooks.indexing.write", "_finish")
    result = launcher.run(project.top, "index", faults=[fault])
    assert (result.code, result.err.strip()) == (130, KEPT.format("1 chunk is"))
    assert contents(project) == kept
    assert answers_from(launcher, project.top, "edited", "m1.py") == "fresh"


def test_a_terminal_on_standard_input_is_not_read(project: Repository, launcher: Launcher) -> None:
    parent, child = pty.openpty()
    try:
        terminal = os.ttyname(child)
        for arguments in (("index", "--force"), ("search", "beta_9"), ("hook", "post-commit")):
            working(launcher.start(project.top, *arguments, stdin=terminal).wait())
    finally:
        os.close(parent)
        os.close(child)
    end_workers_of(project.top)
