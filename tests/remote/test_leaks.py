"""What leaves the machine with a push: what is committed, and no trace of anything else."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

import pytest
import zstandard

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_index
from tests.support.helpers import first_rows, say, update
from tests.support.sources import python_module

from .clones import cloned, objects, pushed, shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.repository import Repository

PLANTED = ("swordfish", "marlin", "barracuda")
FILES: dict[str, str | bytes] = {
    f"{name}_{n}.py": python_module(*[f"{name}_{n}_{k}" for k in range(9)])
    for name in PLANTED
    for n in range(3)
}


def bytes_of(store: Path) -> bytes:
    """All that a store holds, decompressed where it is compressed."""
    found = []
    for path in objects(store):
        data = path.read_bytes()
        at = max(data.find(b"\x28\xb5\x2f\xfd"), 0)
        try:
            found.append(zstandard.ZstdDecompressor().decompress(data[at:]))
        except zstandard.ZstdError:
            found.append(data)
    return b"".join(found)


def reach_of(repo: Repository) -> str:
    with open_index(find_worktree(str(repo.top)).index_path) as index:
        return index.facts().reach


def _written_and_removed(repo: Repository) -> None:
    repo.write(FILES)
    update(repo)
    for name in FILES:
        (repo.top / name).unlink()


def _edited_and_put_back(repo: Repository) -> None:
    repo.write({"m3.py": "".join(map(str, FILES.values()))})
    update(repo)
    repo.git("checkout", "-q", "m3.py")


def _staged_and_given_up(repo: Repository) -> None:
    repo.write(FILES)
    repo.git("add", "-A")
    update(repo)
    repo.git("reset", "-q", "--hard")


def _on_a_private_branch(repo: Repository) -> None:
    repo.git("checkout", "-q", "-b", "private")
    repo.commit(FILES)
    update(repo)
    repo.git("checkout", "-q", "main")


def _amended(repo: Repository) -> None:
    repo.commit(FILES)
    update(repo)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit({"other.py": python_module("other")})


def _before_there_was_a_store(repo: Repository) -> None:
    url = repo.git("config", "lumen.remote").strip()
    repo.git("config", "--unset", "lumen.remote")
    _on_a_private_branch(repo)
    update(repo)
    repo.git("config", "lumen.remote", url)


def _in_a_sibling(repo: Repository) -> None:
    new = repo.add_worktree("w2", "-b", "feature")
    update(new)
    _written_and_removed(repo)


WAYS: dict[str, Callable[[Repository], None]] = {
    "written and removed": _written_and_removed,
    "edited and put back": _edited_and_put_back,
    "staged and given up": _staged_and_given_up,
    "on a private branch": _on_a_private_branch,
    "amended": _amended,
    "before there was a store": _before_there_was_a_store,
    "beside a sibling": _in_a_sibling,
    "still there": lambda repo: repo.write(FILES),
}


@pytest.mark.parametrize("way", first_rows(WAYS, 2))
def test_what_the_commit_does_not_hold_leaves_no_trace(
    repo: Repository, tmp_path: Path, way: str
) -> None:
    store = tmp_path / "store"
    shared(repo, store, modules=30)
    update(repo)
    WAYS[way](repo)
    update(repo)
    assert reach_of(repo) == ""
    pushed(repo)
    sent = bytes_of(store)
    assert b"alpha_3" in sent
    for word in PLANTED:
        assert word.encode() not in sent


def test_who_has_held_nothing_else_sends_little(repo: Repository, tmp_path: Path) -> None:
    shared(repo, tmp_path / "store", modules=30)
    pushed(repo)
    head = repo.git("rev-parse", "HEAD").strip()
    assert reach_of(repo) == head
    clone = cloned(repo, "clone", "--depth", "1")
    worktree = find_worktree(str(clone.top))
    update(clone)
    assert reach_of(clone) == head
    new = clone.commit({"m3.py": python_module("alpha_3", "changed")})
    update(clone)
    assert reach_of(clone) == new
    assert worktree.top not in bytes_of(tmp_path / "store").decode("latin-1")


def test_nothing_of_the_machine_is_sent(repo: Repository, tmp_path: Path) -> None:
    """Neither what is said of it nor what was said before, in the place that a row had then."""
    store = tmp_path / "store"
    shared(repo, store)
    update(repo)
    path = find_worktree(str(repo.top)).index_path
    for number in range(40):
        with open_writer(path) as index, index.transaction():  # type: ignore[union-attr]
            say(index, seeded_from=f"/home/swordfish/{number}" * 9, top=f"/home/marlin/{number}")
    with open_writer(path) as index, index.transaction():  # type: ignore[union-attr]
        say(index, model="/home/barracuda/model", seeded_from=None)
    pushed(repo)
    sent = bytes_of(store)
    for word in (*PLANTED, str(tmp_path), "/home/", "tester@", socket.gethostname() + "/"):
        assert word.encode() not in sent
    assert getpass.getuser().encode() + b"@" not in sent
