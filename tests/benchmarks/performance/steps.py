"""What is done with a corpus, and what each step costs beside its limit."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio

from tests.benchmarks.mcp_session import cpu_seconds, server_pid
from tests.benchmarks.measure import indexed_bytes, lumen, run
from tests.support.mcp_agent import agent

from .family import run_family

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.benchmarks.measure import Cost

    from .corpora import Corpus
    from .family import Family

WARM_RUNS = 10
WIDE_FILES = 20_000
"""From so many files on what takes minutes is done once."""

CALLS = 40
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
import sys, time
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
    """One corpus, measured with one version. Costs are of whole commands with their children.

    Attributes:
        corpus: what was measured on.
        files: that are indexed.
        indexed_bytes: of these files; 0 if that was not asked for.
        chunks: that they are cut into.
        read: reading all files once and tokenising them, the limit of a build; of very many files
            every tenth, times ten.
        build: the whole index, in the foreground, on all cores.
        build_alone: the same on one core; None if it was not measured.
        index_bytes: of the index.
        store_bytes: of the embedding store.
        status: `git status`, the limit of a look.
        look: a worker that finds nothing to do.
        checked: `index` that finds nothing to do, and checks all that the index holds.
        edit: a worker that finds one function added.
        interpreter: Python, started and ended, the limit of any command.
        cold: `search` in a process of its own.
        warm: seconds of CPU for a search in a process that has searched, with its look; git's
            processes are not in it.
        call: seconds of CPU of a warm MCP server, and of the git processes it starts, for a call.
        copy: `cp` and fsync of the index, the limit of a seed.
        plain: `git worktree add` without hooks.
        seeded: the hook in the new worktree, that git waits for; the index is there when it ends.
        whole: the same with the worker that it leaves behind, to its end.
        embedded: texts that this new worktree had embedded.
    """

    corpus: Corpus
    files: int
    indexed_bytes: int
    chunks: int
    read: Cost
    build: Family
    build_alone: Family | None
    index_bytes: int
    store_bytes: int
    status: Cost
    look: Cost
    checked: Cost
    edit: Cost
    interpreter: Cost
    cold: Cost
    warm: float
    call: float
    copy: Cost
    plain: Cost
    seeded: Cost
    whole: Family
    embedded: int


def measure(corpus: Corpus, folder: Path, python: str = "", *, alone: bool = False) -> Measured:
    """Build, look, edit, search and seed.

    Args:
        corpus: where; hooks and index are put into it.
        folder: where worktrees are made.
        python: the interpreter that has an earlier version; ours without it.
        alone: measure the build on one core, too.
    """
    top, earlier = corpus.top, bool(python)
    python = python or sys.executable
    names = run("git", "ls-files", "-z", cwd=top)[1].split("\0")
    is_wide = len(names) > WIDE_FILES
    build_alone = None
    if alone and shutil.which("taskset"):
        build_alone = _built(python, top, "taskset", "-c", "0")
    build = _built(python, top)
    lumen("install", "--native", "--no-index", cwd=top, python=python)
    found = _status(python, top)
    interpreter = _least(lambda: run(python, "-I", "-c", "pass", cwd=top)[0])
    status = _least(lambda: run("git", "status", "--porcelain", cwd=top)[0])
    _refreshed(python, top)
    look = _least(lambda: _refreshed(python, top))
    checked = _least(lambda: lumen("index", cwd=top, python=python)[0])
    cold = _least(lambda: lumen("search", corpus.question, "--json", cwd=top, python=python)[0])
    warm = float(run(python, "-c", _WARM, str(top), corpus.question, str(WARM_RUNS), cwd=top)[1])
    call = anyio.run(_called, python, top, corpus.question)
    edit = _edited(python, corpus)
    index = top / ".git/lumen/index.db"
    copy = _least(lambda: _copied(index, folder / "copy.db"))
    times = 1 if is_wide else 3
    plain = _least(lambda: _added(top, folder / "plain"), times)
    seeded = _least(lambda: _seeded(python, top, folder / "seeded"), times)
    whole = _whole(top, folder / "whole", times)
    last = _status(python, folder / "whole")["last_refresh"]
    store = top / ".git/lumen/embeddings.db"
    return Measured(
        corpus=corpus,
        files=found["files"],
        indexed_bytes=0 if earlier else indexed_bytes(top),
        chunks=found["chunks"],
        read=_read(top, names, 10 if is_wide else 1),
        build=build,
        build_alone=build_alone,
        index_bytes=index.stat().st_size,
        store_bytes=store.stat().st_size,
        status=status,
        look=look,
        checked=checked,
        edit=edit,
        interpreter=interpreter,
        cold=cold,
        warm=warm,
        call=call,
        copy=copy,
        plain=plain,
        seeded=seeded,
        whole=whole,
        embedded=last["chunks_embedded"],
    )


def _least(step: Callable[[], Cost], runs: int = 3) -> Cost:
    return min((step() for _ in range(runs)), key=lambda cost: cost.cpu)


def _read(top: Path, names: list[str], every: int) -> Cost:
    text = "\0".join(names[::every])
    cost = run(sys.executable, "-c", _READ, cwd=top, text=text)[0]
    return replace(cost, cpu=cost.cpu * every, wall=cost.wall * every)


def _refreshed(python: str, top: Path) -> Cost:
    """What a hook's worker does, to its end."""
    command = (python, "-I", "-m", "lumen_hooks.worker", str(top), "post-commit", "--inline")
    return run(*command, cwd=top)[0]


def _built(python: str, top: Path, *before: str) -> Family:
    lumen("purge", "--all", cwd=top, python=python)
    return run_family(*before, python, "-I", "-m", "lumen_hooks", "index", cwd=top)


async def _called(python: str, top: Path, question: str) -> float:
    variables = {name: text for name, text in os.environ.items() if name.startswith("GIT_CONFIG")}
    async with agent(top.parent, cwd=top, python=python, **variables) as client:
        for _ in range(3):
            await client.call("semantic_search", query=question)
        pid = server_pid()
        before = cpu_seconds(pid)
        for _ in range(CALLS):
            await client.call("semantic_search", query=question)
        return (cpu_seconds(pid) - before) / CALLS


def _edited(python: str, corpus: Corpus) -> Cost:
    path = corpus.top / corpus.edited
    costs = []
    for number in range(3):
        path.write_text(path.read_text() + ADDED.format(number=number))
        costs.append(_refreshed(python, corpus.top))
    run("git", "checkout", "-q", "--", corpus.edited, cwd=corpus.top)
    _refreshed(python, corpus.top)
    return min(costs, key=lambda cost: cost.cpu)


def _copied(source: Path, target: Path) -> Cost:
    cost = run("cp", str(source), str(target), cwd=target.parent)[0]
    began = time.monotonic()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    target.unlink()
    return replace(cost, wall=cost.wall + time.monotonic() - began)


def _added(top: Path, place: Path) -> Cost:
    """What git costs without hooks; the worktree is removed again."""
    cost = _worktree(top, place)
    run("git", "worktree", "remove", "--force", str(place), cwd=top)
    return cost


def _seeded(python: str, top: Path, place: Path) -> Cost:
    """What the hook costs that git waits for; the worktree is removed again."""
    _worktree(top, place)
    cost = run(*_hook(top), cwd=place)[0]
    lumen("wait", cwd=place, python=python)
    run("git", "worktree", "remove", "--force", str(place), cwd=top)
    return cost


def _whole(top: Path, place: Path, times: int) -> Family:
    """The hook with the worker that it leaves behind; the last new worktree stays."""
    found = []
    for left in reversed(range(times)):
        _worktree(top, place)
        found.append(run_family(*_hook(top), cwd=place))
        if left:
            run("git", "worktree", "remove", "--force", str(place), cwd=top)
    return min(found, key=lambda family: family.cpu)


def _worktree(top: Path, place: Path) -> Cost:
    command = ("git", "worktree", "add", "-q", "--detach", str(place))
    return run(*command, cwd=top, env={"LUMEN_HOOKS": "0"})[0]


def _hook(top: Path) -> tuple[str, ...]:
    """As `git worktree add` calls it in the new worktree (githooks(5), post-checkout)."""
    head = run("git", "rev-parse", "HEAD", cwd=top)[1].strip()
    return str(top / ".git/hooks/post-checkout"), "0" * len(head), head, "1"


def _status(python: str, top: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(lumen("status", "--json", cwd=top, python=python)[1])
    return answer
