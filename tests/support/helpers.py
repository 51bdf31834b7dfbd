"""Jobs on real worktrees with a real, fast embedder, and what an index holds, to compare."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Job, Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.index import open_writer
from lumen_hooks.system.locks import Acquired, acquire

from .fake_embedder import FakeEmbedder
from .waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _pytest.mark import ParameterSet

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.storage.facts import Refresh
    from lumen_hooks.storage.index import Index

    from .repository import Repository


def job_for(repo: Repository, embedder: Embedder | None = None, purpose: str = "test") -> Job:
    """A job for a worktree, as a command would make it."""
    worktree = find_worktree(str(repo.top))
    chosen = embedder or FakeEmbedder()
    return Job(
        worktree=worktree,
        settings=load_settings(worktree.top, {}),
        load=lambda _settings: chosen,
        slots=os.path.join(os.environ["HOME"], "slots"),
        purpose=purpose,
    )


def update(repo: Repository, embedder: Embedder | None = None, *, force: bool = False) -> Updated:
    """Update a worktree's index and insist that it was done."""
    done = update_index(job_for(repo, embedder), wait=PATIENCE_SECONDS, force=force)
    assert isinstance(done, Updated)
    return done


def refreshed(repo: Repository, embedder: FakeEmbedder | None = None) -> Refresh:
    """Update a worktree's index and insist that there was something to do."""
    done = update(repo, embedder)
    assert done.refresh is not None
    return done.refresh


def say(index: Index, **facts: Any) -> None:
    """Have an index say other things of itself. To be called inside a transaction."""
    index.write_facts(index.facts()._replace(**facts))


def peer(repo: Repository) -> Acquired:
    """Someone else updates this worktree's index, as far as others can see."""
    lock = acquire(find_worktree(str(repo.top)).lock_path, timeout=0, purpose="a peer")
    assert isinstance(lock, Acquired)
    return lock


Contents = dict[str, list[tuple[object, ...]]]


def contents(worktree: Worktree | Repository | Path) -> Contents:
    """All that an index holds that does not depend on how it came about.

    For each table the rows in an order of their own: files, chunks with their places, texts'
    keys and vectors, and the lexical index's terms with how often they occur where.
    """
    path = _index_path(worktree)
    index = open_writer(path)
    assert index is not None
    with index:
        execute = index.connection.execute
        execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'lexical', 'instance')")
        place = "SELECT f.path, c.start_line, c.end_line, c.symbol, c.kind, c.key, c.holds"
        return {
            "files": execute(
                "SELECT path, content, language, skipped, generated FROM files ORDER BY 1"
            ).fetchall(),
            "chunks": execute(
                f"{place} FROM chunks c JOIN files f ON f.id=c.file_id ORDER BY 1, 2, 3, 4, 6"
            ).fetchall(),
            "vectors": sorted(
                execute(
                    "SELECT c.key, v.embedding FROM vectors v JOIN chunks c ON c.id=v.id"
                ).fetchall()
            ),
            "terms": sorted(
                execute(
                    "SELECT f.path, c.start_line, c.key, t.term, t.col, t.offset FROM temp.terms t"
                    " JOIN chunks c ON c.id=t.doc JOIN files f ON f.id=c.file_id"
                ).fetchall()
            ),
        }


def check_whole(worktree: Worktree | Repository | Path) -> None:
    """Insist that an index is sound: pages, tables, and their agreement with each other."""
    index = open_writer(_index_path(worktree))
    assert index is not None
    with index:
        execute = index.connection.execute
        assert execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert index.facts().complete
        assert execute(
            "SELECT count(*) FROM chunks WHERE file_id NOT IN (SELECT id FROM files)"
        ).fetchall() == [(0,)]
        chunks = {row[0] for row in execute("SELECT id FROM chunks")}
        assert {row[0] for row in execute("SELECT id FROM vectors")} <= chunks
        assert {row[0] for row in execute("SELECT id FROM lexical_docsize")} == chunks
        execute("INSERT INTO lexical(lexical) VALUES('integrity-check')")


def _index_path(worktree: Worktree | Repository | Path) -> str:
    if hasattr(worktree, "index_path"):
        return str(worktree.index_path)
    top = worktree.top if hasattr(worktree, "top") else worktree
    return find_worktree(str(top)).index_path


def spread(names: Iterable[str]) -> list[ParameterSet]:
    """A long table: an eighth is normal, three are slow, half is for the stress suites.

    Each row shows the same rule with another input.
    """
    slow, stress = pytest.mark.slow, pytest.mark.stress
    marks = ((), stress, slow, stress, slow, stress, slow, stress)
    return [pytest.param(name, marks=marks[row % 8]) for row, name in enumerate(names)]


def first_rows(names: Iterable[object], count: int = 3) -> list[ParameterSet]:
    """A table that shows one rule: its first rows for the normal run, the rest is slow."""
    return [
        pytest.param(name, marks=(pytest.mark.slow,) if row >= count else ())
        for row, name in enumerate(names)
    ]
