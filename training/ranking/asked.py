"""Questions that were written by reading the code, as people ask: repositories to ask them of.

    python -m training.ranking.asked --checkouts CHECKOUTS --out CORPORA

makes of each `asked/owner+name.json` what `training.ranking.corpus` makes of a repository,
`CORPORA/owner+name+asked` with its questions beside it. Nothing is taken out of the files: no
question has its words from them.

A file says which folder of the repository is asked (`root`, `.` for all of it), and for each
question its kind, its words and the paths in that folder that answer it, the best ones first.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from training.sources import load_sources

from .corpus import write_repository
from .outline import texts_of
from .questions import Answer

if TYPE_CHECKING:
    from training.sources import Source

FOLDER = Path(__file__).with_name("asked")

ASKED = "+asked"
"""Ends the name of a corpus of such questions: the repository may be asked others, too."""

AskedKind = Literal["architecture", "semantic", "symbol"]
"""How something works across files; what is known by what it does; a name."""


class WrittenQuestion(NamedTuple):
    """A question and the files that answer it."""

    kind: AskedKind
    text: str
    answers: tuple[Answer, ...]


class AskedRepository(NamedTuple):
    """Questions to one folder of a repository."""

    root: str
    questions: tuple[WrittenQuestion, ...]


def load_asked(file: Path) -> AskedRepository:
    """Read a file of questions.

    Raises:
        ValueError: a question of no known kind, or without an answer.
    """
    told = json.loads(file.read_text(encoding="utf-8"))
    questions = []
    for row in told["questions"]:
        answers = tuple(Answer(path) for path in (*row["relevant"], *row["secondary"]))
        if row["category"] not in get_args(AskedKind) or not row["relevant"]:
            raise ValueError(f"{file.name}: {row}")
        questions.append(WrittenQuestion(row["category"], row["query"], answers))
    return AskedRepository(told["root"], tuple(questions))


def make_corpus(source: Source, asked: AskedRepository, checkouts: Path, out: Path) -> int:
    """Make the repository to ask and write its questions; how many there are.

    Raises:
        ValueError: an answer is not there.
    """
    root = "" if asked.root == "." else f"{asked.root}/"
    everything = texts_of(source.repository(checkouts), source.commit)
    texts = {path: text for path, text in everything.items() if path.startswith(root)}
    missing = {one.path for asks in asked.questions for one in asks.answers} - texts.keys()
    if missing:
        raise ValueError(f"{source.name} at {source.commit} lacks {', '.join(sorted(missing))}")
    name = f"{source.name.replace('/', '+')}{ASKED}"
    write_repository(out / name, texts, ())
    (out / f"{name}.json").write_text(json.dumps(asked.questions), encoding="utf-8")
    return len(asked.questions)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make repositories for questions as people ask.")
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for source in load_sources(use="ranking"):
        file = FOLDER / f"{source.name.replace('/', '+')}.json"
        done = arguments.out / f"{file.stem}{ASKED}.json"
        if file.exists() and not done.exists():
            asked = load_asked(file)
            print(source.name, make_corpus(source, asked, arguments.checkouts, arguments.out))


if __name__ == "__main__":
    main()
