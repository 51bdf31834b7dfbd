"""Other processes, which do what a test tells them and when it tells them.

A `Partner` takes one step at a time, so that a test fixes who comes first. `together` lets many
processes loose at the same moment, so that nothing does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

_ROOT = Path(__file__).parents[2]


class PartnerError(AssertionError):
    """A step raised an exception over there; the message begins with its type's name."""


class Partner:
    """Another process that runs statements. Use it in a `with` block, which ends it."""

    def __init__(self, prepare: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.support.processes import serve; serve()"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        if prepare:
            self.run(prepare)

    def run(self, code: str, /, **values: object) -> Any:
        """Run statements with these names set, and return what they leave in `answer`.

        Names stay from call to call.
        """
        self.start(code, **values)
        return self.finish()

    def start(self, code: str, /, **values: object) -> None:
        """As `run`, without waiting for the end: `finish` does."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([code, values]) + "\n")
        self._process.stdin.flush()

    def finish(self, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for what was started, and return its answer."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            self.kill()
        line = self._process.stdout.readline()
        assert line, "the other process hangs or died"
        answer, error = json.loads(line)
        if error:
            raise PartnerError(error)
        return answer

    def kill(self, *, bury: bool = True) -> None:
        """End it with SIGKILL. If it is not buried, its process id lives on as a zombie's."""
        self._process.kill()
        if bury:
            self._process.wait()
        else:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def serve() -> None:
    """What a partner does: run the statements that come in, until no more can come."""
    names: dict[str, Any] = {}
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        code, values = json.loads(line)
        names.update(values, answer=None)
        error = ""
        try:
            exec(code, names)  # noqa: S102 - the statements are a test's own
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}\n{traceback.format_exc()}"
        print(json.dumps([None if error else names["answer"], error]), file=replies, flush=True)


def together(
    count: int, task: Callable[..., object], *arguments: object, seconds: int = PATIENCE_SECONDS
) -> list[Any]:
    """Call a function in many new processes at the same moment; what each of them returned.

    To be called by a partner without threads or open databases: the processes are forked.

    Args:
        count: how many.
        task: is given the process's number, and the arguments; its result must be JSON.
        arguments: the same for all.
        seconds: after which a process is ended, and counts as failed.
    """
    gate, opener = os.pipe()
    children = [_fork(number, task, arguments, gate, opener, seconds) for number in range(count)]
    os.close(gate)
    os.close(opener)  # the last copy: all of them go
    results = []
    for pid, reader in children:
        with os.fdopen(reader) as file:
            text = file.read()
        os.waitpid(pid, 0)
        value, error = json.loads(text or '[null, "no answer: it was ended"]')
        if error:
            raise RuntimeError(error)
        results.append(value)
    return results


def _fork(
    number: int,
    task: Callable[..., object],
    arguments: tuple[object, ...],
    gate: int,
    opener: int,
    seconds: int,
) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    signal.alarm(seconds)
    os.close(opener)
    reply: tuple[object, str] = (None, "")
    try:
        os.read(gate, 1)
        reply = (task(number, *arguments), "")
    except BaseException:
        reply = (None, traceback.format_exc())
    finally:
        with os.fdopen(writer, "w") as file:
            json.dump(reply, file)
        os._exit(0)
