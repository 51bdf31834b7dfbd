"""What is remembered of git's configuration is what git would say."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git import config_memory
from lumen_hooks.git.config import Entry, config_entries
from lumen_hooks.git.config_memory import ConfigMemory
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.system import unchanged
from tests.support.helpers import first_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.repository import Repository

OURS = "lumen[.].*"
SETTLED_NS = 15_000_000


class Remembering:
    """A memory, and how often git was asked."""

    def __init__(self, repo: Repository) -> None:
        self.asked = 0
        self._memory = ConfigMemory()
        self._top = str(repo.top)

    def ask(self, directory: str, pattern: str) -> list[Entry]:
        self.asked += 1
        return config_entries(directory, pattern)

    def settings(self) -> Sequence[Entry]:
        time.sleep(2 * SETTLED_NS / 1e9)
        found = self._memory.entries(find_worktree(self._top), OURS)
        return [entry for entry in found if entry.key.startswith("lumen.")]


@pytest.fixture
def remembering(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Remembering:
    made = Remembering(repo)
    monkeypatch.setattr(config_memory, "config_entries", made.ask)
    monkeypatch.setattr(unchanged, "YOUNG_NS", SETTLED_NS)
    monkeypatch.setattr(unchanged, "_TICK_NS", SETTLED_NS)
    return made


def home(name: str) -> Path:
    return Path(os.environ["HOME"]) / name


def link_elsewhere(repo: Repository) -> None:
    (repo.top.parent / "other").write_text("[lumen]\n\tworkers = 7\n")
    home("linked").unlink()
    home("linked").symlink_to(repo.top.parent / "other")


def users_own(repo: Repository) -> None:
    home(".config/git").mkdir(parents=True)
    home(".config/git/config").write_text("[lumen]\n\tworkers = 5\n")


def of_the_worktree(repo: Repository) -> None:
    repo.git("config", "extensions.worktreeConfig", "true")
    repo.git("config", "--worktree", "lumen.workers", "6")


def removed(repo: Repository) -> None:
    home("included").unlink()


def another_repository(repo: Repository) -> None:
    (repo.top / ".git").rename(repo.top.parent / "away")
    repo.git("init", "-q")


ROWS: dict[str, Callable[[Repository], object]] = {
    "the repository's": lambda repo: repo.git("config", "lumen.workers", "3"),
    "the user's": lambda repo: repo.git("config", "--global", "lumen.workers", "3"),
    "the user's other file": users_own,
    "the worktree's": of_the_worktree,
    "an included file": lambda _: home("included").write_text("[lumen]\n\tworkers = 3\n"),
    "an included file that was not there": lambda _: home("later").write_text("[lumen]\n\tx = 3\n"),
    "an included file that is gone": removed,
    "included where the repository is": lambda _: home("here").write_text("[lumen]\n\tx = 3\n"),
    "a link that leads elsewhere": link_elsewhere,
    "another repository": another_repository,
}


def with_includes(repo: Repository) -> None:
    home("included").write_text("[lumen]\n\tworkers = 2\n[include]\n\tpath = later\n")
    home("linked").symlink_to(home("included"))
    repo.git("config", "--global", "include.path", "included")
    repo.git("config", "--global", f"includeIf.gitdir:{repo.top.parent}/.path", "~/here")
    repo.git("config", "include.path", str(home("linked")))


@pytest.mark.parametrize("row", first_rows(ROWS, len(ROWS)))
def test_every_change_is_seen_and_nothing_else_asked(
    repo: Repository, remembering: Remembering, row: str
) -> None:
    with_includes(repo)
    before = remembering.settings()
    assert remembering.settings() == before == config_entries(str(repo.top), OURS)
    assert remembering.asked == 1
    ROWS[row](repo)
    assert remembering.settings() == config_entries(str(repo.top), OURS) != before
    assert remembering.asked == 2
    remembering.settings()
    assert remembering.asked == 2


@pytest.mark.parametrize("key", ["includeIf.onbranch:x.path", "includeIf.gitdir:./x.path"])
def test_what_depends_on_more_than_files_is_asked_each_time(
    repo: Repository, remembering: Remembering, key: str
) -> None:
    repo.git("config", key, "included")
    for _ in range(2):
        remembering.settings()
    assert remembering.asked == 2


def test_what_is_young_is_asked_again(
    repo: Repository, remembering: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "_TICK_NS", 3600 * 10**9)
    for _ in range(2):
        remembering.settings()
    assert remembering.asked == 2


def test_another_owner_is_noticed(
    repo: Repository, remembering: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering.settings()
    owners = config_memory._owners(find_worktree(str(repo.top)))
    monkeypatch.setattr(config_memory, "_owners", lambda _: [uid + 1 for uid in owners])
    remembering.settings()
    assert remembering.asked == 2
