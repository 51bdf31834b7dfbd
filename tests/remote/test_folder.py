"""A store in a plain folder: whole objects, plain files, nothing beyond it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import AccessError, RemoteError
from lumen_hooks.remote.stores.store import Store, open_store

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0


def store_in(folder: Path) -> Store:
    return open_store(str(folder), patience=PATIENCE)


def test_objects_are_what_was_written(tmp_path: Path) -> None:
    store = store_in(tmp_path / "not" / "there")
    assert store.read("v1/a/b", at_most=9) is None
    assert store.size("v1/a/b") is None
    assert store.entries("v1") == []
    assert not (tmp_path / "not").exists()

    store.write("v1/a/b", b"whole")
    store.write("v1/a/b", b"again")
    assert store.read("v1/a/b", at_most=5) == b"again"
    assert store.size("v1/a/b") == 5
    assert store.read("v1/a/b", at_most=5, start=1, length=2) == b"ga"
    assert store.read("v1/a/b", at_most=5, start=3, length=9) == b"in"
    assert store.read("v1/a/b", at_most=5, start=9, length=9) == b""
    assert [(entry.path, entry.size) for entry in store.entries("v1")] == [("v1/a/b", 5)]
    assert (store.reads, store.writes, store.sent, store.received) == (7, 2, 10, 9)

    store.remove("v1/a/b")
    store.remove("v1/a/b")
    assert store.read("v1/a/b", at_most=5) is None


def test_what_is_larger_than_it_may_be_is_not_read(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    (tmp_path / "v1").mkdir()
    with open(tmp_path / "v1/large", "wb") as file:
        file.truncate(1 << 45)
    with pytest.raises(RemoteError, match="larger than it may be"):
        store.read("v1/large", at_most=1 << 20)
    assert store.read("v1/large", at_most=4, start=1 << 44, length=4) == bytes(4)


@pytest.mark.parametrize("path", ["", "/etc", "../x", "v1/../x", "v1//x", "v1/.x", "V1", "v1/\0"])
def test_a_path_that_is_none_of_ours_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no path of an object"):
        store_in(tmp_path).read(path, at_most=1)


def test_odd_files_in_an_objects_place_are_neither_read_nor_waited_for(tmp_path: Path) -> None:
    store = store_in(tmp_path / "store")
    store.write("v1/plain", b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "store/v1"
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").mkdir()
    (folder / "elsewhere").symlink_to(tmp_path)
    for name in ("fifo", "link", "folder", "elsewhere/secret"):
        with pytest.raises(RemoteError):
            store.read(f"v1/{name}", at_most=9)
    with pytest.raises(RemoteError):
        store.write("v1/elsewhere/new", b"x")
    store.write("v1/link", b"ours")
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert {entry.path for entry in store.entries("v1")} == {"v1/plain", "v1/link"}


def test_a_folder_for_a_group_stays_one_whatever_the_umask(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    before = os.umask(0o077)
    try:
        store_in(tmp_path / "made").write("v1/a/b", b"x")
    finally:
        os.umask(before)
    for path, mode in (("made", 0o2770), ("made/v1/a", 0o2770), ("made/v1/a/b", 0o660)):
        assert stat.S_IMODE((tmp_path / path).stat().st_mode) == mode, path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write all")
def test_a_folder_that_may_not_be_read_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir(mode=0)
    with pytest.raises(AccessError) as refused:
        store_in(tmp_path).read("v1/a", at_most=1)
    assert "readable" in refused.value.hint


def test_a_folder_imports_no_driver(tmp_path: Path) -> None:
    from tests.test_imports import modules

    code = (
        "from lumen_hooks.remote.stores.store import open_store\n"
        f"open_store({str(tmp_path)!r}, patience=9)"
    )
    assert not modules(code) & {"fsspec", "asyncio", "concurrent.futures", "zstandard"}
