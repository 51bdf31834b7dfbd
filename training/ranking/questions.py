"""Questions of every kind to one repository, with the files or lines that answer them.

| kind | question | answer |
|---|---|---|
| doc | the first sentence of a function's documentation | that function |
| type | the first sentence of a type's documentation | its file |
| file | the first sentence of what a file says of itself | that file |
| composed | names and words of documentation of one file, put together as people do | that file |
| name | a name that at most three definitions have: bare, qualified, its words, a type's | those |
| commit | the subject of a commit that changed one to three files | those files |
| topic | a heading or sentence of a document that names identifiers | the files that define them |
| document | a sentence of a document's section that names nothing in the code | that section |

The words that a question was made of are left out of what is indexed, but for names and commits.
The choice is made by checksums, so that the same repository gives the same questions.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.identifiers import split_identifiers
from lumen_hooks.files.roles import is_test, roles_of
from tests.benchmarks.quality.questions import subject_of
from training.comments import is_prose, text_of

from .outline import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .outline import Described, Outline

MOST = {
    "doc": 80,
    "type": 50,
    "file": 60,
    "composed": 120,
    "name": 90,
    "commit": 80,
    "topic": 50,
    "document": 40,
}
"""Questions of each kind to one repository."""

_LEAST_LINES = {"function": 3, "type": 4}
_LEAST_NAME = 4
_MANY = 3
"""A name that more definitions have asks for none of them."""

_DOCUMENT = (".md", ".rst", ".txt", ".mdx", ".adoc")
_SECTION = re.compile(
    r"(?:^|\n)(?:#{1,4} +(?P<marked>[^\n]{6,90})\n|(?P<underlined>[^\n]{6,90})\n[-=~^]{4,}\n)"
    r"(?P<body>.{80,3000}?)(?=\n#{1,4} |\n[^\n]{3,90}\n[-=~^]{4,}\n|\Z)",
    re.DOTALL,
)
_QUOTED_NAME = re.compile(r"`+([A-Za-z_][\w.]{3,60})(?:\(\))?`")
_CAMEL_NAME = re.compile(r"\b([A-Z][a-z]+[A-Z]\w+)\b")
_CODE_BLOCK = re.compile(r"```.*?```|\.\. code.*?\n\n", re.DOTALL)
_SENTENCE = re.compile(r"(?<![^\s>*-])[A-Z][^.!?\n]*(?:\n[^.!?\n]+)*(?=[.!?](?:\s|$))")
_MARKUP = re.compile(r"[`*_#:]+|\[|\]\([^)]*\)")
_OPENINGS = (
    *("",) * 4,
    "how ",
    "how does ",
    "how are ",
    "where is ",
    "implementation of ",
    "logic for ",
)


class Answer(NamedTuple):
    """A file, or lines of one (0 for all of it)."""

    path: str
    first: int = 0
    last: int = 0


class Asked(NamedTuple):
    """A question, and what was its source.

    Attributes:
        kind: see above.
        text: what is asked.
        answers: what answers it.
        told: for each file the bytes that say it.
    """

    kind: str
    text: str
    answers: tuple[Answer, ...]
    told: tuple[tuple[str, Span], ...] = ()


class Repository(NamedTuple):
    """What the questions are made of.

    Attributes:
        name: decides the choice.
        texts: of all files, by path.
        outlines: of the files of code.
        commits: subject and changed paths (with git's letter for what happened to each).
    """

    name: str
    texts: Mapping[str, bytes]
    outlines: Mapping[str, Outline]
    commits: Sequence[tuple[str, Sequence[tuple[str, str]]]]

    def definitions(self) -> Iterator[Described]:
        """All of them, by path and line."""
        for path in sorted(self.outlines):
            yield from self.outlines[path].definitions

    def documentation(self) -> Iterator[tuple[str, Span]]:
        """Where the code says what it does."""
        for path, outline in sorted(self.outlines.items()):
            if outline.span is not None:
                yield path, outline.span
            for one in outline.definitions:
                yield from _told(one)


def questions_to(repository: Repository) -> list[Asked]:
    """Questions of every kind, none of them twice."""
    random_source = random.Random(repository.name)
    seen: set[str] = set()
    asked: list[Asked] = []
    for make in (_files, _functions, _types, _composed, _names, _commits, _topics, _documents):
        found = make(repository, random_source)
        order = sorted(found, key=lambda one: _checksum(repository.name + one.text))
        most = 0
        for one in order:
            if one.text.lower() not in seen and most < MOST[one.kind]:
                seen.add(one.text.lower())
                asked.append(one)
                most += 1
    return asked


def _files(repository: Repository, _: random.Random) -> Iterator[Asked]:
    for path, outline in sorted(repository.outlines.items()):
        if outline.sentence and outline.span is not None:
            told = ((path, outline.span),)
            yield Asked("file", outline.sentence, (Answer(path),), told)


def _functions(repository: Repository, _: random.Random) -> Iterator[Asked]:
    for one in _documented(repository, "function"):
        answer = Answer(one.path, one.first, one.last)
        yield Asked("doc", one.sentence, (answer,), _told(one))


def _types(repository: Repository, _: random.Random) -> Iterator[Asked]:
    for one in _documented(repository, "type"):
        yield Asked("type", one.sentence, (Answer(one.path),), _told(one))


def _documented(repository: Repository, kind: str) -> Iterator[Described]:
    """Definitions whose documentation nothing else has."""
    common = Counter(one.sentence.lower() for one in repository.definitions() if one.sentence)
    for one in repository.definitions():
        long_enough = one.last - one.first + 1 >= _LEAST_LINES[kind]
        if one.kind == kind and one.sentence and long_enough and common[one.sentence.lower()] == 1:
            yield one


def _told(one: Described) -> tuple[tuple[str, Span], ...]:
    return tuple((one.path, span) for span in one.spans)


def _composed(repository: Repository, chance: random.Random) -> Iterator[Asked]:
    paths = sorted(repository.outlines)
    chance.shuffle(paths)
    for path in paths[: 2 * MOST["composed"]]:
        within = [
            one
            for one in repository.outlines[path].definitions
            if len(one.name.strip("_")) >= _LEAST_NAME and "test" not in one.symbol.lower()
        ]
        if len(within) < 2:
            continue
        text, told = _put_together(path, within, chance)
        text = (chance.choice(_OPENINGS) + " ".join(text.split())).strip()
        if len(text.split()) >= 2:
            yield Asked("composed", text, (Answer(path),), told)


def _put_together(
    path: str, within: list[Described], chance: random.Random
) -> tuple[str, tuple[tuple[str, Span], ...]]:
    """A question from the names in a file, and from a piece of documentation if it has any."""
    types = [one for one in within if one.kind == "type"] or within
    large = sorted(types, key=lambda one: one.first - one.last)[:4]
    one, other = chance.choice(large), chance.choice(within)
    documented = [each for each in within if each.sentence]
    file = PurePosixPath(path)

    def spoken(definition: Described) -> str:
        return definition.name if chance.random() < 0.5 else words_of(definition.name)

    form = chance.random()
    if documented and form < 0.55:
        source = chance.choice(documented)
        words = source.sentence.split()
        some = chance.randint(2, 7)
        piece = " ".join(words[:some] if chance.random() < 0.5 else words[-some:])
        forms = (
            f"{spoken(one)} {piece}",
            piece,
            f"{spoken(one)} and {spoken(other)} for {piece}",
            f"{words_of(file.stem)} {piece}",
            f"{piece} in {spoken(one)}",
        )
        return chance.choice(forms), _told(source)
    if form < 0.8:
        text = spoken(one) if one is other else f"{spoken(one)} and {spoken(other)}"
        return text + (" implementation" if chance.random() < 0.4 else ""), ()
    return f"{words_of(file.parent.name)} {words_of(spoken(one))} {words_of(spoken(other))}", ()


def _names(repository: Repository, _: random.Random) -> Iterator[Asked]:
    for name, places in _by_name(repository).items():
        if len(name.strip("_")) < _LEAST_NAME or name.startswith("__") or len(places) > _MANY:
            continue
        form = _checksum(name) % 4
        if form == 3:
            types = tuple(Answer(one.path) for one in places if one.kind == "type")
            if types:
                yield Asked("name", name, types)
            continue
        text = (name, places[0].symbol, words_of(name))[form]
        meant = [one for one in places if form != 1 or one.symbol == text]
        yield Asked("name", text, tuple(Answer(one.path, one.first, one.last) for one in meant))


def _commits(repository: Repository, _: random.Random) -> Iterator[Asked]:
    for subject, changes in repository.commits:
        text = subject_of(subject)
        own = [path for _, path in changes if not is_test(path)]
        code = [path for what, path in changes if what == "M" and path in repository.outlines]
        if text and text.isascii() and 1 <= len(code) <= 3 and len(own) <= 5:
            yield Asked("commit", text, tuple(map(Answer, code)))


def _topics(repository: Repository, chance: random.Random) -> Iterator[Asked]:
    places = _by_name(repository)
    for path, text, section in _sections(repository):
        files = _defining(section["body"], places)
        question = _of_section(section, chance)
        if files and 3 <= len(question.split()) <= 25 and question.isascii():
            told = ((path, _span(text, section.start(), section.end())),)
            yield Asked("topic", question, tuple(map(Answer, files)), told)


def _documents(repository: Repository, chance: random.Random) -> Iterator[Asked]:
    places = _by_name(repository)
    for path, text, section in _sections(repository):
        body = section["body"]
        sentences = [one for one in _SENTENCE.finditer(_blanked(body)) if _is_plain(one[0])]
        if not sentences or _defining(body, places):
            continue
        one = chance.choice(sentences)
        question = " ".join(_MARKUP.sub(" ", one[0]).split()).strip(" .:")
        start = section.start("body") + one.start()
        first = text.count("\n", 0, section.start("body"))
        last = first + body.rstrip().count("\n") + 1
        told = ((path, _span(text, start, start + len(one[0]))),)
        yield Asked("document", question, (Answer(path, max(1, first), last),), told)


def _sections(repository: Repository) -> Iterator[tuple[str, str, re.Match[str]]]:
    """The path and text of each document, with each of its sections; no release notes."""
    for path in sorted(repository.texts):
        if path.lower().endswith(_DOCUMENT) and not roles_of(path) & {"changelog", "licence"}:
            text = repository.texts[path].decode("utf-8", "replace")
            for section in _SECTION.finditer(text):
                yield path, text, section


def _span(text: str, start: int, end: int) -> Span:
    return Span(len(text[:start].encode()), len(text[:end].encode()), b"")


def _blanked(body: str) -> str:
    """A section with blanks for its code."""
    return _CODE_BLOCK.sub(lambda code: " " * len(code[0]), body)


def _is_plain(sentence: str) -> bool:
    words = len(sentence.split())
    return 5 <= words <= 25 and sentence.isascii() and is_prose(sentence)


def _defining(body: str, places: Mapping[str, Sequence[Described]]) -> list[str]:
    """The files that define most of what a section names, if two at least are of one file."""
    named = {*_QUOTED_NAME.findall(body), *_CAMEL_NAME.findall(body)}
    counts: Counter[str] = Counter()
    for name in sorted(named):
        files = {one.path for one in places.get(name.rsplit(".", 1)[-1], ())}
        if len(files) <= 2:
            counts.update(files)
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:2]
    if not best or best[0][1] < 2:
        return []
    return [file for file, count in best if count >= max(2, best[0][1] / 2)]


def _of_section(section: re.Match[str], chance: random.Random) -> str:
    heading = (section["marked"] or section["underlined"] or "").strip()
    sentences = [
        sentence
        for sentence in re.split(r"(?<=[.!?])\s+|\n\n", _CODE_BLOCK.sub(" ", section["body"]))
        if 5 <= len(sentence.split()) <= 25 and is_prose(sentence)
    ]
    question = heading if len(heading.split()) >= 3 and chance.random() < 0.5 else ""
    if not question and sentences:
        question = text_of(chance.choice(sentences))
    return " ".join(_MARKUP.sub(" ", question).split()).strip(" .:")


def _by_name(repository: Repository) -> dict[str, list[Described]]:
    places: dict[str, list[Described]] = defaultdict(list)
    for one in repository.definitions():
        places[one.name].append(one)
    return places


def words_of(name: str) -> str:
    """A name as its words."""
    return " ".join(split_identifiers(name).replace("_", " ").lower().split())


def _checksum(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
