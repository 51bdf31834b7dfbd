"""Agents at work in worktrees of one repository: each switches branches, edits, commits and asks.

    python -m tests.benchmarks.performance.agents REPOSITORY AGENTS SECONDS

Each has a worktree and an MCP server of its own, over the real protocol. Each branch has a function
that no other has, and an edit adds one that nothing else has, so every answer that calls itself
fresh can be held against the tree. Prints one line of JSON: what was done and what was seen.
`work` runs it with all that it leaves behind under one parent (`family`).
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio

from tests.benchmarks.measure import lumen, run
from tests.support.mcp_agent import agent

from .family import Family, run_family

if TYPE_CHECKING:
    from tests.support.mcp_agent import Agent

BRANCHES = 6
DIFFERING = 12
"""Files in which a branch differs from the one that it comes from."""

MARKERS = "lumen_markers.py"
RESULT, HOME = "agents.json", "home"
PAUSE_SECONDS = 2.0
"""At most, between two things that an agent does: it thinks."""

EDITS, COMMITS = 0.4, 0.2
"""How often, of its rounds, an agent edits, and commits what it edited."""


class Worked(NamedTuple):
    """What agents did, and what it cost.

    Attributes:
        agents: how many, each in its worktree.
        seconds: for how long.
        family: all processes: agents, servers, git with its hooks, workers.
        done: how often what was done: `switch`, `edit`, `commit`, `ask`.
        answers: how many were `fresh`, `stale`, `refreshing`, ...
        wrong: answers that called themselves fresh and were not of the tree.
        agents_cpu: seconds of the agents alone, which are ours here.
        switch: median and largest seconds of a `git checkout` with hooks.
        ask: median, 95th percentile and largest seconds of an answer.
    """

    agents: int
    seconds: float
    family: Family
    done: dict[str, int]
    answers: dict[str, int]
    wrong: list[str]
    agents_cpu: float
    switch: tuple[float, float]
    ask: tuple[float, float, float]


def work(top: Path, agents: int, seconds: float) -> Worked:
    """Have agents work in worktrees beside a repository that has an index and hooks."""
    _branches(top)
    (top.parent / HOME).mkdir()
    command = (sys.executable, "-m", __name__, str(top), str(agents), str(seconds))
    root = Path(__file__).parents[3]
    home = str(top.parent / HOME)
    family = run_family(*command, cwd=root, env={"HOME": home, "XDG_RUNTIME_DIR": home})
    told = json.loads((top.parent / RESULT).read_text())
    return Worked(agents=agents, family=family, **told)


def _branches(top: Path) -> None:
    names = run("git", "ls-files", "*.py", cwd=top)[1].split()
    chance = random.Random(BRANCHES)
    start = run("git", "rev-parse", "HEAD", cwd=top)[1].strip()
    for number in range(BRANCHES):
        run("git", "checkout", "-q", "--detach", start, cwd=top, env={"LUMEN_HOOKS": "0"})
        for name in chance.sample(names, DIFFERING):
            with (top / name).open("a") as file:
                file.write(f"\n\ndef changed_on_{number}(value):\n    return value + {number}\n")
        (top / MARKERS).write_text(_function(_marker(number)))
        run("git", "add", "-A", cwd=top)
        run("git", "commit", "-qm", _branch(number), cwd=top, env={"LUMEN_HOOKS": "0"})
        run("git", "branch", "-f", _branch(number), cwd=top)
    run("git", "checkout", "-q", "--detach", start, cwd=top)
    lumen("index", cwd=top)


def _branch(number: int) -> str:
    return f"work-{number}"


def _marker(number: int) -> str:
    return f"marker_of_{'abcdefghij'[number]}"


def _function(name: str) -> str:
    return f'def {name}(parcel):\n    """Weigh a parcel as {name} does."""\n    return parcel\n'


class _Tally:
    """What all agents did and saw."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.switches: list[float] = []
        self.asks: list[float] = []


async def _all(top: Path, agents: int, seconds: float) -> None:
    tally = _Tally()
    home = top.parent / HOME
    started = time.monotonic()
    async with anyio.create_task_group() as tasks:
        for number in range(agents):
            tasks.start_soon(partial(_agent, top, number, home, started + seconds, tally))
    own = resource.getrusage(resource.RUSAGE_SELF)
    asks = sorted(tally.asks)
    told = {
        "seconds": time.monotonic() - started,
        "done": dict(tally.done),
        "answers": dict(tally.answers),
        "wrong": tally.wrong,
        "agents_cpu": own.ru_utime + own.ru_stime,
        "switch": (statistics.median(tally.switches), max(tally.switches)),
        "ask": (statistics.median(asks), asks[len(asks) * 95 // 100], asks[-1]),
    }
    (top.parent / RESULT).write_text(json.dumps(told))


async def _agent(top: Path, number: int, home: Path, until: float, tally: _Tally) -> None:
    chance = random.Random(number)
    place = top.parent / f"agent-{number}"
    await _git(top, "worktree", "add", "-q", "--detach", str(place), _branch(number % BRANCHES))
    async with agent(home, cwd=place, **_git_settings()) as client:
        count = 0
        while time.monotonic() < until:
            branch = chance.randrange(BRANCHES)
            tally.switches.append(await _git(place, "checkout", "-q", "--detach", _branch(branch)))
            tally.done["switch"] += 1
            others = {_marker(other) for other in range(BRANCHES)} - {_marker(branch)}
            await _ask(client, _marker(branch), others, tally)
            await anyio.sleep(chance.uniform(0, PAUSE_SECONDS))
            if chance.random() < EDITS:
                count += 1
                name = f"edited_by_{number}_{count}"
                path = anyio.Path(place / f"edit_{number}.py")
                await path.write_text(_function(name))
                tally.done["edit"] += 1
                gone = {f"edited_by_{number}_{count - 1}"}
                await _ask(client, name, gone, tally)
                if chance.random() < COMMITS / EDITS:
                    await _git(place, "add", "-A")
                    await _git(place, "commit", "-qm", name)
                    tally.done["commit"] += 1
                else:
                    await path.unlink()
            await anyio.sleep(chance.uniform(0, PAUSE_SECONDS))


def _git_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("GIT_CONFIG")}


async def _git(place: Path, *arguments: str) -> float:
    """Seconds that it took."""
    started = time.monotonic()
    await anyio.run_process(["git", *arguments], cwd=place)
    return time.monotonic() - started


async def _ask(client: Agent, name: str, absent: set[str], tally: _Tally) -> None:
    """Ask for a function that the tree has; a fresh answer has it, and none that it has not."""
    started = time.monotonic()
    reply = await client.call("semantic_search", query=name, limit=10)
    tally.asks.append(time.monotonic() - started)
    tally.done["ask"] += 1
    if reply.is_error:
        tally.answers[f"error: {reply.text[:60]}"] += 1
        return
    state = reply.data["state"]
    tally.answers[state] += 1
    found = set(reply.symbols)
    if state == "fresh" and (name not in found or found & absent):
        tally.wrong.append(f"{name}: {sorted(found)}")


if __name__ == "__main__":
    anyio.run(_all, Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
