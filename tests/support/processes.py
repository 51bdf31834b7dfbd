"""Other processes, which do what a test tells them and when it tells them.

A `Partner` takes one step at a time, so that a test fixes who comes first. A `Crew` is let loose
at one moment, so that nothing does.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from .commands import shared_forks
from .proc import process_state
from .waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from typing import Self

    from .forks import Child


class PartnerError(AssertionError):
    """A step raised an exception over there; the message begins with its type's name."""


class Partner:
    """Another process that runs statements. Use it in a `with` block, which ends it."""

    def __init__(self, prepare: str = "") -> None:
        self._child = shared_forks().start(_run_statements)
        self._ended = False
        self.pid = self._child.pid
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
        self._child.channel.send((code, values))

    def finish(self) -> Any:
        """Wait for what was started, and return its answer."""
        try:
            assert self._child.channel.poll(PATIENCE_SECONDS), "the other process hangs"
            answer, error = self._child.channel.recv()
        except (EOFError, OSError):
            raise AssertionError("the other process died") from None
        if error:
            raise PartnerError(error)
        return answer

    def kill(self, *, bury: bool = True) -> None:
        """End it with SIGKILL. If it is not buried, its process id lives on as a zombie's."""
        self._child.kill(bury=bury)
        self._ended = bury

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._ended:
            return
        self._child.channel.close()
        if kind is None:
            until(lambda: process_state(self.pid) in "ZX")
        self._child.kill()


def _run_statements(channel: Connection) -> None:
    """What a partner does: run the statements that come in, until no more can come."""
    names: dict[str, Any] = {}
    while True:
        try:
            code, values = channel.recv()
        except EOFError:
            return
        names.update(values, answer=None)
        error = ""
        try:
            exec(code, names)  # noqa: S102 - the statements are a test's own
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}\n{traceback.format_exc()}"
        channel.send((None if error else names["answer"], error))


class Crew:
    """Processes that do the same task, all from the same moment on. Killed at the block's end."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def run(self, count: int, task: Callable[..., object], *arguments: object) -> list[Any]:
        """Call `task(number, *arguments)` in so many processes; what each returned."""
        self.start(count, task, *arguments)
        return self.finish()

    def start(self, count: int, task: Callable[..., object], *arguments: object) -> None:
        """As `run`, without waiting for the end."""
        self._children = shared_forks().together(count, task, *arguments)

    def finish(self) -> list[Any]:
        """What each process that was started has returned."""
        children, self._children = self._children, []
        return [child.answer() for child in children]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.kill()
