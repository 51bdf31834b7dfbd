"""Git commands whose hooks start a stand-in, and what it was started with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.stand_in import StandIn, run_to_the_end

if TYPE_CHECKING:
    import subprocess

    from tests.support.repository import Repository

SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
}


def git(repo: Repository, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A git command that must succeed; back when all that it left in the background has ended."""
    done = run_to_the_end(["git", *arguments], repo.top, environ)
    assert done.returncode == 0, done.stderr
    return done


def started(stand_in: StandIn) -> list[list[str]]:
    """The arguments of each start since the last time."""
    return [record["argv"] for record in stand_in.records()]
