"""CPU seconds of child processes, and source trees to measure on."""

from __future__ import annotations

import os
import resource
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

FROM_INDEX = ("download", "-q", "--no-deps", "--retries", "1")
"""What pip is asked for a package alone; offline it says so soon."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (user and system, of a command and its children) and wall seconds."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:6.3f} CPU s  {self.wall:6.2f} s"


def run(
    *command: str, cwd: Path, env: dict[str, str] | None = None, check: bool = True
) -> tuple[Cost, str]:
    """Run a command to its end; what it cost and what it printed.

    The benchmark ends with what the command said if it fails and that is not expected.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:  # no pipe: a worker that is left behind may hold it
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            check=False,
            stdout=subprocess.PIPE,
            stderr=said,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        wall = time.monotonic() - started
        if check and done.returncode:
            said.seek(0)
            sys.exit(_failure(command, done.returncode, said.read().decode("utf-8", "replace")))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall), done.stdout


def _failure(command: Sequence[str], code: int, said: str) -> str:
    last = said.strip().splitlines()[-1:]
    return "\n".join([f"{shlex.join(command)}: exit code {code}", *last])


def lumen(*arguments: str, cwd: Path, check: bool = True) -> tuple[Cost, str]:
    """Run our command line."""
    return run(sys.executable, "-I", "-m", "lumen_hooks", *arguments, cwd=cwd, check=check)


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
    )
    return {"GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
