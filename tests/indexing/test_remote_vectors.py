"""Vectors from a store elsewhere in place of the model's work: when they are asked for, and when
not."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import remote_vectors
from lumen_hooks.indexing.update import update_index
from lumen_hooks.remote.stores.store import Store, open_store
from lumen_hooks.remote.vectors.batch import folder_of
from lumen_hooks.remote.vectors.batches import read_list
from lumen_hooks.remote.vectors.publish import push_vectors
from lumen_hooks.settings import Settings
from lumen_hooks.storage.keyed_vectors import vectors_of
from lumen_hooks.storage.reader import open_index
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import contents, job_for, refreshed, update
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

FILES = 34
"""More than a small refresh has."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(remote_vectors, "ASKED_FROM_TEXTS", 60)
    return open_store(str(tmp_path / "store"), patience=30.0)


@pytest.fixture
def pushed(repo: Repository, store: Store) -> Repository:
    """A repository whose vectors are in the store, and no index; one text has no vector."""
    files = {f"m{n:02}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(FILES)}
    repo.commit({**files, "signs.txt": "+++ --- +++\n=== *** ===\n"})
    update(repo)
    path = find_worktree(str(repo.top)).index_path
    with open_index(path) as index:
        facts = index.facts()
    vectors = list(vectors_of(path))
    assert any(not vector for _, vector in vectors)
    push_vectors(store, Settings(), facts.model_key, facts.dimensions, vectors)
    return repo


def clone(repo: Repository, store: str) -> Repository:
    top = repo.top.parent / "clone"
    command = ["git", "clone", "-q", f"file://{repo.top}", str(top)]
    subprocess.run(command, check=True)
    made = Repository(top)
    made.git("config", "lumen.remote", store)
    made.git("config", "user.name", "Another")
    made.git("config", "user.email", "another@example.com")
    return made


def noted(repo: Repository, event: str) -> list[dict[str, object]]:
    with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [record for record in records if record["event"] == event]


def test_a_build_embeds_nothing_that_was_pushed(pushed: Repository, store: Store) -> None:
    there = clone(pushed, store.name)
    embedder = FakeEmbedder()
    made = update(there, embedder)
    done = made.refresh
    assert done is not None
    assert embedder.embedded == []
    assert (done.kind, done.chunks_embedded, done.chunks_reused) == ("full", 0, done.chunks_total)
    assert contents(there) == contents(pushed)
    assert made.remark.endswith(f"near enough; {done.chunks_total} vectors did")
    (record,) = noted(there, "vectors from elsewhere")
    assert record["vectors"] == record["of"] == done.chunks_total
    # From now on they are this repository's own.
    there.git("config", "lumen.remote", "")
    update(there, embedder, force=True)
    assert embedder.embedded == []


def test_what_was_not_pushed_is_embedded(pushed: Repository, store: Store) -> None:
    there = clone(pushed, store.name)
    there.commit({"new.py": python_module("gamma", "delta"), "m03.py": python_module("alpha_3")})
    embedder = FakeEmbedder()
    done = refreshed(there, embedder)
    assert done.chunks_embedded == len(embedder.embedded) == 2
    assert all("gamma" in text or "delta" in text for text in embedder.embedded)


def test_a_branch_far_away_asks_for_many_texts_alone(pushed: Repository, store: Store) -> None:
    there = clone(pushed, store.name)
    there.git("rm", "-q", "-r", "--cached", ".")
    there.git("commit", "-qm", "nothing")
    for path in there.top.glob("m*.py"):
        path.rename(path.with_suffix(".kept"))
    update(there, FakeEmbedder())
    embedder = FakeEmbedder()
    # Few files: nobody asks, whatever the store has.
    (there.top / "m00.kept").rename(there.top / "m00.py")
    assert refreshed(there, embedder).chunks_embedded == len(embedder.embedded) == 2
    # Many files, and nearly all their texts are known here: nobody asks.
    for number in range(1, FILES):
        (there.top / f"m{number:02}.py").write_text(python_module("alpha_0", "beta_0"))
    assert refreshed(there, embedder).chunks_embedded == 0
    assert not noted(there, "vectors from elsewhere")
    # Many files, and nothing is known of them.
    for path in there.top.glob("m*.kept"):
        path.rename(path.with_suffix(".py"))
    embedder.embedded.clear()
    assert refreshed(there, embedder).chunks_embedded == 0
    assert noted(there, "vectors from elsewhere")


def test_nothing_is_asked_while_git_or_a_question_waits(pushed: Repository, store: Store) -> None:
    there = clone(pushed, store.name)
    embedder = FakeEmbedder()
    job = job_for(there, embedder)
    update_index(job._replace(elsewhere="never"), wait=30)
    assert len(embedder.embedded) > FILES
    embedder.embedded.clear()
    os.unlink(job.worktree.index_path)
    os.unlink(job.worktree.embeddings_path)
    update_index(job._replace(elsewhere="never"), wait=30)
    assert len(embedder.embedded) > FILES


BROKEN = {
    "no driver": "nosuch://bucket",
    "no folder": "{folder}/file",
    "an empty store": "{folder}/none",
    "slow": "{folder}/store",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_store_that_fails_is_noted_once(
    kind: str, pushed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the place of a store")
    there = clone(pushed, BROKEN[kind].format(folder=tmp_path))
    if kind == "slow":
        there.git("config", "lumen.remotePatience", "0")
        monkeypatch.setattr(remote_vectors, "SECONDS_A_TEXT", 0.0)
    embedder = FakeEmbedder()
    update(there, embedder, force=True)
    assert len(embedder.embedded) > FILES
    told = noted(there, "vectors elsewhere not used")
    assert len(told) == (0 if kind == "an empty store" else 1)
    assert ("slower than the model" in str(told)) == (kind == "slow")


def test_a_store_that_gave_no_seed_since_it_fails_is_asked_no_more(
    pushed: Repository, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the place of a store")
    there = clone(pushed, BROKEN["no folder"].format(folder=tmp_path))
    embedder = FakeEmbedder()
    assert refreshed(there, embedder).kind == "full"
    assert len(embedder.embedded) > FILES
    assert noted(there, "not seeded from elsewhere")
    assert not noted(there, "vectors elsewhere not used")


def test_a_damaged_batch_is_noted_and_embedded_anew(pushed: Repository, store: Store) -> None:
    with open_index(find_worktree(str(pushed.top)).index_path) as index:
        folder = folder_of(index.facts().model_key)
    (listed,) = read_list(store, folder)
    path = f"{folder}/batches/{listed.id}.rows"
    rows = store.read(path, at_most=1 << 24) or b""
    store.write(path, rows[:9000] + b"\x55\x55" + rows[9002:])
    there = clone(pushed, store.name)
    embedder = FakeEmbedder()
    refreshed(there, embedder)
    assert len(embedder.embedded) > FILES
    (told,) = noted(there, "vectors elsewhere not used")
    assert "not those that were pushed" in str(told["cause"])
    assert contents(there) == contents(pushed)
