"""The third judge: definition-, name-, commit- and topic-level questions about unseen packages.

    python -m tests.benchmarks.third --mirrors FOLDER [--json FILE] [--compare OLD.json]

Nothing is trained or chosen on the packages of sources.toml, so that this says how good answers
are where nobody looked. It is looked at once per release, as a whole: whoever looks at single
questions spoils it. Each package is one repository, as it is at its commit, with the documentation
of its code and the sections that are asked about cut out. Means are over packages, intervals come
from drawing packages again.
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
from tests.benchmarks.measure import git_settings
from tests.benchmarks.mirrors import has_commit, mirror_of
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for
from tests.benchmarks.quality.questions import BY_FILE
from tests.benchmarks.quality.scores import DEPTH, score

from .corpus import make_corpus
from .sources import load_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings

    from .corpus import Corpus

_FILES_DEEP = 40
"""Hits that are asked for where files are what is looked for."""


def main(argv: Sequence[str]) -> None:
    """Make what is missing, ask every question, print the tables."""
    chosen = _options(argv)
    try:
        before = judged.load(chosen.compare) if chosen.compare else []
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    chosen.cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    settings = settings_for(chosen.model, str(chosen.cache / "models"))
    embedder = load_model(settings)
    found: list[Judged] = []
    for source in load_sources():
        mirror = mirror_of(chosen.mirrors, source.name)
        if mirror is None or not has_commit(mirror, source.commit):
            print(f"left out, not in {chosen.mirrors}: {source.name} at {source.commit}")
            continue
        corpus = make_corpus(source, mirror, chosen.cache / "third")
        found += _ask(corpus, settings, embedder)
    if not found:
        sys.exit("nothing to ask: give --mirrors a folder of git repositories owner+name")
    print(f"\nModel {embedder.identity.name}; means and 95% bootstrap intervals over packages.\n")
    print(judged.table(found, ("mrr", "ndcg"), _weight))
    if before:
        print(f"\nMRR@10 beside {chosen.compare}:\n")
        print(judged.comparison(before, found, "mrr", _weight))
        print(f"\nNDCG@10 beside {chosen.compare}:\n")
        print(judged.comparison(before, found, "ndcg", _weight))
    print(f"\nA warm answer: median {judged.median_milliseconds(found):.1f} ms.")
    if chosen.json:
        judged.save(chosen.json, embedder.identity.name, found)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.third", description=__doc__)
    parser.add_argument("--mirrors", type=Path, required=True, help="git repositories owner+name")
    parser.add_argument("--model", help="a folder, or a name that fastembed lists; else built in")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=default / "lumen-hooks" / "quality")
    parser.add_argument("--json", type=Path, help="also write each question's score here")
    parser.add_argument("--compare", type=Path, help="show differences to what --json wrote")
    return parser.parse_args(argv)


def _weight(_group: str) -> judged.Weight:
    return "packages"


def _ask(corpus: Corpus, settings: Settings, embedder: Embedder) -> Iterator[Judged]:
    source = corpus.source
    with indexed(corpus.top, settings, embedder) as index:
        searcher = Searcher(index)
        model = QueryModel(embedder, embedder.identity.name)
        for question in corpus.questions:
            depth = _FILES_DEEP if question.kind in BY_FILE else DEPTH
            started = time.perf_counter()
            found = searcher.search(Query(question.text, limit=depth), lambda _: model)
            seconds = time.perf_counter() - started
            value = score(question, found.hits)
            rank = round(1 / value.mrr) if value.mrr else 0
            yield Judged(
                source.package, source.language, question.kind, question.text,
                rank, value.mrr, value.ndcg, seconds,
            )  # fmt: skip
    print(f"{source.name}: {len(corpus.questions)} questions", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
