"""The field's own retrieval benchmark: NDCG@10 over repositories, by category and language.

    python -m tests.benchmarks.peer QUESTIONS.json --mirrors FOLDER [--model NAME_OR_FOLDER]

QUESTIONS.json and the metric are those of MinishLab/semble's public benchmark (MIT): for each
repository a revision, the folder in it that is indexed, and questions with the files, or stretches
of files, that answer them. Of the first ten results, a target counts at the rank of the first that
is of its file (and overlaps its lines, where it has them); NDCG@10 is against all targets; the
headline is the mean over repositories of the mean over questions, the rest means over questions.
FOLDER holds git repositories, `owner+name` or `owner+name/repo`; what is not there is named and
left out, and where one lacks the revision its newest commit stands in.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from tests.benchmarks import judged
from tests.benchmarks.judged import Judged
from tests.benchmarks.measure import git_settings, run
from tests.benchmarks.mirrors import has_commit, mirror_of, unpacked
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for

from .questions import DEPTH, Question, Row, Stretch, ndcg, ranks, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings


def main(argv: Sequence[str]) -> None:
    """Index what is missing, ask every question, print the tables."""
    chosen = _options(argv)
    try:
        rows = read_rows(chosen.questions)
        before = judged.load(chosen.compare) if chosen.compare else []
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    chosen.cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    settings = settings_for(chosen.model, str(chosen.cache / "models"))
    embedder = load_model(settings)
    found: list[Judged] = []
    for row in rows:
        if chosen.only and row.name not in chosen.only:
            continue
        mirror = mirror_of(chosen.mirrors, row.repository)
        if mirror is None:
            print(f"left out, not in {chosen.mirrors}: {row.repository} at {row.revision}")
            continue
        found += _ask(checkout(mirror, row, chosen.cache / "peer"), row, settings, embedder)
    if not found:
        sys.exit("nothing to ask: give --mirrors a folder of git repositories owner+name")
    print(f"\nModel {embedder.identity.name}; 95% bootstrap intervals over repositories.\n")
    print(judged.table(found, ("ndcg",), _weight))
    if before:
        print(f"\nBeside {chosen.compare}:\n\n{judged.comparison(before, found, 'ndcg', _weight)}")
    print(f"\nA warm answer: median {judged.median_milliseconds(found):.1f} ms.")
    if chosen.json:
        judged.save(chosen.json, embedder.identity.name, found)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peer", description=__doc__)
    parser.add_argument("questions", type=Path, help="the benchmark's questions")
    parser.add_argument("--mirrors", type=Path, required=True, help="git repositories owner+name")
    parser.add_argument("--model", help="a folder, or a name that fastembed lists; else built in")
    parser.add_argument("--only", action="append", metavar="NAME", help="this repository")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=default / "lumen-hooks" / "quality")
    parser.add_argument("--json", type=Path, help="also write each question's score here")
    parser.add_argument("--compare", type=Path, help="show differences to what --json wrote")
    return parser.parse_args(argv)


def _weight(group: str) -> judged.Weight:
    return "packages" if group == "all" else "questions"


def checkout(mirror: Path, row: Row, folder: Path) -> Path:
    """The repository's folder at its revision, as the root of a fresh git repository."""
    revision = row.revision if has_commit(mirror, row.revision) else "HEAD"
    _, named = run("git", "-C", str(mirror), "rev-parse", revision, cwd=mirror)
    commit = named.strip()
    tree = f"{commit}:{row.root.strip('/')}"
    return unpacked(mirror, tree, folder / f"{row.name}-{commit[:12]}")


def _ask(top: Path, row: Row, settings: Settings, embedder: Embedder) -> Iterator[Judged]:
    with indexed(top, settings, embedder) as index:
        searcher = Searcher(index)
        model = QueryModel(embedder, embedder.identity.name)
        for question in row.questions:
            started = time.perf_counter()
            found = searcher.search(Query(question.text, limit=DEPTH), lambda _: model)
            seconds = time.perf_counter() - started
            results = [Stretch(hit.path, hit.start_line, hit.end_line) for hit in found.hits]
            yield _judged(row, question, results, seconds)
    print(f"{row.name}: {len(row.questions)} questions", file=sys.stderr, flush=True)


def _judged(row: Row, question: Question, results: Sequence[Stretch], seconds: float) -> Judged:
    found = ranks(question.targets, results)
    first = min(found, default=0)
    return Judged(
        package=row.name,
        language=row.language,
        kind=question.category,
        question=question.text,
        rank=first,
        mrr=1 / first if first else 0.0,
        ndcg=ndcg(found, len(question.targets)),
        seconds=seconds,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
