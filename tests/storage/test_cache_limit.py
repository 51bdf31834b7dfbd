"""`lumen.maxCacheBytes` holds whoever fills the embedding store: workers, commands, searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.opening import open_to_read
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import job_for, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.commands import Launcher
    from tests.support.repository import Repository

LIMIT = 64 << 10


@pytest.fixture
def filled(repo: Repository) -> Repository:
    """A store with vectors that no index uses any more, over its limit."""
    repo.commit({"a.py": "a = 1\n"})
    update(repo)
    with EmbeddingStore(find_worktree(str(repo.top)).embeddings_path) as store:
        store.put("old", {b"%032d" % number: bytes(256) for number in range(2000)})
    assert vectors(repo) > 1000
    repo.git("config", "lumen.maxCacheBytes", str(LIMIT))
    return repo


def vectors(repo: Repository) -> int:
    connection = open_to_read(str(repo.top / ".git/lumen/embeddings.db"))
    try:
        return int(connection.execute("SELECT count(*) FROM stored").get)
    finally:
        connection.close()


@pytest.mark.parametrize("command", ["index", "wait"])
def test_a_command_that_embedded_something_trims(
    launcher: Launcher, filled: Repository, command: str
) -> None:
    filled.write({"b.py": python_module("something_new")})
    assert launcher.run(filled.top, command).code == 0
    assert vectors(filled) < 300


def test_a_search_leaves_that_to_a_worker(filled: Repository) -> None:
    started: list[str] = []

    def ask() -> None:
        job = job_for(filled, FakeEmbedder())
        Answerer(job, lambda: started.append("worker")).answer(Query("x", 1))

    ask()
    assert started == []
    filled.write({"b.py": python_module("something_new")})
    ask()
    assert started == ["worker"]


def test_nothing_is_done_below_the_limit(filled: Repository) -> None:
    filled.git("config", "--unset", "lumen.maxCacheBytes")
    filled.write({"b.py": python_module("something_new")})
    started: list[str] = []
    job = job_for(filled, FakeEmbedder())
    Answerer(job, lambda: started.append("worker")).answer(Query("x", 1))
    assert started == []
