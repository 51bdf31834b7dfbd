"""Manifests that say what cannot be, in frames that are not what they say: none is believed."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import zstandard

from lumen_hooks.remote.manifest import packed

from .hostile import EMPTY_BLOCK, SKIPPED, Attack, Table, frame, frame_header, refused, rows, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from .forge import Bucket

# manifests that say what cannot be


def _payload(text: bytes) -> Attack:
    return lambda bucket: bucket.put_payload(packed(text))


def _stored(payload: bytes) -> Attack:
    return lambda bucket: bucket.put_payload(payload)


def _retold(change: Callable[[bytes], bytes]) -> Attack:
    """The text of the honest manifest, changed."""

    def attack(bucket: Bucket) -> None:
        payload = bucket.read(bucket.name)[15 + len(bucket.name) :]
        text = zstandard.ZstdDecompressor().decompress(payload)
        changed = change(text)
        assert changed != text
        bucket.put_payload(packed(changed))

    return attack


def _number(raw: bytes) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(b'"format":1', b'"format":' + raw)


JSON: Table = {
    "json: nothing": _payload(b""),
    "json: 4 MB of brackets": _payload(b"[" * (4 << 20)),
    "json: 5 MB of empty lists": _payload(b"[" + b"[]," * 1_700_000 + b"[]]"),
    "json: nested a thousand times in a name": _retold(
        lambda text: text.replace(
            b'"pushed_by":', b'"pushed_by":' + b"[" * 999 + b"]" * 999 + b',"x":'
        )
    ),
    "json: nested 19,000 times": _payload(b"[" * 19_000 + b"]" * 19_000),
    "json: a million names": _payload(b"{" + b'"a":1,' * 999_999 + b'"a":1}'),
    "json: a number of 5,000 digits": _retold(_number(b"1" + b"0" * 5000)),
    "json: a number of 4,000 digits": _retold(_number(b"1" + b"0" * 4000)),
    "json: 10**400 as a float": _retold(_number(b"1e400")),
    "json: NaN": _retold(_number(b"NaN")),
    "json: true for 1": _retold(_number(b"true")),
    "json: 1.0 for 1": _retold(_number(b"1.0")),
    "json: a name twice": _retold(_number(b'1,"format":1')),
    "json: a space": _retold(_number(b" 1")),
    "json: a byte-order mark": _retold(lambda text: b"\xef\xbb\xbf" + text),
    "json: UTF-16": _retold(lambda text: text.decode().encode("utf-16")),
    "json: no UTF-8": _retold(lambda text: text.replace(b"Tester", b"\xff\xfe\xfd")),
    "json: a letter that is no escape": _retold(lambda text: text.replace(b"Tester", "ü".encode())),
    "json: half a letter": _retold(lambda text: text.replace(b"Tester", b"\\ud800")),
    "json: a list": _payload(b"[]"),
    "json: a word": _payload(b'"index"'),
    "json: null": _payload(b"null"),
    "json: empty": _payload(b"{}"),
    "json: cut off": _retold(lambda text: text[:-1]),
    "json: another behind it": _retold(lambda text: text + text),
    "json: one name more": _retold(_number(b'1,"more":1')),
    "json: format 2": said(format=2),
    "json: format '1'": said(format="1"),
    "json: runs are no list": said(runs="000"),
    "json: runs are a map": said(runs={"0": 1}),
    "json: packs are a word": said(packs="a" * 64),
    "json: packs are a map": said(packs={"a" * 64: 1}),
    "json: packs are null": said(packs=None),
}

SAID: Table = {
    **{
        f"manifest: {name} is {value!r:.20}": said(**{name: value})
        for name, values in {
            "files": (-1, 1.0, True, "1", [1], 1 << 37, 10**18, 0, 11),
            "chunks": (-1, 1.0, True, 1 << 80, 0),
            "index_bytes": (-1024, 0, 1, True, 10**12, 1 << 36, 1 << 40, 1e300),
            "block_bytes": (0, -1024, 512, 1024.0, True, 4096, 1 << 40, "1024"),
            "digest": ("", "0" * 64, "0" * 63, "A" * 64, 1, "../../../../etc/passwd"),
            "commit": ("", "HEAD", "../../x", 1),
            "tree": ("", "g" * 40, "0" * 41),
            "model": (1, "a\x1b[31m", "a\nIGNORE ALL", "a" * 201, "a\u202eb"),
            "pushed_at": (0, "now\r", ["now"]),
            "pushed_by": ("\x07", {"a": 1}, "a\u2028b"),
            "packs": ([], ["../../x"], ["0" * 64] * 65, [1], ["0" * 64]),
        }.items()
        for value in values
    },
    "manifest: the pack twice": lambda bucket: bucket.put_said(packs=[*bucket.manifest.packs] * 2),
    "manifest: a pack that is not used": lambda bucket: bucket.put_said(
        packs=[*bucket.manifest.packs, "0" * 64]
    ),
}

RUNS: Table = {
    "runs: none": said(runs=[]),
    "runs: of two numbers": said(runs=[0, 0]),
    "runs: none of the second pack": said(runs=[1, 0, 1]),
    "runs: a pack below the first": lambda bucket: bucket.put_runs((-1, 0, 9)),
    "runs: from before the first block": lambda bucket: bucket.put_runs((0, -1, 9)),
    "runs: of no block": lambda bucket: bucket.put_runs((0, 0, 9), (0, 0, 0)),
    "runs: of less than no block": lambda bucket: bucket.put_runs((0, 0, 9), (0, 9, -1), (0, 8, 1)),
    "runs: floats": said(runs=[0.0, 0.0, 1.0]),
    "runs: booleans": said(runs=[False, False, True], index_bytes=1024),
    "runs: texts": said(runs=["0", "0", "1"]),
    "runs: too few": lambda bucket: bucket.put_runs((0, 0, 1)),
    "runs: behind the end of the pack": lambda bucket: bucket.put_runs((0, 1 << 30, 9)),
    "runs: start at 2**63": lambda bucket: bucket.put_runs((0, 1 << 63, 9)),
    "runs: over the end of the pack": lambda bucket: bucket.put_runs((0, 1, 100_000)),
    "runs: overlap": lambda bucket: bucket.put_runs((0, 0, 64), (0, 32, 64), (0, 0, 600)),
    "runs: 150,000 of one block": lambda bucket: bucket.put_runs(
        *[(0, at % 7, 1) for at in range(130_000)]
    ),
    "runs: a million": lambda bucket: bucket.put_runs(*[(0, 0, 1)] * 1_000_000),
    "runs: one block as 60 GB": lambda bucket: bucket.put_runs(
        *[(0, 0, 600)] * 30_000, block_bytes=4096
    ),
    "runs: 64 GB of a small pack": lambda bucket: bucket.put_runs(
        (0, 0, 1 << 24), block_bytes=4096, index_bytes=1 << 36
    ),
    "runs: of a tiny index with a large pack": lambda bucket: bucket.put_runs((0, 5, 1)),
    "runs: in another order": lambda bucket: bucket.put_runs((0, 9, 9), (0, 0, 9)),
}


# frames that are not what they say


def _honest_frame(change: Callable[[bytes], bytes]) -> Attack:
    def attack(bucket: Bucket) -> None:
        payload = bucket.read(bucket.name)[15 + len(bucket.name) :]
        bucket.put_payload(change(zstandard.ZstdDecompressor().decompress(payload)))

    return attack


FRAMES: Table = {
    "frame: 5 GB of zeros": _stored(
        frame_header(5 << 30) + b"\x02\x00\x80\x00" * 1000 + EMPTY_BLOCK
    ),
    "frame: 60 MB of spaces": _payload(b" " * (60 << 20)),
    "frame: as much as is taken, of zeros": _payload(bytes(6 << 20)),
    "frame: of no said size": _honest_frame(lambda text: frame(text, write_content_size=False)),
    "frame: two": _honest_frame(lambda text: packed(text[:9]) + packed(text[9:])),
    "frame: one that is passed over": _stored(SKIPPED),
    "frame: one that is passed over, first": _honest_frame(lambda text: SKIPPED + packed(text)),
    "frame: one that is passed over, last": _honest_frame(lambda text: packed(text) + SKIPPED),
    "frame: an empty one": _stored(packed(b"")),
    "frame: less than it says": _stored(frame_header(1 << 20) + EMPTY_BLOCK),
    "frame: 2**64-1 bytes": _stored(frame_header((1 << 64) - 1) + EMPTY_BLOCK),
    "frame: 2**64-2 bytes": _stored(frame_header((1 << 64) - 2) + EMPTY_BLOCK),
    "frame: a window of gigabytes": _stored(frame_header(1 << 20, 0xA8) + EMPTY_BLOCK),
    "frame: a window of exabytes": _stored(frame_header(1 << 20, 0xFF) + EMPTY_BLOCK),
    "frame: with a dictionary": _stored(b"\x28\xb5\x2f\xfd\x23\x07\x00\x00\x00\x05" + EMPTY_BLOCK),
    "frame: a block that cannot be": _stored(frame_header(9) + b"\x07\x00\x00"),
    "frame: no frame": _honest_frame(lambda text: text),
    "frame: of another kind": _honest_frame(gzip.compress),
}


@pytest.mark.parametrize("attack", rows(JSON, SAID, RUNS, FRAMES))
def test_what_cannot_be(bucket: Bucket, attack: Attack) -> None:
    attack(bucket)
    refused(bucket)
