"""Blocking work on behalf of a server that must go on listening.

Each worktree's work runs in one thread at a time, different worktrees' in
parallel, in a bounded number of threads. A caller that gives up is free at
once; a thread cannot be stopped, so its work goes on to its end, or to the
next time that it reports progress if the whole server is to stop. Knows
asyncio and threads, no worktree and no protocol.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")

MAX_THREADS = 8
"""Pieces of work that run at once. Most wait for git or a lock; Python computes one at a time."""

REPORT_SECONDS = 0.25
"""Progress is reported no more often than this."""


class StoppedError(Exception):
    """The server is ending; raised in a thread where it reports progress."""


class Executor:
    """Runs work in threads, one piece at a time for each key."""

    def __init__(self, threads: int = MAX_THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._turns: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()
        self._running: set[Future[Any]] = set()
        self.stopping = threading.Event()

    async def run(self, work: Callable[[], T]) -> T:
        """Run work in a thread as soon as one is free."""
        return await asyncio.wrap_future(self._submit(work))

    async def run_alone(self, key: str, work: Callable[[], T], *, patience: float) -> T:
        """Run work in a thread when no other work of the same key runs.

        Args:
            key: what the work is on.
            work: may go on after this call was cancelled, and keeps its turn until it is done.
            patience: seconds to wait for other work of that key.

        Raises:
            TimeoutError: other work of that key went on for so long.
        """
        loop = asyncio.get_running_loop()
        await self._take_turn(key, patience)
        try:
            future = self._submit(work)
        except BaseException:
            self._end_turn(key)
            raise

        def ended(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._end_turn, key)

        future.add_done_callback(ended)
        return await asyncio.wrap_future(future)

    async def _take_turn(self, key: str, patience: float) -> None:
        """Wait until no work of a key runs, and keep others from it until `_end_turn`."""
        turn = self._turns.setdefault(key, asyncio.Lock())
        self._users[key] += 1
        try:
            with anyio.fail_after(patience):
                await turn.acquire()
        except BaseException:  # out of patience, or cancelled
            self._leave(key)
            raise

    def _end_turn(self, key: str) -> None:
        self._turns[key].release()
        self._leave(key)

    def _leave(self, key: str) -> None:
        """One less works on a key or waits for it; the last one takes its lock away."""
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key], self._turns[key]

    def stop(self, seconds: float) -> bool:
        """Start no more work, and wait for what runs; whether all of it has ended."""
        self.stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self._running

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        future = self._pool.submit(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future


class Reporter:
    """Progress that a thread makes, sent on by the server's loop. Never waits for the client.

    Args:
        loop: the server's.
        send: sends one report: (done so far, of how many, in words).
        stopping: makes the next report raise StoppedError.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        send: Callable[[float, float | None, str], Coroutine[object, object, None]],
        stopping: threading.Event,
    ) -> None:
        self._loop = loop
        self._send = send
        self._stopping = stopping
        self._sent: Future[None] | None = None
        self._last = -1
        self._next_at = 0.0

    def say(self, words: str) -> None:
        """Report that something begins."""
        self._report(0, None, words)

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Report how far an update is; see `indexing.progress.Progress`.

        Raises:
            StoppedError: the server is ending.
        """
        if self._stopping.is_set():
            raise StoppedError
        now = time.monotonic()
        if now >= self._next_at or files == of:
            self._next_at = now + REPORT_SECONDS
            self._report(files, of, f"indexing: {files:,} of {of:,} files, {chunks:,} chunks")

    def _report(self, done: int, of: int | None, words: str) -> None:
        # The protocol wants rising numbers; a second round of work starts low again.
        waiting = self._sent is not None and not self._sent.done()
        if done <= self._last or waiting:
            return
        self._last = done
        report = self._send(done, of, words)
        try:
            self._sent = asyncio.run_coroutine_threadsafe(report, self._loop)
        except RuntimeError:  # the loop is closed
            report.close()
