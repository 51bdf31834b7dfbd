# ruff: noqa: E402
"""How long a question takes, cold and warm, on indexes of 10k, 100k and 1M chunks.

    python -m tests.benchmarks.latency [--sizes 10000,100000] [--keep FOLDER]

Each index has the real tables: words of this project's own chunks with a third of them exchanged,
and vectors in clusters. The tree beside it is empty, so neither reading its files nor showing
snippets is in the numbers. The plain scan is numpy over the same int8 matrix, converted at once.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.embedding.threads import limit_threads

limit_threads(1)  # as the commands do, before numpy is imported

import numpy as np

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.embedding.quantise import quantise
from lumen_hooks.embedding.registry import identify_builtin
from lumen_hooks.embedding.text import embedded_text
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.knn import Matrix, load_matrix
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from lumen_hooks.settings import Settings
from lumen_hooks.storage import vec0 as vectors
from lumen_hooks.storage.facts import Facts
from lumen_hooks.storage.fingerprint import INDEX_VERSION, fingerprint
from lumen_hooks.storage.lexical_terms import lexical_words
from lumen_hooks.storage.new_index import create_index, prepare_for_others
from lumen_hooks.storage.reader import open_reader

from .measure import django_sources, git_settings, lumen, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.index import Index
    from lumen_hooks.storage.reader import IndexReader

CHUNKS_PER_FILE = 50
BATCH = 10_000
CLUSTERS = 500
SPREAD = 1.5
"""Of a vector around its cluster's centre, where the centres' components have deviation 1."""

QUESTIONS = (
    "where are failed uploads retried",
    "take the index lock and wait for another process",
    "parse a git config value with a unit",
    "split identifiers at case boundaries",
    "publish a file without overwriting",
    "chunk a markdown file by its headings",
    "open_index",
    "quantise",
    "how does a hook start the worker",
    "nearest neighbours of a vector with filters",
)
WARM_RUNS = 10
COLD_RUNS = 7
RECALL_QUERIES = 200


def main(argv: Sequence[str]) -> None:
    """Build an index of each size, measure it, print a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--keep", type=Path, help="use and keep this folder")
    chosen = parser.parse_args(argv)
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="lumen-latency-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(folder), LUMEN_HOOKS="0")
    print("CPU milliseconds, median / 95th / 99th percentile; the cold command: CPU, then wall.\n")
    print("| chunks | warm | warm, one folder | vectors alone | plain numpy scan | cold command |")
    print("|---|---|---|---|---|---|")
    try:
        for size in (int(text) for text in chosen.sizes.split(",")):
            _measure(folder / str(size), size)
        print("\nrecall@10 (all, every second chunk, every fiftieth): " + _recalls(folder))
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)


def _measure(top: Path, size: int) -> None:
    if not top.exists():
        top.mkdir()
        run("git", "init", "-q", cwd=top)
        run("git", "commit", "-q", "--allow-empty", "-m", "empty", cwd=top)
        _build(find_worktree(str(top)).index_path, size)
    index = open_reader(find_worktree(str(top)).index_path)
    assert index is not None
    with index:
        searcher, model = Searcher(index), QueryModel(BuiltinEmbedder(), "builtin")
        everywhere = [Query(text) for text in QUESTIONS]
        in_folder = [Query(text, path="d1") for text in QUESTIONS]
        searcher.search(everywhere[0], lambda _: model)
        cells = [
            _percentiles([partial(searcher.search, query, lambda _: model) for query in queries])
            for queries in (everywhere, in_folder)
        ]
        cells += _scans(index)
    cells.append(_cold(top))
    print(f"| {size:,} | {' | '.join(cells)} |", flush=True)


def _scans(index: IndexReader) -> list[str]:
    matrix = load_matrix(index, 256)
    assert matrix is not None
    rng = np.random.default_rng(3)
    queries = rng.standard_normal((len(QUESTIONS), 256), np.float32)
    ours = _percentiles([partial(matrix.search, query, 100) for query in queries])

    def plain(query: NDArray[np.float32]) -> object:
        cosines = matrix.vectors.astype(np.float32) @ query / matrix.norms
        return matrix.ids[np.argpartition(-cosines, 100)[:100]]

    return [ours, _percentiles([partial(plain, query) for query in queries])]


def _cold(top: Path) -> str:
    # They end with exit code 1: the files are not there to be shown.
    asked = ("search", "--no-refresh", "--json")
    costs = [
        lumen(*asked, QUESTIONS[number % len(QUESTIONS)], cwd=top, check=False)[0]
        for number in range(COLD_RUNS)
    ]
    cpu, wall = (np.median([getattr(cost, what) for cost in costs]) for what in ("cpu", "wall"))
    return f"{cpu * 1e3:.0f}, {wall * 1e3:.0f}"


def _percentiles(calls: Sequence[Callable[[], object]]) -> str:
    taken = []
    for _ in range(WARM_RUNS):
        for call in calls:
            started = time.process_time()
            call()
            taken.append((time.process_time() - started) * 1e3)
    return " / ".join(f"{value:.1f}" for value in np.percentile(taken, [50, 95, 99]))


def _build(path: str, size: int) -> None:
    """Fill an index as a build does: in one transaction."""
    identity = identify_builtin()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    words = _words(random.Random(5))
    with create_index(path, identity.dimensions) as index, index.transaction():
        for first, floats in _vectors(size, identity.dimensions):
            _write(index, first, quantise(floats), words)
        index.write_staged()
        index.write_facts(
            Facts(
                fingerprint=fingerprint(identity),
                index_version=INDEX_VERSION,
                model=Settings().model,
                dimensions=identity.dimensions,
                refreshed=True,
                complete=True,
            )
        )
        index.seal()
    prepare_for_others(path)


def _write(
    index: Index, first: int, rows: list[bytes | None], words: Iterator[tuple[str, str]]
) -> None:
    connection, ids = index.connection, range(first, first + len(rows))
    files = {(number - 1) // CHUNKS_PER_FILE + 1 for number in ids}
    connection.executemany(
        "INSERT INTO files(id, path, size, changed_ns, language, generated, sum)"
        " VALUES(?, ?, 0, 0, 'python', 0, 0)",
        ((number, f"d{number % 50}/file{number}.py") for number in sorted(files)),
    )
    texts = [next(words) for _ in ids]
    connection.executemany(
        "INSERT INTO chunks(id, file_id, start_line, end_line, symbol, kind, key, holds)"
        " VALUES(?, ?, ?, ?, ?, 'function', ?, '')",
        (
            (
                number, (number - 1) // CHUNKS_PER_FILE + 1, number % CHUNKS_PER_FILE * 30 + 1,
                number % CHUNKS_PER_FILE * 30 + 25, symbol, number.to_bytes(16, "big"),
            )
            for number, (symbol, _) in zip(ids, texts, strict=True)
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO lexical(rowid, words) VALUES(?, ?)",
        ((number, text) for number, (_, text) in zip(ids, texts, strict=True)),
    )
    vectors.add(
        connection,
        ((row, vector) for row, vector in zip(ids, rows, strict=True) if vector is not None),
    )


def _vectors(size: int, dimensions: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Batches of vectors with the id of the first, the same in every run."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((CLUSTERS, dimensions), np.float32)
    for start in range(0, size, BATCH):
        count = min(BATCH, size - start)
        chosen = centres[rng.integers(0, CLUSTERS, count)]
        yield start + 1, chosen + SPREAD * rng.standard_normal((count, dimensions), np.float32)


def _words(rng: random.Random) -> Iterator[tuple[str, str]]:
    """A symbol and the lexical index's words for one chunk after another, without end."""
    package = Path(__file__).parents[2] / "lumen_hooks"
    known = [
        (chunk.symbol, lexical_words(path.name, chunk.symbol, chunk.text).split())
        for path in sorted(package.rglob("*.py"))
        for chunk in chunk_file(path.name, path.read_text(encoding="utf-8")).chunks
    ]
    others = sorted({word for _, words in known for word in words})
    while True:
        symbol, words = rng.choice(known)
        mixed = {word if rng.random() > 1 / 3 else rng.choice(others) for word in words}
        yield symbol, " ".join(mixed)


def _recalls(folder: Path) -> str:
    """Recall@10 against exact float32 on Django's chunks: all of them, a half, a fiftieth."""
    embedder = BuiltinEmbedder()
    chunks = [
        chunk
        for path in sorted(django_sources(folder / "sources").rglob("*.py"))
        for chunk in chunk_file(path.name, path.read_text(encoding="utf-8")).chunks
    ]
    texts = [embedded_text(chunk.symbol, chunk.header, chunk.text) for chunk in chunks]
    floats = embedder.pool([embedder.weighing.counts(text).items() for text in texts])
    kept = [row for row, vector in enumerate(quantise(floats)) if vector is not None]
    rows = np.frombuffer(b"".join(filter(None, quantise(floats))), np.int8)
    ids = np.array(kept, np.int64)
    matrix = Matrix(ids, rows.reshape(len(kept), -1), (0, 0))
    questions = [chunk.symbol for chunk in chunks[:: len(chunks) // RECALL_QUERIES] if chunk.symbol]
    said = []
    for step in (1, 2, 50):
        allowed = None if step == 1 else ids[::step]
        shares = []
        for query in map(embedder.embed_query, questions):
            cosines = floats[ids[::step]] @ query
            best = ids[::step][np.argsort(-cosines)[:10]]
            found = matrix.search(query, 10, allowed).ids
            shares.append(len(np.intersect1d(best, found)) / 10)
        said.append(f"{np.mean(shares):.3f}")
    return f"{len(kept):,} chunks, {len(questions)} queries: {', '.join(said)}"


if __name__ == "__main__":
    main(sys.argv[1:])
