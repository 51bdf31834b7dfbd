"""Questions with known answers, taken from the sources themselves.

Three kinds: `docstring` (the first sentence of a function's documentation, which the indexed code
lacks), `identifier` (a name, bare, qualified or as words) and `commit` (a commit's subject,
answered by the files that it changed).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lumen_hooks.chunking.identifiers import split_identifiers

from .sources import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .documented import Documented

PER_KIND = 250
"""Questions of one kind in one set of one language, at most."""

MAX_ANSWERS = 3
_FUNCTIONS = frozenset({"function", "method"})
_NAMED = _FUNCTIONS | {"class", "interface", "struct", "enum", "type"}
_EMPTY_SENTENCE = re.compile(
    r"^(see|deprecated|internal|todo|same as|alias|constructs?\b|creates a new instance|\W)",
    re.IGNORECASE,
)
_CHORES = re.compile(
    r"\b(bump|merge|release|version|typos?|docs?|documentation|changelog|readme|javadocs?|deps?|lint"
    r"|pmd|checkstyle|spotbugs|whitespace|comments?|sort members|imports?|copyright|license|mypy|ci"
    r"|dependabot|format(ting)?|refactor(ing)?|rename|cleanup|clean up|revert|tests?|black|ruff"
    r"|pyupgrade|flake8|isort|type hints?|typing|annotations?|in-?line|final|prepare|chore|golangci"
    r"|gofmt|codespell|spelling|eslint|prettier|translations?|locale|since|simplify|modernize)\b",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\s*\((?:(?:fix(?:es)?|refs?|closes),?\s*)*(?:#\d+[,\s]*)+\)|\[?\b[A-Z]{2,}-\d+\b\]?:?|#\d+\b"
    r"|^\w+\([^)]*\): "
)
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "spec", "specs", "__tests__", "testdata"})
_TEST_FILE = re.compile(
    r"^(test_.*|conftest\.py|.*[._-](test|tests|spec)\.[^.]+|.*[a-z0-9]Tests?\.[^.]+)$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file that answer a question, from 1, last included; 0 to 0 for all of it."""

    path: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the places of which any (`commit`: each) is an answer."""

    kind: str
    text: str
    answers: tuple[Place, ...]


Definitions = dict[str, list["Documented"]]
"""By path in the corpus."""

BY_FILE = frozenset({"commit", "topic"})
"""Kinds of questions whose answers are files, each of which is wanted."""


class Versioned(Protocol):
    """A git repository at a version, and which of its files are of interest."""

    @property
    def name(self) -> str:
        """`owner/name`."""
        ...

    @property
    def version(self) -> str:
        """A commit."""
        ...

    @property
    def only(self) -> tuple[str, ...]:
        """Folders to look at; none for all."""
        ...

    def takes(self, path: str) -> bool:
        """Whether a file is of interest."""
        ...


def docstring_questions(definitions: Definitions, most: int = PER_KIND) -> list[Question]:
    """First sentences of documentation, of functions that are more than a line or two."""
    answers: dict[str, list[Place]] = defaultdict(list)
    for path, found in definitions.items():
        for one in found:
            if one.kind in _FUNCTIONS and not of_tests(path) and _says_something(one):
                answers[one.sentence].append(Place(path, one.first, one.last))
    return sample("docstring", answers, most)


def identifier_questions(definitions: Definitions, most: int = PER_KIND) -> list[Question]:
    """Names that few definitions have: bare, qualified, or as the words in them."""
    named: dict[str, list[tuple[str, Place]]] = defaultdict(list)
    for path, found in definitions.items():
        for one in found:
            if one.kind in _NAMED and not of_tests(path):
                last = one.symbol.rsplit(".", 1)[-1]
                named[last].append((one.symbol, Place(path, one.first, one.last)))
    answers: dict[str, list[Place]] = {}
    for last, places in named.items():
        if len(last.strip("_")) < 6 or last.startswith("__") or len(places) > MAX_ANSWERS:
            continue
        form = number(last) % 3
        spaced = " ".join(split_identifiers(last).replace("_", " ").lower().split())
        text = last if form == 0 else places[0][0] if form == 1 else spaced
        found_places = [place for symbol, place in places if form != 1 or symbol == text]
        answers[text] = found_places
    return sample("identifier", answers, most)


def commit_questions(
    repositories: Iterable[tuple[Versioned, Path]],
    paths: Mapping[str, str],
    most: int = PER_KIND,
) -> list[Question]:
    """Subjects of commits that changed one to three files that are in the corpus.

    Args:
        repositories: git sources, and where their history is.
        paths: the corpus's path of each file, by `source name:path`.
        most: as many questions.
    """
    answers: dict[str, list[Place]] = {}
    for source, repository in repositories:
        log = git(
            repository, "log", "--no-merges", "-n", "8000", "--format=%x01%s", "--name-status",
            "--no-renames", source.version, "--", *source.only,
        ).decode("utf-8", "replace")  # fmt: skip
        for entry in log.split("\x01")[1:]:
            subject, _, names = entry.partition("\n")
            text = subject_of(subject)
            changed = [line.split("\t", 1) for line in names.splitlines() if "\t" in line]
            code = [path for state, path in changed if state == "M" and source.takes(path)]
            code = [path for path in code if not of_tests(path)]
            known = [paths[key] for path in code if (key := f"{source.name}:{path}") in paths]
            if not 1 <= len(code) <= MAX_ANSWERS or len(known) != len(code):
                continue
            if text:
                answers[text] = [Place(path) for path in known]
    return sample("commit", answers, most)


def subject_of(subject: str) -> str:
    """A commit's subject as a question; empty for chores, and for what is too short or long."""
    text = " ".join(_TICKET.sub(" ", subject).split()).strip(" .:-")
    return text if 4 <= len(text.split()) <= 20 and not _CHORES.search(subject) else ""


def of_tests(path: str) -> bool:
    """Not `files.roles`: what counts as a test stays as it was when the questions were chosen."""
    folders = path.split("/")
    return bool(_TEST_FOLDERS.intersection(folders[:-1])) or bool(_TEST_FILE.match(folders[-1]))


def _says_something(one: Documented) -> bool:
    words = one.sentence.split()
    return (
        4 <= len(words) <= 40
        and one.last - one.first >= 2
        and one.sentence.isascii()
        and not _EMPTY_SENTENCE.search(one.sentence)
    )


def sample(kind: str, answers: Mapping[str, list[Place]], most: int) -> list[Question]:
    """So many of the questions that have at most MAX_ANSWERS answers, always the same ones."""
    fit = [text for text, places in answers.items() if 1 <= len(places) <= MAX_ANSWERS]
    chosen = sorted(fit, key=number)[:most]
    return [Question(kind, text, tuple(answers[text])) for text in chosen]


def number(text: str) -> int:
    """A number that is the same in every run and has nothing to do with what the text says."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
