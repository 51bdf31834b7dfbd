"""What every test of hostile surroundings asks: the error, the old answer, a quiet git."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from tests.support.helpers import job_for
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.commands import Launcher, Result
    from tests.support.repository import Repository

MODULES: dict[str, str | bytes] = {
    f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(10)
}


def scaled(trials: int) -> int:
    """So many trials, times LUMEN_STRESS_SCALE."""
    return max(1, round(trials * float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))))


def working(result: Result) -> str:
    """Insist on success without a traceback, and return what was printed for machines."""
    assert result.code == 0, result
    assert "Traceback" not in result.err, result.err
    return result.out


def error_of(result: Result, *words: str) -> str:
    """Insist on an expected error with a hint that holds these words, and return its message."""
    assert result.code == 1, result
    assert result.out == ""
    lines = result.err.strip().splitlines()
    assert len(lines) == 2, result.err
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("hint: ")
    for word in words:
        assert word in result.err, result.err
    return lines[0]


def indexed(launcher: Launcher, repo: Repository) -> Repository:
    """A repository of ten modules with an index, made by the command line."""
    repo.commit(MODULES)
    working(launcher.run(repo.top, "index"))
    return repo


def install_hooks(launcher: Launcher, repo: Repository) -> None:
    """Put the real hooks in place."""
    working(launcher.run(repo.top, "install", "--no-index"))


def quiet_git(repo: Repository, *arguments: str) -> None:
    """Run git and insist that neither it nor a hook complained or printed."""
    done = subprocess.run(
        ["git", *arguments], cwd=repo.top, check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), arguments


def answer_to(launcher: Launcher, top: Path, query: str, *options: str) -> dict[str, Any]:
    """The answer of `search --json`."""
    found: dict[str, Any] = json.loads(
        working(launcher.run(top, "search", query, "--json", "-n", "3", *options))
    )
    return found


def answers_from(launcher: Launcher, top: Path, query: str, path: str, *options: str) -> str:
    """Insist that a search finds a file first, and return the state that it reports."""
    found = answer_to(launcher, top, query, *options)
    assert found["results"], found
    assert found["results"][0]["path"] == path
    return str(found["state"])


def old_answer(repo: Repository) -> str:
    """Insist that the index as it is finds what it held from the start; return its state."""
    found = Answerer(job_for(repo), _no_worker, refresh=False).answer(Query("beta_9"))
    assert found.results[0].path == "m9.py"
    return found.state


def _no_worker() -> None:
    raise AssertionError("a worker is not needed")


def index_files(repo: Repository) -> list[str]:
    """The index's files: itself, what SQLite puts beside it, temporary and damaged ones."""
    folder = find_worktree(str(repo.top)).folder
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(name for name in names if name.startswith("index.db"))


def forget_side_files(repo: Repository) -> None:
    """Leave the index alone in its folder, as a seed or a build does."""
    path = find_worktree(str(repo.top)).index_path
    for suffix in ("-shm", "-wal"):
        with suppress(FileNotFoundError):
            os.unlink(path + suffix)


def log_of(repo: Repository) -> list[dict[str, Any]]:
    """The repository's log."""
    try:
        with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


def report(
    record_property: Callable[[str, object], None], *, started: float, **numbers: int
) -> None:
    """Print and record what a stress test did."""
    facts = {**numbers, "seconds": round(time.monotonic() - started, 1)}
    for name, value in facts.items():
        record_property(name, value)
    print(facts)
