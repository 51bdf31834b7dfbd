"""CPU seconds of child processes, and source trees to measure on."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DJANGO = "Django==5.2"

_BLOCK_BYTES = 512
"""Of what getrusage(2) counts as output."""

FROM_INDEX = ("download", "-q", "--no-deps", "--retries", "1")
"""What pip is asked for a package alone; offline it says so soon."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command and the processes that it waited for took.

    Attributes:
        cpu: seconds of user and system.
        wall: seconds.
        memory: bytes at most, of the largest of these processes.
        written: bytes that went to a disk.
    """

    cpu: float
    wall: float
    memory: int = 0
    written: int = 0

    def __str__(self) -> str:
        return f"{self.cpu:6.3f} CPU s  {self.wall:6.2f} s"


def run(
    *command: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    check: bool = True,
    text: str = "",
) -> tuple[Cost, str]:
    """Run a command to its end; what it cost and what it printed.

    The benchmark ends with what the command said if it fails and that is not expected.

    Args:
        command: the program and its arguments.
        cwd: where.
        env: what is set beside this process's own environment.
        check: it must succeed.
        text: for its standard input.
    """
    with (  # no pipes: a worker that is left behind may hold them
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as printed,
        tempfile.TemporaryFile() as said,
    ):
        given.write(text.encode("utf-8", "surrogateescape"))
        given.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=given,
            stdout=printed,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if check and process.returncode:
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
            sys.exit(_failure(command, process.returncode, words))
        printed.seek(0)
        output = printed.read().decode("utf-8", "surrogateescape")
    cost = Cost(
        usage.ru_utime + usage.ru_stime,
        wall,
        usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        usage.ru_oublock * _BLOCK_BYTES,
    )
    return cost, output


def _failure(command: Sequence[str], code: int, said: str) -> str:
    last = said.strip().splitlines()[-1:]
    return "\n".join([f"{shlex.join(command)}: exit code {code}", *last])


def lumen(
    *arguments: str,
    cwd: Path,
    check: bool = True,
    python: str = sys.executable,
    env: dict[str, str] | None = None,
) -> tuple[Cost, str]:
    """Run our command line, of the version that an interpreter has."""
    return run(python, "-I", "-m", "lumen_hooks", *arguments, cwd=cwd, check=check, env=env)


def indexed_bytes(top: Path) -> int:
    """Of the files that the index of a worktree holds chunks of."""
    from lumen_hooks.git.worktree import find_worktree
    from lumen_hooks.storage.reader import open_index

    with open_index(find_worktree(str(top)).index_path) as index:
        held = [path for path, row in index.files().items() if row.skipped is None]
    return sum((top / path).stat().st_size for path in held)


def django_sources(folder: Path) -> Path:
    """The `django/` folder of the Django source distribution, fetched by pip once.

    Where the package index cannot be reached, the benchmark ends and says what would do.
    """
    unpacked = folder / "Django-5.2" / "django"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        archive = folder / "Django-5.2.tar.gz"
        if not archive.is_file():
            options = ("--no-binary", ":all:", "-d", str(folder), DJANGO)
            run(sys.executable, "-m", "pip", *FROM_INDEX, *options, cwd=folder, check=False)
        if not archive.is_file():
            sys.exit(
                f"{DJANGO} cannot be had from the package index; offline, put its source archive"
                f" at {archive} and name that folder (--keep, --sources)"
            )
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    return unpacked


def git_settings(folder: Path) -> dict[str, str]:
    """An environment in which git needs nothing of the user's."""
    config = folder / "gitconfig"
    config.write_text(
        "[user]\n\tname = Bench\n\temail = bench@example.org\n[init]\n\tdefaultBranch = main\n"
        "[gc]\n\tauto = 0\n"
    )
    return {"GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
