"""How quick, how large, and how that grows: docs/performance.md and its picture.

    python -m tests.benchmarks [--sizes 1000,10000,100000] [--tree NAME=FOLDER:QUESTION:FILE]
        [--worktrees 300] [--agents 20] [--minutes 10] [--before PYTHON] [--semble PYTHON]
        [--folder FOLDER] [--sources FOLDER] [--out docs]

Django's package is fetched by pip once; trees of the sizes are generated; others are copied from
where they are (`--tree "Linux 6.1=/src/linux:detect a deadlock:kernel/fork.c"`, with a file that a
function is added to). PYTHON is an interpreter that has an earlier version of lumen-hooks, or
semble: both do the same work on Django's package in the same run. An hour for all of it; a part is
left out by giving it nothing (`--sizes ""`, `--worktrees 0`, `--agents 0`). The folder must be on a
disk, or nothing is written to one. What a run measured takes the place of a part of the page alone.
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
from typing import TYPE_CHECKING, TypeVar

import lumen_hooks

from .measure import django_sources, git_settings, lumen, run
from .performance import page
from .performance.agents import work
from .performance.beside import semble
from .performance.corpora import Corpus, committed, copied, generated
from .performance.rows import Subject
from .performance.steps import measure
from .performance.worktrees import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .performance.agents import Worked
    from .performance.steps import Measured
    from .performance.worktrees import Many

T = TypeVar("T")

SMALL_CHUNKS = 1000
"""Of the repository that has many worktrees."""


def main(argv: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--tree", action="append", default=[], metavar="NAME=FOLDER:QUESTION:FILE")
    parser.add_argument("--worktrees", type=int, default=300)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--no-django", action="store_true")
    parser.add_argument("--before", default="", help="an interpreter that has an earlier version")
    parser.add_argument("--semble", default="", help="an interpreter that has semble")
    parser.add_argument("--folder", type=Path, help="where to work; it is emptied at the end")
    parser.add_argument("--sources", type=Path, help="where Django's archive is kept")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args(argv)
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lumen-bench-", dir=chosen.folder))
    os.environ.update(git_settings(folder))
    chosen.out.mkdir(exist_ok=True)
    try:
        for part, lines in _parts(folder, chosen):
            print("\n".join(lines), flush=True)
            page.put(chosen.out, part, [f"Measured {_today()}: {_machine()}.", "", *lines])
            page.draw(chosen.out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parts(folder: Path, chosen: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Each part of the page, as soon as it is measured."""
    django = partial(_django, chosen.sources or folder / "sources")
    if not chosen.no_django:
        subject = _subject(folder, django, chosen.before, chosen.semble)
        yield "Django 5.2's package", page.table(subject)
    for told in chosen.tree:
        subject = _subject(folder, partial(_tree, told))
        yield subject.now.corpus.name, page.table(subject)
    sizes = [int(size) for size in chosen.sizes.split(",") if size]
    grown = [_measured(folder, partial(generated, size)) for size in sizes]
    if grown:
        lines = [line for one in grown for line in ("", *page.table(Subject(one)))]
        yield "Generated trees", lines
    if chosen.worktrees:
        found = _in_corpus(folder, partial(generated, SMALL_CHUNKS), partial(_many, chosen))
        yield f"{chosen.worktrees} worktrees", page.worktrees(found)
    if chosen.agents:
        yield f"{chosen.agents} agents", page.agents(_in_corpus(folder, django, _work(chosen)))


def _subject(
    folder: Path, make: Callable[[Path], Corpus], before: str = "", other: str = ""
) -> Subject:
    """The same tree for each: this version, an earlier one, another tool."""
    now = _measured(folder, make, alone=True)
    earlier = _measured(folder, make, before) if before else None
    beside = _in_corpus(folder, make, partial(semble, other)) if other else None
    return Subject(now, earlier, beside)


def _measured(
    folder: Path, make: Callable[[Path], Corpus], python: str = "", *, alone: bool = False
) -> Measured:
    def step(corpus: Corpus, trees: Path) -> Measured:
        return measure(corpus, trees, python, alone=alone)

    return _in_corpus(folder, make, step)


def _in_corpus(
    folder: Path, make: Callable[[Path], Corpus], step: Callable[[Corpus, Path], T]
) -> T:
    place = folder / "corpus"
    (place / "trees").mkdir(parents=True)
    try:
        return step(make(place / "main"), place / "trees")
    finally:
        shutil.rmtree(place)


def _many(chosen: argparse.Namespace, corpus: Corpus, trees: Path) -> Many:
    return many(corpus, trees, chosen.worktrees)


def _work(chosen: argparse.Namespace) -> Callable[[Corpus, Path], Worked]:
    def step(corpus: Corpus, _: Path) -> Worked:
        lumen("install", cwd=corpus.top)
        return work(corpus.top, chosen.agents, 60 * chosen.minutes)

    return step


def _django(sources: Path, top: Path) -> Corpus:
    top.mkdir()
    shutil.copytree(django_sources(sources), top / "django")
    question = "send the password reset email"
    return committed("Django 5.2's package", top, question, "django/contrib/auth/hashers.py")


def _tree(told: str, top: Path) -> Corpus:
    name, _, rest = told.partition("=")
    source, question, edited = rest.split(":")
    return copied(name, Path(source), top, question, edited)


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _machine() -> str:
    git = run("git", "--version", cwd=Path.cwd())[1].strip()
    cores = os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, Python"
        f" {platform.python_version()}, {git}, lumen-hooks {lumen_hooks.__version__}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
