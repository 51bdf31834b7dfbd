"""A repository whose hooks start real workers, and write down each start."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.freshness import look_at
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.helpers import job_for
from tests.support.hooked import interpreter, put_hooks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


@dataclass(frozen=True, slots=True)
class Counted:
    """The repository, and the file with a line for each interpreter that a hook started."""

    repo: Repository
    starts_file: Path

    @classmethod
    def make(cls, repo: Repository, folder: Path, statements: str = "") -> Counted:
        """Put hooks in place that start a real interpreter through a program that counts.

        Args:
            repo: where.
            folder: for the program.
            statements: what it runs first (see `interpreter`).
        """
        starts = folder / "starts"
        counts = f"with open({str(starts)!r}, 'a') as file:\n    file.write('started\\n')\n"
        put_hooks(repo, interpreter(folder / "counting python", counts + statements))
        return cls(repo, starts)

    @property
    def starts(self) -> int:
        """How many interpreters hooks have started."""
        try:
            return len(self.starts_file.read_text().splitlines())
        except FileNotFoundError:
            return 0

    @property
    def refreshes(self) -> list[dict[str, Any]]:
        """What the log says of refreshes that changed an index."""
        try:
            with open(find_worktree(str(self.repo.top)).log_path, encoding="utf-8") as log:
                records = [json.loads(line) for line in log]
        except FileNotFoundError:
            return []
        return [record for record in records if "refresh" in record]

    def is_fresh(self) -> bool:
        job = job_for(self.repo)
        found = look_at(job.worktree, job.settings)
        return (found.state, found.differing) == ("fresh", ())

    def at_work(self) -> bool:
        """Whether a worker works or watches; asked of locks, which a dead worker cannot hold."""
        place = find_worktree(str(self.repo.top))
        return any(map(_is_held, (place.worker_lock_path, place.watch_lock_path)))

    def settled(self) -> bool:
        """The index is fresh and nobody works on it."""
        return self.is_fresh() and not self.at_work()


def _is_held(path: str) -> bool:
    if not os.path.exists(path):
        return False
    answer = acquire(path, timeout=0, purpose="test")
    if isinstance(answer, Acquired):
        answer.release()
        return False
    return True
