"""Commands in processes of their own, for tests that take their surroundings away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.proc import process_state
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended. A negative code is the signal that killed it."""

    code: int
    out: str
    err: str


class Launcher:
    """Starts commands through server.py. Close it: that kills what still runs.

    Args:
        package: folder that holds the `lumen_hooks` package to run, if not the one under test.
    """

    def __init__(self, package: Path | None = None) -> None:
        path = os.pathsep.join(str(place) for place in (package, ROOT) if place)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.surroundings.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",  # `python -m` would look there first
            encoding="ascii",
        )
        self._running: set[int] = set()

    def start(
        self,
        directory: Path | str,
        *arguments: str,
        entry: str = "command",
        environment: Mapping[str, str] | None = None,
        user: int = 0,
        faults: Sequence[tuple[object, ...]] = (),
        stdin: str = os.devnull,
    ) -> Running:
        """Start a command line (or, as entry `worker`, a background worker) and return.

        Args:
            directory: where it runs.
            arguments: what follows `lumen-hooks`.
            entry: `command` or `worker`.
            environment: instead of this process's.
            user: id of the user to become, 0 to stay who we are.
            faults: functions of faults.py to call first, each with its arguments.
            stdin: file that it reads.
        """
        outputs = []
        for _ in range(2):
            fd, name = tempfile.mkstemp()
            os.close(fd)
            outputs.append(name)
        pid = self._ask(
            {
                "directory": str(directory),
                "arguments": arguments,
                "entry": entry,
                "environment": dict(os.environ if environment is None else environment),
                "user": user,
                "faults": faults,
                "stdin": stdin,
                "stdout": outputs[0],
                "stderr": outputs[1],
            }
        )
        self._running.add(pid)
        return Running(self, pid, outputs[0], outputs[1])

    def run(
        self,
        directory: Path | str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        user: int = 0,
        faults: Sequence[tuple[object, ...]] = (),
    ) -> Result:
        """Start a command line and wait for its end."""
        return self.start(
            directory, *arguments, environment=environment, user=user, faults=faults
        ).wait()

    def collect(self, pid: int) -> int:
        """Wait for a child and return its exit code."""
        code = self._ask({"wait": pid})
        self._running.discard(pid)
        return code

    def close(self) -> None:
        """Kill the children that are left, and the server."""
        for pid in self._running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.kill()
        self._server.communicate()

    def _ask(self, request: dict[str, object]) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@dataclass(frozen=True, slots=True)
class Running:
    """A command that was started."""

    launcher: Launcher
    pid: int
    stdout: str
    stderr: str

    def wait(self) -> Result:
        """Its result, when it has ended (its alarm clock ends it at the latest)."""
        code = self.launcher.collect(self.pid)
        texts = []
        for name in (self.stdout, self.stderr):
            texts.append(Path(name).read_text(encoding="utf-8", errors="surrogateescape"))
            os.unlink(name)
        return Result(code, *texts)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def until_stopped(self) -> None:
        """Wait until it has stopped itself (see faults.py)."""
        until(lambda: process_state(self.pid) in "TZX")
        assert process_state(self.pid) == "T", f"ended early: {self.wait()}"
