"""Vectors pushed to a store and taken out of it: what comes back, and what that costs."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores.store import Store, open_store
from lumen_hooks.remote.vectors import publish as pushing
from lumen_hooks.remote.vectors.batch import FRAME_BYTES, folder_of
from lumen_hooks.remote.vectors.batches import read_list
from lumen_hooks.remote.vectors.publish import push_vectors
from lumen_hooks.remote.vectors.source import VectorSource

from .support import DIMENSIONS, MODEL_KEY, SETTINGS, some_vectors

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.settings import Settings
    from tests.support.object_store import ObjectStore

FOLDER = folder_of(MODEL_KEY)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("lumen_hooks.remote.vectors.batches._PAUSE_SECONDS", 0.01)
    return open_store(str(tmp_path / "store"), patience=30.0)


def push(store: Store, vectors: dict[bytes, bytes], settings: Settings = SETTINGS) -> int:
    return push_vectors(store, settings, MODEL_KEY, DIMENSIONS, vectors.items())


def source(store: Store, told: list[str] | None = None, **more: int) -> VectorSource:
    told = [] if told is None else told
    return VectorSource(store, SETTINGS, MODEL_KEY, DIMENSIONS, told.append, **more)


def test_what_was_pushed_comes_back(store: Store) -> None:
    first, second = some_vectors(0, 900), some_vectors(600, 1500)
    assert push(store, first) == 900
    assert push(store, second) == 600
    assert push(store, {**first, **second}) == 0
    wanted = {**first, **second}
    assert any(not vector for vector in wanted.values())
    strangers = [hashlib.blake2b(b"%d" % number, digest_size=16).digest() for number in range(99)]
    assert source(store).get([*strangers, *wanted]) == wanted
    assert source(store).get([]) == {}
    other = VectorSource(store, SETTINGS, "another model", DIMENSIONS)
    assert other.get(list(wanted)) == {}


def test_a_bucket_keeps_them_as_well(object_store: ObjectStore) -> None:
    bucket = open_store(object_store.make_bucket("bucket") + "/team", patience=60.0)
    wanted = some_vectors(0, 1500)
    assert push(bucket, wanted) == 1500
    assert push(bucket, wanted) == 0
    before = bucket.received
    few = {key: wanted[key] for key in list(wanted)[700:703]}
    assert source(bucket).get(list(few)) == few
    assert bucket.received - before < FRAME_BYTES + 10_000 + 1500 * 7
    assert source(bucket).get(list(wanted)) == wanted


def test_what_no_model_makes_is_not_pushed(store: Store) -> None:
    good = some_vectors(1, 3)
    bad = {b"k" * 16: b"x", b"l" * 16: bytes(DIMENSIONS), b"short": b"\1" * DIMENSIONS}
    assert push(store, {**bad, **good}) == 2
    assert source(store).get([*bad, *good]) == good


def test_few_vectors_are_read_for_few_texts_and_few_times_for_many(store: Store) -> None:
    frames = 40
    rows = FRAME_BYTES // (10 + DIMENSIONS) * frames
    wanted = some_vectors(0, rows)
    push(store, wanted)
    (listed,) = read_list(store, FOLDER)

    before = store.reads, store.received
    keys = list(wanted)
    asked = source(store)
    assert len(asked.get(keys[:3])) == 3
    assert store.reads - before[0] == 3  # list, keys, a frame
    assert store.received - before[1] < listed.keys_bytes + FRAME_BYTES + 200
    # As a build asks: in order, some at a time.
    for at in range(0, rows, 50):
        some = keys[at : at + 50]
        assert asked.get(some) == {key: wanted[key] for key in some}
    assert store.reads - before[0] <= 3 + 7
    assert store.received - before[1] < listed.keys_bytes + listed.rows_bytes + 200


def test_a_source_reads_no_more_keys_than_they_are_worth(store: Store) -> None:
    old, new = some_vectors(0, 400), some_vectors(400, 500)
    push(store, old)
    push(store, new)
    lengths = [listed.keys_bytes for listed in read_list(store, FOLDER)]
    assert source(store, keys_bytes=lengths[1]).get([*old, *new]) == new
    assert source(store, keys_bytes=lengths[1] - 1).get([*old, *new]) == {}


def test_texts_in_no_order_end_somewhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumen_hooks.remote.vectors.frames.CACHE_BYTES", 1)
    wanted = some_vectors(0, FRAME_BYTES // (10 + DIMENSIONS) * 10)
    push(store, wanted)
    (listed,) = read_list(store, FOLDER)
    told: list[str] = []
    asked = source(store, told)
    keys = sorted(wanted)
    for at in range(0, len(keys), 20):
        some = keys[at : at + 20]
        assert asked.get(some).items() <= wanted.items()
    assert store.received < 4 * listed.rows_bytes + 20 * FRAME_BYTES
    assert [text.partition(": ")[2] for text in told] == ["vectors lie too scattered there"]


def test_many_small_pushes_are_merged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "SMALL_BATCHES", 8)
    wanted: dict[bytes, bytes] = {}
    for number in range(12):
        some = some_vectors(5 * number, 5 * number + 5)
        wanted.update(some)
        assert push(store, some) == 5
    listed = read_list(store, FOLDER)
    assert len(listed) == 12 - 4
    asked = source(store)
    assert asked.get(list(wanted)) == wanted
    assert push(store, wanted) == 0


def test_a_large_push_is_several_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "rows_in_batch", lambda dimensions: 100)
    wanted = some_vectors(0, 350)
    assert push(store, wanted) == 350
    assert len(read_list(store, FOLDER)) == 4
    assert source(store).get(list(wanted)) == wanted


def test_pushers_at_once_lose_nothing_but_a_place_in_the_list(store: Store) -> None:
    parts = [some_vectors(50 * number, 50 * number + 50) for number in range(8)]
    errors: list[BaseException] = []

    def run(part: dict[bytes, bytes]) -> None:
        try:
            push(open_store(store.name, patience=30.0), part)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    wanted = {key: vector for part in parts for key, vector in part.items()}
    there = source(store).get(list(wanted))
    assert there
    assert there.items() <= wanted.items()
    # Whoever pushes next brings what is not listed.
    assert push(store, wanted) == len(wanted) - len(there)
    assert source(store).get(list(wanted)) == wanted


def test_a_store_that_fails_is_asked_once(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("no folder")
    store = open_store(str(place), patience=30.0)
    told: list[str] = []
    asked = source(store, told)
    wanted = list(some_vectors(0, 9))
    assert asked.get(wanted) == {}
    reads = store.reads
    assert asked.get(wanted) == {}
    assert store.reads == reads
    assert len(told) == 1
    with pytest.raises(RemoteError):
        push(store, some_vectors(0, 9))
