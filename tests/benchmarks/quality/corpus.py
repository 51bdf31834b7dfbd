"""The sources of one language and set as a git repository, and the questions about them."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.mirrors import commit_all

from . import documented, questions, sources
from .documented import strip_documentation
from .questions import (
    Definitions,
    Place,
    Question,
    commit_questions,
    docstring_questions,
    identifier_questions,
)
from .sources import Places, Source, SourceError, files_of, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

from lumen_hooks.chunking.naming.languages import language_of_text


@dataclass(frozen=True, slots=True)
class Corpus:
    """One repository to search.

    Attributes:
        language: the benchmark's name for it.
        top: the repository's folder.
        questions: what is asked of it.
    """

    language: str
    top: Path
    questions: tuple[Question, ...]


def make_corpus(language: str, wanted: str, rows: Sequence[Source], places: Places) -> Corpus:
    """Make the corpus of a language and set, unless it is in the cache as it would be made now.

    Raises:
        SourceError: a source is not here and cannot be fetched; says so of each.
    """
    chosen = [row for row in rows if (row.language, row.set) == (language, wanted)]
    top = places.cache / "corpora" / f"{language}-{wanted}"
    record = top.with_suffix(".json")
    stamp = _stamp(chosen)
    if record.exists():
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["stamp"] == stamp:
            return Corpus(language, top, tuple(_question(one) for one in kept["questions"]))
    if problems := missing(chosen, places):
        raise SourceError("\n".join(problems))
    found = _make(top, chosen, places)
    kept = {"stamp": stamp, "questions": [asdict(question) for question in found]}
    record.write_text(json.dumps(kept), encoding="utf-8")
    return Corpus(language, top, tuple(found))


def _make(top: Path, chosen: Sequence[Source], places: Places) -> list[Question]:
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    definitions: Definitions = {}
    paths: dict[str, str] = {}
    for source in chosen:
        folder = source.name.rsplit("/", 1)[-1]
        for path, text in files_of(source, places):
            language = language_of_text(path, text)
            if language not in sources.LANGUAGES[source.language]:
                continue
            stripped, found = strip_documentation(language, text)
            place = top / folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(stripped, encoding="utf-8")
            definitions[f"{folder}/{path}"] = found
            paths[f"{source.name}:{path}"] = f"{folder}/{path}"
    commit_all(top, "The sources, without their documentation")
    repositories = [(row, places.repository(row)) for row in chosen if row.kind == "git"]
    return [
        *docstring_questions(definitions),
        *identifier_questions(definitions),
        *commit_questions(repositories, paths),
    ]


def _stamp(chosen: Sequence[Source]) -> str:
    digest = hashlib.sha256(repr(chosen).encode())
    for module in (documented, questions, sources):
        digest.update(inspect.getsource(module).encode())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def _question(record: dict[str, object]) -> Question:
    answers = record["answers"]
    assert isinstance(answers, list)
    return Question(str(record["kind"]), str(record["text"]), tuple(Place(**a) for a in answers))
