from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.keyed_vectors import vectors_of
from tests.support.helpers import contents, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.repository import Repository


def test_every_text_has_its_vector_in_the_order_of_files(repo: Repository) -> None:
    # More chunks than a block of vec0 has, one in two files, one without a vector, and a hole.
    files = {f"m{n:03}.py": python_module(*(f"f_{n}_{k}" for k in range(30))) for n in range(12)}
    repo.commit({**files, "m900.py": files["m001.py"], "signs.txt": "+++ --- +++\n=== ***\n"})
    update(repo)
    repo.commit({"m003.py": python_module("other")})
    update(repo)
    path = find_worktree(str(repo.top)).index_path
    found = list(vectors_of(path))
    held = contents(repo)
    keys = {row[5] for row in held["chunks"]}
    assert {key for key, _ in found} == keys
    assert sorted(pair for pair in found if pair[1]) == held["vectors"]
    assert [vector for _, vector in found if not vector] == [b""]
    index = open_writer(path)
    assert index is not None
    with index:
        rows = index.connection.execute("SELECT key FROM chunks ORDER BY id").fetchall()
        blank = found[-1][0]
        assert [key for key, _ in found[:-1]] == [key for (key,) in rows if key != blank]
        index.connection.execute("UPDATE vectors_vector_chunks00 SET vectors=zeroblob(256*256)")
    with pytest.raises(CorruptIndexError):
        list(vectors_of(path))
