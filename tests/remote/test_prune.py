"""What a prune removes, what it leaves, and that it takes nothing from a push beside it."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote import heads
from lumen_hooks.remote.condemned import NAME, read_condemned, write_condemned
from lumen_hooks.remote.envelope import seal
from lumen_hooks.remote.heads import Head, read_heads, write_heads
from lumen_hooks.remote.manifest import name_of
from lumen_hooks.remote.stores.store import Store, open_store
from lumen_hooks.remote.upkeep.listing import listed
from lumen_hooks.remote.upkeep.prune import DAY, prune
from lumen_hooks.remote.upkeep.status import status_of_store
from tests.support.helpers import refreshed

from .clones import cloned, pushed, shared
from .pushes import (
    FINGERPRINT,
    commit_of,
    commits,
    content,
    pulled,
    push,
    steps,
    time_passes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.object_store import ObjectStore
    from tests.support.repository import Repository

PATIENCE = 60.0
HOUR = 3600.0

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))
STRESS_SEEDS = range(2, 2 + max(1, round(400 * SCALE)))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_JITTER_SECONDS", 0.0)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder of the store."""
    return tmp_path / "store"


@pytest.fixture
def store(shelf: Path) -> Store:
    return open_store(str(shelf), patience=PATIENCE)


def kinds(store: Store) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in listed(store):
        found[item.kind] = found.get(item.kind, 0) + 1
    return found


def test_old_indexes_go_at_once_and_what_only_they_had_a_day_later(
    store: Store, shelf: Path, tmp_path: Path
) -> None:
    for number in range(6):
        push(store, tmp_path, number, content(7 * number))  # of which no two share anything
        time_passes(shelf, HOUR)
    push(store, tmp_path, 9, content(0), fingerprint="a" * 32)
    time_passes(shelf, 2 * DAY)
    before = kinds(store)

    first = prune(store, keep=2)
    assert (first.indexes, first.kept, first.objects) == (4, 3, 0)
    assert commits(store) == {4, 5, 9}
    assert [head.commit for head in read_heads(store, FINGERPRINT)] == [commit_of(5), commit_of(4)]
    assert kinds(store)["part"] == before["part"]
    assert first.waiting > 0
    assert status_of_store(store).condemned == first.waiting

    for _ in range(3):  # however often it is asked
        time_passes(shelf, 8 * HOUR - 60)
        again = prune(store, keep=2)
        assert (again.indexes, again.objects, again.waiting) == (0, 0, first.waiting)

    time_passes(shelf, 8 * HOUR)
    last = prune(store, keep=2)
    assert (last.indexes, last.freed, last.waiting) == (0, first.waiting, 0)
    assert kinds(store)["part"] == 3  # 0 is 9's too
    for number in (4, 5):
        assert pulled(store, tmp_path, number) == content(7 * number)
    assert pulled(store, tmp_path, 9, "a" * 32) == content(0)
    assert prune(store, keep=2)[2:] == (0, 0, 0, ())


def test_what_is_kept_shares_stays(store: Store, shelf: Path, tmp_path: Path) -> None:
    for number in range(5):
        push(store, tmp_path, number, content(number))
        time_passes(shelf, HOUR)
    for _ in range(4):
        time_passes(shelf, 2 * DAY)
        prune(store, keep=1)
    assert commits(store) == {4}
    assert pulled(store, tmp_path, 4) == content(4)


def test_what_is_condemned_is_not_relied_on(store: Store, shelf: Path, tmp_path: Path) -> None:
    push(store, tmp_path, 0, content(0))
    time_passes(shelf, HOUR)
    push(store, tmp_path, 1, content(50))
    time_passes(shelf, 2 * DAY)
    assert prune(store, keep=1).waiting
    time_passes(shelf, 2 * DAY)
    push(store, tmp_path, 2, content(0))  # what was removed, to the byte
    prune(store, keep=2)
    assert pulled(store, tmp_path, 2) == content(0)
    assert pulled(store, tmp_path, 1) == content(50)


def test_a_real_push_does_not_rely_on_it_either(
    repo: Repository, store: Store, shelf: Path
) -> None:
    commit = pushed(shared(repo, shelf)).commit
    condemned = {item.entry.path for item in listed(store) if item.kind in ("pack", "part")}
    write_condemned(store, condemned)
    for item in listed(store):
        if item.kind in ("manifest", "heads"):
            store.remove(item.entry.path)
    time_passes(shelf, 2 * DAY)
    assert pushed(repo).commit == commit
    assert prune(store, keep=1).objects == len(condemned)
    assert refreshed(cloned(repo, "clone")).chunks_embedded == 0


def test_at_once_where_nobody_pushes(store: Store, shelf: Path, tmp_path: Path) -> None:
    for number in range(3):
        push(store, tmp_path, number, content(7 * number))
        time_passes(shelf, HOUR)
    done = prune(store, keep=1, grace=0)
    assert (done.indexes, done.objects, done.waiting) == (2, 4, 0)
    assert kinds(store) == {"manifest": 1, "heads": 1, "pack": 1, "part": 1, "kept": 1}
    assert pulled(store, tmp_path, 2) == content(14)


def test_damaged_indexes_are_named_and_kept_for_a_day(
    store: Store, shelf: Path, tmp_path: Path
) -> None:
    for number in range(3):
        push(store, tmp_path, number, content(7 * number))
        time_passes(shelf, 60)
    store.write(name_of(FINGERPRINT, commit_of(2)), b"damaged")
    min((shelf / "v1/packs").iterdir(), key=lambda path: path.stat().st_mtime).write_bytes(
        b"damaged"
    )
    done = prune(store, keep=1)
    assert (done.indexes, done.kept) == (0, 1)
    assert sorted((one.path[-1], one.removed) for one in done.damaged) == [
        ("0", False),
        ("2", False),
    ]
    assert commits(store) == {0, 1, 2}
    time_passes(shelf, 2 * DAY)
    done = prune(store, keep=1)
    assert all(one.removed for one in done.damaged)
    assert commits(store) == {1}


def test_what_a_newer_version_pushed_is_not_damaged(store: Store, tmp_path: Path) -> None:
    push(store, tmp_path, 0, content(0))
    name = name_of(FINGERPRINT, commit_of(1))
    sealed = bytearray(seal(b"x", "", name=name))
    sealed[8] = 9
    store.write(name, bytes(sealed))
    with pytest.raises(RemoteError, match="newer version") as refused:
        prune(store, keep=1, grace=0)
    assert refused.value.hint == "upgrade lumen-hooks"


def test_what_is_not_ours_and_what_killed_writers_left(
    store: Store, shelf: Path, tmp_path: Path
) -> None:
    push(store, tmp_path, 0, content(0))
    (shelf / "v1/parts/tmp-0123456789abcdef").write_bytes(b"old")
    (shelf / "v1/notes").write_bytes(b"somebody's")
    (shelf / "v1/parts/README").write_bytes(b"somebody's")
    time_passes(shelf, 2 * DAY)
    (shelf / "v1/parts/tmp-fedcba9876543210").write_bytes(b"new")
    found = status_of_store(store)
    assert (found.left_over, found.unknown) == (6, 1)  # in capitals is no path of ours
    assert prune(store, keep=1).objects == 1
    assert [path.name for path in (shelf / "v1/parts").glob("[t-]*")] == ["tmp-fedcba9876543210"]
    assert (shelf / "v1/parts/README").exists()
    assert (shelf / "v1/notes").exists()


def test_vectors_that_no_list_has_are_condemned(store: Store, shelf: Path) -> None:
    folder = "v1/vectors/" + "a" * 32
    for name in ("1", "2"):
        for kind in ("keys", "rows"):
            store.write(f"{folder}/batches/{name * 64}.{kind}", b"12345")
    store.write(f"{folder}/list", b"lumen-hooks vectors 1\n" + b"1" * 64 + b" 5 5\n")
    time_passes(shelf, 2 * DAY)
    assert prune(store, keep=1).waiting == 10
    time_passes(shelf, 2 * DAY)
    assert prune(store, keep=1).objects == 2
    assert store.size(f"{folder}/batches/{'1' * 64}.keys") == 5
    assert store.size(f"{folder}/batches/{'2' * 64}.keys") is None

    store.write(f"{folder}/list", b"none of ours")
    time_passes(shelf, 2 * DAY)
    assert prune(store, keep=1).waiting == 0


def test_a_list_of_the_condemned_condemns_nothing_by_itself(
    store: Store, shelf: Path, tmp_path: Path
) -> None:
    push(store, tmp_path, 0, content(0))
    everything = [item.entry.path for item in listed(store)]
    for said in (b"", b"x" * 100, b"(\xb5/\xfd" + b"\0" * 50):
        store.write(NAME, said)
        assert read_condemned(store) == frozenset()
    write_condemned(store, [*everything, "/etc/passwd", "../x"])
    time_passes(shelf, 2 * DAY)
    assert prune(store, keep=1).objects == 0
    assert pulled(store, tmp_path, 0) == content(0)


def test_heads_are_what_is_left(store: Store, shelf: Path, tmp_path: Path) -> None:
    for number in range(3):
        push(store, tmp_path, number, content(number))
        time_passes(shelf, HOUR)
    gone = Head(commit_of(77), commit_of(77), 1)
    write_heads(store, FINGERPRINT, [gone, Head(commit_of(0), commit_of(0), 1)])
    prune(store, keep=2)
    assert [head.commit for head in read_heads(store, FINGERPRINT)] == [commit_of(2), commit_of(1)]


def test_heads_that_are_pushed_meanwhile_stay(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(store, tmp_path, 0, content(0))
    write_heads(store, FINGERPRINT, [Head(commit_of(77), commit_of(77), 1)])
    size = store.size

    def size_beside_a_push(path: str) -> int | None:
        push(open_store(store.name, patience=PATIENCE), tmp_path, 1, content(1))
        return size(path)

    monkeypatch.setattr(store, "size", size_beside_a_push)
    prune(store, keep=1)
    assert [head.commit for head in read_heads(store, FINGERPRINT)] == [commit_of(1), commit_of(0)]


def test_a_bucket_is_pruned_as_a_folder_is(object_store: ObjectStore, tmp_path: Path) -> None:
    store = open_store(object_store.make_bucket("bucket") + "/x", patience=PATIENCE)
    for number in range(3):
        push(store, tmp_path, number, content(7 * number))
    found = status_of_store(store)
    assert [(one.fingerprint, one.commits) for one in found.indexes] == [(FINGERPRINT, 3)]
    assert found.indexes[0].manifest is not None
    done = prune(store, keep=1, grace=0)
    assert (done.indexes, done.kept, done.objects) == (2, 1, 4)
    (left,) = commits(store)
    assert pulled(store, tmp_path, left) == content(7 * left)


class _Scene:
    """A store in a folder, pushes that stand still anywhere, and hours that pass."""

    def __init__(self, shelf: Path, scratch: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.shelf, self.scratch = shelf, scratch
        self.store = open_store(str(shelf), patience=PATIENCE)
        self.texts: list[bytes] = []
        self.now = 0.0
        self._pushes: dict[int, tuple[float, Iterator[str]]] = {}
        self._turn = threading.RLock()

    def step(self) -> None:
        """A push begins, or goes one step further."""
        if not self._pushes or (len(self._pushes) < 3 and self.chance.random() < 0.3):
            self.texts.append(content(self.chance.randrange(12)))
            number = len(self.texts) - 1
            begun = steps(self.store, self.scratch, number, self.texts[-1])
            self._pushes[number] = (self.now, begun)
        which = self.chance.choice(list(self._pushes))
        if next(self._pushes[which][1], None) is None:
            del self._pushes[which]

    def wait(self, hours: float) -> None:
        """Time passes, but no push takes a day."""
        oldest = min((began for began, _ in self._pushes.values()), default=self.now)
        hours = min(hours, 23 - (self.now - oldest))
        if hours > 0:
            self.now += hours
            time_passes(self.shelf, hours * HOUR)

    def between(self, tried: Any) -> Any:
        """What happens between the calls of a prune."""

        def call(work: Any, seconds: float) -> Any:
            with self._turn:
                if self.chance.random() < 0.2:
                    self.step()
                if self.chance.random() < 0.05:
                    self.wait(self.chance.choice([1, 8, 22]))
            return tried(work, seconds)

        return call


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.stress) for seed in STRESS_SEEDS)]
)
def test_no_push_loses_anything_to_a_prune_beside_it(
    shelf: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes at any step, prunes at any call, hours at any moment; no push takes a day."""
    scene = _Scene(shelf, tmp_path, seed)
    pruner = open_store(str(shelf), patience=PATIENCE)
    monkeypatch.setattr(pruner, "_tried", scene.between(pruner._tried))
    removed = 0
    for _ in range(16):
        for _ in range(scene.chance.randrange(8)):
            scene.step()
        scene.wait(scene.chance.choice([0, 3, 12, 30]))
        if shelf.exists():
            done = prune(pruner, keep=scene.chance.choice([1, 2, 3]))
            assert not done.damaged
            removed += done.objects
        for one in commits(scene.store):
            assert pulled(scene.store, tmp_path, one) == scene.texts[one], one
    assert removed or seed > 1
