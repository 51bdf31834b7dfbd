"""One repository as it is at its commit, less what became a question, and the questions."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import ParseAbandonedError
from lumen_hooks.chunking.naming.languages import language_of_text
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from tests.benchmarks.mirrors import commit_all
from tests.benchmarks.quality.documented import strip_documentation
from tests.benchmarks.quality.questions import (
    Definitions,
    Place,
    Question,
    commit_questions,
    docstring_questions,
    identifier_questions,
)

from .topics import topic_questions, without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .sources import Source

PER_KIND = 20
"""Questions of one kind about one package, at most."""

QUESTIONS = 1
"""Another number makes the questions anew, and another judge of them."""

MAX_FILE_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """A repository to search, and what is asked of it."""

    source: Source
    top: Path
    questions: tuple[Question, ...]


def make_corpus(source: Source, mirror: Path, folder: Path) -> Corpus:
    """Make a corpus, unless it is in the folder as it would be made now."""
    top = folder / source.package
    record = folder / f"{source.package}.json"
    stamp = f"{QUESTIONS} {source!r}"
    if record.exists():
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["stamp"] == stamp:
            return Corpus(source, top, tuple(_question(one) for one in kept["questions"]))
    found = _make(source, mirror, top)
    kept = {"stamp": stamp, "questions": [asdict(question) for question in found]}
    record.write_text(json.dumps(kept), encoding="utf-8")
    return Corpus(source, top, tuple(found))


def _make(source: Source, mirror: Path, top: Path) -> list[Question]:
    shutil.rmtree(top, ignore_errors=True)
    files = dict(_texts(mirror, source.commit))
    definitions: Definitions = {}
    for path, text in files.items():
        language = language_of_text(path, text)
        grammar = GRAMMARS.get(language)
        if grammar is not None and not grammar.data:
            try:
                files[path], definitions[path] = strip_documentation(language, text)
            except (ParseAbandonedError, ImportError, RecursionError):
                continue
    about = topic_questions(files, definitions, PER_KIND)
    for path, text in files.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(without(text, about.cuts.get(path, [])), encoding="utf-8")
    commit_all(top, f"{source.name}, without what is asked about")
    paths = {f"{source.name}:{path}": path for path in files}
    own = {path: found for path, found in definitions.items() if source.defines(path)}
    return [
        *docstring_questions(own, PER_KIND),
        *identifier_questions(own, PER_KIND),
        *commit_questions([(source, mirror)], paths, PER_KIND),
        *about.questions,
    ]


def _texts(mirror: Path, commit: str) -> Iterator[tuple[str, str]]:
    """A commit's text files, by path."""
    git = ("git", "-C", str(mirror))
    listed = subprocess.run(
        [*git, "ls-tree", "-rzl", commit], check=True, stdout=subprocess.PIPE
    ).stdout.decode("utf-8", "replace")
    rows = [row.partition("\t") for row in listed.split("\0") if row]
    wanted = []
    for facts, _, path in rows:
        mode, kind, blob, size = facts.split()
        # A blob that the mirror lacks has no size.
        fits = size.isdigit() and int(size) <= MAX_FILE_BYTES
        if kind == "blob" and mode.startswith("100") and fits:
            wanted.append((path, blob))
    asked = "".join(f"{blob}\n" for _, blob in wanted).encode()
    answered = subprocess.run(
        [*git, "cat-file", "--batch"], check=True, input=asked, stdout=subprocess.PIPE
    ).stdout
    place = 0
    for path, _ in wanted:
        head = answered.index(b"\n", place)
        length = int(answered[place:head].split()[2])
        content = answered[head + 1 : head + 1 + length]
        place = head + length + 2
        if b"\0" not in content:
            yield path, content.decode("utf-8", "replace").replace("\r\n", "\n")


def _question(record: dict[str, object]) -> Question:
    answers = record["answers"]
    assert isinstance(answers, list)
    return Question(str(record["kind"]), str(record["text"]), tuple(Place(**a) for a in answers))
