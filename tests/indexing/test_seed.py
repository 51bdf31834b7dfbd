"""A new worktree gets its index from the nearest sibling, whoever asks for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.git import own_folders, siblings
from lumen_hooks.git.siblings import worktree_of_git_dir
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.donors import MAX_CANDIDATES, all_worktrees, find_donors
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.indexing.job import Busy
from lumen_hooks.indexing.update import update_index
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, say, update
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.donors import Donor


PAST = 1_600_000_000


def indexed(repo: Repository) -> Repository:
    """A repository of ten modules with an index."""
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(10)})
    update(repo)
    return repo


def donors_of(repo: Repository) -> list[Donor]:
    wanted = fingerprint(identify(job_for(repo).settings))
    return list(find_donors(find_worktree(str(repo.top)), wanted)[0])


def log_of(repo: Repository) -> list[dict[str, object]]:
    with open(find_worktree(str(repo.top)).log_path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def test_a_new_worktree_is_seeded_and_nothing_is_embedded(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("w2", "-b", "feature")
    embedder = FakeEmbedder()
    done = refreshed(new, embedder)
    assert (done.kind, done.chunks_embedded, done.files_changed) == ("seed", 0, 0)
    assert embedder.embedded == []
    assert contents(new) == contents(repo)
    check_whole(new)
    status = read_status(find_worktree(str(new.top)), job_for(new).settings)
    assert (status.seeded_from, status.state) == (str(repo.top), "fresh")


def test_of_many_siblings_those_that_count_are_looked_for(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed(repo)
    index = find_worktree(str(repo.top)).index_path
    for number in range(MAX_CANDIDATES + 8):
        place = find_worktree(str(repo.add_worktree(f"s{number}", "--detach", "--no-checkout").top))
        os.mkdir(place.folder)
        shutil.copy(index, place.index_path)
        os.utime(place.index_path, (PAST + number, PAST + number))
    new = repo.add_worktree("new", "--detach")
    followed: list[str] = []

    def counting(git_dir: str) -> Worktree | None:
        followed.append(git_dir)
        return worktree_of_git_dir(git_dir)

    monkeypatch.setattr(siblings, "worktree_of_git_dir", counting)
    found = [os.path.basename(donor.worktree.top) for donor in donors_of(new)]
    latest = [f"s{number}" for number in reversed(range(8, MAX_CANDIDATES + 8))]
    assert found == ["main", *latest[: MAX_CANDIDATES - 1]]
    assert len(followed) == MAX_CANDIDATES - 1


def test_a_seed_embeds_exactly_what_is_new(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("w2", "-b", "feature")
    new.commit(
        {"m3.py": python_module("alpha_3", "beta_3", "gamma_3"), "m4.py": python_module("alpha_4")}
    )
    embedder = FakeEmbedder()
    done = refreshed(new, embedder)
    assert (done.kind, done.files_changed) == ("seed", 2)
    rebuilt = contents(new)
    known = {row[5] for row in contents(repo)["chunks"]}
    assert done.chunks_embedded == len({row[5] for row in rebuilt["chunks"]} - known) > 0
    update(new, force=True)
    assert contents(new) == rebuilt


def test_the_nearest_tree_donates(repo: Repository) -> None:
    indexed(repo)
    far = repo.add_worktree("far", "-b", "far")
    far.commit({f"m{n}.py": python_module(f"far_{n}") for n in range(4)})
    update(far)
    near = repo.add_worktree("near", "-b", "near")
    near.commit({"m9.py": python_module("near_9")})
    update(near)
    new = repo.add_worktree("new", "-b", "new", "far")
    found = donors_of(new)
    assert [donor.worktree.top for donor in found] == [str(far.top), str(repo.top), str(near.top)]
    assert [donor.differing_files for donor in found] == [0, 4, 5]


def test_building_when_more_differs_than_is_shared(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new", "-b", "new")
    new.git("rm", "-q", "-r", ".")
    new.commit({f"other{n}.py": python_module(f"other_{n}") for n in range(10)})
    assert refreshed(new).kind == "full"
    assert read_status(find_worktree(str(new.top)), job_for(new).settings).seeded_from is None
    assert "building pays more than cloning" in {record["event"] for record in log_of(repo)}


def test_an_incomplete_or_foreign_index_donates_nothing(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    for facts in ({"complete": False}, {"complete": True, "fingerprint": "other"}):
        index = open_writer(find_worktree(str(repo.top)).index_path)
        assert index is not None
        with index, index.transaction():
            say(index, **facts)
        assert donors_of(new) == []


def test_a_corrupt_donor_is_passed_over_for_the_next(repo: Repository) -> None:
    indexed(repo)
    good = repo.add_worktree("good", "-b", "good")
    good.commit({"m0.py": python_module("good_0")})
    update(good)
    path = find_worktree(str(repo.top)).index_path
    with open(path, "r+b") as file:
        file.seek(20 * 16384)
        file.write(b"\xa5" * 16384 * 4)
    new = repo.add_worktree("new", "-b", "new")
    done = refreshed(new)
    status = read_status(find_worktree(str(new.top)), job_for(new).settings)
    assert (done.kind, status.seeded_from, done.chunks_embedded) == ("seed", str(good.top), 0)
    check_whole(new)
    assert any(record["event"] == "donor refused" for record in log_of(repo))


def test_a_donor_of_another_repository_is_refused(repo: Repository, tmp_path: Path) -> None:
    indexed(repo)
    other_top = tmp_path / "elsewhere"
    other_top.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=other_top, check=True)
    other = indexed(Repository(other_top))
    new = repo.add_worktree("new", "-b", "new")
    victim = repo.add_worktree("victim", "-b", "victim")
    admin = repo.top / ".git" / "worktrees" / "victim"
    (admin / "gitdir").write_text(f"{other.top}/.git\n")
    assert str(other.top) not in {donor.worktree.top for donor in donors_of(new)}
    shutil.rmtree(admin)
    admin.symlink_to(other.top / ".git")
    assert {donor.worktree.top for donor in donors_of(new)} == {str(repo.top)}
    assert victim.top.exists()


def test_an_index_that_is_a_symbolic_link_is_refused(repo: Repository, tmp_path: Path) -> None:
    indexed(repo)
    path = find_worktree(str(repo.top)).index_path
    os.rename(path, tmp_path / "moved.db")
    os.symlink(tmp_path / "moved.db", path)
    assert donors_of(repo.add_worktree("new")) == []


def test_worktrees_nested_in_the_main_one_are_siblings(repo: Repository) -> None:
    indexed(repo)
    repo.git("worktree", "add", "-q", "-b", "agent", ".claude/worktrees/agent")
    nested = Repository(repo.top / ".claude" / "worktrees" / "agent")
    assert refreshed(nested).kind == "seed"
    assert update(repo).refresh is None
    assert [place.top for place in all_worktrees(find_worktree(str(nested.top)))] == [
        str(repo.top),
        str(nested.top),
    ]


def test_a_removed_worktree_leaves_nothing(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    update(new)
    folder = find_worktree(str(new.top)).folder
    repo.git("worktree", "remove", str(new.top))
    assert not os.path.exists(folder)
    assert not new.top.exists()


def test_freshness_is_not_inherited(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new", "-b", "new")
    seed_in_foreground(str(new.top))
    worktree = find_worktree(str(new.top))
    index = open_reader(worktree.index_path)
    assert index is not None
    with index:
        facts = index.facts()
    assert facts.complete
    assert not facts.refreshed
    assert facts.last_refresh is None
    assert read_status(worktree, job_for(new).settings).state == "stale"
    assert refreshed(new).kind == "seed"


def test_the_foreground_seed_leaves_a_peer_alone(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    worktree = find_worktree(str(new.top))
    own_folders.begin(worktree)
    lock = acquire(worktree.lock_path, timeout=0, purpose="peer")
    assert isinstance(lock, Acquired)
    with lock:
        seed_in_foreground(str(new.top))
        assert not os.path.exists(worktree.index_path)
    seed_in_foreground(str(new.top))
    assert os.path.exists(worktree.index_path)


def test_a_peer_that_publishes_during_the_wait_is_not_clobbered(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    update(new)
    inode = os.stat(find_worktree(str(new.top)).index_path).st_ino
    done = update_index(job_for(new), wait=1)
    assert not isinstance(done, Busy)
    assert (done.seeded, done.refresh) == (None, None)
    assert os.stat(find_worktree(str(new.top)).index_path).st_ino == inode


def test_force_seeds_nothing(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    done = update(new, force=True)
    assert done.seeded is None
    assert done.refresh is not None
    assert (done.refresh.kind, done.refresh.chunks_embedded) == ("full", 0)


def test_temporary_files_of_dead_processes_are_swept(repo: Repository) -> None:
    indexed(repo)
    worktree = find_worktree(str(repo.top))
    dead = subprocess.run(["sh", "-c", "echo $$"], check=True, capture_output=True, text=True)
    left = f"{worktree.index_path}.tmp-{dead.stdout.strip()}-0badc0de"
    for suffix in ("", "-wal", "-shm", "-journal"):
        with open(left + suffix, "wb") as file:
            file.write(b"left behind")
    alive = f"{worktree.index_path}.tmp-{os.getppid()}-0badc0de"
    with open(alive, "wb") as file:
        file.write(b"at work")
    update(repo)
    names = os.listdir(worktree.folder)
    assert [name for name in names if ".tmp-" in name] == [os.path.basename(alive)]


def test_a_left_over_wal_is_not_replayed_into_a_seed(repo: Repository) -> None:
    indexed(repo)
    new = repo.add_worktree("new")
    worktree = find_worktree(str(new.top))
    os.makedirs(worktree.folder)
    index = open_writer(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index, index.transaction():
        say(index, head="0" * 40)
        with (
            open(index.path + "-wal", "rb") as wal,
            open(worktree.index_path + "-wal", "wb") as copy,
        ):
            copy.write(wal.read())
    update(new)
    check_whole(new)
    assert contents(new) == contents(repo)


def test_the_main_worktree_is_seeded_from_a_linked_one(repo: Repository) -> None:
    indexed(repo)
    linked = repo.add_worktree("linked", "-b", "linked")
    update(linked)
    os.unlink(find_worktree(str(repo.top)).index_path)
    assert refreshed(repo).kind == "seed"
    status = read_status(find_worktree(str(repo.top)), job_for(repo).settings)
    assert status.seeded_from == str(linked.top)


@pytest.mark.parametrize("layout", ["bare", "dot-bare"])
def test_worktrees_of_a_bare_repository(repo: Repository, tmp_path: Path, layout: str) -> None:
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(5)})
    if layout == "bare":
        home = tmp_path / "hub.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(repo.top), str(home)], check=True)
    else:
        home = tmp_path / "hub"
        home.mkdir()
        subprocess.run(
            ["git", "clone", "-q", "--bare", str(repo.top), str(home / ".bare")], check=True
        )
        (home / ".git").write_text("gitdir: ./.bare\n")
    hub = Repository(home)
    hub.git("worktree", "add", "-q", str(tmp_path / "one"), "main")
    hub.git("worktree", "add", "-q", "-b", "two", str(tmp_path / "two"))
    assert refreshed(Repository(tmp_path / "one")).kind == "full"
    assert refreshed(Repository(tmp_path / "two")).kind == "seed"
