"""Repositories asked together: does the right one's answer stay first, by score or by odds?

    python -m tests.benchmarks.together QUESTIONS.json --mirrors FOLDER [--model M [--others M]]

QUESTIONS.json and FOLDER are those of `tests.benchmarks.peer`. Each question is asked of every
repository; then the answers of its own and of some others, drawn at random, are merged as
`search.across` does, and by the mere scores. MRR@10 of its targets. With `--others` the indexes of
all repositories but its own are made by another model.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.search.across import Source, merged
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from tests.benchmarks.measure import git_settings
from tests.benchmarks.mirrors import mirror_of
from tests.benchmarks.peer.__main__ import checkout
from tests.benchmarks.peer.questions import DEPTH, Question, Stretch, read_rows
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.search.results import Found, Hit

    from .peer.questions import Row

DRAWN = 3
"""So many sets of others are drawn for each question."""

SIZES = (1, 2, 4, 8)


class Asked(NamedTuple):
    """A question and what each repository answers, by the model of the right one and of others."""

    owner: str
    question: Question
    own: Found
    others: Mapping[str, Found]


class _Once:
    """Embeds each question once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed_query(self, text: str) -> NDArray[np.float32]:
        if text not in self._known:
            self._known[text] = self._embedder.embed_query(text)
        return self._known[text]


def main(argv: Sequence[str]) -> None:
    """Index what is missing, ask everything, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.together")
    parser.add_argument("questions", type=Path)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--model", help="of the right repository's index; else built in")
    parser.add_argument("--others", help="of all other indexes; else the same")
    parser.add_argument("--only", action="append", metavar="NAME", help="this repository")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=default / "lumen-hooks" / "quality")
    chosen = parser.parse_args(argv)
    chosen.cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    tops = {}
    for row in read_rows(chosen.questions):
        mirror = mirror_of(chosen.mirrors, row.repository)
        if mirror is not None and (not chosen.only or row.name in chosen.only):
            tops[row.name] = (row, checkout(mirror, row, chosen.cache / "peer"))
    questions = [(name, question) for name, (row, _) in tops.items() for question in row.questions]
    own = _answers(tops, questions, chosen.model, chosen.cache)
    others = own
    if chosen.others:
        others = _answers(tops, questions, chosen.others, chosen.cache)
    asked = [
        Asked(name, question, own[name][at], {other: others[other][at] for other in tops})
        for at, (name, question) in enumerate(questions)
    ]
    _print(asked, sorted(tops))


def _answers(
    tops: Mapping[str, tuple[Row, Path]],
    questions: Sequence[tuple[str, Question]],
    model: str | None,
    cache: Path,
) -> dict[str, list[Found]]:
    """What each repository answers to every question."""
    settings = settings_for(model, str(cache / "models"))
    embedder = load_model(settings)
    asked = QueryModel(_Once(embedder), embedder.identity.name)
    found = {}
    for name, (_, top) in tops.items():
        with indexed(top, settings, embedder) as index:
            searcher = Searcher(index)
            found[name] = [
                searcher.search(Query(question.text, limit=DEPTH), lambda _: asked)
                for _, question in questions
            ]
        print(f"{name}: asked", file=sys.stderr, flush=True)
    return found


def _print(asked: Sequence[Asked], names: Sequence[str]) -> None:
    draw = random.Random(3)
    print(f"{len(asked)} questions, {len(names)} repositories, MRR@10\n")
    print("| repositories | by score | as answered |\n|---|---|---|")
    for size in sorted({*(size for size in SIZES if size < len(names)), len(names)}):
        sums, count = [0.0, 0.0], 0
        for one in asked:
            others = [name for name in names if name != one.owner]
            for _ in range(DRAWN if 1 < size < len(names) else 1):
                drawn = {name: one.others[name] for name in draw.sample(others, size - 1)}
                count += 1
                sums[0] += _rank(one, _by_score(one, drawn))
                sums[1] += _rank(one, _as_answered(one, drawn))
        print(f"| {size} | {sums[0] / count:.3f} | {sums[1] / count:.3f} |")


def _by_score(asked: Asked, others: Mapping[str, Found]) -> list[tuple[str, Hit]]:
    found = {asked.owner: asked.own, **others}
    hits = [(name, hit) for name, one in found.items() for hit in one.hits]
    return sorted(hits, key=lambda one: -one[1].score)


def _as_answered(asked: Asked, others: Mapping[str, Found]) -> list[tuple[str, Hit]]:
    found = {asked.owner: asked.own, **others}
    names = list(found)
    texts = merged([Source(name, one.sure, one.hits) for name, one in found.items()])
    return [(names[text.places[0][0]], text.places[0][1]) for text in texts]


def _rank(asked: Asked, hits: Iterable[tuple[str, Hit]]) -> float:
    """1 by the rank of the first target, 0 if none is among the first ten."""
    for rank, (name, hit) in enumerate(list(hits)[:DEPTH], start=1):
        shown = Stretch(hit.path, hit.start_line, hit.end_line)
        right = name == asked.owner
        if right and any(target.shown_by(shown) for target in asked.question.targets):
            return 1 / rank
    return 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
