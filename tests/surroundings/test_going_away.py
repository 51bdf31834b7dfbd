"""Repositories and worktrees that are removed while we work on them: none of our files is in the
way, and nothing comes back."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import GoneError, StoreError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.system import log
from lumen_hooks.system.atomic_file import write_atomic
from lumen_hooks.system.locks import Failed, acquire
from tests.support.helpers import update
from tests.support.repository import Repository
from tests.support.sources import python_module

from .checks import MODULES, indexed, report, scaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.commands import Launcher

TRIALS = 4
STRESS_TRIALS = scaled(300)
LONGEST_SECONDS = 0.3
"""A worker that needs no imports has ended by then."""


def test_nothing_that_is_made_makes_its_folder(repo: Repository) -> None:
    repo.commit(MODULES)
    place = find_worktree(str(repo.top))
    with pytest.raises(StoreError):
        EmbeddingStore(place.embeddings_path)
    with pytest.raises(FileNotFoundError):
        events.leave(place, "post-commit")
    with pytest.raises(FileNotFoundError):
        write_atomic(place.folder + "/hooks", b"x", 0o755)
    assert isinstance(acquire(place.lock_path, timeout=0, purpose="test"), Failed)
    log.append(place.common_dir, {"event": "x"})
    assert not Path(place.folder).exists()


def test_a_log_that_was_removed_is_not_made_by_what_is_logged(repo: Repository) -> None:
    place = find_worktree(str(repo.top))
    own_folders.begin(place)
    Path(place.log_path).unlink()
    log.append(place.common_dir, {"event": "x"})
    assert not Path(place.log_path).exists()


@pytest.mark.parametrize("missing", [".git/HEAD", ".git"])
def test_work_is_not_begun_on_what_is_gone(repo: Repository, missing: str) -> None:
    repo.commit(MODULES)
    place = find_worktree(str(repo.top))
    (repo.top / missing).rename(repo.top / "elsewhere")
    with pytest.raises(GoneError):
        own_folders.begin(place)
    assert not Path(place.folder).exists()


def _remove(target: Path) -> str:
    """What `rm -rf` complains about."""
    return subprocess.run(
        ["rm", "-rf", str(target)], check=False, capture_output=True, text=True
    ).stderr


def _copy(template: Repository, number: int) -> Repository:
    top = template.top.parent / f"copy{number}"
    shutil.copytree(template.top, top, symlinks=True)
    return Repository(top)


def _edit(repo: Repository) -> None:
    repo.write({"m1.py": python_module("edited_1"), "new.py": python_module("new")})
    Path(find_worktree(str(repo.top)).events_path).write_text("post-commit\n", encoding="ascii")


def _remove_repositories(repo: Repository, launcher: Launcher, trials: int) -> list[str]:
    """Remove repositories at random moments of their workers; half of them have no index yet."""
    chance = random.Random(5)
    repo.commit(MODULES)
    templates = [_copy(repo, -number) for number in (1, 2)]
    own_folders.begin(find_worktree(str(templates[0].top)))
    update(templates[1])
    wrong = []
    for number in range(trials):
        copy = _copy(templates[number % 2], number)
        _edit(copy)
        worker = launcher.start("/", str(copy.top), "post-commit", entry="worker")
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        wrong += _remove(copy.top).splitlines()
        ended = worker.wait()
        if ended.code or ended.err or copy.top.exists():
            wrong.append(f"{number}: {ended} {sorted(copy.top.rglob('*'))}")
            shutil.rmtree(copy.top, ignore_errors=True)
    return wrong


def _remove_worktrees(repo: Repository, launcher: Launcher, trials: int) -> list[str]:
    """`git worktree remove` at random moments; half of the worktrees have no index yet."""
    chance = random.Random(6)
    indexed(launcher, repo)
    wrong = []
    for number in range(trials):
        linked = repo.add_worktree(f"w{number}", "--detach")
        place = find_worktree(str(linked.top))
        own_folders.begin(place)
        if number % 2:
            update(linked)
        _edit(linked)
        worker = launcher.start("/", str(linked.top), "post-checkout", entry="worker")
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        done = subprocess.run(
            ["git", "worktree", "remove", "--force", str(linked.top)],
            cwd=repo.top, check=False, capture_output=True, text=True,
        )  # fmt: skip
        ended = worker.wait()
        left = [path for path in (linked.top, Path(place.git_dir)) if path.exists()]
        if done.returncode or ended.code or ended.err or left:
            wrong.append(f"{number}: {done.stderr} {ended} {left}")
            repo.git("worktree", "prune")
    wrong += [line for line in _lines(find_worktree(str(repo.top)).log_path) if '"error"' in line]
    return wrong


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("remove", [_remove_repositories, _remove_worktrees])
def test_removed_while_a_worker_is_at_work(
    repo: Repository,
    launcher: Launcher,
    remove: Callable[[Repository, Launcher, int], list[str]],
) -> None:
    assert remove(repo, launcher, TRIALS) == []


@pytest.mark.stress
@pytest.mark.parametrize("remove", [_remove_repositories, _remove_worktrees])
def test_removed_at_any_moment_of_a_worker(
    repo: Repository,
    launcher: Launcher,
    remove: Callable[[Repository, Launcher, int], list[str]],
    record_property: Callable[[str, object], None],
) -> None:
    started = time.monotonic()
    wrong = remove(repo, launcher, STRESS_TRIALS)
    report(record_property, trials=STRESS_TRIALS, failures=len(wrong), started=started)
    assert wrong == []
