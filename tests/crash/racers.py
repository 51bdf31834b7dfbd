"""What processes do in a race: tasks for `together`, and a crew that is ready to run them."""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Job
from lumen_hooks.indexing.update import Updated, update_index
from lumen_hooks.search.results import Query
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import connect
from tests.support.fake_embedder import FakeEmbedder
from tests.support.processes import Partner
from tests.support.search_corpus import search_index
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

NAMES = ("alpha", "beta")
"""Two trees, each of whose functions has its name."""

MODULES = 12
WRITES, SEEN = "writes", "seen"

EMBEDDING_SECONDS = 0.4
"""As long as a model may take for a batch: others have time to do the same beside it."""


class Crew:
    """A process that has everything imported, to fork from. Use it in a `with` block."""

    def __init__(self) -> None:
        self._partner = Partner(
            "import os\n"
            "from lumen_hooks.embedding.threads import limit_threads\n"
            "limit_threads(1)\n"
            "from tests.crash import racers as races\n"
            "from tests.support.processes import together\n"
            "races.warm_up()\n"
        )

    def run(self, count: int, task: str, *arguments: object) -> list[Any]:
        """Let a task of this module loose in so many processes; what each returned."""
        self.start(count, task, *arguments)
        return self.finish()

    def start(self, count: int, task: str, *arguments: object) -> None:
        """As `run`, without waiting for the end."""
        self._partner.start(
            "os.environ.clear()\n"
            "os.environ.update(environ)\n"
            "answer = together(count, getattr(races, task), *arguments, seconds=seconds)",
            environ=dict(os.environ),
            count=count,
            task=task,
            arguments=arguments,
            seconds=TASK_SECONDS,
        )

    def finish(self) -> list[Any]:
        """What each process that was started has returned."""
        results: list[Any] = self._partner.finish(TASK_SECONDS + 10)
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._partner.__exit__()


TASK_SECONDS = 600


def warm_up() -> None:
    """Load what every task needs, so that a forked process starts at once."""
    from lumen_hooks.chunking.chunker import chunk_file

    chunk_file("warm.py", python_module("warm"))


def tree(name: str) -> dict[str, str | bytes]:
    """The files of one tree; two trees have no function in common, and not as many of them."""
    again = [f"again{number}" for number in range(1 + NAMES.index(name))]
    return {
        f"m{number}.py": python_module(*(f"{name}_{number}_{which}" for which in again))
        for number in range(MODULES)
    }


class LedgerEmbedder(FakeEmbedder):
    """Writes down when it embeds how many texts, in a file that all processes share."""

    def __init__(self, ledger: str) -> None:
        super().__init__()
        self._ledger = ledger

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        note(self._ledger, {"in": os.getpid()})
        time.sleep(EMBEDDING_SECONDS)
        vectors = super().embed_documents(texts)
        note(self._ledger, {"out": os.getpid(), "texts": len(texts)})
        return vectors


def note(ledger: str, record: dict[str, object]) -> None:
    fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(fd, json.dumps(record).encode() + b"\n")
    finally:
        os.close(fd)


def read_ledger(ledger: str) -> tuple[int, int]:
    """How many texts were embedded, and by how many processes at once at most."""
    texts, inside, most = 0, 0, 0
    if os.path.exists(ledger):
        with open(ledger, encoding="utf-8") as file:
            for record in map(json.loads, file):
                texts += record.get("texts", 0)
                inside += 1 if "in" in record else -1
                most = max(most, inside)
    return texts, most


def _job(top: str, ledger: str) -> Job:
    embedder = LedgerEmbedder(ledger)
    return Job(
        worktree=find_worktree(top),
        settings=load_settings(top, {}),
        load=lambda _settings: embedder,
        slots=os.path.join(os.environ["HOME"], "slots"),
        purpose="race",
    )


def update_own(number: int, tops: list[str], ledger: str) -> dict[str, object]:
    """Update a worktree: each process its own, or all the same one."""
    top = tops[number % len(tops)]
    job = _job(top, ledger)
    done = update_index(job, wait=TASK_SECONDS)
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
        done = update_index(_job(top, ledger), wait=60)
        assert isinstance(done, Updated)
        note(f"{ledger}-{WRITES}", {"tree": name, "began": began, "ended": time.monotonic()})
        refreshes += done.refresh is not None
        time.sleep(0.02 * (turn % 3))  # now and then, a clone is taken of an index at rest
    return refreshes


def trees_between(ledger: str, since: float, until: float) -> set[str]:
    """Which trees a writer's index may have held at some moment between two."""
    held = set()
    with open(f"{ledger}-{WRITES}", encoding="utf-8") as file:
        writes = [json.loads(line) for line in file]
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
    with closing(connect(path, write=True)) as connection:
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
    return done


def enough_seen(ledger: str, readers: int) -> bool:
    """Whether a writer came back to its tree, and all readers have answers, some from either."""
    seen, writes = (_records(f"{ledger}-{what}") for what in (SEEN, WRITES))
    trees = {record["tree"] for record in seen}
    return len(writes) > 1 and trees >= set(NAMES) and len({r["reader"] for r in seen}) == readers


def _records(path: str) -> list[dict[str, Any]]:
    with suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
    return []


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
