"""How good a model is on the tune set of the quality benchmark, in seconds instead of minutes.

    python -m training.validate --cache FOLDER --mirrors FOLDER --out FILE   (once: chunks, answers)

then `Validation.load(FILE).scores(model)`. The report set is not touched here; the benchmark
itself (`python -m tests.benchmarks.quality --model FOLDER`) has the last word.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.search import query
from lumen_hooks.search.lexical import lexical_search
from tests.benchmarks.measure import git_settings
from tests.benchmarks.quality.corpus import make_corpus
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for
from tests.benchmarks.quality.scores import _shows, normalised
from tests.benchmarks.quality.sources import LANGUAGES, Places, load_sources

from .export import embed, embed_queries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lumen_hooks.embedding.static import StaticEmbedder
    from lumen_hooks.storage.reader import IndexReader
    from tests.benchmarks.quality.corpus import Corpus as BenchmarkCorpus

CANDIDATES = 100
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to one corpus.

    Attributes:
        kind: as the benchmark names it.
        text: the question.
        answers: rows of the chunks that answer it; all chunks of the changed files for `commit`.
        lexical: BM25 of the best chunks by row.
    """

    kind: str
    text: str
    answers: frozenset[int]
    lexical: dict[int, float]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One language: what the product embeds for each chunk, and the questions."""

    language: str
    texts: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """The corpora of a set."""

    corpora: tuple[Corpus, ...]

    @classmethod
    def load(cls, place: Path) -> Validation:
        """What `main` wrote."""
        with gzip.open(place, "rt", encoding="utf-8") as file:
            return cls(tuple(_corpus_of(record) for record in json.load(file)))

    def scores(self, model: StaticEmbedder) -> dict[tuple[str, str, str], float]:
        """MRR@10 by (language, kind, ranking); `all` for the means over either.

        Rankings are `bm25`, `dense` and `by score` (equal weight). Chunks are not merged, so these
        are a little below the benchmark's own.
        """
        found: dict[tuple[str, str, str], list[float]] = {}
        for corpus in self.corpora:
            documents = embed(model, corpus.texts)
            queries = embed_queries(model, [one.text for one in corpus.asked])
            similar = queries @ documents.T
            for one, row in zip(corpus.asked, similar, strict=True):
                for name, scores in self._rankings(one, row):
                    value = _reciprocal_rank(corpus, one, scores)
                    for language in (corpus.language, "all"):
                        for kind in (one.kind, "all"):
                            found.setdefault((language, kind, name), []).append(value)
        return {key: float(np.mean(values)) for key, values in found.items()}

    @staticmethod
    def _rankings(one: Asked, row: NDArray[np.float32]) -> list[tuple[str, dict[int, float]]]:
        best = np.argpartition(-row, min(CANDIDATES, len(row) - 1))[:CANDIDATES]
        dense = {int(chunk): float(row[chunk]) for chunk in best}
        both = (normalised(dense), normalised(one.lexical))
        return [
            ("bm25", one.lexical),
            ("dense", dense),
            (
                "by score",
                {c: both[0].get(c, 0) + both[1].get(c, 0) for c in {*dense, *one.lexical}},
            ),
        ]


def _reciprocal_rank(corpus: Corpus, one: Asked, scores: dict[int, float]) -> float:
    ordered = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))
    seen: list[object] = []
    for chunk in ordered:
        # Parts of one definition, and for commits chunks of one file, are one result.
        path, symbol, _ = corpus.facts[chunk]
        group = path if one.kind == "commit" else (path, symbol) if symbol else chunk
        if group in seen:
            continue
        seen.append(group)
        if chunk in one.answers:
            return 1 / len(seen)
        if len(seen) == DEPTH:
            break
    return 0.0


def table(scores: dict[tuple[str, str, str], float]) -> str:
    """The scores as lines: overall by kind, then by language."""
    names = list(dict.fromkeys(name for *_, name in scores))
    lines = []
    for name in names:
        cells = [
            f"{key}={scores[language, kind, name]:.3f}"
            for key, language, kind in (
                ("all", "all", "all"),
                *((kind[:3], "all", kind) for kind in ("docstring", "identifier", "commit")),
                *((language[:2], language, "all") for language in LANGUAGES),
            )
            if (language, kind, name) in scores
        ]
        lines.append(f"{name:10} {' '.join(cells)}")
    return "\n".join(lines)


def _corpus(source: BenchmarkCorpus, index: IndexReader) -> Corpus:
    texts: dict[bytes, str] = {}
    for path in (file.path for file in index.paths()):
        text = (source.top / path).read_text(encoding="utf-8")
        for chunk in chunk_file(path, text).chunks:
            embedded = embedded_text(chunk.symbol, chunk.header, chunk.text)
            texts[embedding_key(embedded)] = embedded
    with index.one_state():
        ids = {chunk for (chunk,) in index.connection.execute("SELECT id FROM chunks")}
        rows = index.chunks(ids)
        hits = query._hits(index, rows, [0.0] * len(rows))
    row_of = {hit.chunk_id: row for row, hit in enumerate(hits)}
    asked = []
    for question in source.questions:
        with index.one_state():
            words = lexical_search(index, question.text, CANDIDATES).scores
        answers = frozenset(
            row
            for row, hit in enumerate(hits)
            for place in question.answers
            if (hit.path == place.path if question.kind == "commit" else _shows(hit, place))
        )
        scored = {row_of[chunk]: value for chunk, value in words.items()}
        asked.append(Asked(question.kind, question.text, answers, scored))
    facts = tuple((hit.path, hit.symbol, hit.kind) for hit in hits)
    return Corpus(source.language, tuple(texts[hit.key] for hit in hits), facts, tuple(asked))


def _record(corpus: Corpus) -> dict[str, Any]:
    asked = [
        (one.kind, one.text, sorted(one.answers), list(one.lexical.items())) for one in corpus.asked
    ]
    return {
        "language": corpus.language,
        "texts": corpus.texts,
        "facts": corpus.facts,
        "asked": asked,
    }


def _corpus_of(record: dict[str, Any]) -> Corpus:
    asked = tuple(
        Asked(kind, text, frozenset(answers), dict(words))
        for kind, text, answers, words in record["asked"]
    )
    facts = tuple((path, symbol, kind) for path, symbol, kind in record["facts"])
    return Corpus(record["language"], tuple(record["texts"]), facts, asked)


def main(arguments: list[str]) -> int:
    """Write the file that `Validation.load` reads."""
    parser = argparse.ArgumentParser(prog="python -m training.validate", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--mirrors", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    places = Places(chosen.cache, chosen.mirrors)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    rows = load_sources()
    settings = settings_for(None, str(chosen.cache / "models"))
    embedder = load_model(settings)
    corpora = []
    for language in LANGUAGES:
        source = make_corpus(language, "tune", rows, places)
        with indexed(source.top, settings, embedder) as index:
            corpora.append(_corpus(source, index))
    with gzip.open(chosen.out, "wt", encoding="utf-8") as file:
        json.dump([_record(corpus) for corpus in corpora], file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
