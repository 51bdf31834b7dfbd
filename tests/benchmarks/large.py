# ruff: noqa: E402
"""What a search of a large index costs, and what it loses by not looking at everything.

    python -m tests.benchmarks.large REPOSITORY [--questions FILE]

REPOSITORY has an index of more than 200,000 chunks; the questions are about Linux, for which
`linux-source-6.1` of Debian is the repository. Everything is measured twice in one run: as it is,
and exactly (every vector in memory, every word listed); the cold command as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.embedding.threads import limit_threads

limit_threads(1)  # as the commands do, before numpy is imported

import numpy as np

from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search import coarse, lexical
from lumen_hooks.search.coarse import Coarse, load_vectors
from lumen_hooks.search.knn import load_matrix
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from lumen_hooks.storage.reader import open_index

from .measure import lumen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumen_hooks.search.knn import Matrix
    from lumen_hooks.storage.reader import IndexReader

NEVER = 10**9
COLD_RUNS = 5
QUESTIONS = (
    "detect deadlock in lock dependency graph",
    "tcp retransmit timer",
    "where is the error returned when the device is not ready",
    "struct net_device init function",
    "ext4_mb_new_blocks",
    "read the data from the buffer and return the number of bytes",
    "set up ring buffer descriptors for a network device driver",
    "allocate a free inode in ext4",
    "how does btrfs find free space",
    "write back dirty pages",
    "flush the journal to disk",
    "how are cgroup memory limits enforced",
    "kill a process when memory runs out",
    "load balance tasks between cpus",
    "register a network device",
    "handle receive interrupt napi poll",
    "parse device tree for ethernet phy",
    "set mac address of a wireless interface",
    "wifi scan request",
    "firmware upload to the device",
    "reset the hardware after a timeout",
    "map dma buffer for transmit",
    "checksum offload",
    "vlan tag insertion",
    "verify bpf program instructions",
    "futex wake waiting threads",
    "create a new pid namespace",
    "read kernel symbol table",
    "trace function entry",
    "suspend and resume the driver",
    "mount options parsing",
    "lookup a directory entry",
    "lock a file range",
    "nfs client retry of a request",
    "compress page data",
    "encrypt file names",
    "quota accounting",
    "swap out a page",
    "huge page fault",
    "slab cache creation",
    "module loading signature check",
    "print a hex dump of a packet",
    "power save mode of the radio",
    "get statistics of an interface",
    "probe pci device",
    "free skb after transmission",
    "handle link state change",
    "configure rx queue size",
    "read eeprom contents",
    "interrupt handler for errors",
)


class Answers(NamedTuple):
    """The places of each answer, and CPU seconds for the first and the second time."""

    places: list[list[tuple[str, int]]]
    first: list[float]
    again: list[float]


def main(argv: Sequence[str]) -> None:
    """Measure, and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--questions", type=Path, help="one a line; about Linux by default")
    chosen = parser.parse_args(argv)
    asked = chosen.questions.read_text().splitlines() if chosen.questions else list(QUESTIONS)
    _cold(chosen.repository, asked)
    path = find_worktree(str(chosen.repository)).index_path
    with open_index(path) as index:
        print(f"{index.counts().chunks:,} chunks\n")
        ours = _answers(index, asked)
        _vectors(index, asked)
        coarse.COARSE_FROM = lexical.COMMON_FROM = NEVER
        _compared(ours, _answers(index, asked))


def _cold(top: Path, asked: Sequence[str]) -> None:
    options = ("search", "--no-refresh", "--json")
    costs = [lumen(*options, text, cwd=top, check=False)[0] for text in asked[:COLD_RUNS]]
    cpu, memory = (np.median([getattr(cost, what) for cost in costs]) for what in ("cpu", "memory"))
    print(f"cold command: {cpu:.2f} CPU s, {memory / 1e6:.0f} MB (median of {COLD_RUNS})")


def _answers(index: IndexReader, asked: Sequence[str]) -> Answers:
    searcher, model = Searcher(index), QueryModel(BuiltinEmbedder(), "builtin")
    found = Answers([], [], [])
    searcher.search(Query(asked[0]), lambda _: model)
    for text in asked:
        for taken in (found.first, found.again):
            started = time.process_time()
            hits = searcher.search(Query(text), lambda _: model).hits
            taken.append(time.process_time() - started)
        found.places.append([(hit.path, hit.start_line) for hit in hits])
    return found


def _compared(ours: Answers, exact: Answers) -> None:
    print("| warm, CPU ms (median, 95th percentile) | as it is | exactly |\n|---|---|---|")
    for name, taken in (("a new question", "first"), ("again", "again")):
        cells = [_percentiles(getattr(answers, taken)) for answers in (ours, exact)]
        print(f"| {name} | {' | '.join(cells)} |")
    pairs = list(zip(ours.places, exact.places, strict=True))
    shares = [
        np.mean([len(set(a[:best]) & set(b[:best])) / max(1, len(b[:best])) for a, b in pairs])
        for best in (1, 3, 10)
    ]
    print("\nof the exact answers' first, first three and first ten are there: ", end="")
    print(", ".join(f"{share:.3f}" for share in shares))


def _percentiles(seconds: Sequence[float]) -> str:
    middle, high = np.percentile(seconds, [50, 95]) * 1e3
    return f"{middle:.0f}, {high:.0f}"


def _vectors(index: IndexReader, asked: Sequence[str]) -> None:
    embedder = BuiltinEmbedder()
    with index.one_state():
        started = time.process_time()
        ours = load_vectors(index, embedder.identity.dimensions)
        loaded = time.process_time() - started
        if not isinstance(ours, Coarse):
            sys.exit("this index is not large: all of its vectors are looked at")
        started = time.process_time()
        exact = load_matrix(index, embedder.identity.dimensions)
        assert exact is not None
        took = time.process_time() - started
        print(f"loading vectors: {loaded:.2f} CPU s, {ours.nbytes / 1e6:.0f} MB kept; ", end="")
        print(f"exactly {took:.2f} CPU s, {exact.nbytes / 1e6:.0f} MB\n")
        print(
            "| vectors alone | recall@10 | recall@100 | CPU ms | exactly |\n|---|---|---|---|---|"
        )
        ids = np.sort(exact.ids)
        kept = {"all": None, "every second chunk": ids[::2], "every fiftieth": ids[::50]}
        for name, allowed in kept.items():
            rows = [_both(ours, exact, embedder.embed_query(text), allowed) for text in asked]
            means = np.mean([row[:2] for row in rows], axis=0)
            times = np.median([row[2:] for row in rows], axis=0) * 1e3
            cells = [*(f"{one:.3f}" for one in means), *(f"{one:.0f}" for one in times)]
            print(f"| {name} | {' | '.join(cells)} |")
    print()


def _both(
    ours: Coarse,
    exact: Matrix,
    query: NDArray[np.float32],
    allowed: NDArray[np.int64] | None,
) -> tuple[float, float, float, float]:
    """Recall@10 and @100, where equal cosines count as found, and CPU seconds of either."""
    started = time.process_time()
    found = ours.search(query, 100, allowed).cosines
    between = time.process_time()
    wanted = exact.search(query, 100, allowed).cosines
    ended = time.process_time()
    shares = []
    for count in (10, 100):
        best = wanted[:count]
        there = int((found >= best.min(initial=1) - 1e-6).sum())
        shares.append(min(len(best), there) / max(1, len(best)))
    return shares[0], shares[1], between - started, ended - between


if __name__ == "__main__":
    main(sys.argv[1:])
