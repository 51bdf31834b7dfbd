"""The quality table: every ranking's MRR, recall and NDCG at 10.

python -m tests.benchmarks.quality [--model NAME_OR_FOLDER] [--set tune] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import git_settings

from .corpus import make_corpus
from .indexes import indexed, load_model, settings_for
from .rankings import RANKINGS, Rankings
from .scores import Score, interval, score
from .sources import LANGUAGES, Places, SourceError, load_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings

    from .corpus import Corpus
    from .sources import Source

Results = dict[tuple[str, str], list[Score]]
"""Scores by (group, ranking); a group is a language, a kind of question, or `all`."""

KINDS = ("docstring", "identifier", "commit")


def main(argv: Sequence[str]) -> None:
    """Make what is missing, ask every question, print the table."""
    chosen = _options(argv)
    places = Places(chosen.cache, chosen.mirrors)
    chosen.cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    rows = load_sources()
    languages = chosen.language or list(LANGUAGES)
    corpora = _corpora(languages, chosen.set, rows, places)
    settings = settings_for(chosen.model, str(chosen.cache / "models"))
    embedder = load_model(settings)
    results: Results = defaultdict(list)
    started = time.process_time()
    for corpus in corpora:
        _ask(corpus, settings, embedder, results)
    _print(results, embedder.identity.name, chosen.set, time.process_time() - started)
    if chosen.json:
        means = {"/".join(key): interval([s.mrr for s in found]) for key, found in results.items()}
        chosen.json.write_text(json.dumps(means, indent=1), encoding="utf-8")


def _corpora(
    languages: Sequence[str], wanted: str, rows: Sequence[Source], places: Places
) -> list[Corpus]:
    """The corpora; says of all that is missing what it is, and ends the process."""
    corpora, problems = [], []
    for language in languages:
        try:
            corpora.append(make_corpus(language, wanted, rows, places))
        except SourceError as error:
            problems.append(str(error))
    if problems:
        where = "Missing (--mirrors FOLDER has git repositories, as owner+name):"
        sys.exit("\n".join([where, *problems]))
    return corpora


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality", description=__doc__)
    parser.add_argument("--model", help="a folder, or a name that fastembed lists; else built in")
    parser.add_argument("--set", choices=("tune", "report"), default="report")
    parser.add_argument("--language", action="append", choices=list(LANGUAGES), help="only this")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=default / "lumen-hooks" / "quality")
    parser.add_argument("--mirrors", type=Path, help="git repositories to use instead of GitHub")
    parser.add_argument("--json", type=Path, help="also write the MRR@10 and its bounds here")
    return parser.parse_args(argv)


def _ask(corpus: Corpus, settings: Settings, embedder: Embedder, results: Results) -> None:
    with indexed(corpus.top, settings, embedder) as index:
        counts = index.counts()
        asked: dict[str, int] = defaultdict(int)
        rankings = Rankings(index, embedder)
        for question in corpus.questions:
            asked[question.kind] += 1
            for name, hits in rankings.answers(question.text, by_file=question.kind == "commit"):
                found = score(question, hits)
                for group in (corpus.language, question.kind, "all"):
                    results[group, name].append(found)
    shown = ", ".join(f"{count} {kind}" for kind, count in asked.items())
    print(f"{corpus.language}: {counts.files} files, {counts.chunks} chunks; {shown}", flush=True)


def _print(results: Results, model: str, wanted: str, seconds: float) -> None:
    print(f"\nModel {model}, {wanted} set, {seconds:.0f} CPU s. Mean and 95% bootstrap interval.\n")
    print("| | n | ranking | MRR@10 | recall@10 | NDCG@10 |")
    print("|---|---|---|---|---|---|")
    for group in (*LANGUAGES, *KINDS, "all"):
        for ranking in RANKINGS:
            found = results.get((group, ranking))
            if not found:
                continue
            cells = [
                "{:.3f} ({:.3f}-{:.3f})".format(*interval([getattr(one, what) for one in found]))
                for what in ("mrr", "recall", "ndcg")
            ]
            print(f"| {group} | {len(found)} | {ranking} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
