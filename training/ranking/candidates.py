"""What the product knows of the candidates for each question: the ranking's features, and labels.

    python -m training.ranking.candidates --corpora CORPORA --out ROWS [--model FOLDER] [NAME...]

indexes each corpus of `training.ranking.corpus` with the product itself and writes
`ROWS/owner+name.npz`: a row for each candidate, the candidates of a question together. Each corpus
is asked some questions that belong to others, too, which nothing there answers. For every twelfth
question the model is left out, as where none can be had.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lumen_hooks.search.features import features
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.question import read_question
from tests.benchmarks.measure import git_settings
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for

from .questions import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.rows import ChunkRow

ABSENT = "absent"
"""The kind of a question that belongs to another repository."""

ABSENT_QUESTIONS = 50
_NAMES_ONE_IN = 3
"""Of others' names so many are asked: whether a repository has one is easy to see."""

_WITHOUT_MODEL_ONE_IN = 12
_CANDIDATES = 100
_MAX_ANSWERS = 60


class Question(NamedTuple):
    """A question to a corpus; one that nothing answers has no answers."""

    kind: str
    text: str
    answers: tuple[Answer, ...] = ()


class Rows(NamedTuple):
    """Candidates for questions.

    Attributes:
        names: of the features.
        features: float32 of shape (rows, features).
        sizes: how many rows each question has, int64 of shape (questions,).
        answers: which of a question's answers a row is, a bit for each: int64 of shape (rows,).
        wanted: how many answers each question has.
        kinds: of each question.
    """

    names: NDArray[np.str_]
    features: NDArray[np.float32]
    sizes: NDArray[np.int64]
    answers: NDArray[np.int64]
    wanted: NDArray[np.int64]
    kinds: NDArray[np.str_]


def load_rows(path: Path) -> Rows:
    """Rows as `main` wrote them."""
    with np.load(path) as arrays:
        return Rows(*(arrays[name] for name in Rows._fields))


def rows_of(questions: Sequence[Question], top: Path, settings: Settings, model: Embedder) -> Rows:
    """Ask a repository."""
    parts: list[tuple[NDArray[np.float32], NDArray[np.int64], Question]] = []
    names: list[str] = []
    with indexed(top, settings, model) as index:
        searcher = Searcher(index)
        for number, question in enumerate(questions):
            vector = model.embed_query(question.text)
            without = not vector.any() or number % _WITHOUT_MODEL_ONE_IN == 0
            evidence, _ = searcher.gather(
                question.text, None if without else vector, _CANDIDATES, None
            )
            if evidence.rows:
                columns = features(read_question(question.text), evidence)
                names = list(columns)
                table = np.stack(list(columns.values()), axis=1).astype(np.float32)
                parts.append((table, _answers(question, evidence.rows), question))
    return Rows(
        np.array(names),
        np.concatenate([table for table, _, _ in parts]),
        np.array([len(table) for table, _, _ in parts]),
        np.concatenate([answers for _, answers, _ in parts]),
        np.array([min(_MAX_ANSWERS, len(one.answers)) for _, _, one in parts]),
        np.array([one.kind for _, _, one in parts]),
    )


def _answers(question: Question, rows: Sequence[ChunkRow]) -> NDArray[np.int64]:
    found = np.zeros(len(rows), np.int64)
    for number, answer in enumerate(question.answers[:_MAX_ANSWERS]):
        for at, row in enumerate(rows):
            within = row.end_line >= answer.first and row.start_line <= answer.last
            if row.path == answer.path and (not answer.first or within):
                found[at] |= 1 << number
    return found


def questions_of(file: Path) -> list[Question]:
    """A corpus's questions."""
    rows: list[tuple[str, str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return [
        Question(kind, text, tuple(Answer(*one) for one in where)) for kind, text, where in rows
    ]


def absent_questions(name: str, others: dict[str, list[Question]]) -> Iterator[Question]:
    """Questions that belong to other corpora, chosen by this one's name."""
    chance = random.Random(f"{ABSENT} {name}")
    names = sorted(set(others) - {name})
    left = ABSENT_QUESTIONS if names else 0
    while left:
        one = chance.choice(others[chance.choice(names)])
        if one.kind == "name" and chance.randrange(_NAMES_ONE_IN):
            continue
        left -= 1
        yield Question(ABSENT, one.text)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Write the features of candidates.")
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", help="a model folder; the built-in one without")
    parser.add_argument("names", nargs="*", help="owner+name; all without")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(arguments.out), LUMEN_HOOKS="0")
    settings = settings_for(arguments.model, str(arguments.out / "models"))
    model = load_model(settings)
    read = {
        file.stem: questions_of(file)
        for file in sorted(arguments.corpora.glob("*.json"), key=lambda file: _order(file.stem))
    }
    asked = {name: questions for name, questions in read.items() if questions}
    for name, own in asked.items():
        out = arguments.out / f"{name}.npz"
        if (arguments.names and name not in arguments.names) or out.exists():
            continue
        questions = [*own, *absent_questions(name, asked)]
        rows = rows_of(questions, arguments.corpora / name, settings, model)
        temporary = out.with_suffix(".part.npz")
        np.savez_compressed(temporary, **rows._asdict())
        temporary.replace(out)
        print(name, len(rows.sizes), len(rows.features), flush=True)


def _order(name: str) -> int:
    """No order that means something: what is done first is a fair part of all."""
    return zlib.crc32(name.encode())


if __name__ == "__main__":
    main()
