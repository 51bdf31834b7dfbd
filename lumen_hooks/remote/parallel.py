"""Several calls at a time, with their results in order.

From threads that never keep a process from exiting, which those of
`concurrent.futures` would: they are waited for at its end, however long a
store that does not answer takes.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2
"""Items that are begun beyond one for each thread, while the first is waited for."""


def each(function: Callable[[T], R], items: Iterable[T], *, workers: int = 8) -> Generator[R]:
    """What a function makes of each item, in the order of the items.

    The items are taken by the caller's thread, as results are asked for, so that at most
    `workers + 2` items and results are held at any time. The first error is raised as soon as it
    is known; then, and when the caller takes no more, nothing further is begun.

    Args:
        function: called from several threads at once.
        items: what it is called with.
        workers: how many threads.

    Raises:
        Exception: whatever the function, or the iterator of the items, raised first.
    """
    crew: _Crew[T, R] = _Crew(function)
    source = iter(items)
    begun = given = 0
    try:
        while True:
            while begun - given < workers + _AHEAD:
                try:
                    item = next(source)
                except StopIteration:
                    break
                crew.add(begun, item, workers)
                begun += 1
            if given == begun:
                return
            yield crew.result(given)
            given += 1
    finally:
        crew.end()


class _Crew(Generic[T, R]):
    def __init__(self, function: Callable[[T], R]) -> None:
        self._function = function
        self._waiting: SimpleQueue[tuple[int, T] | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._results: dict[int, R] = {}
        self._error: BaseException | None = None
        self._threads = 0

    def add(self, number: int, item: T, workers: int) -> None:
        self._waiting.put((number, item))
        if self._threads < workers:
            self._threads += 1
            threading.Thread(target=self._work, name="lumen-remote", daemon=True).start()

    def result(self, number: int) -> R:
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or number in self._results)
            if self._error is not None:
                raise self._error
            return self._results.pop(number)

    def end(self) -> None:
        """Nothing further is begun; who waits for an item goes home."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            pass
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            number, item = task
            try:
                result = self._function(item)
            except BaseException as error:
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return
            with self._changed:
                self._results[number] = result
                self._changed.notify_all()
            del task, item, result
