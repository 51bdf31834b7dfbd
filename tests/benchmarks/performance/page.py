"""docs/performance.md: its parts, each written anew by the run that measured it, and its picture.

A part stands between two comments that name it. What stands outside is written by hand and kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .plots import Line, Plot, drawn
from .rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .agents import Worked
    from .rows import Subject
    from .steps import Measured
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


def draw(out: Path, grown: Sequence[Measured]) -> None:
    """How everything grows with the number of chunks, into the picture."""
    (out / PICTURE).write_text(drawn(_plots(grown)), encoding="utf-8")


def _plots(grown: Sequence[Measured]) -> list[Plot]:
    def plot(title: str, **lines: Callable[[Measured], float]) -> Plot:
        return Plot(
            title,
            [
                Line(name.replace("_", " "), [(one.chunks, max(of(one), 1e-3)) for one in grown])
                for name, of in lines.items()
            ],
        )

    return [
        plot(
            "full build, CPU s",
            build=lambda one: one.build.cpu,
            reading_alone=lambda one: one.read.cpu,
        ),
        plot(
            "new worktree, CPU s over git's",
            in_front=lambda one: one.seeded.cpu,
            with_refresh=lambda one: one.whole.cpu,
            cp=lambda one: one.copy.cpu,
        ),
        plot(
            "refresh, CPU s",
            one_edit=lambda one: one.edit.cpu,
            nothing=lambda one: one.look.cpu,
            git_status=lambda one: one.status.cpu,
        ),
        plot(
            "search, CPU s",
            cold=lambda one: one.cold.cpu,
            warm=lambda one: one.warm,
            MCP_call=lambda one: one.call,
        ),
        plot(
            "memory, MB",
            build=lambda one: one.build.memory / 1e6,
            search=lambda one: one.cold.memory / 1e6,
        ),
        plot(
            "MB on disk",
            written=lambda one: one.build.written / 1e6,
            what_stays=lambda one: (one.index_bytes + one.store_bytes) / 1e6,
        ),
    ]
