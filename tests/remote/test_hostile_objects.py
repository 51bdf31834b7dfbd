"""Whoever may write to a store can make nobody's index: each object damaged, swapped or made up.

Nothing is accepted, the reason is said, nothing of it is left, and little is read for it; then the
index is made here. Hostile databases under right digests are test_hostile_databases'.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import zstandard

from lumen_hooks.remote.envelope import seal
from lumen_hooks.remote.heads import heads_name
from lumen_hooks.remote.manifest import canonical
from tests.support.helpers import check_whole, contents, update

from .hostile import EMPTY_BLOCK, Attack, Table, frame, frame_header, refused, rows, said

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .forge import Bucket


# every object, as bytes


def _name_of(kind: str, bucket: Bucket) -> str:
    return {
        "manifest": bucket.name,
        "pack": f"v1/packs/{bucket.manifest.packs[0]}",
        "part": bucket.parts()[0],
    }[kind]


def _bytes(change: Callable[[bytes], bytes], kind: str) -> Attack:
    def attack(bucket: Bucket) -> None:
        name = _name_of(kind, bucket)
        before = bucket.read(name)
        after = change(before)
        assert after != before
        bucket.put(name, after)

    return attack


def _flipped(share: float) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = min(int(len(data) * share), len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]

    return change


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def _damage(kind: str, places: int) -> Table:
    changes: dict[str, Callable[[bytes], bytes]] = {
        f"a bit at {place}/{places}": _flipped(place / places) for place in range(places + 1)
    }
    changes |= {f"cut at {share:.0%}": _cut(share) for share in (0.01, 0.1, 0.5, 0.9)}
    changes |= {
        "empty": lambda _: b"",
        "a byte": lambda data: data[:1],
        "less a byte": lambda data: data[:-1],
        "less its first byte": lambda data: data[1:],
        "a byte more": lambda data: data + b"\0",
        "much more": lambda data: data + bytes(1 << 15),
        "twice": lambda data: data + data,
        "zeros": lambda data: bytes(len(data)),
        "a page of a server": lambda _: b"<html><body>403 Forbidden</body></html>",
    }
    return {f"{kind}: {name}": _bytes(change, kind) for name, change in changes.items()}


def _in_place(of: str, name: str) -> Attack:
    """One object put in the place of another."""
    return lambda bucket: bucket.put(_name_of(of, bucket), bucket.read(_name_of(name, bucket)))


def _gone(kind: str) -> Attack:
    return lambda bucket: bucket.path(_name_of(kind, bucket)).unlink()


def _is(kind: str, make: Callable[[Path], None]) -> Attack:
    def attack(bucket: Bucket) -> None:
        path = bucket.path(_name_of(kind, bucket))
        aside = path.with_name("aside")
        path.rename(aside)
        make(path)

    return attack


def _heads_in_place(bucket: Bucket) -> None:
    bucket.put(bucket.name, bucket.read(heads_name(bucket.fingerprint)))


def _other_name(commit: str, fingerprint: str) -> Attack:
    def attack(bucket: Bucket) -> None:
        payload = bucket.read(bucket.name)[15 + len(bucket.name) :]
        name = f"v1/indexes/{fingerprint or bucket.fingerprint}/commits/{commit or bucket.commit}"
        bucket.put(bucket.name, seal(payload, "", name=name))

    return attack


def _older(bucket: Bucket) -> None:
    """A manifest of the same commit, from before a push in full; its pack was pruned."""
    head, ids = bucket.directory()
    bucket.put_pack(head, ids[16:] + ids[:16])
    bucket.path(f"v1/packs/{bucket.manifest.packs[0]}").unlink()
    bucket.put_manifest(bucket.manifest)


SWAPPED: Table = {
    **{
        f"{name} in the place of a {of}": _in_place(of, name)
        for of in ("manifest", "pack", "part")
        for name in ("manifest", "pack", "part")
        if of != name
    },
    **{f"no {kind}": _gone(kind) for kind in ("pack", "part")},
    **{
        f"a {kind} is {what}": _is(kind, make)
        for kind in ("manifest", "pack", "part")
        for what, make in {
            "a folder": lambda path: path.mkdir(),
            "a link": lambda path: path.symlink_to(path.with_name("aside")),
            "a pipe": os.mkfifo,
        }.items()
    },
    "heads in the place of a manifest": _heads_in_place,
    "another commit's manifest": said(commit="a" * 40),
    "another fingerprint's manifest": said(fingerprint="a" * 32),
    "a manifest called another commit's": _other_name("a" * 40, ""),
    "a manifest called another fingerprint's": _other_name("", "b" * 32),
    "an older manifest of the commit": _older,
}


# packs and parts whose digests are right


def _pack(change: Callable[[dict[str, object], bytes], tuple[object, bytes]]) -> Attack:
    return lambda bucket: bucket.put_pack(*change(*bucket.directory()))


def _part_said(**changes: object) -> Attack:
    """The directory says another thing of its first part."""

    def attack(bucket: Bucket) -> None:
        head, ids = bucket.directory()
        part = dict(zip(("digest", "stored", "blocks"), head["parts"][0], strict=True)) | changes
        bucket.put_pack({**head, "parts": [[*part.values()], *head["parts"][1:]]}, ids)

    return attack


def _raw_head(raw: bytes) -> Attack:
    return lambda bucket: bucket.put_pack(None, bucket.directory()[1], raw=raw)


def _millions_of_parts(bucket: Bucket) -> None:
    head, ids = bucket.directory()
    digest = head["parts"][0][0]
    bucket.put_pack({**head, "parts": [[digest, 1024, 1]] * 700_000}, ids)


def _head_length(length: int) -> Attack:
    def attack(bucket: Bucket) -> None:
        head, ids = bucket.directory()
        text = canonical(head)
        digest = bucket.put_content("packs", length.to_bytes(4, "big") + text + ids)
        bucket.put_said(packs=[digest])

    return attack


PACKS: Table = {
    **{
        f"pack: {name} of a part is {value!r:.20}": _part_said(**{name: value})
        for name, values in {
            "digest": ("../../x", "0" * 64, 1, None, "A" * 64),
            "stored": (0, -1, 1, 1.0, True, 1 << 40, None, [1]),
            "blocks": (0, -1, 1, 1.0, True, 1 << 40, 5000),
        }.items()
        for value in values
    },
    "pack: 700,000 parts": _millions_of_parts,
    "pack: no parts": _pack(lambda head, ids: ({**head, "parts": []}, ids)),
    "pack: parts of two": _pack(lambda head, ids: ({**head, "parts": [["0" * 64, 1]]}, ids)),
    "pack: parts are a word": _pack(lambda head, ids: ({**head, "parts": "abc"}, ids)),
    "pack: an id less": _pack(lambda head, ids: (head, ids[16:])),
    "pack: an id more": _pack(lambda head, ids: (head, ids + ids[:16])),
    "pack: half an id more": _pack(lambda head, ids: (head, ids + ids[:8])),
    "pack: no ids": _pack(lambda head, _: (head, b"")),
    "pack: ids of gigabytes": _pack(lambda head, ids: (head, ids + bytes(20 << 20))),
    "pack: blocks of 512": _pack(lambda head, ids: ({**head, "block": 512}, ids)),
    "pack: blocks of 4096": _pack(lambda head, ids: ({**head, "block": 4096}, ids)),
    "pack: one word more": _pack(lambda head, ids: ({**head, "more": 1}, ids)),
    "pack: its words in another order": _pack(
        lambda head, ids: ({"parts": head["parts"], "block": head["block"]}, ids)
    ),
    "pack: a list": _pack(lambda _, ids: ([], ids)),
    "pack: no JSON": _raw_head(b"{"),
    "pack: nested 900 times": _raw_head(b'{"block":1024,"parts":' + b"[" * 900 + b"]" * 900 + b"}"),
    "pack: of brackets": _raw_head(b"[" * 9000),
    "pack: a part that is nested": _raw_head(
        b'{"block":1024,"parts":[["a",' + b"[" * 400 + b"]" * 400 + b",1]]}"
    ),
    "pack: a space": _pack(lambda head, ids: ({**head, "block": " "}, ids)),
    "pack: the length of its head is 0": _head_length(0),
    "pack: the length of its head is 4 GB": _head_length((1 << 32) - 1),
    "pack: nothing at all": lambda bucket: bucket.put_said(
        packs=[bucket.put_content("packs", b"")]
    ),
}


def _part(change: Callable[[bytes], bytes]) -> Attack:
    def attack(bucket: Bucket) -> None:
        data = zstandard.ZstdDecompressor().decompress(bucket.read(bucket.parts()[0]))
        bucket.put_part(change(data))

    return attack


PARTS: Table = {
    "part: another block": _part(lambda data: frame(bytes(1024) + data[1024:])),
    "part: a bit of one block": _part(lambda data: frame(data[:5000] + b"!" + data[5001:])),
    "part: its blocks in another order": _part(lambda data: frame(data[1024:] + data[:1024])),
    "part: less": _part(lambda data: frame(data[:-1024])),
    "part: more": _part(lambda data: frame(data + bytes(1024))),
    "part: much more": _part(lambda data: frame(data + bytes(200 << 20))),
    "part: of no said size": _part(lambda data: frame(data, write_content_size=False)),
    "part: two frames": _part(lambda data: frame(data[:1024]) + frame(data[1024:])),
    "part: not compressed": _part(lambda data: data),
    "part: empty": _part(lambda _: frame(b"")),
    "part: says more than it has": _part(lambda data: frame_header(len(data)) + EMPTY_BLOCK),
    "part: a window of gigabytes": _part(lambda data: frame_header(len(data), 0xA8) + EMPTY_BLOCK),
    "part: zeros": _part(lambda data: frame(bytes(len(data)))),
}


DAMAGED: Table = {**_damage("manifest", 24), **_damage("pack", 6), **_damage("part", 8)}


def test_the_honest_store_is_taken(bucket: Bucket) -> None:
    """So is what the attacker makes where nothing is wrong with it: what is refused is the rest."""
    bucket.put_said()
    bucket.put_part(bucket.read(bucket.parts()[0]))
    assert bucket.attempt().remark == ""
    update(bucket.clone)
    check_whole(bucket.clone)
    assert contents(bucket.clone) == contents(bucket.repo)
    bucket.clean()


@pytest.mark.parametrize("attack", rows(DAMAGED, SWAPPED))
def test_damage(bucket: Bucket, attack: Attack) -> None:
    attack(bucket)
    refused(bucket, beyond=1 << 20)


@pytest.mark.parametrize("attack", rows(PACKS, PARTS))
def test_what_cannot_be(bucket: Bucket, attack: Attack) -> None:
    attack(bucket)
    refused(bucket)
