"""A progress bar on a terminal, and nothing at all in a pipe."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lumen_hooks.indexing.progress import NoProgress, Progress

from .output import styled

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rich.progress

SHOW_FROM_FILES = 20
"""Fewer files are indexed before a bar could be read ..."""

SHOW_AFTER_SECONDS = 2.0
"""... unless the model is slow."""


class _Bar:
    def __init__(self, bar: rich.progress.Progress) -> None:
        self._bar = bar
        self._task: rich.progress.TaskID | None = None
        self._started = time.monotonic()

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        """Move the bar."""
        seconds = max(time.monotonic() - self._started, 1e-6)
        if of < SHOW_FROM_FILES and seconds < SHOW_AFTER_SECONDS:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("indexing", total=of, chunks=0, rate=0.0)
        self._bar.update(
            self._task, completed=files, total=of, chunks=chunks, rate=chunks / seconds
        )


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Progress on standard error: files, chunks, chunks a second and the time left."""
    if not sys.stderr.isatty():
        yield NoProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bar = RichProgress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TextColumn("{task.fields[chunks]:,} chunks"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=Console(file=styled(sys.stderr)),
    )
    try:
        yield _Bar(bar)
    finally:
        bar.stop()
