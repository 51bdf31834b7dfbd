"""How hostile objects are tried, and what must become of each."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from .forge import Bucket
from .test_pull import log_of

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

Attack = Callable[[Bucket], None]
Table = dict[str, Attack]

RECEIVED_MAX = 12 << 20
"""Bytes that any case makes a clone read at most, beyond twice the honest index."""


def rows(*tables: Table) -> list[ParameterSet]:
    """Of each table the first and every tenth in the normal run; the rest is slow."""
    return [
        pytest.param(attack, id=name, marks=() if row % 10 == 0 else (pytest.mark.slow,))
        for table in tables
        for row, (name, attack) in enumerate(table.items())
    ]


def refused(bucket: Bucket, beyond: int = RECEIVED_MAX) -> str:
    """Insist that a clone takes nothing of a store, says why, and read little; what is said."""
    got = bucket.attempt()
    assert got.remark.startswith("no index came from the store of lumen.remote: ")
    assert got.left == []
    assert len(got.remark) < 1000
    assert got.remark.isprintable()
    told = log_of(bucket.clone)
    assert told[-1]["event"] == "not seeded from elsewhere"
    received = told[-1]["received"]
    assert isinstance(received, int)
    assert received <= 2 * bucket.manifest.index_bytes + beyond
    return got.remark


def said(**changes: Any) -> Attack:
    """The honest manifest, said otherwise, under the right name."""
    return lambda bucket: bucket.put_said(**changes)


def frame(text: bytes, *, write_content_size: bool = True) -> bytes:
    """A zstd frame."""
    return zstandard.ZstdCompressor(write_content_size=write_content_size).compress(text)


def frame_header(size: int, window: int = 0) -> bytes:
    """The head of a zstd frame with a size of eight bytes, and perhaps a window (RFC 8878)."""
    said = struct.pack("<Q", size)
    return b"\x28\xb5\x2f\xfd" + (bytes([0xC0, window]) if window else b"\xe0") + said


SKIPPED = b"\x50\x2a\x4d\x18\x05\x00\x00\x00hello"
EMPTY_BLOCK = b"\x01\x00\x00"
