"""A clone without an index gets the nearest one that was pushed, by the way of every seed."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError, RepositoryError, SettingsError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import remote_seed
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.remote.stores.store import open_store
from lumen_hooks.service.sharing import pull
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.reader import open_index
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, update
from tests.support.sources import python_module

from .clones import cloned, objects, pushed, shared

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def log_of(repo: Repository) -> list[dict[str, object]]:
    with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def reasons(repo: Repository) -> list[object]:
    return [line["reason"] for line in log_of(repo) if "reason" in line]


def test_a_clone_at_the_same_commit_embeds_nothing(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    clone, embedder = cloned(repo, "clone"), FakeEmbedder()
    done = refreshed(clone, embedder)
    assert (done.kind, done.chunks_embedded, embedder.embedded) == ("seed", 0, [])
    check_whole(clone)
    assert contents(clone) == contents(repo)
    status = read_status(job_for(clone).worktree, job_for(clone).settings)
    assert status.seeded_from == f"{store} at {repo.git('rev-parse', 'HEAD').strip()[:12]}"
    assert status.state == "fresh"


def test_a_clone_further_on_embeds_what_differs(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    clone, embedder = cloned(repo, "clone"), FakeEmbedder()
    clone.commit({"m3.py": python_module("gamma"), "new.py": python_module("delta")})
    clone.git("rm", "-q", "m4.py")
    clone.commit()
    done = refreshed(clone, embedder)
    assert (done.files_changed, done.files_removed) == (2, 1)
    assert len(embedder.embedded) == done.chunks_embedded == 2
    check_whole(clone)


def test_the_nearest_is_taken_and_a_distant_one_is_not(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    first = repo.git("rev-parse", "HEAD").strip()
    repo.commit({f"m{n}.py": python_module(f"other_{n}") for n in range(10)})
    pushed(repo)
    second = repo.git("rev-parse", "HEAD").strip()
    clone = cloned(repo, "clone")
    clone.git("checkout", "-q", "-b", "side", first)
    clone.commit({"m1.py": python_module("mine")})
    assert refreshed(clone).files_changed == 1
    status = read_status(job_for(clone).worktree, job_for(clone).settings)
    assert first[:12] in (status.seeded_from or "")
    far = cloned(repo, "far")
    far.git("checkout", "-q", "--orphan", "far")
    far.git("rm", "-rqf", ".")
    far.commit({"x.py": python_module("x")})
    update(far)
    assert second not in str(log_of(far)[-1])
    assert all("building pays more" in str(reason) for reason in reasons(far))
    assert read_status(job_for(far).worktree, job_for(far).settings).seeded_from is None


def test_a_shallow_clone_takes_the_latest_push(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    repo.commit({"more.py": python_module("more")})
    repo.commit({"most.py": python_module("most")})
    clone = cloned(repo, "clone", "--depth", "1")
    assert refreshed(clone).files_changed == 2
    status = read_status(job_for(clone).worktree, job_for(clone).settings)
    assert str(store) in (status.seeded_from or "")


def test_an_equal_tree_of_another_history_serves(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    clone, embedder = cloned(repo, "clone"), FakeEmbedder()
    clone.git("checkout", "-q", "--orphan", "again")
    clone.commit()
    refreshed(clone, embedder)
    assert embedder.embedded == []


def test_a_sibling_that_pays_comes_first(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    new = repo.add_worktree("w2", "-b", "feature")
    done = update(new)
    assert done.seeded is not None
    assert done.seeded.donor == str(repo.top)


def test_while_git_waits_a_folder_is_asked(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    clone = cloned(repo, "clone")
    seed_in_foreground(str(clone.top))
    assert os.path.exists(find_worktree(str(clone.top)).index_path)
    assert refreshed(clone).chunks_embedded == 0


@pytest.mark.parametrize("url", ["s3://nowhere/at/all", "http://127.0.0.1:9/"])
def test_while_git_waits_no_network_is_asked(repo: Repository, store: Path, url: str) -> None:
    shared(repo, store)
    clone = cloned(repo, "clone")
    clone.git("config", "lumen.remote", url)
    driver = {"s3fs", "aiohttp"} - set(sys.modules)
    seed_in_foreground(str(clone.top))
    assert "no network while git waits" in reasons(clone)
    assert not driver & set(sys.modules)


def test_while_git_waits_a_large_index_is_left_to_the_worker(
    repo: Repository, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(shared(repo, store))
    clone = cloned(repo, "clone")
    monkeypatch.setattr(remote_seed, "HURRY_BYTES", 1000)
    seed_in_foreground(str(clone.top))
    assert "left to the worker: it is large" in reasons(clone)
    assert refreshed(clone).chunks_embedded == 0


def test_a_store_that_takes_longer_than_git_may_wait_is_given_up(store: Path) -> None:
    slow = open_store(str(store), patience=60)
    slow.until = time.monotonic()
    with pytest.raises(RemoteError, match="does not answer"):
        slow.size("v1/store")


def test_only_what_is_committed_leaves_the_machine(repo: Repository, store: Path) -> None:
    shared(repo, store)
    repo.write({"secret.py": python_module("swordfish"), "m1.py": python_module("marlin")})
    sent = pushed(repo)
    assert (sent.left_out, sent.files) == (2, 9)
    clone = cloned(repo, "clone")
    clone.git("config", "lumen.refresh", "off")
    done = pull(job_for(clone))
    assert done is not None
    assert done.refresh is not None
    assert done.refresh.files_changed == 1  # m1.py, as it is committed
    assert contents(clone)["chunks"] != contents(repo)["chunks"]
    for place in (str(repo.top), "swordfish", "marlin"):
        assert all(place.encode() not in _text(path) for path in objects(store))


def test_what_a_filter_makes_of_a_committed_file_is_committed(
    repo: Repository, store: Path
) -> None:
    repo.write({".gitattributes": "*.py text eol=crlf"})
    shared(repo, store)
    repo.git("rm", "-q", "--cached", "-r", ".")
    repo.git("reset", "-q", "--hard")
    assert b"\r\n" in (repo.top / "m1.py").read_bytes()
    repo.write({"m2.py": python_module("marlin").replace("\n", "\r\n")})
    assert pushed(repo).left_out == 1
    done = pull(job_for(cloned(repo, "clone")))
    assert done is not None
    assert done.refresh is not None
    assert done.refresh.files_changed == 1


def _text(path: Path) -> bytes:
    """What is in an object, decompressed if it is."""
    import zstandard

    data = path.read_bytes()
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError:
        return data


def test_a_second_push_sends_what_is_new(repo: Repository, store: Path) -> None:
    first = pushed(shared(repo, store, modules=120))
    again = pushed(repo)
    assert again.already
    repo.commit({"m7.py": python_module("alpha_7", "changed")})
    second = pushed(repo)
    assert 0 < second.sent_bytes < first.sent_bytes / 2
    clone, embedder = cloned(repo, "clone"), FakeEmbedder()
    refreshed(clone, embedder)
    assert embedder.embedded == []
    assert contents(clone) == contents(repo)


def test_another_pusher_goes_on_from_what_it_pulled(repo: Repository, store: Path) -> None:
    first = pushed(shared(repo, store, modules=120))
    clone = cloned(repo, "clone")
    clone.commit({"m7.py": python_module("alpha_7", "changed")})
    assert pushed(clone).sent_bytes < first.sent_bytes / 2


def test_a_push_again_in_full_mends_a_store(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    for path in objects(store, "parts"):
        path.write_bytes(b"x" * path.stat().st_size)
    assert pushed(repo).already  # sizes are as they were
    assert not pushed(repo, force=True).already
    embedder = FakeEmbedder()
    refreshed(cloned(repo, "clone"), embedder)
    assert embedder.embedded == []


def test_pull_by_hand(repo: Repository, store: Path) -> None:
    shared(repo, store)
    clone = cloned(repo, "clone")
    with pytest.raises(RemoteError, match="no index came") as told:
        pull(job_for(clone))
    assert "lumen-hooks index" in told.value.hint
    assert not os.path.exists(find_worktree(str(clone.top)).index_path)
    pushed(repo)
    assert pull(job_for(clone)) is not None
    assert pull(job_for(clone)) is None
    clone.git("config", "--unset", "lumen.remote")
    with pytest.raises(SettingsError, match="no store is set"):
        pull(job_for(clone))


def test_nothing_to_push(repo: Repository, store: Path, tmp_path: Path) -> None:
    repo.git("config", "lumen.remote", str(store))
    repo.write({"a.py": python_module("a")})
    with pytest.raises(RepositoryError, match="nothing is committed"):
        pushed(repo)


def test_names_of_the_machine_are_not_sent(repo: Repository, store: Path) -> None:
    pushed(shared(repo, store))
    clone = cloned(repo, "clone")
    update(clone)
    with open_index(find_worktree(str(clone.top)).index_path) as index:
        assert index.facts().top == str(clone.top)
        assert str(repo.top) not in str(index.facts())


def test_vectors_alone_hold_no_words(repo: Repository, store: Path) -> None:
    sent = pushed(shared(repo, store, modules=40), text=False)
    assert (sent.text, sent.vectors) == (False, 80)
    assert {path.relative_to(store).parts[1] for path in objects(store)} == {"vectors", "store"}
    planted = (b"alpha_7", b"m7.py", b"retries", str(repo.top).encode())
    assert not any(word in _text(path) for path in objects(store) for word in planted)
    clone = cloned(repo, "clone")
    assert update(clone).seeded is None
    check_whole(clone)
    assert contents(clone) == contents(repo)
