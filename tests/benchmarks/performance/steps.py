"""What is done with a corpus, and what each step costs beside its limit."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.benchmarks.measure import indexed_bytes, lumen, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.measure import Cost

    from .corpora import Corpus

WARM_RUNS = 10
ADDED = "\n\ndef lumen_added_{number}(first, second):\n    return first - second * {number}\n"

_READ = """
import sys
from lumen_hooks.embedding.threads import limit_threads
limit_threads(1)
from tokenizers import Tokenizer
from lumen_hooks.embedding.registry import BUILTIN_FOLDER
tokens = Tokenizer.from_file(BUILTIN_FOLDER + "/tokenizer.json")
texts = []
for path in sys.stdin.read().split("\\0"):
    try:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    except (OSError, ValueError):
        continue
    if len(texts) == 256:
        tokens.encode_batch(texts, add_special_tokens=False)
        texts.clear()
tokens.encode_batch(texts, add_special_tokens=False)
"""

_WARM = """
import json, sys, time
from lumen_hooks.embedding.threads import limit_threads
limit_threads(1)
from lumen_hooks.api import open_worktree
with open_worktree(sys.argv[1]) as worktree:
    worktree.search(sys.argv[2])
    spent = []
    for _ in range(int(sys.argv[3])):
        began = time.process_time()
        worktree.search(sys.argv[2], refresh=False)
        spent.append(time.process_time() - began)
print(sorted(spent)[len(spent) // 2])
"""


class Measured(NamedTuple):
    """One corpus, measured. Costs are of whole commands with their children.

    Attributes:
        corpus: what was measured on.
        files: that are indexed.
        indexed_bytes: of these files.
        chunks: that they are cut into.
        read: reading all files once and tokenising them, the limit of a build.
        build: the whole index, in the foreground, on all cores.
        build_alone: the same on one core; None if it was not measured.
        index_bytes: of the index.
        store_bytes: of the embedding store.
        status: `git status`, the limit of a look.
        look: `index` with nothing to do.
        edit: `index` with one function added.
        interpreter: Python, started and ended, the limit of any command.
        cold: `search` in a process of its own.
        warm: seconds of CPU for a search in a process that has searched, with its look.
        copy: `cp` and fsync of the index, the limit of a seed.
        plain: `git worktree add` without hooks.
        seeded: with them; the index is there when it ends.
        whole: with them and the first refresh before it ends (`lumen.refresh` inline).
        embedded: texts that this new worktree had embedded.
    """

    corpus: Corpus
    files: int
    indexed_bytes: int
    chunks: int
    read: Cost
    build: Cost
    build_alone: Cost | None
    index_bytes: int
    store_bytes: int
    status: Cost
    look: Cost
    edit: Cost
    interpreter: Cost
    cold: Cost
    warm: float
    copy: Cost
    plain: Cost
    seeded: Cost
    whole: Cost
    embedded: int


def measure(corpus: Corpus, folder: Path, *, alone: bool) -> Measured:
    """Build, look, edit, search and seed.

    Args:
        corpus: where; hooks and index are put into it.
        folder: where worktrees are made.
        alone: measure the build on one core, too.
    """
    top = corpus.top
    names = run("git", "ls-files", "-z", cwd=top)[1]
    python = sys.executable
    read = _least(lambda: run(python, "-c", _READ, cwd=top, text=names)[0], 1)
    build_alone = _built(top, "taskset", "-c", "0") if alone and shutil.which("taskset") else None
    build = _built(top)
    lumen("install", "--no-index", cwd=top)
    found = _status(top)
    interpreter = _least(lambda: run(python, "-I", "-c", "pass", cwd=top)[0])
    status = _least(lambda: run("git", "status", "--porcelain", cwd=top)[0])
    look = _least(lambda: lumen("index", cwd=top)[0])
    cold = _least(lambda: lumen("search", corpus.question, "--json", cwd=top)[0])
    warm = float(run(python, "-c", _WARM, str(top), corpus.question, str(WARM_RUNS), cwd=top)[1])
    edit = _edited(corpus)
    index = top / ".git/lumen/index.db"
    copy = _least(lambda: _copied(index, folder / "copy.db"))
    plain = _added(top, folder / "plain", "0")
    seeded = _added(top, folder / "seeded", "1", "background")
    lumen("wait", cwd=folder / "seeded")
    whole = _added(top, folder / "whole", "1", "inline")
    last = _status(folder / "whole")["last_refresh"]
    store = top / ".git/lumen/embeddings.db"
    return Measured(
        corpus=corpus,
        files=found["files"],
        indexed_bytes=indexed_bytes(top),
        chunks=found["chunks"],
        read=read,
        build=build,
        build_alone=build_alone,
        index_bytes=index.stat().st_size,
        store_bytes=store.stat().st_size,
        status=status,
        look=look,
        edit=edit,
        interpreter=interpreter,
        cold=cold,
        warm=warm,
        copy=copy,
        plain=plain,
        seeded=seeded,
        whole=whole,
        embedded=last["chunks_embedded"],
    )


def _least(step: Callable[[], Cost], runs: int = 3) -> Cost:
    return min((step() for _ in range(runs)), key=lambda cost: cost.cpu)


def _built(top: Path, *before: str) -> Cost:
    lumen("purge", "--all", cwd=top)
    command = (*before, sys.executable, "-I", "-m", "lumen_hooks", "index")
    return run(*command, cwd=top)[0]


def _edited(corpus: Corpus) -> Cost:
    path = corpus.top / corpus.edited
    costs = []
    for number in range(3):
        path.write_text(path.read_text() + ADDED.format(number=number))
        costs.append(lumen("index", cwd=corpus.top)[0])
    run("git", "checkout", "-q", "--", corpus.edited, cwd=corpus.top)
    lumen("index", cwd=corpus.top)
    return min(costs, key=lambda cost: cost.cpu)


def _copied(source: Path, target: Path) -> Cost:
    cost = run("cp", str(source), str(target), cwd=target.parent)[0]
    began = time.monotonic()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    target.unlink()
    return replace(cost, wall=cost.wall + time.monotonic() - began)


def _added(top: Path, place: Path, hooks: str, refresh: str = "off") -> Cost:
    command = ("git", "worktree", "add", "-q", "-b", place.name, str(place))
    return run(*command, cwd=top, env={"LUMEN_HOOKS": hooks, "LUMEN_REFRESH": refresh})[0]


def _status(top: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(lumen("status", "--json", cwd=top)[1])
    return answer
