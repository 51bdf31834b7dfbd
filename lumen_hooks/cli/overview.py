"""`status --all` for people: a line for each worktree, as wide as the terminal is.

Without a terminal nothing is shortened or left out. Knows what is known of
worktrees; not how it was found out.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING

from lumen_hooks.indexing.freshness import ABSENT
from lumen_hooks.system.terminal import one_line

from .columns import Column, laid_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lumen_hooks.service.overview import Overview, Row
    from lumen_hooks.service.status import Status

DROPPED = ("DONOR", "SIZE", "AGE", "FILES", "FOLDER", "BEHIND")
"""Which columns a narrow terminal goes without, the first of them first."""

_LEAST = 12
_STYLES = {
    "fresh": "green",
    "stale": "yellow",
    "refreshing": "cyan",
    "building": "cyan",
    "absent": "dim",
}
_UNITS = ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def table(
    overview: Overview, start: str, *, width: int | None = None, height: int | None = None
) -> Text:
    """All worktrees, the main one first; then what is said of some of them, and the sums.

    Args:
        overview: what is known.
        start: the folder that the others are told from.
        width: cells of the terminal; None for no end.
        height: lines of the terminal, if what does not fit is to be left out.
    """
    from rich.text import Text

    rows = sorted(overview.rows, key=lambda row: (not row.is_main, _natural(row.status.worktree)))
    columns = laid_out(_columns(rows, start), width, DROPPED)
    notes = [*_notes(rows, start), _sums(overview)]
    shown = len(rows) if height is None else max(1, height - len(notes) - 2)
    text = Text("  ".join(column.title for column in columns).rstrip())
    text.stylize("bold")
    for at, row in enumerate(rows[:shown]):
        text.append_text(_line(row, [(column.title, column.cells[at]) for column in columns]))
    if shown < len(rows):
        notes.insert(0, f"… {len(rows) - shown:,} more; a taller window shows them")
    for note in notes:
        text.append(f"\n{note}", style="dim")
    return text


def told(path: str, start: str) -> str:
    """A folder from another one, by the shorter of its names, on one line."""
    relative = os.path.relpath(path, start)
    return one_line(min(relative, path, key=len))


def size_in_words(count: int) -> str:
    """Bytes in the unit that leaves few digits."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.1f} GB"


def age_in_words(moment: str, now: datetime) -> str:
    """How long ago something was, in one unit.

    Args:
        moment: in ISO 8601.
        now: with a time zone.
    """
    try:
        seconds = max(0.0, (now - datetime.fromisoformat(moment)).total_seconds())
    except (ValueError, TypeError):
        return ""
    size, unit = next((each for each in _UNITS if seconds >= 2 * each[0]), _UNITS[-1])
    return f"{seconds // size:.0f}{unit}"


def _columns(rows: Sequence[Row], start: str) -> list[Column]:
    found = [row.status for row in rows]
    now = datetime.now(UTC)
    return [
        Column("  BRANCH", [_branch(row) for row in rows], _LEAST + 2),
        Column("STATE", [_state(each) for each in found]),
        Column("FILES", [_count(each, each.files) for each in found], to_right=True),
        Column("BEHIND", [_count(each, each.pending_files) for each in found], to_right=True),
        Column("AGE", [_age(each, now) for each in found], to_right=True),
        Column("SIZE", [_size(each) for each in found], to_right=True),
        Column("DONOR", [_donor(each, start) for each in found], _LEAST - 2),
        Column("FOLDER", [told(each.worktree, start) for each in found], _LEAST),
    ]


def _branch(row: Row) -> str:
    return f"{'*' if row.is_here else ' '} {one_line(row.branch) or '-'}"


def _state(status: Status) -> str:
    percent = f" {status.progress.percent}%" if status.progress else ""
    return f"{status.state}{percent}{' !' if status.problem else ''}"


def _count(status: Status, count: int) -> str:
    return f"{count:,}" if count or status.state != ABSENT else "-"


def _age(status: Status, now: datetime) -> str:
    last = status.last_refresh
    return (last and age_in_words(str(last["finished_at"]), now)) or "-"


def _size(status: Status) -> str:
    return size_in_words(status.index_bytes) if status.index_bytes else "-"


def _donor(status: Status, start: str) -> str:
    return told(status.seeded_from, start) if status.seeded_from else "-"


def _natural(path: str) -> list[tuple[str, int]]:
    """To sort by: w2 before w10."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d{0,18})", path)]


def _line(row: Row, cells: Sequence[tuple[str, str]]) -> Text:
    from rich.text import Text

    line = Text("\n")
    for number, (title, cell) in enumerate(cells):
        style = _STYLES[row.status.state] if title.strip() == "STATE" else ""
        style = "red" if style and row.status.problem else style
        line.append("  " * bool(number)).append(cell, style)
    line.rstrip()
    if row.is_here:
        line.stylize("bold")
    return line


def _notes(rows: Sequence[Row], start: str) -> list[str]:
    notes = []
    for row in rows:
        if row.status.problem:
            folder = told(row.status.worktree, start)
            notes.append(f"! {folder}: {one_line(row.status.problem)}")
    absent = [row for row in rows if row.status.state == ABSENT and not row.status.problem]
    if absent:
        one = quote(told(absent[0].status.worktree, start))
        count = f"{len(absent):,} absent"
        notes.append(f"{count}: a search there or lumen-hooks index {one} makes it")
    return notes


def _sums(overview: Overview) -> str:
    count, indexes = len(overview.rows), overview.indexes
    return (
        f"{count:,} worktree{'s' * (count != 1)},"
        f" {indexes:,} index{'es' * (indexes != 1)} of {size_in_words(overview.index_bytes)},"
        f" embedding store of {size_in_words(overview.store_bytes)}"
    )
