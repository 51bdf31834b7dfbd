"""A program in the interpreter's place that writes down how a hook started it.

The hook scripts and git are real; only the Python that they would start is this instead.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .proc import end_of_all_in
from .waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

_RECORDER = """\
import json, os, sys, time
folder = sys.argv[1]
record = {
    "argv": sys.argv[2:],
    "environ": dict(os.environ),
    "cwd": os.getcwd(),
    "streams": [os.readlink(f"/proc/self/fd/{number}") for number in range(3)],
    "low": [number for number in range(3, 10) if os.path.exists(f"/proc/self/fd/{number}")],
}
name = os.path.join(folder, f"{time.monotonic_ns()}-{os.getpid()}")
with open(name + ".part", "w") as file:
    json.dump(record, file)
os.rename(name + ".part", name + ".json")
holds = ["hold", *(["hold workers"] if "lumen_hooks.worker" in sys.argv else [])]
ends = time.monotonic() + 600  # longer than anyone waits for what may not wait for us
while any(os.path.exists(os.path.join(folder, name)) for name in holds):
    if time.monotonic() > ends:
        break
    time.sleep(0.01)
"""


@dataclass(frozen=True, slots=True)
class StandIn:
    """The program, and the folder that it writes its records to."""

    folder: Path
    program: Path

    @classmethod
    def make(cls, folder: Path) -> StandIn:
        folder.mkdir(parents=True)
        recorder = folder / "recorder.py"
        recorder.write_text(_RECORDER)
        program = folder / "python"
        words = [sys.executable, "-IS", str(recorder), str(folder)]
        program.write_text("#!/bin/sh\nexec " + " ".join(map(shlex.quote, words)) + ' "$@"\n')
        program.chmod(0o755)
        return cls(folder, program)

    def hold(self) -> None:
        """From now on it runs until `release`."""
        (self.folder / "hold").touch()

    def hold_workers(self) -> None:
        """The same for workers only: what a git command may wait for goes on."""
        (self.folder / "hold workers").touch()

    def release(self) -> None:
        for name in ("hold", "hold workers"):
            (self.folder / name).unlink(missing_ok=True)

    def last_records(self, *folders: Path) -> list[dict[str, Any]]:
        """What it has written down when nobody is at work in these folders any more.

        For what `run_to_the_end` cannot see: a tool between git and us closes descriptors.
        """
        end_of_all_in(self.folder, *folders)
        return self.records()

    def records(self) -> list[dict[str, Any]]:
        """What it wrote down, in order; forgotten afterwards."""
        found = sorted(self.folder.glob("*.json"))
        records: list[dict[str, Any]] = [json.loads(path.read_text()) for path in found]
        for path in found:
            path.unlink()
        return records


def run_to_the_end(
    command: list[str],
    cwd: str | os.PathLike[str],
    environ: dict[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run a command, and wait for everything that it left behind in the background.

    Each of them inherits the end of a pipe, above the numbers that a shell script can close.
    """
    reader, writer = os.pipe()
    high = fcntl.fcntl(writer, fcntl.F_DUPFD, 20)
    os.close(writer)
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            check=False,
            pass_fds=[high],
            timeout=PATIENCE_SECONDS,
        )
    finally:
        os.close(high)
        with open(reader, "rb") as file:
            file.read()
    return done
