"""How quick, how large, and how that grows: docs/performance.md and its picture.

    python -m tests.benchmarks [--sizes 1000,10000,100000] [--tree NAME=FOLDER:QUESTION:FILE]
        [--folder FOLDER] [--out docs]

Django's package is fetched by pip once; trees of the sizes are generated; others are copied from
where they are (`--tree "Linux 6.1=/src/linux:detect a deadlock:kernel/fork.c"`, with a file that a
function is added to). Half an hour for the sizes above; the folder must be on a disk, or
nothing is written to one.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import lumen_hooks

from .measure import django_sources, git_settings, run
from .performance.corpora import Corpus, committed, copied, generated
from .performance.plots import Line, Plot, drawn
from .performance.rows import rows
from .performance.steps import Measured, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PAGE, PICTURE = "performance.md", "performance.svg"
BEGIN = "<!-- made by python -m tests.benchmarks: from here on -->"
"""What stands above this line in the page is kept."""


def main(argv: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--tree", action="append", default=[], metavar="NAME=FOLDER:QUESTION:FILE")
    parser.add_argument("--folder", type=Path, help="where to work; it is emptied at the end")
    parser.add_argument("--sources", type=Path, help="where Django's archive is kept")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args(argv)
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lumen-bench-", dir=chosen.folder))
    os.environ.update(git_settings(folder))
    measured: list[Measured] = []
    grown: list[Measured] = []
    try:
        sources = django_sources(chosen.sources or folder / "sources")
        measured.append(_measured(folder, partial(_django, sources), alone=True))
        measured += [_measured(folder, partial(_tree, one), alone=True) for one in chosen.tree]
        sizes = map(int, filter(None, chosen.sizes.split(",")))
        grown += [_measured(folder, partial(generated, size), alone=False) for size in sizes]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _write(chosen.out, measured, grown)


def _measured(folder: Path, make: Callable[[Path], Corpus], *, alone: bool) -> Measured:
    place = folder / "corpus"
    (place / "trees").mkdir(parents=True)
    try:
        one = measure(make(place / "main"), place / "trees", alone=alone)
    finally:
        shutil.rmtree(place)
    print("\n".join(_table(one)), flush=True)
    return one


def _django(sources: Path, top: Path) -> Corpus:
    question = "send the password reset email"
    top.mkdir()
    shutil.copytree(sources, top / "django")
    return committed("Django 5.2's package", top, question, "django/contrib/auth/hashers.py")


def _tree(told: str, top: Path) -> Corpus:
    name, _, rest = told.partition("=")
    source, question, edited = rest.split(":")
    return copied(name, Path(source), top, question, edited)


def _table(one: Measured) -> Iterator[str]:
    yield f"### {one.corpus.name}\n"
    tree = f"{one.corpus.source_bytes / 1e6:.1f} MB"
    yield f"{one.files:,} files are indexed of a tree of {tree}: {one.chunks:,} chunks.\n"
    yield "| what | goal | measured | beside it | |\n|---|---|---|---|---|"
    for row in rows(one):
        met = "met" if row.is_met else "**missed**"
        met = "" if row.goal == "-" else met
        yield f"| {row.what} | {row.goal} | {row.measured} | {row.limit} | {met} |"
    yield ""


def _write(out: Path, measured: Sequence[Measured], grown: Sequence[Measured]) -> None:
    page = out / PAGE
    kept = page.read_text(encoding="utf-8").partition(BEGIN)[0] if page.exists() else ""
    lines = [kept + BEGIN, "", f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.", ""]
    for one in (*measured, *grown):
        lines += _table(one)
    if len(grown) > 1:
        (out / PICTURE).write_text(drawn(_plots(grown)), encoding="utf-8")
        lines += [f"![How it grows with the number of chunks]({PICTURE})", ""]
    page.write_text("\n".join(lines), encoding="utf-8")


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
            in_front=lambda one: one.seeded.cpu - one.plain.cpu,
            with_refresh=lambda one: one.whole.cpu - one.plain.cpu,
            cp=lambda one: one.copy.cpu,
        ),
        plot(
            "refresh, CPU s",
            one_edit=lambda one: one.edit.cpu,
            nothing=lambda one: one.look.cpu,
            git_status=lambda one: one.status.cpu,
        ),
        plot("search, CPU s", cold=lambda one: one.cold.cpu, warm=lambda one: one.warm),
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


def _machine() -> str:
    git = run("git", "--version", cwd=Path.cwd())[1].strip()
    cores = os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, Python"
        f" {platform.python_version()}, {git}, lumen-hooks {lumen_hooks.__version__}; CPU seconds"
        " with children, the least of three where a step can be repeated"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
