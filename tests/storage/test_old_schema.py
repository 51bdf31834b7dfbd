"""An index with an older version's tables is made again, without embedding anything.

One of schema 2 to 4 answers meanwhile. One of schema 1 is too old to be read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.doctor.index import check_index
from lumen_hooks.errors import CorruptIndexError, StorageFullError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.results import Query, RelatedQuery
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.status import read_status
from lumen_hooks.storage import sums
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.embedding_schema import APPLICATION_ID, check_store
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.schema import SCHEMA_VERSION
from lumen_hooks.storage.sqlite import crc32
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


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


VERSION_1_STORE = f"""
CREATE TABLE models(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE vectors(
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES models(id),
  key BLOB NOT NULL,
  vector BLOB NOT NULL,
  used INTEGER NOT NULL,
  UNIQUE(model, key)
);
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version=1;
"""

FILES = {
    2: """CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT
)""",
    3: """CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT,
  cut TEXT,
  sum INTEGER NOT NULL
) STRICT""",
}
CHUNKS = """CREATE TABLE chunks(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files(id),
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  kind TEXT NOT NULL,
  key BLOB NOT NULL
)"""
SUM_3 = """
crc32(concat_ws('|', hex(path), quote(content), hex(language), quote(skipped), quote(cut),
  (SELECT group_concat(concat_ws(' ', start_line, end_line, hex(symbol), kind, hex(key)))
   FROM (SELECT * FROM chunks WHERE file_id=files.id ORDER BY id))))
"""
_FILE = "id, path, content, blob, size, changed_ns, language, skipped"
_CHUNK = "id, file_id, start_line, end_line, symbol, kind, key"
VERSION_4 = """
CREATE TEMP TABLE old_sums AS SELECT block, sum FROM vector_sums;
DROP TABLE signs;
DROP TABLE vector_sums;
CREATE TABLE vector_sums(block INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT;
INSERT INTO vector_sums SELECT * FROM old_sums;
PRAGMA user_version=4;
"""
VERSION_3 = f"""
{VERSION_4}
CREATE TEMP TABLE old_files AS SELECT {_FILE}, cut, 0 FROM files;
CREATE TEMP TABLE old_chunks AS SELECT {_CHUNK} FROM chunks;
DROP TABLE chunks;
DROP TABLE files;
{FILES[3]};
{CHUNKS} STRICT;
CREATE INDEX chunks_by_file ON chunks(file_id);
INSERT INTO files SELECT * FROM old_files;
INSERT INTO chunks SELECT * FROM old_chunks;
UPDATE files SET sum={SUM_3};
PRAGMA user_version=3;
"""
VERSION_2 = f"""
CREATE TEMP TABLE old_meta AS SELECT * FROM meta WHERE key NOT IN ('sum', 'seal');
CREATE TEMP TABLE old_files AS SELECT {_FILE} FROM files;
CREATE TEMP TABLE old_chunks AS SELECT {_CHUNK} FROM chunks;
DROP TABLE signs;
DROP TABLE vector_sums;
DROP TABLE chunks;
DROP TABLE files;
DROP TABLE meta;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
{FILES[2]};
{CHUNKS};
CREATE INDEX chunks_by_file ON chunks(file_id);
INSERT INTO meta SELECT * FROM old_meta;
INSERT INTO files SELECT * FROM old_files;
INSERT INTO chunks SELECT * FROM old_chunks;
PRAGMA user_version=2;
"""


def give_version(path: str, version: int) -> None:
    """Give an index the tables of an older schema; those of the extensions are the same."""
    index = open_writer(path)
    assert index is not None
    with index:
        index.write_facts(index.facts()._replace(fingerprint=f"that of version {version}"))
        index.connection.execute({2: VERSION_2, 3: VERSION_3, 4: VERSION_4}[version])


def version_of(path: str) -> object:
    connection = apsw.Connection(path, apsw.SQLITE_OPEN_READONLY)
    version = connection.pragma("user_version")
    connection.close()
    return version


@pytest.fixture
def indexed(repo: Repository) -> Repository:
    repo.commit({"a.py": python_module("upload", "fetch")})
    update(repo)
    return repo


def test_an_older_index_is_refused_with_a_hint(indexed: Repository) -> None:
    path = find_worktree(str(indexed.top)).index_path
    make_older(path)
    with pytest.raises(CorruptIndexError, match=f"schema 1, ours is {SCHEMA_VERSION}") as caught:
        open_reader(path)
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


# schemas 2 to 4


@pytest.fixture(params=[2, 3, 4])
def version(request: pytest.FixtureRequest) -> int:
    """Of an older schema whose indexes answer."""
    return int(request.param)


@pytest.fixture
def older(indexed: Repository, version: int) -> str:
    """The path of an index of that schema."""
    path = find_worktree(str(indexed.top)).index_path
    give_version(path, version)
    return path


def test_an_index_of_an_older_schema_answers_while_it_is_made_anew(
    indexed: Repository, older: str, version: int
) -> None:
    started = []
    job = job_for(indexed)
    found = Answerer(job, lambda: started.append(1)).answer(Query("upload"))
    assert {result.path for result in found.results} == {"a.py"}
    assert (found.state, started) == ("stale", [1])
    assert "an earlier version; that of this version is being built" in (found.problem or "")
    like_it = Answerer(job, lambda: started.append(2)).answer(RelatedQuery("a.py", 3, 5))
    assert like_it.results
    status = read_status(job.worktree, job.settings)
    assert (status.state, status.chunks > 0) == ("stale", True)
    assert "makes it anew" in (status.problem or "")
    assert "to be made anew" in check_index(job.worktree, job.settings).detail
    assert version_of(older) == version
    assert not os.path.exists(older + ".damaged")


def test_an_index_of_an_older_schema_is_made_anew_where_it_lies(
    indexed: Repository, older: str
) -> None:
    """In one transaction: who reads meanwhile sees the old rows to the end."""
    inode = os.stat(older).st_ino
    embedder = FakeEmbedder()
    reader = open_reader(older)
    assert reader is not None
    with reader:
        reader.connection.execute("BEGIN")
        held = reader.files()
        done = update(indexed, embedder)
        assert reader.files() == held
        reader.connection.execute("ROLLBACK")
    assert done.refresh is not None
    assert done.refresh.kind == "full"
    assert embedder.embedded == []
    assert version_of(older) == SCHEMA_VERSION
    assert os.stat(older).st_ino == inode
    assert not os.path.exists(older + ".damaged")
    check_whole(indexed)
    remade = contents(indexed)
    update(indexed, force=True)
    assert contents(indexed) == remade


def test_a_rebuild_that_fails_leaves_the_older_schema(
    indexed: Repository, older: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise StorageFullError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(sums, "seal", full_disk)
        with pytest.raises(StorageFullError):
            update(indexed)
    assert version_of(older) == version
    found = Answerer(job_for(indexed), lambda: None, refresh=False).answer(Query("upload"))
    assert {result.path for result in found.results} == {"a.py"}
    update(indexed)
    check_whole(indexed)


def test_an_index_of_an_older_schema_is_no_donor(
    indexed: Repository, older: str, version: int
) -> None:
    sibling = indexed.add_worktree("sibling")
    done = update(sibling)
    assert done.seeded is None
    assert done.refresh is not None
    assert done.refresh.chunks_embedded == 0
    assert version_of(older) == version


def test_a_damaged_index_of_an_older_schema_is_set_aside(indexed: Repository, older: str) -> None:
    connection = apsw.Connection(older)
    connection.execute("UPDATE chunks SET symbol=CAST(x'ff' AS TEXT)")
    connection.close()
    found = Answerer(job_for(indexed), lambda: None).answer(Query("upload"))
    assert (found.state, {result.path for result in found.results}) == ("fresh", {"a.py"})
    assert os.path.exists(older + ".damaged")
    check_whole(indexed)


def test_kinds_are_those_of_chunks_in_an_older_schema(indexed: Repository, older: str) -> None:
    answerer = Answerer(job_for(indexed), lambda: None, refresh=False)
    assert answerer.answer(Query("upload", kinds=("function",))).results
    assert not answerer.answer(Query("upload", kinds=("struct",))).results
    assert os.path.exists(older)


def test_the_sums_of_schema_3_still_count(indexed: Repository) -> None:
    path = find_worktree(str(indexed.top)).index_path
    give_version(path, 3)
    connection = apsw.Connection(path)
    connection.execute("UPDATE chunks SET start_line=start_line+1")
    connection.close()
    answerer = Answerer(job_for(indexed), lambda: None, refresh=False)
    with pytest.raises(CorruptIndexError, match="not as written"):
        answerer.answer(Query("upload"))
    assert "damaged" in check_index(job_for(indexed).worktree, job_for(indexed).settings).detail


def test_an_older_embedding_store_keeps_its_vectors(tmp_path: Path) -> None:
    path = str(tmp_path / "embeddings.db")
    connection = apsw.Connection(path)
    connection.execute(VERSION_1_STORE)
    connection.execute("INSERT INTO models VALUES(1, 'm')")
    connection.execute("INSERT INTO vectors VALUES(1, 1, x'01', x'0203', 20000)")
    connection.close()
    with EmbeddingStore(path) as store:
        assert store.get("m", [b"\x01"]) == {b"\x01": b"\x02\x03"}
        store.put("m", {b"\x02": b"\x04\x05"})
        store.put("m", {b"\x01": b"\x09\x09"})
        assert store.get("m", [b"\x01", b"\x02"]) == {b"\x01": b"\x02\x03", b"\x02": b"\x04\x05"}
    assert version_of(path) == 3
    assert check_store(path) == 2
    connection = apsw.Connection(path)
    connection.execute("UPDATE stored SET vector=x'0000' WHERE key=x'02'")
    connection.close()
    with EmbeddingStore(path) as store:
        assert store.get("m", [b"\x02"]) == {}  # emptied
    assert os.path.exists(path + ".damaged")


def test_a_process_of_the_version_before_goes_on_with_its_store(tmp_path: Path) -> None:
    """The statements of version 2, on a file that version 3 has taken over meanwhile."""
    path = str(tmp_path / "embeddings.db")
    theirs = apsw.Connection(path)
    theirs.create_scalar_function("crc32", crc32, deterministic=True)
    theirs.execute("PRAGMA journal_mode=WAL")
    theirs.execute(VERSION_1_STORE)
    theirs.execute("ALTER TABLE vectors ADD COLUMN sum INTEGER; PRAGMA user_version=2")
    theirs.execute("INSERT INTO models VALUES(1, 'm')")
    put = (
        "INSERT INTO vectors(model, key, vector, used, sum) VALUES(1, ?1, ?2, 1,"
        " crc32('m', ?1, ?2))"
        " ON CONFLICT(model, key) DO NOTHING"
    )
    get = "SELECT vector FROM vectors WHERE model=1 AND key=?"
    theirs.execute(put, (b"1", b"old"))
    with EmbeddingStore(path) as store:
        store.put("m", {b"%d" % number: b"new" for number in range(2, 300)})
        theirs.execute(put, (b"later", b"old"))
        assert theirs.execute(get, (b"1",)).get == b"old"
        assert store.get("m", [b"1", b"2", b"later"]) == {
            b"1": b"old", b"2": b"new", b"later": b"old",
        }  # fmt: skip
        assert check_store(path) == 300
        assert store.trim(1, [b"later", b"2"]) == 298
        assert store.get("m", [b"1", b"2", b"later"]) == {b"2": b"new", b"later": b"old"}
        assert check_store(path) == 2
    theirs.close()
