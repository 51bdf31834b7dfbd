"""Each construct is its own chunk, with its symbol, a sensible kind and its lines."""

from __future__ import annotations

import pytest

from lumen_hooks.chunking.chunker import chunk_file

from .checks import assert_covers
from .construct_samples import CONSTRUCTS, Construct

NAMES = [f"{one.path} {one.what}" for one in CONSTRUCTS]


def verdict(one: Construct) -> str:
    """`right`, or what is wrong first."""
    chunks = chunk_file(one.path, one.text).chunks
    # A small type in one piece names its members too.
    own = [
        chunk
        for chunk in chunks
        if chunk.symbol == one.symbol
        or all(f"{name}.".startswith(f"{one.symbol}.") for name in chunk.symbol.split(", "))
    ]
    if not own:
        return "not found by name"
    if not any(chunk.kind in one.kinds for chunk in own):
        return f"another kind: {own[0].kind}"
    if not any((chunk.start_line, chunk.end_line) == (one.first, one.last) for chunk in own):
        return "lines or neighbours wrong"
    return "right"


def test_there_are_as_many_as_the_table_has() -> None:
    assert len(CONSTRUCTS) == len(set(NAMES)) == 86


@pytest.mark.parametrize("one", CONSTRUCTS, ids=NAMES)
def test_a_construct_is_its_own_chunk(one: Construct) -> None:
    assert verdict(one) == "right"
    assert_covers(one.text, chunk_file(one.path, one.text).chunks)
