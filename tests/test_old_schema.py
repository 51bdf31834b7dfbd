"""An index with an older version's tables is made again, without embedding anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.schema import SCHEMA_VERSION
from lumen_hooks.status import read_status
from lumen_hooks.store import open_index
from lumen_hooks.worktree import find_worktree
from tests.fake_embedder import FakeEmbedder
from tests.helpers import check_whole, contents, job_for, update
from tests.sources import python_module

if TYPE_CHECKING:
    from tests.repository import Repository


def make_older(path: str) -> None:
    """Give an index the tables of schema 1."""
    connection = apsw.Connection(path)
    connection.execute("DROP TABLE lexical")
    connection.execute(
        "CREATE VIRTUAL TABLE lexical USING fts5(code, name, path, content='',"
        " contentless_delete=1, tokenize=\"porter unicode61 tokenchars '_'\")"
    )
    connection.execute("PRAGMA user_version=1")
    connection.close()


@pytest.fixture
def indexed(repo: Repository) -> Repository:
    repo.commit({"a.py": python_module("upload", "fetch")})
    update(repo)
    return repo


def test_an_older_index_is_refused_with_a_hint(indexed: Repository) -> None:
    path = find_worktree(str(indexed.top)).index_path
    make_older(path)
    with pytest.raises(CorruptIndexError, match=f"schema 1, ours is {SCHEMA_VERSION}") as caught:
        open_index(path)
    assert caught.value.hint is not None
    assert "lumen-hooks index" in caught.value.hint
    job = job_for(indexed)
    assert "schema 1" in (read_status(job.worktree, job.settings).problem or "")


def test_an_older_index_is_made_again_from_known_vectors(indexed: Repository) -> None:
    before = contents(indexed)
    make_older(find_worktree(str(indexed.top)).index_path)
    embedder = FakeEmbedder()
    done = update(indexed, embedder)
    assert done.refresh is not None
    assert done.refresh.kind == "full"
    assert embedder.embedded == []
    check_whole(indexed)
    assert contents(indexed) == before


def test_an_older_index_is_no_donor(indexed: Repository) -> None:
    sibling = indexed.add_worktree("sibling")
    # Its version alone, so that nothing else in it can be the reason.
    connection = apsw.Connection(find_worktree(str(indexed.top)).index_path)
    connection.execute("PRAGMA user_version=1")
    connection.close()
    done = update(sibling)
    assert done.seeded is None
    assert done.refresh is not None
    assert done.refresh.chunks_embedded == 0
    check_whole(sibling)
