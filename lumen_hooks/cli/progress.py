"""How far an update is: columns on a terminal, a line now and then elsewhere.

Also what is said of one that is interrupted, since that is what was known of it last.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lumen_hooks.indexing.progress import Pace, duration

from .interrupt import interruptible
from .output import say, styled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from lumen_hooks.indexing.progress import Progress, Report

SHOW_FROM_FILES = 20
"""Fewer files are indexed before a bar could be read ..."""

SHOW_AFTER_SECONDS = 2.0
"""... unless the model is slow."""

LINE_SECONDS = 10.0
"""Where there is no terminal, a line is said this often."""

_LEAST_BAR = 6
_WIDEST_BAR = 40


class _Told:
    """What an update said last; shows nothing."""

    def __init__(self) -> None:
        self._pace = Pace("")
        self.report: Report | None = None

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Note it, and show it if it is time."""
        self.report = self._pace.report(files=files, of=of, chunks=chunks, embedded=embedded)
        self.show(self.report)

    def show(self, report: Report) -> None:
        """To be told to people."""

    def close(self) -> None:
        """Nothing more is to be shown."""

    def kept(self, goes_on: str) -> str:
        """What of it is kept, and what goes on from there; empty if nothing is."""
        embedded = self.report.embedded if self.report else 0
        are = "1 chunk is" if embedded == 1 else f"{embedded:,} chunks are"
        return f"{are} embedded: {goes_on} goes on from there" if embedded else ""


class _Lines(_Told):
    """A line now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._next_at = time.monotonic() + LINE_SECONDS

    def show(self, report: Report) -> None:
        """Say it, if that is long ago."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + LINE_SECONDS
            say("indexing: " + ", ".join(_columns(report, "of")))


class _Bar(_Told):
    """Columns that are kept up to date, with a bar where there is room."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        console = Console(file=styled(sys.stderr))
        self._live = Live(
            console=console,
            get_renderable=lambda: line(self.report, console) if self.report else "",
            refresh_per_second=10,
            transient=True,
        )
        self._started = time.monotonic()

    def show(self, report: Report) -> None:
        """Begin to show it, if it takes long enough."""
        waited = time.monotonic() - self._started
        if report.of >= SHOW_FROM_FILES or waited >= SHOW_AFTER_SECONDS:
            self._live.start()

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()


def line(report: Report, console: Console) -> RenderableType:
    """Columns in one line of a terminal: the last of them go where it is too narrow."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    columns = _columns(report, "/")
    while len(columns) > 1 and len("  ".join(columns)) > console.width:
        del columns[-2 if len(columns) > 2 else -1]
    text = Text("  ".join(columns), no_wrap=True, overflow="crop")
    room = min(_WIDEST_BAR, console.width - len(text) - 2)
    if room < _LEAST_BAR:
        return text
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row(ProgressBar(total=100, completed=report.percent, width=room), text)
    return grid


def _columns(report: Report, of: str) -> list[str]:
    """What is known, each with its name."""
    between = of if of == "/" else f" {of} "
    columns = [
        f"{report.files:,}{between}{report.of:,} files",
        f"{report.chunks:,} chunks",
        f"{report.embedded:,} embedded",
    ]
    if report.per_second is not None:
        columns.append(f"{report.per_second:,.0f}/s")
    if report.seconds_left is not None:
        columns.append(f"{duration(report.seconds_left)} left")
    return columns


@contextmanager
def progress_bar(
    goes_on: str = "the next search", *, before: str = "", otherwise: str = ""
) -> Iterator[Progress]:
    """Progress on standard error: files, chunks, how many of them embedded, speed, time left.

    Args:
        goes_on: what goes on where an interrupted update ended.
        before: what is to be said first of an interruption.
        otherwise: what is to be said of it if nothing was embedded.

    Raises:
        InterruptedByUserError: Ctrl-C or SIGTERM; the message says what was kept.
    """
    shown = _Bar() if sys.stderr.isatty() else _Lines()

    def kept() -> str:
        return "; ".join(filter(None, [before, shown.kept(goes_on) or otherwise]))

    with interruptible(kept):
        try:
            yield shown
        finally:
            shown.close()
