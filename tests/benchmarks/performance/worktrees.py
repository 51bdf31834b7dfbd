"""Many worktrees of one repository: does the last cost more than the first?"""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.measure import lumen, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.measure import Cost

    from .corpora import Corpus

ENDS = 10
"""So many of the first and of the last are compared."""


class Many(NamedTuple):
    """A repository of many worktrees. CPU seconds are medians of the first or the last ten.

    Attributes:
        corpus: what was measured on.
        worktrees: how many beside the main one.
        plain: `git worktree add` without hooks.
        first: with hooks.
        last: with hooks, beside all others.
        seeded: how many have a fresh index for which nothing was embedded.
        status_all: `status --all`.
        disk: bytes that all indexes take, and the shared embedding store.
        index_bytes: of one index.
    """

    corpus: Corpus
    worktrees: int
    plain: float
    first: float
    last: float
    seeded: int
    status_all: Cost
    disk: int
    index_bytes: int


def many(corpus: Corpus, folder: Path, count: int) -> Many:
    """Add worktrees one after another, each followed to the end of its refresh."""
    top = corpus.top
    lumen("install", cwd=top)
    plain = [_add(top, folder / f"plain-{number}", "0") for number in range(ENDS)]
    for number in range(ENDS):
        run("git", "worktree", "remove", "--force", str(folder / f"plain-{number}"), cwd=top)
    hooked = []
    for number in range(count):
        place = folder / f"w{number}"
        hooked.append(_add(top, place, "1"))
        lumen("wait", cwd=place)
    costs = [lumen("status", "--all", "--json", cwd=top) for _ in range(3)]
    ours = [one for one in json.loads(costs[0][1]) if one["worktree"] != str(top)]
    seeded = [one for one in ours if one["state"] == "fresh" and _embedded(one) == 0]
    files = [path for path in (top / ".git").rglob("*.db*") if path.parent.name == "lumen"]
    return Many(
        corpus=corpus,
        worktrees=count,
        plain=statistics.median(plain),
        first=statistics.median(hooked[:ENDS]),
        last=statistics.median(hooked[-ENDS:]),
        seeded=len(seeded),
        status_all=min((cost for cost, _ in costs), key=lambda cost: cost.cpu),
        disk=sum(path.stat().st_blocks * 512 for path in files),
        index_bytes=(top / ".git/lumen/index.db").stat().st_size,
    )


def _embedded(one: dict[str, object]) -> object:
    last = one["last_refresh"]
    return last["chunks_embedded"] if isinstance(last, dict) else None


def _add(top: Path, place: Path, hooks: str) -> float:
    command = ("git", "worktree", "add", "-q", "--detach", str(place))
    return run(*command, cwd=top, env={"LUMEN_HOOKS": hooks})[0].cpu
