"""An agent at work in two worktrees, over the real protocol: a transcript, and what it costs.

    python -m tests.benchmarks.mcp_session transcript
    python -m tests.benchmarks.mcp_session latency [--calls N]

The transcript is the one in docs/mcp.md. The latency run uses Django's package (see main_job.py);
CPU is that of the server and of the git commands it starts, wall time is the client's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from tests.support.mcp_agent import Agent, agent
from tests.support.repository import Repository
from tests.support.sources import python_function

from .measure import django_sources, git_settings, lumen, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUERIES = (
    "send password reset email",
    "where are migrations squashed",
    "parse the cookie header",
    "QuerySet.bulk_create",
    "reverse() got no match",
    "template loader cache",
    "check that a host header is allowed",
    "convert a model field to a form field",
)


def main(argv: Sequence[str]) -> None:
    """Run what was asked for, in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["transcript", "latency"])
    parser.add_argument("--calls", type=int, default=200)
    chosen = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="lumen-mcp-"))
    os.environ.update(git_settings(folder))
    try:
        if chosen.what == "transcript":
            anyio.run(_transcript, folder)
        else:
            anyio.run(_latency, folder, chosen.calls)
    finally:
        shutil.rmtree(folder)


async def _transcript(folder: Path) -> None:
    shop = Repository(folder / "shop")
    shop.top.mkdir()
    shop.git("init", "-q")
    shop.commit(
        {"mail.py": python_function("send_mail"), "upload.py": python_function("upload_file")}
    )
    lumen("install", cwd=shop.top)

    def git(repo: Repository, *arguments: str) -> None:
        print(f"{repo.top.name} $ git {' '.join(arguments)}")
        repo.git(*arguments)

    async with agent(folder, cwd=shop.top) as client:

        async def ask(query: str, repo: Repository) -> None:
            name = repo.top.name
            print(f'agent> semantic_search(query="{query}", path="/src/{name}", limit=1)')
            reply = await client.search(query, path=str(repo.top), limit=1, max_lines=2)
            print("\n".join(line for line in _neutral(reply.text, folder).split("\n") if line))
            print()

        await ask("retry sending a letter", shop)
        git(shop, "worktree", "add", "-q", "-b", "pigeons", "../pigeons")
        pigeons = Repository(folder / "pigeons")
        await ask("retry sending a letter", pigeons)
        pigeons.write({"mail.py": python_function("send_pigeon")})
        print("pigeons $ edit mail.py   # send_mail becomes send_pigeon")
        await ask("retry sending a letter", pigeons)
        await ask("retry sending a letter", shop)
        git(pigeons, "commit", "-q", "-a", "-m", "Pigeons")
        git(shop, "switch", "-q", "-c", "fax")
        shop.commit({"fax.py": python_function("send_fax")}, "Fax")
        print("shop $ add and commit fax.py")
        await ask("send fax", shop)
        await ask("send fax", pigeons)
        git(shop, "switch", "-q", "main")
        await ask("send fax", shop)
        git(shop, "merge", "-q", "pigeons")
        await ask("retry sending a letter", shop)
        status = await client.call("index_status", path=str(shop.top))
        print(f'agent> index_status(path="/src/shop")\n{_neutral(status.text, folder)}')


def _neutral(text: str, folder: Path) -> str:
    return text.replace(str(folder), "/src")


async def _latency(folder: Path, calls: int) -> None:
    top = folder / "main"
    shutil.copytree(django_sources(folder / "sources"), top / "django")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Django")):
        run("git", *arguments, cwd=top)
    lumen("index", cwd=top)
    async with agent(folder, cwd=top) as client:
        first = await client.search(QUERIES[0])
        print(f"first call done; state {first.data['state']}")
        pid = server_pid()
        print(f"server: {_memory_mb(pid):.0f} MB resident after the first call")
        await _measure(client, pid, calls, "warm calls, one after another")
        await _measure(client, pid, calls, "the same, eight at once", together=8)
        print(f"server: {_memory_mb(pid):.0f} MB resident after {2 * calls + 1} calls")
    _measure_parts(top, calls)


async def _measure(client: Agent, pid: int, calls: int, what: str, *, together: int = 1) -> None:
    seconds: list[float] = []
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            started = time.perf_counter()
            await client.search(QUERIES[number % len(QUERIES)])
            seconds.append(time.perf_counter() - started)

    before = cpu_seconds(pid)
    async with anyio.create_task_group() as tasks:
        for _ in range(together):
            tasks.start_soon(work)
    _say(what, seconds, (cpu_seconds(pid) - before) / calls)


def _measure_parts(top: Path, calls: int) -> None:
    """The parts of a warm call, in this process: the settings, the look at the tree, the search."""
    from lumen_hooks.embedding.threads import limit_threads

    limit_threads(1)  # as the server does, before numpy is imported
    from lumen_hooks.embedding.loading import load_embedder
    from lumen_hooks.git.worktree import find_worktree
    from lumen_hooks.indexing.freshness import look_at
    from lumen_hooks.search.query import QueryModel
    from lumen_hooks.search.results import Query
    from lumen_hooks.service.answer import open_searcher
    from lumen_hooks.settings import load_settings

    worktree = find_worktree(str(top))
    settings = load_settings(worktree.top, {})
    embedder = load_embedder(settings)
    model = QueryModel(embedder, settings.model)
    with open_searcher(worktree.index_path) as searcher:

        def search(number: int) -> None:
            searcher.search(Query(QUERIES[number % len(QUERIES)]), lambda _: model)

        _time("  of which: search", search, calls)
    _time("  of which: settings", lambda _: load_settings(worktree.top, {}), calls // 4)
    _time("  of which: look at the tree", lambda _: look_at(worktree, settings), calls // 4)


def _time(what: str, work: Callable[[int], object], calls: int) -> None:
    work(0)
    seconds = []
    before = sum(os.times()[:4])
    for number in range(calls):
        started = time.perf_counter()
        work(number)
        seconds.append(time.perf_counter() - started)
    _say(what, seconds, (sum(os.times()[:4]) - before) / calls)


def _say(what: str, seconds: list[float], cpu: float) -> None:
    cuts = statistics.quantiles(seconds, n=20)
    print(
        f"{what:32} p50 {1e3 * statistics.median(seconds):6.1f} ms   p95 {1e3 * cuts[18]:6.1f} ms"
        f"   {1e3 * cpu:6.1f} CPU ms a call"
    )


def server_pid() -> int:
    done = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "lumen_hooks mcp"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[0])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    """Resident memory that is the process's own: pages of mapped files can be dropped."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
