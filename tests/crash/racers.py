"""What the processes of a `Crew` do in a race."""

from __future__ import annotations

import itertools
import math
import os
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import apsw

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.search.results import Query
from lumen_hooks.storage.opening import open_to_write
from lumen_hooks.storage.reader import open_reader
from tests.support.fake_embedder import FakeEmbedder
from tests.support.ledger import ledger_job, note, notes
from tests.support.search_corpus import search_index
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from lumen_hooks.indexing.job import Job

NAMES = ("alpha", "beta")
"""Two trees, each of whose functions has its name."""

MODULES = 12
WRITES, SEEN = "writes", "seen"

EMBEDDING_SECONDS = 0.4
"""As long as a model may take for a batch: others have time to do the same beside it."""


def tree(name: str) -> dict[str, str | bytes]:
    """The files of one tree; two trees have no function in common, and not as many of them."""
    again = [f"again{number}" for number in range(1 + NAMES.index(name))]
    return {
        f"m{number}.py": python_module(*(f"{name}_{number}_{which}" for which in again))
        for number in range(MODULES)
    }


def _job(top: str, ledger: str) -> Job:
    return ledger_job(top, ledger, EMBEDDING_SECONDS)


def update_own(number: int, tops: list[str], ledger: str) -> dict[str, object]:
    """Update a worktree: each process its own, or all the same one."""
    top = tops[number % len(tops)]
    job = _job(top, ledger)
    done = update_index(job, wait=PATIENCE_SECONDS)
    assert isinstance(done, Updated), done
    index = open_reader(job.worktree.index_path)
    assert index is not None
    with index:
        facts, counts = index.facts(), index.counts()
    assert (facts.complete, facts.refreshed) == (True, True)
    return {
        "seeded": done.seeded is not None,
        "kind": done.refresh.kind if done.refresh else None,
        "inode": os.stat(job.worktree.index_path).st_ino,
        "chunks": counts.chunks,
    }


def write_two_trees(number: int, top: str, ledger: str, stop: str) -> int:
    """Refresh a worktree from one tree to the other and back until told to stop; how often."""
    refreshes = 0
    for turn in itertools.count(1):
        if os.path.exists(stop):
            break
        name = NAMES[turn % 2]
        for path, content in tree(name).items():
            assert isinstance(content, str)
            with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                file.write(content)
        began = time.monotonic()
        done = update_index(_job(top, ledger), wait=PATIENCE_SECONDS)
        assert isinstance(done, Updated)
        note(f"{ledger}-{WRITES}", {"tree": name, "began": began, "ended": time.monotonic()})
        refreshes += done.refresh is not None
        time.sleep(0.02 * (turn % 3))  # now and then, a clone is taken of an index at rest
    return refreshes


def trees_between(ledger: str, since: float, until: float) -> set[str]:
    """Which trees a writer's index may have held at some moment between two."""
    held = set()
    writes = notes(f"{ledger}-{WRITES}")
    for write, later in itertools.zip_longest(writes, writes[1:]):
        gone = later["ended"] if later else math.inf
        if write["began"] <= until and gone >= since:
            held.add(write["tree"])
    return held


def disturb(number: int, top: str, ledger: str, stop: str) -> int:
    """Give an index no rest: one process writes, one checkpoints, the others pin the WAL.

    A checkpoint beside a reader brings only some of the pages into the main file.
    """
    path = find_worktree(top).index_path
    if number == 0:
        return write_two_trees(number, top, ledger, stop)
    done = 0
    with closing(open_to_write(path)) as connection:
        connection.set_busy_timeout(0)
        while not os.path.exists(stop):
            with suppress(apsw.BusyError):
                if number == 1:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                    time.sleep(0.005)
                else:
                    connection.execute("BEGIN")
                    connection.execute("SELECT count(*) FROM files").fetchall()
                    time.sleep(0.05 * number)
                    connection.execute("ROLLBACK")
                done += 1
                if done == 1:
                    note(f"{ledger}-{SEEN}", {"disturber": number})
    return done


def enough_done(ledger: str, disturbers: int, refreshes: int) -> bool:
    """Whether the disturber that writes has done so often enough, and the others at all."""
    seen, writes = (notes(f"{ledger}-{what}") for what in (SEEN, WRITES))
    return len(writes) > refreshes + 1 and len(seen) == disturbers - 1


def enough_seen(ledger: str, readers: int) -> bool:
    """Whether a writer came back to its tree, and all readers have answers, some from either."""
    seen, writes = (notes(f"{ledger}-{what}") for what in (SEEN, WRITES))
    trees = {record["tree"] for record in seen}
    return len(writes) > 1 and trees >= set(NAMES) and len({r["reader"] for r in seen}) == readers


def search_two_trees(number: int, top: str, stop: str, ledger: str) -> dict[str, int]:
    """Search until told to stop; how many answers came from which tree, or from several."""
    seen = {"alpha": 0, "beta": 0, "mixed": 0, "files": 0}
    embedder = FakeEmbedder()
    everything = Query("gives up after attempts", 100, None, (), ())
    path = find_worktree(top).index_path
    while not os.path.exists(stop):
        index = open_reader(path)
        assert index is not None
        with index:
            hits = search_index(index, embedder, everything)
        names = {hit.symbol.split("_")[0] for hit in hits}
        name = names.pop() if len(names) == 1 else "mixed"
        if not seen[name]:
            note(f"{ledger}-{SEEN}", {"reader": number, "tree": name})
        seen[name] += 1
        seen["files"] = max(seen["files"], len({hit.path for hit in hits}))
    return seen
