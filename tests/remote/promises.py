"""What every kind of store promises, whatever is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores.store import MARKER

if TYPE_CHECKING:
    from lumen_hooks.remote.stores.store import Store


def keeps_what_is_written(store: Store) -> None:
    """Objects are there whole, in parts, by size and listed, until they are removed."""
    assert store.read("v1/a/b", at_most=9) is None
    assert store.size("v1/a/b") is None
    assert store.entries("v1") == []
    store.remove("v1/a/b")
    store.claim()
    store.write("v1/a/b", b"whole")
    store.write("v1/a/b", b"again")
    store.write("v1/a/c/d", b"other")
    assert store.read("v1/a/b", at_most=5) == b"again"
    assert store.read("v1/a/b", at_most=99) == b"again"
    assert store.size("v1/a/b") == 5
    assert store.read("v1/a/b", at_most=5, start=1, length=2) == b"ga"
    assert store.read("v1/a/b", at_most=5, start=3, length=9) == b"in"
    assert store.read("v1/a/b", at_most=5, length=0) == b""
    with pytest.raises(RemoteError, match="larger than it may be"):
        store.read("v1/a/b", at_most=4)
    listed = sorted(store.entries("v1"))
    assert [(entry.path, entry.size) for entry in listed] == [
        ("v1/a/b", 5),
        ("v1/a/c/d", 5),
        (MARKER, 53),
    ]
    assert all(entry.modified is not None and entry.modified > 1e9 for entry in listed)
    store.remove("v1/a/b")
    store.remove("v1/a/b")
    assert store.read("v1/a/b", at_most=5) is None
    assert [entry.path for entry in store.entries("v1/a")] == ["v1/a/c/d"]
