"""docs/performance.md: its parts, each written anew by the run that measured it, and its picture.

A part stands between two comments that name it. What stands outside is written by hand and kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .plots import Line, Plot, drawn
from .rows import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .agents import Worked
    from .rows import Subject
    from .worktrees import Many

PAGE, PICTURE = "performance.md", "performance.svg"


def put(out: Path, part: str, lines: Sequence[str]) -> None:
    """Write one part of the page, in the place of what was measured of it before."""
    page = out / PAGE
    text = page.read_text(encoding="utf-8") if page.exists() else "# Performance\n"
    begin, end = f"<!-- measured: {part} -->", f"<!-- end: {part} -->"
    body = "\n".join([begin, f"### {part}", "", *lines, end])
    place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    there = place.search(text)
    text = place.sub(lambda _: body, text) if there else f"{text.rstrip()}\n\n{body}\n"
    page.write_text(text, encoding="utf-8")


def table(subject: Subject) -> list[str]:
    """A corpus's table."""
    now = subject.now
    earlier = subject.before is not None
    head = ["what", "goal", *(["before"] if earlier else []), "measured", "limit", "ratio", ""]
    lines = [
        (
            f"{now.corpus.name}: {now.files:,} files are indexed"
            f" ({now.corpus.source_bytes / 1e6:,.1f} MB in the tree), {now.chunks:,} chunks."
        ),
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    for row in rows(subject):
        met = "" if row.goal == "-" else "met" if row.is_met else "**missed**"
        cells = [row.what, row.goal, *([row.before] if earlier else [])]
        lines.append(f"| {' | '.join([*cells, row.measured, row.limit, row.ratio, met])} |")
    return lines


def worktrees(found: Many) -> list[str]:
    """What many worktrees of one repository cost."""
    each = found.status_all.cpu / (found.worktrees + 1)
    return [
        (
            f"{found.worktrees} worktrees of a generated repository of"
            f" {found.corpus.source_bytes / 1e6:.1f} MB, added one after another:"
        ),
        "",
        "| what | measured |",
        "|---|---|",
        f"| `git worktree add` without hooks, CPU | {1e3 * found.plain:.0f} ms |",
        f"| with them, the first ten | {1e3 * found.first:.0f} ms |",
        f"| with them, the last ten | {1e3 * found.last:.0f} ms |",
        f"| fresh, nothing embedded | {found.seeded} of {found.worktrees} |",
        f"| `status --all`, CPU | {found.status_all.cpu:.2f} s ({1e3 * each:.0f} ms each) |",
        (
            f"| on disk, all indexes and the embedding store | {found.disk / 1e6:,.1f} MB"
            f" (one index {found.index_bytes / 1e6:.2f} MB) |"
        ),
    ]


def agents(work: Worked) -> list[str]:
    """What agents at work cost, and whether an answer was wrong."""
    family = work.family
    done, answers = (
        ", ".join(f"{count:,} {what}" for what, count in sorted(told.items()))
        for told in (work.done, work.answers)
    )
    waited = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in family.waited.items())
    switch, ask = work.switch, work.ask
    return [
        (
            f"{work.agents} agents, each in a worktree of Django's package with an MCP server of"
            f" its own, switch between branches, edit, commit and ask for {work.seconds:.0f} s:"
        ),
        "",
        "| what | measured |",
        "|---|---|",
        f"| done | {done} |",
        f"| answers | {answers} |",
        f"| answers that called themselves fresh and were not of the tree | {len(work.wrong)} |",
        (
            f"| CPU of servers, git with its hooks, workers | {family.cpu - work.agents_cpu:.0f} s"
            f" of {2 * family.wall:.0f} on two cores (the agents' own {work.agents_cpu:.0f} s) |"
        ),
        f"| memory of all {family.processes} processes at most | {family.memory / 1e6:,.0f} MB |",
        f"| bytes written | {family.written / 1e6:,.0f} MB |",
        f"| process-seconds of waiting for a lock | {waited or '0'} |",
        f"| `git checkout`, wall | median {switch[0]:.2f} s, at most {switch[1]:.2f} s |",
        f"| an answer, wall | median {ask[0]:.2f} s, 95 % {ask[1]:.2f} s, at most {ask[2]:.2f} s |",
    ]


def draw(out: Path) -> None:
    """How everything grows with the number of chunks: the page's own tables, as a picture."""
    found = figures((out / PAGE).read_text(encoding="utf-8"))
    plots = [plot for plot in (_plot(title, found) for title in _PLOTS) if plot.lines]
    if len(found) > 1 and plots:
        (out / PICTURE).write_text(drawn(plots), "utf-8")


def figures(text: str) -> list[tuple[int, dict[str, float]]]:
    """Chunks of each corpus of the page, its figures by row, and by row and limit."""
    found: list[tuple[int, dict[str, float]]] = []
    for line in text.splitlines():
        if (head := _CORPUS.search(line)) is not None:
            found.append((int(head[1].replace(",", "")), {}))
        elif found and len(cells := [cell.strip() for cell in line.split("|")[1:-1]]) >= _CELLS:
            what, measured, limit = cells[0], cells[-4], cells[-3]
            for name, cell in ((what, measured), (f"{what}: ", limit)):
                if (figure := _FIGURE.search(cell)) is not None:
                    value = float(figure[1].replace(",", "")) * _UNITS[figure[2]]
                    found[-1][1][name + cell[: figure.start()].strip()] = value
    return sorted(found, key=lambda one: one[0])


def _plot(title: str, figures: Sequence[tuple[int, dict[str, float]]]) -> Plot:
    lines = []
    for name, row in _PLOTS[title].items():
        points = [(chunks, max(of[row], 1e-3)) for chunks, of in figures if row in of]
        if points:
            lines.append(Line(name, points))
    return Plot(title, lines)


_CORPUS = re.compile(r" files are indexed .*, ([\d,]+) chunks\.$")
_FIGURE = re.compile(r"([\d,.]+) (s|ms|MB)$")
_UNITS = {"s": 1.0, "ms": 1e-3, "MB": 1.0}
_CELLS = 6
_PLOTS = {
    "full build, CPU s": {
        "build": "full build, CPU",
        "reading alone": "full build, CPU: reading and tokenising",
    },
    "new worktree, CPU s": {
        "in front of git": "a new worktree, until git returns, over git",
        "with its refresh": "the same with its first refresh, beside `cp`",
        "git": "the same with its first refresh, beside `cp`: `git worktree add`",
    },
    "refresh, CPU s": {
        "one edit": "one function added, over the look",
        "the look": "look, nothing changed",
        "git status": "look, nothing changed: `git status`",
    },
    "search, CPU s": {
        "cold": "search, cold",
        "warm": "search, warm, with its look",
        "MCP call": "warm MCP call, git's processes included",
    },
    "memory, MB": {"build": "memory of the build", "cold search": "its memory"},
    "MB on disk": {
        "written by a build": "bytes written by it",
        "what stays": "bytes written by it: what stays",
    },
}
"""The pictures' titles, their lines, and the rows that these are of."""
