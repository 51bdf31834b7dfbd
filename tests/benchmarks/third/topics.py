"""Questions about a topic: what a section of the documentation says, answered by the code it names.

The section is cut out of the corpus. Its heading is the question, or a sentence that names none of
the definitions; the answers are the files that define most of the names in it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.quality.questions import (
    MAX_ANSWERS,
    Place,
    Question,
    number,
    of_tests,
    sample,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.benchmarks.quality.questions import Definitions

_DOCS = re.compile(r"\.(md|mdx|rst|adoc|txt)$", re.IGNORECASE)
_NO_TOPIC = re.compile(
    r"change|history|news|release|licen|contribut|conduct|security", re.IGNORECASE
)
_HEADING = re.compile(
    r"^(?:#{1,5}|={2,5}) +(?P<marked>\S.*?)[ #]*$"
    r"|^(?P<lined>\S.{2,90})\n(?P<line>[-=~^+*])(?P=line){3,}[ \t]*$",
    re.MULTILINE,
)
_CODE_BLOCK = re.compile(
    r"```.*?(?:```|\Z)|^\.\. code.*?(?=^\S)|^(?: {4}|\t)[^\n]*$", re.DOTALL | re.MULTILINE
)
_QUOTED = re.compile(r"`+([^`\n]{3,80})`+")
_CAMEL = re.compile(r"\b[A-Z][a-z0-9]+[A-Z]\w+\b")
_NAME = re.compile(r"[A-Za-z_]\w{3,}")
_DEFINES = re.compile(
    # What defines something at the start of a line in languages without a grammar.
    r"^\s*(?:(?:pub|export|inline|abstract|mutable|rec|@\w+)\s+)*"
    r"(?:let|and|val|type|module|exception|fn|const|data|newtype|class|function|struct|macro"
    r"|variable|output|module|resource\s+\"\w+\"|data\s+\"\w+\")\s+(?:rec\s+|type\s+)?\"?(\w+)"
    r"|^([a-z]\w*)\s*::|^`?([\w.]+)`?\s*(?:<-|=)\s*function\b",
    re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n\s*[-*] ")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<[^>\n]{1,80}>|[*_`]{1,3}|:\w+:")
_NAMES_MIN = 2


class Section(NamedTuple):
    """A part of a document under its own heading: from and to which character."""

    heading: str
    body: str
    first: int
    last: int


class Topics(NamedTuple):
    """Questions, and the stretches of documents that they come from, by path."""

    questions: list[Question]
    cuts: dict[str, list[tuple[int, int]]]


def topic_questions(files: Mapping[str, str], definitions: Definitions, most: int) -> Topics:
    """Ask what sections are about.

    Args:
        files: texts of the repository by path.
        definitions: what the files with a grammar define.
        most: as many questions.
    """
    defined = _defined(files, definitions)
    answers: dict[str, list[Place]] = {}
    origins: dict[str, tuple[str, int, int]] = {}
    for path, text in files.items():
        if not _DOCS.search(path) or _NO_TOPIC.search(path):
            continue
        for section in sections(text):
            names = _names(section.body)
            places = _answers(names, defined)
            question = _question(section, names) if places else ""
            if question and question not in answers:
                answers[question] = places
                origins[question] = (path, section.first, section.last)
    questions = sample("topic", answers, most)
    cuts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in questions:
        path, first, last = origins[one.text]
        cuts[path].append((first, last))
    return Topics(questions, cuts)


def sections(text: str) -> Iterator[Section]:
    """The stretches between a document's headings (Markdown, AsciiDoc, reStructuredText)."""
    found = list(_HEADING.finditer(text))
    for heading, following in zip(found, [*found[1:], None], strict=False):
        last = following.start() if following else len(text)
        title = heading["marked"] or heading["lined"]
        yield Section(title, text[heading.end() : last], heading.start(), last)


def without(text: str, cuts: list[tuple[int, int]]) -> str:
    """A text without some stretches of it."""
    for first, last in sorted(cuts, reverse=True):
        text = text[:first] + text[last:]
    return text


def _defined(files: Mapping[str, str], definitions: Definitions) -> dict[str, set[str]]:
    """Which files define a name, tests aside."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, text in files.items():
        if of_tests(path) or _DOCS.search(path):
            continue
        if path in definitions:
            for one in definitions[path]:
                found[one.symbol.rsplit(".", 1)[-1]].add(path)
        else:
            for match in _DEFINES.finditer(text):
                found[next(filter(None, match.groups()))].add(path)
    return found


def _names(body: str) -> set[str]:
    """The identifiers that a section names."""
    quoted = {name for one in _QUOTED.findall(body) for name in _NAME.findall(one)}
    return quoted | set(_CAMEL.findall(body))


def _answers(names: set[str], defined: Mapping[str, set[str]]) -> list[Place]:
    """The files that define most of the names, if there are few of them and two names at least."""
    count: Counter[str] = Counter()
    for name in names:
        paths = defined.get(name, set())
        if len(paths) <= 2:
            count.update(paths)
    best = max(count.values(), default=0)
    if best < _NAMES_MIN:
        return []
    few = sorted(path for path, times in count.items() if times >= max(_NAMES_MIN, best / 2))
    return [Place(path) for path in few] if len(few) <= MAX_ANSWERS else []


def _question(section: Section, names: set[str]) -> str:
    """The heading, or a sentence; which of them only the section decides. Empty if neither fits."""
    prose = _CODE_BLOCK.sub("\n\n", section.body)
    found = [_words(one) for one in _SENTENCE_END.split(prose)]
    fit = [one for one in found if _is_question(one, 6, 25, names)]
    heading = _words(section.heading)
    if _is_question(heading, 3, 12, names) and (not fit or number(section.body) % 2):
        return heading
    return min(fit, key=number, default="")


def _words(text: str) -> str:
    return " ".join(_MARKUP.sub(r"\1", text).split()).strip(" .:")


def _is_question(text: str, least: int, most: int, names: set[str]) -> bool:
    letters = sum(one.isalpha() or one == " " for one in text)
    return (
        least <= len(text.split()) <= most
        and text.isascii()
        and text[0].isalpha()
        and letters >= 0.9 * len(text)
        and not names.intersection(_NAME.findall(text))
    )
