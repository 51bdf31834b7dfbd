"""The one way in which tests start Python quickly: a process that has its imports, and forks.

A server without threads and open databases forks a child for each call, so a child costs some
milliseconds and is all the same a process of its own, with its own environment, descriptors,
signals, locks and end. The server buries a child when it is asked how that ended, not before.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from .proc import process_state
from .waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

ROOT = Path(__file__).parents[2]

CHILD_SECONDS = 3 * PATIENCE_SECONDS
"""A child that runs longer is killed by its alarm clock."""

FAILED = 70
"""The exit code of a child whose function raised an exception."""


class ForkedError(AssertionError):
    """What was called in a child raised an exception, or the child died; says so as text."""


class Answer(NamedTuple):
    """What a function in a child returned, or the traceback of what it raised."""

    value: Any
    error: str


class Forks:
    """The server. Close it, or use it in a `with` block: that kills the children that are left.

    Args:
        prepare: modules to import and functions to call before anything is forked.
        package: folder that holds the `lumen_hooks` package to run, if not the one under test.
    """

    def __init__(self, *prepare: str | Callable[[], object], package: Path | None = None) -> None:
        self._control, theirs = Pipe()
        path = os.pathsep.join(str(place) for place in (package, ROOT) if place)
        with theirs:
            self._server = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from tests.support.forks import serve; serve()",
                    str(theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": path,
                    "PYTHONUTF8": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
                cwd="/",  # `python -c` would look there first
                pass_fds=[theirs.fileno()],
            )
        self._control.send(prepare)
        self._turn = Lock()
        self.running: set[int] = set()

    def start(self, function: Callable[..., int | None], *arguments: object) -> Child:
        """Call `function(channel, *arguments)` in a child, with the environment of this moment.

        Args:
            function: of a module: it goes to the child by its name. Returns the exit code.
            arguments: what can be pickled.
        """
        ours, theirs = Pipe()
        with theirs, self._turn:
            self._control.send(None)
            send_handle(self._control, theirs.fileno(), self._server.pid)
            child = Child(self, self._control.recv(), ours)
            self.running.add(child.pid)
        ours.send((function, arguments, dict(os.environ)))
        return child

    def call(self, function: Callable[..., object], *arguments: object) -> Any:
        """Call `function(*arguments)` in a child and return what it returns."""
        return self.start(answering, function, *arguments).answer()

    def together(self, count: int, task: Callable[..., object], *arguments: object) -> list[Child]:
        """Call `task(number, *arguments)` in so many children, which are let go at one moment."""
        gate, opener = os.pipe()
        try:
            children = [
                self.start(_behind_a_gate, task, number, *arguments) for number in range(count)
            ]
            for child in children:
                send_handle(child.channel, gate, child.pid)
            for child in children:
                assert child.channel.recv() == "ready"
        finally:
            os.close(gate)
            os.close(opener)  # the last copy: all of them go
        return children

    def collect(self, pid: int) -> int:
        """Wait for a child's end, and bury it; its exit code, or the signal with a minus."""
        with self._turn:
            self._control.send(pid)
            code: int = self._control.recv()
            self.running.discard(pid)
        return code

    def close(self) -> None:
        """Kill the children that are left, and end the server."""
        for pid in self.running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._control.close()
        self._server.wait(PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was forked, and the channel to it."""

    forks: Forks
    pid: int
    channel: Connection

    def answer(self) -> Any:
        """What a function that `answering` calls returned.

        Raises:
            ForkedError: it raised an exception, or there is no answer.
        """
        try:
            assert self.channel.poll(CHILD_SECONDS), "no answer: it hangs"
            value, error = self.channel.recv()
        except (EOFError, OSError):
            value, error = None, "no answer: it died"
        self.wait()
        if error:
            raise ForkedError(error)
        return value

    def is_ours(self) -> bool:
        """Whether its end was not waited for yet, so that its number is nobody else's."""
        return self.pid in self.forks.running

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self, *, bury: bool = True) -> None:
        """End it with SIGKILL. If it is not buried, its process id lives on as a zombie's."""
        self.signal(signal.SIGKILL)
        if bury:
            self.wait()
        else:
            until(lambda: process_state(self.pid) == "Z")

    def wait(self) -> int:
        """Wait for its end; see `Forks.collect`."""
        self.channel.close()
        return self.forks.collect(self.pid)


def answering(channel: Connection, function: Callable[..., object], *arguments: object) -> int:
    """Call a function and send an `Answer`."""
    try:
        answer = Answer(function(*arguments), "")
    except BaseException:
        answer = Answer(None, traceback.format_exc())
    channel.send(answer)
    return FAILED if answer.error else 0


def _behind_a_gate(
    channel: Connection, task: Callable[..., object], number: int, *arguments: object
) -> int:
    gate = recv_handle(channel)
    channel.send("ready")
    os.read(gate, 1)
    os.close(gate)
    return answering(channel, task, number, *arguments)


def serve() -> None:
    """The server: fork for each None, wait for each process id, until the other end is closed."""
    control = Connection(int(sys.argv[1]))
    for what in control.recv():
        importlib.import_module(what) if isinstance(what, str) else what()
    gc.collect()
    gc.freeze()  # a child's collector copies none of this
    while True:
        try:
            request = control.recv()
        except EOFError:
            return
        if request is None:
            control.send(_fork(control))
        else:
            _, status = os.waitpid(request, 0)
            control.send(os.waitstatus_to_exitcode(status))


def _fork(control: Connection) -> int:
    descriptor = recv_handle(control)
    pid = os.fork()
    if pid == 0:
        control.close()
        os.set_inheritable(descriptor, False)
        _be_a_child(Connection(descriptor))
    os.close(descriptor)
    return pid


def _look_for_settings_again() -> None:
    """libgit2 has looked for the user's as it was imported, in the server's environment."""
    if pygit2 := sys.modules.get("pygit2"):
        levels = pygit2.enums.ConfigLevel
        for level in (levels.GLOBAL, levels.XDG):
            pygit2.settings.search_path[level] = None


def _be_a_child(channel: Connection) -> NoReturn:
    code: int | None = FAILED
    try:
        signal.alarm(CHILD_SECONDS)
        # Whoever starts the tests in the background has them ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        function, arguments, environment = channel.recv()
        os.environ.clear()
        os.environ.update(environment)
        _look_for_settings_again()
        code = function(channel, *arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code or 0)
