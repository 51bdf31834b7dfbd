"""The sum over the extensions' tables: kept by what a transaction changes, and a whole look."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage import facts, seals, sums
from lumen_hooks.storage.index import open_writer
from tests.support.helpers import job_for, refreshed
from tests.support.sources import python_module

if TYPE_CHECKING:
    from lumen_hooks.storage.index import Index
    from tests.support.repository import Repository


def opened(repo: Repository) -> Index:
    index = open_writer(job_for(repo).worktree.index_path)
    assert index is not None
    return index


def module(name: str, functions: int) -> str:
    return python_module(*(f"{name}_{number}" for number in range(functions)))


@pytest.fixture
def indexed(repo: Repository) -> Repository:
    repo.commit({f"m{number}.py": module(f"a{number}", 5) for number in range(12)})
    refreshed(repo)
    return repo


def test_each_refresh_leaves_the_seal_of_a_whole_look(indexed: Repository) -> None:
    chance = random.Random(5)
    for turn in range(12):
        for number in chance.sample(range(12), 3):
            path = indexed.top / f"m{number}.py"
            if path.exists() and chance.random() < 0.3:
                path.unlink()
            else:
                path.write_text(module(f"b{turn}_{number}", chance.randrange(1, 30)))
        refreshed(indexed)
        with closing(opened(indexed)) as index:
            noted = facts.read(index.connection).seal
            assert noted == str(seals.read(index.connection))


def test_a_refresh_reads_no_row_that_it_does_not_change(
    indexed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "read", lambda _: pytest.fail("every row was read"))
    indexed.write({"m3.py": module("other", 4)})
    refreshed(indexed)


def test_damage_is_not_made_right_by_the_next_refresh(indexed: Repository) -> None:
    with closing(apsw.Connection(job_for(indexed).worktree.index_path)) as bare:
        bare.execute(
            "UPDATE lexical_data SET block=zeroblob(length(block))"
            " WHERE id=(SELECT max(id) FROM lexical_data WHERE id > 10)"
        )
    with closing(opened(indexed)) as index, index.transaction():
        index.write_facts(index.facts()._replace(head=None))
        index.seal()
    with closing(opened(indexed)) as index, pytest.raises(CorruptIndexError, match="the words"):
        sums.check_words(index.connection, index.path)


def test_what_is_rolled_back_is_in_no_seal(indexed: Repository) -> None:
    with closing(opened(indexed)) as index:
        before = facts.read(index.connection).seal

        def fails() -> None:
            with index.transaction():
                index.remove_files([1, 2])
                raise KeyError

        with pytest.raises(KeyError):
            fails()
        with index.transaction():
            index.seal()
        assert facts.read(index.connection).seal == before == str(seals.read(index.connection))


@pytest.mark.parametrize("noted", ["", "0badf00d 12345678 3 4", "rows 1 2 3", "rows 1 2 3 x"])
def test_a_seal_of_another_making_is_replaced(indexed: Repository, noted: str) -> None:
    assert seals.parse(noted) is None
    with closing(opened(indexed)) as index, index.transaction():
        index.write_facts(index.facts()._replace(seal=noted))
        sums.check_words(index.connection, index.path)
        index.seal()
        assert facts.read(index.connection).seal == str(seals.read(index.connection))


def test_vectors_that_were_packed_anew_are_sealed_whole(indexed: Repository) -> None:
    with closing(opened(indexed)) as index:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("lumen_hooks.storage.vec0.is_wasteful", lambda _: True)
            index.repack()
        assert facts.read(index.connection).seal == str(seals.read(index.connection))
    update_index(job_for(indexed), wait=5, check=True)
