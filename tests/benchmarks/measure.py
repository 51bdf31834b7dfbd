"""CPU seconds of child processes, and source trees to measure on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DJANGO = "Django==5.2"


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
    """Run a command to its end; what it cost and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=check,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall), done.stdout


def lumen(*arguments: str, cwd: Path) -> tuple[Cost, str]:
    """Run our command line."""
    return run(sys.executable, "-I", "-m", "lumen_hooks", *arguments, cwd=cwd)


def django_sources(folder: Path) -> Path:
    """The `django/` folder of the Django source distribution, fetched by pip once."""
    unpacked = folder / "Django-5.2" / "django"
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        run(
            sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
            "-d", str(folder), DJANGO, cwd=folder,
        )  # fmt: skip
        with tarfile.open(folder / "Django-5.2.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return unpacked


def git_settings(folder: Path) -> dict[str, str]:
    """An environment in which git needs nothing of the user's."""
    config = folder / "gitconfig"
    config.write_text(
        "[user]\n\tname = Bench\n\temail = bench@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return {"GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
