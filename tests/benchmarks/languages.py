"""Languages: is each definition a chunk of its own, and the first answer to a question about it?

    python -m tests.benchmarks.languages FOLDER [--only LANGUAGE...] [--misses]

FOLDER holds a folder for each language and `expected.json`: for each file its definitions, with a
symbol, the kinds that may be said, lines and a question.

A definition is a chunk of its own where a chunk tells that it holds it (by this name, or with it as
the end of a qualified one), as one of the kinds, on its lines, give or take one at each end, or on
all lines of the chunk; where
whatever else it holds is in that definition or around it; and where most of its lines are the
definition's. A file's first lines may stand with the first definition, so it is counted beside
that how many of these chunks begin and end with their definition (give or take a line) and have
its name as the first of their symbol.

The chunks per CPU second are those of the file repeated up to SPEED_CHARACTERS.

Then each folder is a repository, and each question goes to it: most of the first answer's lines
must be the definition's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from tests.benchmarks.measure import git_settings, run
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.chunking.chunk import Chunk, Held
    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings

LINES_OFF_MAX = 1
SPEED_CHARACTERS = 100_000


class Wanted(NamedTuple):
    """A definition that a file must show, as `expected.json` tells it."""

    symbol: str
    kinds: tuple[str, ...]
    start_line: int
    end_line: int
    question: str

    def is_cut_as(self, chunk: Chunk) -> bool:
        """Whether a chunk is this definition, and says so."""
        lines = (chunk.start_line, chunk.end_line)
        holds = _holds(chunk)
        return self.fills(*lines) and any(
            self.is_named(held.name)
            and held.kind in self.kinds
            and (self.is_about(held.start_line, held.end_line) or self.is_about(*lines))
            and all(_in_one_another(held, other) for other in holds)
            for held in holds
        )

    def is_named(self, names: str) -> bool:
        """Whether one of these names is this one, or ends with it."""
        return any(
            name == self.symbol or name.endswith("." + self.symbol) for name in names.split(", ")
        )

    def is_about(self, start_line: int, end_line: int) -> bool:
        """Whether these are its lines, give or take one at each end."""
        off = (abs(start_line - self.start_line), abs(end_line - self.end_line))
        return max(off) <= LINES_OFF_MAX

    def fills(self, start_line: int, end_line: int) -> bool:
        """Whether most of these lines are its own."""
        return 2 * self.shared_lines(start_line, end_line) > end_line - start_line + 1

    def shared_lines(self, start_line: int, end_line: int) -> int:
        """How many of these lines are the definition's."""
        return max(0, min(end_line, self.end_line) - max(start_line, self.start_line) + 1)


def _holds(chunk: Chunk) -> list[Held]:
    """What a chunk holds; a signature and what implements it are one."""
    together: dict[tuple[str, str], Held] = {}
    for held in chunk.holds:
        known = together.setdefault((held.kind, held.name), held)
        start, end = min(known.start_line, held.start_line), max(known.end_line, held.end_line)
        together[held.kind, held.name] = known._replace(start_line=start, end_line=end)
    return list(together.values())


def _in_one_another(one: Held, other: Held) -> bool:
    """By their lines; or the other is the scope of the one, and its head stands above it."""
    if one.name.startswith(other.name + "."):
        return True
    inner, outer = sorted((one, other), key=lambda held: held.end_line - held.start_line)
    return outer.start_line <= inner.start_line and inner.end_line <= outer.end_line


class Score(NamedTuple):
    """How many definitions of a folder are found so, and which are not.

    Attributes:
        cut: are a chunk of their own.
        exact: are one that begins and ends with them and goes by their name.
        first: are the first answer to their question.
        total: are expected.
        misses: says what there is instead.
        speed: chunks per CPU second.
    """

    cut: int
    exact: int
    first: int
    total: int
    misses: list[str]
    speed: float


def main(arguments: Sequence[str]) -> None:
    """Print a row for each folder, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="LANGUAGE")
    parser.add_argument("--misses", action="store_true", help="say what each missed one is instead")
    chosen = parser.parse_args(arguments)
    expected = json.loads((chosen.folder / "expected.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as work:
        os.environ.update(git_settings(Path(work)))
        settings = settings_for(None, work)
        embedder = load_model(settings)
        scores = []
        for path, rows in expected.items():
            language = path.partition("/")[0]
            if chosen.only and language not in chosen.only:
                continue
            wanted = [Wanted(**row | {"kinds": tuple(row["kinds"])}) for row in rows]
            top = _repository(chosen.folder / language, Path(work) / language)
            score = _score(top, path.partition("/")[2], wanted, settings, embedder)
            scores.append(score)
            found = f"{score.cut} and {score.first} of {score.total}"
            print(f"{language:14} {found}  {score.speed:7,.0f} chunks/CPU s", flush=True)
            if chosen.misses:
                print("\n".join(f"    {miss}" for miss in score.misses))
    cut, exact, first, total = (sum(column) for column in list(zip(*scores, strict=True))[:4])
    print(f"own chunk: {cut} of {total} ({cut / total:.1%}), {exact} with nothing beside it")
    print(f"first answer: {first} of {total} ({first / total:.1%})")


def _repository(folder: Path, top: Path) -> Path:
    shutil.copytree(folder, top)
    run("git", "init", "-q", cwd=top)
    run("git", "add", "-A", cwd=top)
    run("git", "commit", "-qm", "sources", cwd=top)
    return top


def _score(
    top: Path, path: str, wanted: list[Wanted], settings: Settings, embedder: Embedder
) -> Score:
    text = (top / path).read_text(encoding="utf-8")
    chunks = chunk_file(path, text).chunks
    cut = exact = first = 0
    misses = []
    with indexed(top, settings, embedder) as index:
        searcher = Searcher(index)
        model = QueryModel(embedder, embedder.identity.name)
        for one in wanted:
            own = [chunk for chunk in chunks if one.is_cut_as(chunk)]
            if own:
                cut += 1
                exact += one.is_about(own[0].start_line, own[0].end_line) and one.is_named(
                    own[0].symbol.partition(", ")[0]
                )
            else:
                near = max(
                    chunks, key=lambda chunk: one.shared_lines(chunk.start_line, chunk.end_line)
                )
                misses.append(
                    f"{one.symbol} {one.start_line}-{one.end_line} {'/'.join(one.kinds)}: "
                    f"{near.kind} {near.symbol!r} {near.start_line}-{near.end_line}"
                )
            hits = searcher.search(Query(one.question), lambda _: model).hits
            lines = (hits[0].start_line, hits[0].end_line) if hits else (0, 0)
            if one.fills(*lines):
                first += 1
            else:
                misses.append(f"{one.question!r}: lines {lines[0]}-{lines[1]} come first")
    return Score(cut, exact, first, len(wanted), misses, _speed(path, text))


def _speed(path: str, text: str) -> float:
    much = text * (SPEED_CHARACTERS // len(text) + 1)
    before = time.process_time()
    count = len(chunk_file(path, much).chunks)
    return count / (time.process_time() - before)


if __name__ == "__main__":
    main(sys.argv[1:])
