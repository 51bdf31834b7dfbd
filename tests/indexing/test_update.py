"""The one function that makes and changes indexes, on real repositories."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import LockError, NewerIndexError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.indexing.job import Busy
from lumen_hooks.indexing.update import update_index
from lumen_hooks.service.status import read_status
from lumen_hooks.storage import vec0 as vectors
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.opening import open_to_write
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import only_row
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, say, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.repository import Repository


def test_builds_an_index_that_equals_the_tree(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha"), "b.py": python_module("beta")})
    embedder = FakeEmbedder()
    done = refreshed(repo, embedder)
    assert (done.kind, done.files_changed, done.files_removed) == ("full", 2, 0)
    assert done.chunks_embedded == len(embedder.embedded) == done.chunks_total
    assert done.chunks_reused == 0
    check_whole(repo)
    assert [row[0] for row in contents(repo)["files"]] == ["a.py", "b.py"]


def test_a_second_update_does_nothing(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    before = os.stat(find_worktree(str(repo.top)).index_path).st_mtime_ns
    embedder = FakeEmbedder()
    assert update(repo, embedder).refresh is None
    assert embedder.embedded == []
    assert os.stat(find_worktree(str(repo.top)).index_path).st_mtime_ns == before


def test_a_one_function_edit_embeds_one_text(repo: Repository) -> None:
    names = [f"handler_{number}" for number in range(30)]
    repo.commit({"big.py": python_module(*names)})
    update(repo)
    edited = python_module(*names).replace("handler_7 gives up", "handler_7 tries again")
    repo.commit({"big.py": edited})
    embedder = FakeEmbedder()
    done = refreshed(repo, embedder)
    assert (done.kind, done.chunks_embedded, len(embedder.embedded)) == ("incremental", 1, 1)
    check_whole(repo)


def test_an_edit_embeds_one_text_although_the_embedding_store_is_gone(repo: Repository) -> None:
    names = [f"handler_{number}" for number in range(30)]
    repo.commit({"big.py": python_module(*names)})
    update(repo)
    os.unlink(find_worktree(str(repo.top)).embeddings_path)
    repo.write({"big.py": python_module(*names).replace("handler_7 gives up", "it tries again")})
    assert refreshed(repo).chunks_embedded == 1


def test_switching_away_and_back_embeds_nothing_twice(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha"), "b.py": python_module("beta")})
    update(repo)
    first = contents(repo)
    repo.git("switch", "-q", "-c", "other")
    repo.commit({"a.py": python_module("gamma"), "c.py": python_module("delta")})
    assert refreshed(repo).chunks_embedded > 0
    repo.git("switch", "-q", "main")
    done = refreshed(repo)
    assert (done.chunks_embedded, done.files_removed) == (0, 1)
    assert contents(repo) == first


def test_a_rename_embeds_nothing(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    repo.git("mv", "a.py", "moved.py")
    done = refreshed(repo)
    assert (done.chunks_embedded, done.files_changed, done.files_removed) == (0, 1, 1)
    assert [row[0] for row in contents(repo)["files"]] == ["moved.py"]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_refreshed_equals_rebuilt(repo: Repository, steps: int) -> None:
    repo.commit({f"m{n}.py": python_module(f"f{n}", f"g{n}") for n in range(6)})
    update(repo)
    for step in range(steps):
        (repo.top / f"m{step}.py").unlink()
        repo.commit(
            {f"m{step + 1}.py": python_module(f"changed{step}"), f"n{step}.md": "# Title\n\ntext\n"}
        )
        refreshed(repo)
    kept = contents(repo)
    assert update(repo, force=True).refresh is not None
    assert contents(repo) == kept


def test_force_reuses_every_vector(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    done = update(repo, force=True).refresh
    assert done is not None
    assert (done.kind, done.chunks_embedded) == ("full", 0)
    assert done.chunks_reused == done.chunks_total > 0


def test_untracked_and_uncommitted_files_are_indexed(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha"), ".gitignore": "ignored.py\n"})
    repo.write(
        {"a.py": python_module("edited"), "new.py": python_module("new"), "ignored.py": "x = 1\n"}
    )
    update(repo)
    symbols = {row[3] for row in contents(repo)["chunks"]}
    assert {"edited", "new"} <= symbols
    assert "alpha" not in symbols
    assert "ignored.py" not in {row[0] for row in contents(repo)["files"]}


def test_an_unborn_head_and_an_empty_repository(repo: Repository) -> None:
    done = refreshed(repo)
    assert (done.chunks_total, done.files_changed) == (0, 0)
    status = read_status(find_worktree(str(repo.top)), job_for(repo).settings)
    assert (status.state, status.head, status.files) == ("fresh", None, 0)
    repo.write({"a.py": python_module("alpha")})
    assert refreshed(repo).files_changed == 1


def test_skipped_files_are_counted_and_not_read_again(repo: Repository) -> None:
    repo.commit(
        {
            "a.py": python_module("alpha"),
            "binary.dat": b"\0" * 100,
            "huge.txt": "word " * 300_000,
            "latin.py": b"name = 'caf\xe9'\n",
            "broken.py": "def f(:\n    return ((\n",
        }
    )
    done = refreshed(repo)
    assert done.files_changed == 5
    status = read_status(find_worktree(str(repo.top)), job_for(repo).settings)
    assert (status.files, status.state) == (3, "fresh")
    assert status.skipped == {"binary": 1, "too large": 1}
    assert update(repo).refresh is None


def test_a_held_lock_is_waited_for_and_then_reported(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    own_folders.begin(find_worktree(str(repo.top)))
    lock = acquire(find_worktree(str(repo.top)).lock_path, timeout=0, purpose="a peer's work")
    assert isinstance(lock, Acquired)
    with lock:
        done = update_index(job_for(repo), wait=0.1)
    assert isinstance(done, Busy)
    assert done.holder is not None
    assert (done.holder.pid, done.holder.purpose) == (os.getpid(), "a peer's work")
    assert open_reader(find_worktree(str(repo.top)).index_path) is None


def test_a_lock_that_cannot_be_taken_is_no_contention(repo: Repository) -> None:
    worktree = find_worktree(str(repo.top))
    os.makedirs(worktree.lock_path)
    with pytest.raises(LockError, match="cannot lock"):
        update_index(job_for(repo), wait=5)
    with open(worktree.log_path, encoding="utf-8") as log:
        assert json.loads(log.readlines()[-1])["event"] == "lock failed"


@pytest.mark.parametrize("garbage", [b"", b"not a database at all" * 100, None])
def test_a_damaged_index_is_set_aside_and_made_again(
    repo: Repository, garbage: bytes | None
) -> None:
    repo.commit({f"m{n}.py": python_module(*(f"f{n}_{k}" for k in range(20))) for n in range(10)})
    update(repo)
    whole = contents(repo)
    path = find_worktree(str(repo.top)).index_path
    if garbage is None:
        with open(path, "r+b") as file:
            file.truncate(os.stat(path).st_size // 2)
    else:
        with open(path, "wb") as file:
            file.write(garbage)
    done = update_index(job_for(repo), wait=1, check=True)
    assert not isinstance(done, Busy)
    assert done.refresh is not None
    assert done.refresh.chunks_embedded == 0
    assert contents(repo) == whole
    assert os.path.exists(path + ".damaged")


def test_another_model_or_version_is_rebuilt_unasked(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    path = find_worktree(str(repo.top)).index_path
    index = open_writer(path)
    assert index is not None
    with index, index.transaction():
        say(index, fingerprint="another")
    assert read_status(find_worktree(str(repo.top)), job_for(repo).settings).state == "stale"
    assert refreshed(repo).kind == "full"


def test_a_newer_index_is_refused_and_kept(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    path = find_worktree(str(repo.top)).index_path
    index = open_writer(path)
    assert index is not None
    with index, index.transaction():
        say(index, index_version=999)
    with pytest.raises(NewerIndexError, match="newer lumen-hooks"):
        update(repo)
    connection = open_to_write(path)
    connection.execute("CREATE TABLE newer(x)")
    connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(NewerIndexError, match="schema 999"):
        update(repo)


def test_hints_are_taken_and_answered(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    worktree = find_worktree(str(repo.top))
    os.makedirs(worktree.folder, exist_ok=True)
    with open(worktree.events_path, "w", encoding="utf-8") as file:
        file.write("post-commit\n")
    assert events.pending(worktree)
    update(repo)
    assert not events.pending(worktree)
    assert os.listdir(worktree.folder).count("events") == 0


def test_a_hint_outlives_a_failed_update(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    worktree = find_worktree(str(repo.top))
    os.makedirs(worktree.folder, exist_ok=True)
    with open(worktree.events_path, "w", encoding="utf-8") as file:
        file.write("post-commit\n")

    class Broken(FakeEmbedder):
        def embed_documents(self, texts: object) -> list[bytes | None]:
            raise RuntimeError("the machine is on fire")

    with pytest.raises(RuntimeError):
        update(repo, Broken())
    assert events.pending(worktree)
    update(repo)
    assert not events.pending(worktree)


def test_vectors_are_repacked_when_deletions_wasted_much(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "REPACK_ROWS", 2 * vectors.BLOCK_ROWS)
    repo.commit({f"m{n}.py": python_module(*(f"f{n}_{k}" for k in range(100))) for n in range(12)})
    update(repo)
    for n in range(12):
        if n % 3:
            (repo.top / f"m{n}.py").unlink()
    refreshed(repo)
    index = open_reader(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index:
        (blocks,) = only_row(index.connection, "SELECT count(*) FROM vectors_chunks")
        (live,) = only_row(index.connection, "SELECT count(*) FROM vectors_rowids")
    assert blocks == math.ceil(live / vectors.BLOCK_ROWS)
    check_whole(repo)
    kept = contents(repo)
    update(repo, force=True)
    assert contents(repo) == kept
