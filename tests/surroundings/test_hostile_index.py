"""A database that somebody else made: nothing in its schema is run, and no value is believed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.status import read_status
from lumen_hooks.storage import sqlite, values
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.opening import open_to_read
from lumen_hooks.storage.reader import open_reader
from tests.support.helpers import check_whole, contents, first_rows, job_for, update
from tests.support.search_corpus import Corpus, Piece
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n)"

HOSTILE = {
    "a table is an endless view": f"""
        ALTER TABLE meta RENAME TO hidden;
        CREATE VIEW meta AS {ENDLESS} SELECT 'a' AS key, 'b' AS value FROM n WHERE x < 0;""",
    "a view besides": "CREATE VIEW more AS SELECT 1",
    "a trigger": "CREATE TRIGGER t AFTER DELETE ON files BEGIN DELETE FROM chunks; END",
    "an index on an expression": "CREATE INDEX i ON files(abs(size))",
    "a table besides": "CREATE TABLE more(x)",
    "a generated column": """
        ALTER TABLE files ADD COLUMN more BLOB AS (zeroblob(900000000)) VIRTUAL""",
    "a shadow with a check": """
        PRAGMA writable_schema=ON;
        UPDATE sqlite_schema SET sql='CREATE TABLE "vectors_info" (key text primary key,'
          || ' value any CHECK (length(zeroblob(900000000)) > 0))' WHERE name='vectors_info';""",
}

VALUES = {
    "a path that leaves the tree": "UPDATE files SET path='../../secret'",
    "an absolute path": "UPDATE files SET path='/etc/passwd'",
    "a line before the first": "UPDATE chunks SET start_line=-1",
    "a size below nothing": "UPDATE files SET size=-1",
    "no text": "UPDATE files SET language=CAST(x'ff' AS TEXT)",
    "another symbol": "UPDATE chunks SET symbol='rm -rf'",
    "a fact": "UPDATE meta SET value='0' WHERE key='head'",
    "facts that are no JSON": "UPDATE meta SET value='{' WHERE key='last_refresh'",
    "a word in a chunk of a huge number": """
        INSERT INTO lexical(rowid, words) VALUES(1 << 62, 'upload n:upload p:upload')""",
}


@pytest.fixture
def indexed(repo: Repository) -> Repository:
    repo.commit({"a.py": python_module("upload", "fetch")})
    update(repo)
    return repo


def _execute(path: str, sql: str) -> None:
    connection = apsw.Connection(path)
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize("what", [*first_rows(HOSTILE), *first_rows(VALUES)])
def test_it_is_set_aside_by_whoever_searches(indexed: Repository, what: str) -> None:
    before = contents(indexed)
    job = job_for(indexed)
    path = job.worktree.index_path
    _execute(path, {**HOSTILE, **VALUES}[what])
    found = Answerer(job, lambda: None).answer(Query("upload"))
    assert (found.state, {hit.path for hit in found.results}) == ("fresh", {"a.py"})
    assert os.path.exists(path + ".damaged")
    check_whole(indexed)
    assert contents(indexed) == before


@pytest.mark.parametrize("what", first_rows(HOSTILE))
def test_status_calls_it_damaged_and_force_repairs_it(indexed: Repository, what: str) -> None:
    job = job_for(indexed)
    _execute(job.worktree.index_path, HOSTILE[what])
    status = read_status(job.worktree, job.settings)
    assert status.state == "absent"
    assert "is damaged" in (status.problem or "")
    update(indexed, force=True)
    check_whole(indexed)


def test_a_second_reader_does_not_build_again(indexed: Repository) -> None:
    """The file that it met the damage in is not the index any more."""
    path = find_worktree(str(indexed.top)).index_path
    _execute(path, VALUES["another symbol"])
    job = job_for(indexed)
    Answerer(job, lambda: None).answer(Query("upload"))
    rebuilt = os.stat(path).st_ino
    Answerer(job, lambda: None).answer(Query("upload"))
    assert os.stat(path).st_ino == rebuilt


def test_a_number_of_a_newer_version_on_our_tables_is_damage(indexed: Repository) -> None:
    path = find_worktree(str(indexed.top)).index_path
    _execute(path, "PRAGMA user_version=7")
    with pytest.raises(CorruptIndexError, match="version is not ours"):
        open_reader(path)
    update(indexed)
    check_whole(indexed)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON stored BEGIN DELETE FROM models; END",
        "CREATE VIEW more AS SELECT 1",
        "PRAGMA user_version=9",
    ],
)
def test_a_hostile_embedding_store_is_emptied(tmp_path: Path, sql: str) -> None:
    path = str(tmp_path / "embeddings.db")
    with EmbeddingStore(path) as store:
        store.put("m", {b"1": b"\x01\x02"})
    _execute(path, sql)
    with EmbeddingStore(path) as store:
        assert store.get("m", [b"1"]) == {}
        store.put("m", {b"1": b"\x01\x02"})
        assert store.get("m", [b"1"]) == {b"1": b"\x01\x02"}


@pytest.mark.parametrize("vector", [b"\x01", bytes(2)], ids=["too short", "without direction"])
def test_a_vector_that_cannot_be_empties_the_store(tmp_path: Path, vector: bytes) -> None:
    with EmbeddingStore(str(tmp_path / "embeddings.db")) as store:
        store.put("m", {b"1": vector})
        assert store.get("m", [b"1"], dimensions=2) == {}


def test_a_reader_s_statement_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "READER_CPU_SECONDS", 0.1)
    corpus = Corpus(tmp_path / "index.db").add(Piece("a.py", "upload()"))
    reader = open_to_read(str(corpus.file))
    with pytest.raises(CorruptIndexError):
        values.read(reader, f"{ENDLESS} SELECT x FROM n WHERE x < 0", (values.natural,))
    # The next one has its own time.
    assert values.read(reader, "SELECT count(*) FROM files", (values.natural,)) == [(1,)]


def test_nothing_of_a_schema_is_run(tmp_path: Path) -> None:
    path = str(tmp_path / "any.db")
    _execute(path, "CREATE TABLE t(x); CREATE VIEW v AS SELECT 1; INSERT INTO t VALUES(1)")
    connection = open_to_read(path)
    with pytest.raises(apsw.SQLError, match="prohibited"):
        connection.execute("SELECT * FROM v")
    with pytest.raises(apsw.SQLError):
        connection.execute("ATTACH ':memory:' AS other")
