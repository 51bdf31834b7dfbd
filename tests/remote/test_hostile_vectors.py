"""Batches of vectors that are damaged, or that somebody made to do harm, beside a good one."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lumen_hooks.remote.envelope import opened, seal
from lumen_hooks.remote.stores.store import Store, open_store
from lumen_hooks.remote.vectors.batch import BATCH_ROWS, folder_of, packed, paths
from lumen_hooks.remote.vectors.batches import BATCHES, read_list
from lumen_hooks.remote.vectors.publish import push_vectors
from lumen_hooks.remote.vectors.source import VectorSource
from lumen_hooks.settings import Settings

from .support import DIMENSIONS, MODEL_KEY, SETTINGS, some_vectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = folder_of(MODEL_KEY)
NAME = f"vectors of {MODEL_KEY}"
GOOD, BAD = some_vectors(0, 40), some_vectors(40, 640)
ROWS_IN_FRAME = 524


class Made(NamedTuple):
    """A batch as it lies in a store; what the store's owner can make of it."""

    payload: bytes
    rows: bytes

    def head(self, **changes: int) -> Made:
        """With other numbers at its beginning."""
        names = ("dimensions", "rows", "blank", "at_once")
        numbers = dict(zip(names, struct.unpack_from(">4I", self.payload), strict=True))
        return self._replace(
            payload=struct.pack(">4I", *{**numbers, **changes}.values()) + self.payload[16:]
        )

    def digested(self) -> Made:
        """With the digests of the rows that it has now."""
        width = ROWS_IN_FRAME * (DIMENSIONS + 10)
        frames = [self.rows[at : at + width] for at in range(0, len(self.rows), width)]
        digests = b"".join(sha256(frame).digest() for frame in frames)
        return self._replace(
            payload=self.payload[:16] + digests + self.payload[16 + len(digests) :]
        )


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


VECTORS = ROWS_IN_FRAME * 10
"""Where the vectors of the first frame begin."""

PAYLOADS: dict[str, tuple[Callable[[Made], Made], str]] = {
    "nothing": (lambda made: made._replace(payload=b""), "too short"),
    "a part": (lambda made: made._replace(payload=made.payload[:99]), "lengths are wrong"),
    "more": (lambda made: made._replace(payload=made.payload + b"x"), "lengths are wrong"),
    "other dimensions": (lambda made: made.head(dimensions=384), "384 dimensions"),
    "no dimensions": (lambda made: made.head(dimensions=0), "0 dimensions"),
    "no rows": (lambda made: made.head(rows=0, blank=0), "counts"),
    "too many rows": (lambda made: made.head(rows=BATCH_ROWS + 1), "counts"),
    "4 billion blanks": (lambda made: made.head(blank=(1 << 32) - 1), "counts"),
    "frames of nothing": (lambda made: made.head(at_once=0), "counts"),
    "frames of all": (lambda made: made.head(at_once=1 << 31), "counts"),
    "one frame more": (lambda made: made.head(at_once=100), "lengths are wrong"),
    "a frame that is too long": (
        lambda made: Made(made.head(at_once=9999).payload[:48] + made.payload[80:], made.rows),
        "too long",
    ),
    "rows that are too long": (
        lambda made: Made(
            struct.pack(">4I", DIMENSIONS, 200_000, 0, 500) + bytes(400 * 32 + 200_000 * 6), b""
        ),
        "too long",
    ),
}

ROWS: dict[str, tuple[Callable[[Made], Made], str]] = {
    "no rows at all": (lambda made: made._replace(rows=b""), "vectors are gone"),
    "a flipped bit": (
        lambda made: made._replace(rows=flipped(made.rows, VECTORS + 9)),
        "not those that were pushed",
    ),
    "a flipped bit of a key": (
        lambda made: made._replace(rows=flipped(made.rows, 9)),
        "not those that were pushed",
    ),
    "cut off": (lambda made: made._replace(rows=made.rows[:-1]), "not those that were pushed"),
    "cut to one byte": (lambda made: made._replace(rows=b"x"), "not those that were pushed"),
    "frames in another order": (
        lambda made: made._replace(rows=made.rows[131_000:] + made.rows[:131_000]),
        "not those that were pushed",
    ),
    "a vector of nothing": (
        lambda made: made._replace(
            rows=made.rows[:VECTORS] + bytes(DIMENSIONS) + made.rows[VECTORS + DIMENSIONS :]
        ).digested(),
        "without a direction",
    ),
    "keys of others": (
        lambda made: made._replace(rows=b"\5" * VECTORS + made.rows[VECTORS:]).digested(),
        "",
    ),
    "heads that are all the same": (
        lambda made: made._replace(payload=made.payload[:80] + made.payload[80:86] * 593
                                   + made.payload[80 + 593 * 6 :]),
        "",
    ),
}  # fmt: skip

OBJECTS: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "gone": (lambda keys: None, "it is gone"),
    "empty": (lambda keys: b"", "damaged"),
    "cut off": (lambda keys: keys[:-1], "damaged"),
    "a flipped bit": (lambda keys: flipped(keys, 500), "damaged"),
    "something else": (lambda keys: b"<html>403</html>", "damaged"),
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with a good batch."""
    monkeypatch.setattr("lumen_hooks.remote.vectors.batches._PAUSE_SECONDS", 0.01)
    store = open_store(str(tmp_path / "store"), patience=30.0)
    push(store, GOOD)
    return store


def push(store: Store, vectors: dict[bytes, bytes], settings: Settings = SETTINGS) -> int:
    return push_vectors(store, settings, MODEL_KEY, DIMENSIONS, vectors.items())


def made() -> Made:
    keys, rows = packed(list(BAD.items()), DIMENSIONS, MODEL_KEY, "")
    return Made(opened(keys, "", name=NAME).payload, rows)


def put(store: Store, keys: bytes, rows: bytes, *, called: str = "") -> str:
    """List a batch, as its pusher would; its name is right unless it is to be called otherwise."""
    batch_id = called or sha256(keys).hexdigest()
    keys_path, rows_path = paths(FOLDER, batch_id)
    store.write(keys_path, keys)
    if rows:
        store.write(rows_path, rows)
    text = store.read(f"{FOLDER}/list", at_most=1 << 20) or b""
    store.write(f"{FOLDER}/list", text + f"{batch_id} {len(keys)} {len(rows)}\n".encode())
    return batch_id


def insist(store: Store, why: str, settings: Settings = SETTINGS) -> None:
    """What comes out is right, and what is wrong is said, once."""
    told: list[str] = []
    asked = VectorSource(store, settings, MODEL_KEY, DIMENSIONS, told.append)
    everything = {**GOOD, **BAD}
    for _ in range(2):
        found = asked.get(list(everything))
        assert found.items() <= everything.items()
        assert GOOD.items() <= found.items()
    assert [why in text for text in told] == ([True] if why else [])
    assert all(text.startswith(f"{store.name}: vectors of batch ") for text in told)


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_batch_that_says_what_cannot_be(kind: str, store: Store) -> None:
    change, why = PAYLOADS[kind]
    wrong = change(made())
    put(store, seal(wrong.payload, "", name=NAME), wrong.rows)
    insist(store, why)
    # Nobody is kept from pushing what it should have had, and it is listed no more.
    assert push(store, BAD) == len(BAD)
    insist(store, "")


@pytest.mark.parametrize("kind", ROWS)
def test_rows_that_are_not_what_the_batch_says(kind: str, store: Store) -> None:
    change, why = ROWS[kind]
    wrong = change(made())
    assert wrong != made()
    put(store, seal(wrong.payload, "", name=NAME), wrong.rows)
    insist(store, why)


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_batch_that_is_another_object_than_is_listed(kind: str, store: Store) -> None:
    change, why = OBJECTS[kind]
    good = made()
    keys = seal(good.payload, "", name=NAME)
    batch_id = put(store, keys, good.rows)
    path, _ = paths(FOLDER, batch_id)
    changed = change(keys)
    store.remove(path)
    if changed is not None:
        store.write(path, changed)
    insist(store, why)
    assert push(store, BAD) == len(BAD)
    insist(store, "")


def test_no_byte_of_a_store_can_be_changed_to_harm(store: Store) -> None:
    good = made()
    keys = seal(good.payload, "", name=NAME)
    batch_id = put(store, keys, good.rows)
    everything = {**GOOD, **BAD}
    chosen = random.Random(5)
    for path in (*paths(FOLDER, batch_id), f"{FOLDER}/list"):
        data = store.read(path, at_most=1 << 20) or b""
        for _ in range(40):
            at = chosen.randrange(len(data))
            changed = chosen.choice((flipped(data, at), data[:at], data[:at] + data[at + 1 :]))
            store.write(path, changed)
            told: list[str] = []
            asked = VectorSource(store, SETTINGS, MODEL_KEY, DIMENSIONS, told.append)
            found = asked.get(list(everything))
            assert found.items() <= everything.items()
            assert len(found) == len(everything) or told or path.endswith("/list")
        store.write(path, data)
    insist(store, "")


def test_a_batch_of_another_model(store: Store) -> None:
    good = made()
    put(store, seal(good.payload, "", name="vectors of another"), good.rows)
    insist(store, "another object, in the place of")


def test_rows_that_are_gone_are_pushed_again(store: Store) -> None:
    good = made()
    keys = seal(good.payload, "", name=NAME)
    for rows in (b"", good.rows[:-1]):
        put(store, keys, rows)
        assert push(store, BAD) == len(BAD)
        insist(store, "")


LISTS: dict[str, bytes] = {
    "nothing": b"",
    "something else": b"<html>404</html>\n",
    "another version": b"lumen-hooks vectors 2\n" + b"0" * 64 + b" 1 1\n",
    "no text": b"\xff\xfe\0" * 99,
    "too long": b"lumen-hooks vectors 1\n" + b"\n" * (1 << 20),
    "paths": b"lumen-hooks vectors 1\n../../../../etc/passwd 1 1\n" + b"." * 64 + b" 1 1\n",
    "numbers that are none": b"lumen-hooks vectors 1\n" + b"a" * 64 + b" 1 -1\n",
    "huge numbers": b"lumen-hooks vectors 1\n" + b"a" * 64 + b" 999999999 999999999\n",
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_is_none(kind: str, store: Store) -> None:
    store.write(f"{FOLDER}/list", LISTS[kind])
    asked = VectorSource(store, SETTINGS, MODEL_KEY, DIMENSIONS, pytest.fail)
    assert asked.get(list(GOOD)) == {}
    assert push(store, GOOD) == len(GOOD)
    insist(store, "")


def test_a_list_is_bounded(store: Store) -> None:
    good = store.read(f"{FOLDER}/list", at_most=1000) or b""
    head, own = good.splitlines()
    others = [b"%064x 100 100" % number for number in range(BATCHES + 20)]
    store.write(f"{FOLDER}/list", b"\n".join([head, *others, own, own]))
    assert len(read_list(store, FOLDER)) == BATCHES
    told: list[str] = []
    asked = VectorSource(store, SETTINGS, MODEL_KEY, DIMENSIONS, told.append)
    assert asked.get(list(GOOD)) == GOOD
    assert len(told) == 8
    # What is not there is listed no more.
    assert push(store, BAD) == len(BAD)
    assert len(read_list(store, FOLDER)) == 2


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_only_what_an_allowed_signer_signed_is_used(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alice", "mallory"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"alice {(tmp_path / 'alice.pub').read_text()}")
    alice = Settings(remote_signing_key=str(tmp_path / "alice"), remote_signers=str(signers))
    reader = Settings(remote_signers=str(signers))

    # What is there is unsigned: it is of no use to those who read with signers.
    told: list[str] = []
    asked = VectorSource(store, reader, MODEL_KEY, DIMENSIONS, told.append)
    assert asked.get(list(GOOD)) == {}
    assert "not signed" in told[0]
    assert push(store, GOOD, alice) == len(GOOD)
    assert push(store, GOOD, alice) == 0
    insist(store, "not signed", reader)

    # Lies that another signed, in every place.
    lies = dict.fromkeys((*GOOD, *BAD), b"\x01" * DIMENSIONS)
    put(store, *packed(list(lies.items()), DIMENSIONS, MODEL_KEY, str(tmp_path / "mallory")))
    told.clear()
    asked = VectorSource(store, reader, MODEL_KEY, DIMENSIONS, told.append)
    assert asked.get(list({**GOOD, **BAD})) == GOOD
    assert any("does not allow" in text for text in told)
    # Nor do they keep anybody from pushing the truth.
    assert push(store, BAD, alice) == len(BAD)
    asked = VectorSource(store, reader, MODEL_KEY, DIMENSIONS)
    assert asked.get(list({**GOOD, **BAD})) == {**GOOD, **BAD}
    # What many pushed is merged, and so signed, if it is believed.
    monkeypatch.setattr("lumen_hooks.remote.vectors.publish.SMALL_BATCHES", 1)
    before = {listed.id for listed in read_list(store, FOLDER)}
    assert push(store, some_vectors(705, 710), alice) == 5
    after = {listed.id for listed in read_list(store, FOLDER)}
    assert len(before - after) == len(after - before) == 1
    asked = VectorSource(store, reader, MODEL_KEY, DIMENSIONS)
    assert asked.get(list({**GOOD, **BAD})) == {**GOOD, **BAD}


def test_a_missing_file_of_signers_is_a_reason_to_ask_nobody(store: Store, tmp_path: Path) -> None:
    told: list[str] = []
    signature = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
    put(store, seal(made().payload, "", name=NAME) + signature, made().rows)
    reader = Settings(remote_signers=str(tmp_path / "none"))
    asked = VectorSource(store, reader, MODEL_KEY, DIMENSIONS, told.append)
    assert asked.get(list(GOOD)) == {}
    assert asked.get(list(GOOD)) == {}
    assert len(told) == 1
    assert "allowed signers cannot be read" in told[0]
