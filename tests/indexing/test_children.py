"""Builds with several children: the same index whatever their number, and who may have several."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking import process
from lumen_hooks.indexing import compare, throttle
from lumen_hooks.indexing.throttle import PARSERS_MAX, Turns, acquire_slot, parsers
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage.reader import open_reader
from tests.chunking.deaths import children_started
from tests.support.helpers import check_whole, job_for, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

FILES: dict[str, str | bytes] = {
    **{
        f"p/m{row}.py": python_module(*(f"f{row}_{one}" for one in range(row % 5)))
        for row in range(34)
    },
    "notes.txt": "plain words\n" * 50,
    "a.R": "f <- function(x) {\n  x\n}\n",
    "data.bin": b"\x00\x01",
    "empty.py": "",
    "long.js": "const a = '" + "b" * 5000 + "';\n",
    "zh.md": "# 搜索\n\n如何找到函数 grüße\n",
    "n.ipynb": '{"cells": [{"cell_type": "code", "source": ["def g():\\n", "    return 1\\n"]}]}',
}
TABLES = {
    "files": "SELECT id, path, content, language, skipped, cut, generated, sum FROM files",
    "chunks": "SELECT * FROM chunks",
    "vectors": "SELECT id, embedding FROM vectors",
    "terms": "SELECT * FROM temp.terms",
}


def whole(repo: Repository) -> dict[str, list[tuple[object, ...]]]:
    """Every row with its number, in the order of the tables."""
    index = open_reader(str(repo.top / ".git" / "lumen" / "index.db"))
    assert index is not None
    with index:
        execute = index.connection.execute
        execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'lexical', 'instance')")
        return {
            name: execute(f"{select} ORDER BY 1, 2").fetchall() for name, select in TABLES.items()
        }


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of all children; one more is started where the others have anything to do."""
    monkeypatch.setattr(process, "SPREAD_CHARACTERS", 0)
    return children_started(monkeypatch)


def test_the_index_is_the_same_for_any_number(repo: Repository, started: list[int]) -> None:
    repo.commit(FILES)
    found, counts = [], []
    for number in (1, 2, 4):
        job = job_for(repo)
        job = job._replace(settings=job.settings._replace(threads=number))
        started.clear()
        update_index(job, wait=0)
        check_whole(repo)
        found.append(whole(repo))
        counts.append(len(started))
        shutil.rmtree(repo.top / ".git" / "lumen")
    assert counts == [1, 2, 4]
    assert found[0]["chunks"]
    assert found[0] == found[1] == found[2]


def test_a_small_refresh_starts_one_child_and_none_without_a_parser(
    repo: Repository, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "YOUNG_NS", -1)  # what was just written is not in doubt
    repo.git("config", "lumen.threads", "4")
    repo.commit(FILES)
    update(repo)
    assert len(started) == 4
    started.clear()
    repo.write({"p/m3.py": python_module("changed"), "p/m4.py": python_module("too")})
    update(repo)
    assert len(started) == 1
    repo.write({"notes.txt": "other words\n"})
    update(repo)
    assert len(started) == 1


@pytest.mark.parametrize(
    ("threads", "foreground", "cores", "wanted"),
    [
        (None, False, 8, 1),
        (None, True, 1, 1),
        (None, True, 2, 2),
        (None, True, 4, 3),
        (None, True, 64, PARSERS_MAX),
        (1, True, 8, 1),
        (3, False, 8, 3),
        (64, False, 8, PARSERS_MAX),
    ],
)
def test_how_many_there_may_be(
    monkeypatch: pytest.MonkeyPatch, threads: int | None, foreground: bool, cores: int, wanted: int
) -> None:
    monkeypatch.setattr(throttle, "_cores", lambda: cores)
    assert parsers(threads, foreground=foreground) == wanted


def test_several_are_for_whoever_holds_a_slot(tmp_path: Path) -> None:
    folder = str(tmp_path / "slots")

    def turns(slots: str = folder) -> Turns:
        return Turns(slots, 1, os.path.join(tmp_path, "embeddings.db"), "test")

    assert not turns("").begin()
    with acquire_slot(folder, 1, purpose="another"):
        assert not turns().begin()
    first, second = turns(), turns()
    assert first.begin()
    assert first.begin()
    assert not second.begin()
    with first.take():
        pass
    first.close()
    assert second.begin()
    second.close()
