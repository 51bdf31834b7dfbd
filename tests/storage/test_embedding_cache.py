"""The embedding store: a cache that many processes share and that may be lost at any time."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.errors import CorruptIndexError, NewerIndexError, StorageFullError, StoreError
from lumen_hooks.notify.layout import DAMAGED_SUFFIX
from lumen_hooks.storage import embedding_places
from lumen_hooks.storage.embedding_cache import TOUCH_AFTER_DAYS, EmbeddingStore
from lumen_hooks.storage.embedding_schema import SCHEMA_VERSION, check_store
from lumen_hooks.storage.sqlite import size_on_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

MODEL = "model-a"
DAY = 86_400.0


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def vectors(count: int, start: int = 0) -> dict[bytes, bytes]:
    return {key(n): n.to_bytes(4, "big") * 64 for n in range(start, start + count)}


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "lumen").mkdir()
    return str(tmp_path / "lumen" / "embeddings.db")


@pytest.fixture
def store(path: str) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(path) as opened:
        yield opened


def fill(path: str, count: int = 2000) -> None:
    with EmbeddingStore(path) as store:
        store.put(MODEL, vectors(count))


def test_remembers_across_openings(path: str) -> None:
    fill(path, 10)
    with EmbeddingStore(path) as store:
        assert store.get(MODEL, [key(3), key(99)]) == {key(3): vectors(10)[key(3)]}


def test_models_do_not_mix(store: EmbeddingStore) -> None:
    store.put("a", {key(1): b"from a"})
    store.put("b", {key(1): b"from b"})
    assert store.get("a", [key(1)]) == {key(1): b"from a"}
    assert store.get("b", [key(1)]) == {key(1): b"from b"}
    assert store.get("c", [key(1)]) == {}


def test_one_lookup_sees_one_state(path: str, store: EmbeddingStore) -> None:
    store.put(MODEL, {key(1): b"mine"})

    class Interrupted(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            # What a repair by another process does: the model's number now means another model.
            with EmbeddingStore(path) as other:
                other._connection.execute("DELETE FROM stored; DELETE FROM models")
                other.put("another", {key(1): b"theirs"})
            yield key(1)

    assert store.get(MODEL, Interrupted()) == {key(1): b"mine"}
    assert store.get(MODEL, [key(1)]) == {}


def test_many_keys_at_once(store: EmbeddingStore) -> None:
    store.put(MODEL, vectors(40_000))
    wanted = [key(n) for n in range(0, 80_000, 2)]
    assert len(store.get(MODEL, wanted)) == 20_000
    assert store.get(MODEL, []) == {}
    store.put(MODEL, {})


def test_a_known_key_keeps_its_vector(store: EmbeddingStore) -> None:
    store.put(MODEL, {key(1): b"first"})
    store.put(MODEL, {key(1): b"second", key(2): b"new"})
    assert store.get(MODEL, [key(1), key(2)]) == {key(1): b"first", key(2): b"new"}


def test_put_is_all_or_nothing(store: EmbeddingStore) -> None:
    broken: dict[bytes, bytes] = {key(1): b"good", key(2): None}  # type: ignore[dict-item]
    with pytest.raises(StoreError):
        store.put(MODEL, broken)
    assert store.get(MODEL, [key(1)]) == {}
    store.put(MODEL, {key(1): b"good"})


def test_two_processes_see_each_others_vectors(path: str, store: EmbeddingStore) -> None:
    with EmbeddingStore(path) as other:
        other.put(MODEL, vectors(5))
        assert len(store.get(MODEL, list(vectors(5)))) == 5
        store.put("later", vectors(1))
        assert len(other.get("later", [key(0)])) == 1


def test_creation_race(path: str) -> None:
    code = (
        "import sys\n"
        "from lumen_hooks.storage.embedding_cache import EmbeddingStore\n"
        "n = int(sys.argv[2])\n"
        "sys.stdin.readline()\n"
        "with EmbeddingStore(sys.argv[1]) as s:\n"
        "    s.put('m', {i.to_bytes(16, 'big'): b'v' for i in range(n * 10, n * 10 + 20)})\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, path, str(n)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(6)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        _, errors = racer.communicate(timeout=60)
        assert racer.returncode == 0, errors
    assert not os.path.exists(path + DAMAGED_SUFFIX)
    with EmbeddingStore(path) as store:
        assert len(store.get("m", [key(n) for n in range(100)])) == 70


@pytest.mark.stress
def test_many_creation_races(tmp_path: Path) -> None:
    rounds, racers = 250, 6
    context = multiprocessing.get_context("spawn")
    barrier, failures = context.Barrier(racers), context.Queue()
    processes = [
        context.Process(target=_race, args=(str(tmp_path), rounds, barrier, failures))
        for _ in range(racers)
    ]
    for process in processes:
        process.start()
    reports = [failures.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert reports == [[]] * racers
    assert not list(tmp_path.glob("*" + DAMAGED_SUFFIX))


def _race(folder: str, rounds: int, barrier: Barrier, failures: Queue[list[str]]) -> None:
    failed = []
    for number in range(rounds):
        barrier.wait(60)
        try:
            with EmbeddingStore(os.path.join(folder, f"{number}.db")) as store:
                store.put(MODEL, vectors(1))
        except StoreError as error:
            failed.append(error.message)
    failures.put(failed)


def damage_header(path: str) -> None:
    with open(path, "r+b") as file:
        file.write(b"garbage, not a database" * 10)


def damage_pages(path: str) -> None:
    with open(path, "r+b") as file:
        file.seek(16384)
        file.write(os.urandom(os.path.getsize(path) - 16384))


def truncate(path: str) -> None:
    os.truncate(path, os.path.getsize(path) // 2 + 100)


def replace_by_text(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"hello\n" * 5000)


@pytest.mark.parametrize("damage", [damage_header, damage_pages, truncate, replace_by_text])
def test_damaged_file_is_set_aside_and_filled_again(path: str, damage: object) -> None:
    fill(path)
    assert callable(damage)
    damage(path)
    with open(path, "rb") as file:
        damaged = file.read()
    with EmbeddingStore(path) as store:
        store.get(MODEL, list(vectors(2000)))
        store.put(MODEL, vectors(2000))
        assert store.get(MODEL, list(vectors(2000))) == vectors(2000)
    with open(path + DAMAGED_SUFFIX, "rb") as file:
        assert file.read() == damaged
    connection = apsw.Connection(path)
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    connection.close()


def test_damage_during_work_is_mended_once(path: str) -> None:
    fill(path)
    with EmbeddingStore(path) as store:
        store.get(MODEL, [])
        damage_pages(path)
        assert store.get(MODEL, list(vectors(2000))) == {}
        store.put(MODEL, vectors(3))
        assert store.get(MODEL, [key(1)]) == {key(1): vectors(3)[key(1)]}
        store.put(MODEL, vectors(2000))
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        damage_pages(path)
        store._connection.execute("PRAGMA shrink_memory").fetchall()
        with EmbeddingStore(path), pytest.raises(CorruptIndexError):
            store._repair()


def test_mending_under_another_process(path: str) -> None:
    fill(path)
    with EmbeddingStore(path) as other:
        assert len(other.get(MODEL, [key(1)])) == 1
        damage_pages(path)
        with EmbeddingStore(path) as store:
            store.get(MODEL, list(vectors(2000)))
            store.put(MODEL, vectors(50))
            other.put(MODEL, vectors(50, start=50))
            assert len(store.get(MODEL, list(vectors(100)))) == 100
        assert len(other.get(MODEL, list(vectors(100)))) == 100
    with EmbeddingStore(path) as store:
        assert len(store.get(MODEL, list(vectors(100)))) == 100


def test_another_programs_database_is_set_aside(path: str) -> None:
    connection = apsw.Connection(path)
    connection.execute("CREATE TABLE theirs(x)")
    connection.close()
    with EmbeddingStore(path) as store:
        store.put(MODEL, vectors(1))
    assert os.path.exists(path + DAMAGED_SUFFIX)


def test_newer_schema_is_refused_and_left_alone(path: str) -> None:
    fill(path, 5)
    connection = apsw.Connection(path)
    connection.execute("CREATE TABLE newer(x)")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(NewerIndexError):
        EmbeddingStore(path)
    assert not os.path.exists(path + DAMAGED_SUFFIX)


def test_full_disk_loses_nothing(path: str, store: EmbeddingStore) -> None:
    store.put(MODEL, vectors(100))
    pages = store._connection.execute("PRAGMA page_count").get
    store._connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
    with pytest.raises(StorageFullError):
        store.put(MODEL, vectors(5000, start=1000))
    assert len(store.get(MODEL, list(vectors(100)))) == 100
    assert store.get(MODEL, [key(1000)]) == {}
    store._connection.execute("PRAGMA max_page_count=100000").fetchall()
    store.put(MODEL, vectors(5000, start=1000))
    assert len(store.get(MODEL, list(vectors(5000, start=1000)))) == 5000


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "lumen").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="not a folder of lumen-hooks") as raised:
        EmbeddingStore(str(tmp_path / "lumen" / "embeddings.db"))
    assert "remove it" in raised.value.hint
    with pytest.raises(StorageFullError):
        EmbeddingStore(str(tmp_path / "gone" / "embeddings.db"))
    assert not (tmp_path / "gone").exists()


def rows_waiting(store: EmbeddingStore) -> int:
    return int(store._connection.execute("SELECT count(*) FROM recent").get)


def test_new_rows_get_their_places_when_they_are_many(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_places, "FEW_ROWS", 4)
    monkeypatch.setattr(embedding_places, "RECENT_ROWS", 50)
    waiting = []
    with EmbeddingStore(path) as store, EmbeddingStore(path) as other:
        for start in range(0, 1000, 20):
            store.put(MODEL, vectors(20, start))
            store.put(MODEL, vectors(30, start))  # of which 20 are known
            assert other.get(MODEL, list(vectors(start + 30))) == vectors(start + 30)
            waiting.append(rows_waiting(store))
        assert 0 in waiting
        assert max(waiting) <= 1000 / embedding_places.RECENT_SHARE
        assert check_store(path) == 1010
        store.put(MODEL, vectors(5, 2000))
        store.put(MODEL, vectors(4, 3000))
        assert rows_waiting(store) == waiting[-1] + 5
        assert other.get(MODEL, list(vectors(4, 3000))) == vectors(4, 3000)
    with EmbeddingStore(path) as store:
        assert rows_waiting(store) == 0  # since the other was closed
        assert store.get(MODEL, list(vectors(1010))) == vectors(1010)
        assert check_store(path) == 1019


def test_rows_that_wait_when_a_process_dies_are_found(path: str) -> None:
    store = EmbeddingStore(path)
    store.put(MODEL, vectors(500))
    store._connection.close()  # as a kill does
    with EmbeddingStore(path) as later:
        assert later.get(MODEL, list(vectors(500))) == vectors(500)
        later.put(MODEL, vectors(600))
        assert check_store(path) == 600
        assert later.trim(1, vectors(20)) == 580
        assert later.get(MODEL, list(vectors(600))) == vectors(20)
        later.put(MODEL, vectors(600))
        assert later.get(MODEL, list(vectors(600))) == vectors(600)
    assert check_store(path) == 600


def test_keys_in_the_same_place_are_told_apart(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_places, "_place", lambda _key: 7)
    with EmbeddingStore(path) as store:
        for count in (3, 100, 103):
            store.put(MODEL, vectors(count))
            assert store.get(MODEL, list(vectors(200))) == vectors(count)
    with pytest.raises(CorruptIndexError, match="not where it is looked for"):
        check_store(path)


def test_size_counts_the_log(path: str, store: EmbeddingStore) -> None:
    store.put(MODEL, vectors(2000))
    assert size_on_disk(path) == os.path.getsize(path) + os.path.getsize(path + "-wal")
    assert size_on_disk(path) > 2000 * 256


def test_trim_spares_a_small_store(store: EmbeddingStore) -> None:
    store.put(MODEL, vectors(100))

    def unread() -> Iterator[bytes]:
        raise AssertionError("in_use was read")
        yield b""

    assert store.trim(10_000_000, unread()) == 0
    assert len(store.get(MODEL, list(vectors(100)))) == 100


def test_trim_takes_the_oldest_that_no_index_uses(path: str) -> None:
    now = 1000 * DAY
    store = EmbeddingStore(path, clock=lambda: now)
    store.put(MODEL, vectors(2000))
    now += 30 * DAY
    store.put(MODEL, vectors(2000, start=2000))
    store.touch(MODEL, [key(n) for n in range(100)])
    in_use = [key(n) for n in range(100, 200)]
    limit = 1_000_000
    deleted = store.trim(limit, iter(in_use))
    left = store.get(MODEL, list(vectors(4000)))
    gone = set(vectors(4000)) - set(left)
    assert deleted == len(gone) > 1000
    assert gone <= {key(n) for n in range(200, 2000)}
    assert size_on_disk(path) <= limit
    assert store.trim(limit, []) == 0
    store.close()


def test_trim_never_deletes_what_is_used(store: EmbeddingStore) -> None:
    store.put(MODEL, vectors(3000))
    assert store.trim(1000, vectors(3000)) == 0
    assert store.trim(1000, []) > 2900


def test_touch_is_cheap_when_recent(path: str) -> None:
    now = 1000 * DAY
    with EmbeddingStore(path, clock=lambda: now) as store:
        store.put(MODEL, vectors(10))
        before = store._connection.total_changes()
        now += (TOUCH_AFTER_DAYS - 1) * DAY
        store.touch(MODEL, list(vectors(10)))
        assert store._connection.total_changes() == before
        now += 2 * DAY
        store.touch(MODEL, list(vectors(10)))
        assert store._connection.total_changes() == before + 10
        store.touch("unknown", [key(1)])


def test_killed_writer_leaves_a_whole_store(path: str) -> None:
    fill(path, 10)
    code = (
        "import sys, os\n"
        "from lumen_hooks.storage.embedding_cache import EmbeddingStore\n"
        "s = EmbeddingStore(sys.argv[1])\n"
        "def items():\n"
        "    s._connection.execute('BEGIN IMMEDIATE')\n"
        "    s._connection.execute(\"INSERT INTO models(key) VALUES('half')\")\n"
        "items()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    writer.kill()
    writer.communicate()
    with EmbeddingStore(path) as store:
        assert len(store.get(MODEL, list(vectors(10)))) == 10
        store.put("half", vectors(1))
        assert store._connection.execute("SELECT count(*) FROM models").get == 2
