"""Damaged indexes: found by code, set aside once, made again without embedding anything twice."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import CorruptIndexError, StoreError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, update
from tests.support.proc import end_workers_of
from tests.support.sources import python_module

from .checks import (
    MODULES,
    answers_from,
    error_of,
    index_files,
    indexed,
    install_hooks,
    log_of,
    quiet_git,
    working,
)
from .damage import DAMAGES, GARBAGE, UNNOTICED, garbage_in_table, nothing_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.storage.facts import Refresh
    from tests.support.commands import Launcher
    from tests.support.helpers import Contents
    from tests.support.repository import Repository


@pytest.fixture
def whole(repo: Repository) -> Contents:
    """What the index of a repository of ten modules holds."""
    repo.commit(MODULES)
    update(repo)
    return contents(repo)


def _path(repo: Repository) -> Path:
    return Path(find_worktree(str(repo.top)).index_path)


def _kept(repo: Repository) -> list[str]:
    return [name for name in index_files(repo) if "damaged" in name]


def _never() -> None:
    raise AssertionError("a worker is not needed")


def _found_by_search(repo: Repository) -> str:
    found = Answerer(job_for(repo), _never).answer(Query("beta_9"))
    assert found.state == "fresh"
    return found.results[0].path


def _restore(repo: Repository, sound: Path) -> None:
    path = _path(repo)
    for name in index_files(repo):
        path.with_name(name).unlink()
    shutil.copyfile(sound, path)


def test_damage_is_repaired_by_whoever_meets_it(
    repo: Repository, whole: Contents, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    _repairs(list(DAMAGES)[::2], repo, whole, tmp_path, subtests)


@pytest.mark.stress
def test_every_damage_is_repaired(
    repo: Repository, whole: Contents, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    _repairs(list(DAMAGES), repo, whole, tmp_path, subtests)


def _repairs(
    names: list[str],
    repo: Repository,
    whole: Contents,
    tmp_path: Path,
    subtests: pytest.Subtests,
) -> None:
    sound = Path(shutil.copyfile(_path(repo), tmp_path / "sound"))
    for name in names:
        with subtests.test(name):
            _restore(repo, sound)
            DAMAGES[name](str(_path(repo)))
            damaged = _path(repo).read_bytes()
            with suppress(StoreError):  # where it cannot be read at all
                read_status(find_worktree(str(repo.top)), job_for(repo).settings)
            assert _path(repo).read_bytes() == damaged
            assert _found_by_search(repo) == "m9.py"
            if name in UNNOTICED:
                assert _kept(repo) == []
                assert _indexed_with_a_check(repo).chunks_embedded == 0
            check_whole(repo)
            assert contents(repo) == whole
            assert _kept(repo) == ["index.db.damaged"]
            kept = _path(repo).with_name("index.db.damaged").read_bytes()
            assert kept == damaged or not damaged


def _indexed_with_a_check(repo: Repository) -> Refresh:
    done = update_index(job_for(repo), wait=0, check=True)
    assert isinstance(done, Updated)
    assert done.refresh is not None
    return done.refresh


def test_a_check_finds_every_damage(
    repo: Repository, whole: Contents, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """`lumen-hooks index` checks, and every error about damage sends the user there."""
    sound = Path(shutil.copyfile(_path(repo), tmp_path / "sound"))
    _check(_path(repo))
    for name, damage in DAMAGES.items():
        with subtests.test(name):
            _restore(repo, sound)
            damage(str(_path(repo)))
            with pytest.raises(StoreError, match=r"damaged|no lumen index|format|no such table"):
                _check(_path(repo))


def _check(path: Path) -> None:
    index = open_writer(str(path))
    assert index is not None
    with index:
        index.facts()
        index.check()


def test_only_the_last_damaged_file_is_kept(repo: Repository, whole: Contents) -> None:
    for mark in (b"first", b"second"):
        _path(repo).write_bytes(mark * 1000)
        assert update(repo).refresh is not None
        assert _kept(repo) == ["index.db.damaged"]
        assert _path(repo).with_name("index.db.damaged").read_bytes() == mark * 1000
    assert contents(repo) == whole


def test_an_index_that_cannot_be_repaired_is_not_tried_forever(
    repo: Repository, whole: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedder breaks what it touches: the second damage is the user's to know."""

    class Breaking(FakeEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
            raise CorruptIndexError("damaged again")

    os.unlink(find_worktree(str(repo.top)).embeddings_path)
    nothing_left(str(_path(repo)))
    with pytest.raises(CorruptIndexError, match="damaged again"):
        update(repo, Breaking())
    assert _kept(repo) == ["index.db.damaged"]
    assert update(repo).refresh is not None
    assert contents(repo) == whole


def _with_a_wal(repo: Repository) -> Path:
    """An index whose newest transaction is in its WAL alone, as after a crash."""
    reader = open_reader(str(_path(repo)))
    assert reader is not None
    with reader:
        reader.facts()
        repo.write({"m1.py": python_module("in_the_wal")})
        update(repo)
    wal = _path(repo).with_name("index.db-wal")
    assert wal.stat().st_size > 0
    return wal


@pytest.mark.parametrize("where", ["header", "middle", "cut"])
def test_a_damaged_wal_loses_nothing_but_time(repo: Repository, where: str) -> None:
    repo.commit(MODULES)
    update(repo)
    wal = _with_a_wal(repo)
    content = wal.read_bytes()
    half = len(content) // 2
    wal.write_bytes(
        {
            "header": GARBAGE[:100] + content[100:],
            "middle": content[:half] + GARBAGE + content[half + len(GARBAGE) :],
            "cut": content[:half],
        }[where]
    )
    assert _found_by_search(repo) == "m9.py"
    update(repo)
    check_whole(repo)
    kept = contents(repo)
    assert any("in_the_wal" in str(row) for row in kept["chunks"])
    update(repo, force=True)
    assert contents(repo) == kept


# donors


def test_a_damaged_donor_is_refused_named_and_left_alone(
    repo: Repository, whole: Contents, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    sound = Path(shutil.copyfile(_path(repo), tmp_path / "sound"))
    new = repo.add_worktree("w2", "-b", "feature")
    for name in list(DAMAGES)[::4]:
        with subtests.test(name):
            _restore(repo, sound)
            DAMAGES[name](str(_path(repo)))
            damaged = _path(repo).read_bytes()
            Path(find_worktree(str(repo.top)).log_path).unlink(missing_ok=True)
            done = update(new)
            assert done.refresh is not None
            assert (done.refresh.kind, done.refresh.chunks_embedded) == ("full", 0)
            assert _path(repo).read_bytes() == damaged
            refused = [record for record in log_of(repo) if record["event"] == "donor refused"]
            assert [record["donor"] for record in refused] == [str(repo.top / ".git")]
            assert contents(new) == whole
            for left in index_files(new):
                _path(new).with_name(left).unlink()


def test_a_donor_with_a_damaged_wal_gives_a_whole_index(repo: Repository) -> None:
    repo.commit(MODULES)
    update(repo)
    wal = _with_a_wal(repo)
    with wal.open("r+b") as file:
        file.seek(wal.stat().st_size // 2)
        file.write(GARBAGE)
    new = repo.add_worktree("w2", "-b", "feature")
    update(new)
    check_whole(new)
    kept = contents(new)
    update(new, force=True)
    assert contents(new) == kept


# what the user sees


def test_every_command_meets_a_damaged_index(repo: Repository, launcher: Launcher) -> None:
    indexed(launcher, repo)
    damage = garbage_in_table("lexical_data")
    damage(str(_path(repo)))
    message = error_of(
        launcher.run(repo.top, "search", "beta_9", "--no-refresh"), "hint: it is rebuilt by: lumen"
    )
    assert message.startswith(f"error: {_path(repo)} is damaged: ")
    assert _kept(repo) == []
    assert answers_from(launcher, repo.top, "beta_9", "m9.py") == "fresh"
    assert _kept(repo) == ["index.db.damaged"]

    damage(str(_path(repo)))
    result = launcher.run(repo.top, "index")
    assert working(result) == ""
    assert ", 0 texts embedded" in result.err

    _path(repo).write_bytes(b"no database")
    shown = json.loads(working(launcher.run(repo.top, "status", "--json")))
    assert (shown["state"], shown["problem"]) == (
        "absent",
        f"{_path(repo)} is damaged: file is not a database",
    )
    worker = launcher.start(repo.top, str(repo.top), "post-commit", entry="worker")
    assert worker.wait().code == 0
    assert log_of(repo)[-2]["event"] == "damaged index set aside"
    assert answers_from(launcher, repo.top, "beta_9", "m9.py", "--no-refresh") == "fresh"


@pytest.mark.stress
def test_git_is_quiet_beside_damaged_indexes(repo: Repository, launcher: Launcher) -> None:
    indexed(launcher, repo)
    install_hooks(launcher, repo)
    garbage_in_table("vectors_vector_chunks00")(str(_path(repo)))
    Path(find_worktree(str(repo.top)).embeddings_path).write_bytes(b"no database")
    quiet_git(repo, "worktree", "add", "-q", "-b", "feature", str(repo.top.parent / "w2"))
    repo.write({"m1.py": python_module("edited")})
    quiet_git(repo, "commit", "-q", "-am", "change")
    end_workers_of(repo.top.parent)
    assert answers_from(launcher, repo.top, "beta_9", "m9.py") == "fresh"
    linked = repo.top.parent / "w2"
    assert answers_from(launcher, linked, "beta_9", "m9.py") == "fresh"
    check_whole(repo)
    check_whole(linked)
