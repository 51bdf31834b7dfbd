"""How far an update is, told to other processes through the index lock that it holds.

The note lies in the lock's file, so that it is gone with its writer, however
that ends. It holds counts and a model's name, nothing of the user's code.
"""

from __future__ import annotations

import json
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.system.locks import Acquired, Holder

NOTE_SECONDS = 0.25
"""A note is written no more often than this."""

WINDOW_SECONDS = 60.0
"""The speed is that of the last minute: what the embedding store knows goes by much faster."""


class Progress(Protocol):
    """Is told how far a refresh has come. All numbers are totals so far."""

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Files ready, files to look at, chunks ready, and texts embedded."""


class NoProgress:
    """Tells nobody."""

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Do nothing."""


class Report(NamedTuple):
    """What the process that updates an index said last.

    Attributes:
        model: name of the model that the index is made with.
        percent: how much of it is ready, from 0 to 100.
        files: files that are ready.
        of: files that must be looked at.
        chunks: chunks that are ready.
        chunks_expected: how many there will be, by what is ready so far or was there before.
        embedded: texts that went through the model; the others' vectors were known.
        per_second: chunks that became ready in a second, of late; None if that is not known yet.
        seconds_left: at that speed; None if that is not known yet.
    """

    model: str
    percent: int
    files: int
    of: int
    chunks: int
    chunks_expected: int
    embedded: int
    per_second: float | None
    seconds_left: float | None

    def in_words(self) -> str:
        """How far it is, how fast it goes, and what is left, as far as that is known."""
        words = f"{self.percent} % done"
        if self.per_second is not None:
            words += f", {self.per_second:,.0f} chunks a second"
        if self.seconds_left is not None:
            words += f", about {duration(self.seconds_left)} left"
        return words


class Pace:
    """Makes reports of counts: how fast it goes, by what became ready of late, and what is left.

    Args:
        model: name of the model that the index is made with.
        clock: seconds.
    """

    def __init__(self, model: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def report(
        self, *, files: int, of: int, chunks: int, embedded: int, expected: int = 0
    ) -> Report:
        """How far it is by these counts; `expected` chunks in all, if that is known beforehand."""
        now = self._clock()
        if chunks < self._seen[-1][1]:  # a seed has come, and its refresh begins
            self._seen = deque([(now, chunks)])
        self._seen.append((now, chunks))
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        speed = (chunks - before) / (now - since) if now > since else 0.0
        expected = expected or (chunks * of // files if files else 0)
        expected = max(chunks, expected)
        left = (expected - chunks) / speed if speed and expected else None
        percent = 100 * chunks // expected if expected else 100 * files // max(of, 1)
        return Report(
            model=self._model,
            percent=percent,
            files=files,
            of=of,
            chunks=chunks,
            chunks_expected=expected,
            embedded=embedded,
            per_second=round(speed, 1) if speed else None,
            seconds_left=None if left is None else round(left, 1),
        )


class NotedProgress:
    """Progress that is written into a lock's file and told to the next listener.

    Args:
        lock: the index lock, held.
        model: name of the model that the index is made with.
        then: is told the same.
        clock: seconds, for the speed.
    """

    def __init__(
        self,
        lock: Acquired,
        model: str,
        then: Progress,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = lock
        self._pace = Pace(model, clock)
        self._then = then
        self._clock = clock
        self._next_at = 0.0
        self.expected = 0
        """How many chunks there will be, if that is known beforehand."""

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Note and pass on how far it is; see `Progress`."""
        now = self._clock()
        if now >= self._next_at:
            self._next_at = now + NOTE_SECONDS
            report = self._pace.report(
                files=files, of=of, chunks=chunks, embedded=embedded, expected=self.expected
            )
            self._lock.note(json.dumps(report._asdict()))
        self._then.update(files=files, of=of, chunks=chunks, embedded=embedded)


def duration(seconds: float) -> str:
    """So long, in words; about."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def read_report(holder: Holder | None) -> Report | None:
    """What the holder of an index lock says of its progress, if it says anything yet."""
    if holder is None or not holder.note:
        return None
    try:
        return Report(**json.loads(holder.note))
    except (ValueError, TypeError):  # read while it was written, or another version's
        return None
