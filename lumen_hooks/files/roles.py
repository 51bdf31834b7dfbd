"""What a file is for, as its path tells it: code, docs, config; test, example, vendored, generated.

The conventions are those of the ecosystems (default patterns of test runners, GitHub Linguist's
lists of vendored and generated files); the names stand in role_names.py. What a path cannot tell,
the head of a text may: that a program wrote it. Knows names and texts, neither indexes nor what a
role is worth.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from . import role_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator

Role = Literal[
    "code",
    "docs",
    "config",
    "changelog",
    "licence",
    "test",
    "example",
    "benchmark",
    "compat",
    "vendored",
    "generated",
    "build",
    "entry",
    "declaration",
]
"""Every file is `code`, `docs` or `config` (a build script may be two), and may be more.

changelog, licence: docs of that kind; guides to upgrades count as the first.
test: also what tests need: fixtures, mocks, snapshots.
example: shows how to use the rest; code in a folder of documentation too.
compat: keeps going what is old.
vendored: a copy of others' code.
generated: written by a program, locks of versions included.
build: builds, releases or checks, and is not delivered.
entry: mostly hands on what other files hold (`__init__.py`, `index.js`, `mod.rs`).
declaration: signatures (a C header, `.d.ts`, `.pyi`).
"""

_NAME_MAX = 255
_MAX_DEPTH = 64
"""What file systems allow, and what people use; what is beyond is not looked at."""

_PARTS = re.compile(r"[-_ ]+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")


class _Folder(NamedTuple):
    """What a folder says of all that is in it.

    Attributes:
        roles: of all files in it.
        of_docs: it is in documentation.
        top_docs: the documentation of the whole worktree.
        of_specs: its code is tests.
        delivered: it is below `src/main`, where `test` and `example` name packages.
    """

    roles: frozenset[Role] = frozenset()
    of_docs: bool = False
    top_docs: bool = False
    of_specs: bool = False
    delivered: bool = False


def is_test(path: str) -> bool:
    """A file that tests, or that tests need, by its path."""
    return "test" in roles_of(path)


@lru_cache(maxsize=1 << 14)
def roles_of(path: str) -> frozenset[Role]:
    """The roles of a file by its path (relative to the worktree's top, with `/`)."""
    folder, _, name = path.rpartition("/")
    name = name[-_NAME_MAX:]
    above = _folder(folder)
    roles = _forms(name, of_docs=above.of_docs)
    is_docs, is_code = "docs" in roles, "code" in roles
    roles |= {role for role in above.roles if is_docs or role not in {"changelog", "licence"}}
    if is_docs:
        roles |= _docs_of_one_kind(name)
    if is_code:
        roles.update(_of_code(folder, name, above))
    for role, expression in _FILES:
        if expression.search(name):
            roles.add(role)
    if names.OUTPUT.match(path):
        roles.add("generated")
    if names.SUBPROJECT.match(path):
        roles.add("vendored")
    return frozenset(roles)


_FILES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("test", names.TEST_FILES),
    ("example", names.EXAMPLE_FILES),
    ("vendored", names.VENDORED_FILES),
    ("generated", names.GENERATED_FILES),
    ("generated", names.LOCKS),
    ("entry", names.ENTRY),
    ("declaration", names.DECLARATION),
)


def forms_of(path: str) -> set[Role]:
    """Those of `code`, `docs` and `config` that a file is (and `build`), in 3 µs."""
    folder, _, name = path.rpartition("/")
    return _forms(name[-_NAME_MAX:], of_docs=_folder(folder).of_docs)


def _forms(name: str, *, of_docs: bool) -> set[Role]:
    low = name.lower()
    stem, _, ending = low.rpartition(".")
    if ending in names.PAGE_ENDINGS:
        return {"docs" if of_docs else "code"}
    if stem and not names.MAYBE_MORE.search(low):
        # Nearly all: one look instead of all those below.
        if ending in names.CODE_ENDINGS:
            return {"code"}
        if ending in names.PROSE_ENDINGS:
            return {"docs"}
    if names.LOCKS.search(low):
        return {"config"}
    if stem and ending in names.WRAPPERS:
        return _forms(name.rpartition(".")[0], of_docs=of_docs)
    if names.BUILD_NAMES.search(low):
        settings = ending in names.CONFIG_ENDINGS or not names.CONFIG_CODE.search(low)
        return {"config", "build"} if settings else {"code", "config", "build"}
    if names.CONFIG_CODE.search(low):
        return {"code", "config"}
    if low in names.CONFIG_NAMES or names.REQUIREMENTS.match(low):
        return {"config"}
    if not stem:
        # No ending, or a dot file: a note in capitals, settings, or a script.
        plain = not low.startswith(".")
        if plain and (ending in names.DOCS_NAMES or _docs_of_one_kind(name)):
            return {"docs"}
        return {"docs"} if plain and name.isupper() else {"code"} if plain else {"config"}
    if ending in names.DOCS_ENDINGS or names.MAN_PAGE.search(low) or name.startswith("README."):
        return {"docs"}
    if ending in names.CONFIG_ENDINGS:
        return {"config"}
    return {"docs"} if names.LICENCE.match(name) and name[:4].isupper() else {"code"}


def _docs_of_one_kind(name: str) -> set[Role]:
    stem = name if "." not in name else name.rpartition(".")[0]
    if names.LICENCE.match(name):
        return {"licence"}
    told = names.CHANGELOG.match(stem) or names.LOUD_CHANGELOG.match(stem)
    return {"changelog"} if told else set()


def _of_code(folder: str, name: str, above: _Folder) -> Iterator[Role]:
    """What the name of a file of code tells."""
    stem = name.rpartition(".")[0] or name
    if not above.delivered:
        commands = folder.rpartition("/")[2].lower() in names.COMMAND_FOLDERS
        if above.of_specs or (names.TEST_CODE.search(name) and not (commands and stem == "test")):
            yield "test"
        if names.EXAMPLE_CODE.search(name) or above.top_docs:
            yield "example"
        if names.BENCHMARK_CODE.search(name):
            yield "benchmark"
    words = [word.lower() for word in _WORDS.findall(stem)]
    if not names.COMPAT_WORDS.isdisjoint(words) or words[1:][-1:] == ["old"]:
        yield "compat"


@lru_cache(maxsize=1 << 12)
def _folder(folder: str) -> _Folder:
    """What the names of a folder and of those above it say."""
    if not folder:
        return _Folder()
    before = folder.split("/")
    if len(before) > _MAX_DEPTH:
        return _folder("/".join(before[:_MAX_DEPTH]))
    name = before.pop()
    above = _folder("/".join(before))
    low, before = name.lower(), [part.lower() for part in before]
    in_docs = low in names.DOCS_FOLDERS
    delivered = above.delivered or (
        before[-2:] == ["src", "main"] and low not in {"resources", "webapp"}
    )
    roles = {*above.roles, *_of_any_folder(low)}
    of_specs = above.of_specs
    if not delivered:
        roles.update(_of_folder(name, before))
        of_specs = of_specs or (low in names.SPEC_FOLDERS and (low != "t" or not before))
    return _Folder(
        roles=frozenset(roles),
        of_docs=above.of_docs or in_docs,
        top_docs=above.top_docs or (in_docs and not before),
        of_specs=of_specs,
        delivered=delivered,
    )


def _of_any_folder(low: str) -> Iterator[Role]:
    """Roles by what no package is called."""
    if low in names.GENERATED_FOLDERS:
        yield "generated"
    if not names.COMPAT_WORDS.isdisjoint(_PARTS.split(low)):
        yield "compat"


def _of_folder(name: str, before: list[str]) -> Iterator[Role]:
    low = name.lower()
    parts = _PARTS.split(low)
    words = [word.lower() for word in _WORDS.findall(name)]
    last = {low, words[-1] if words else low}
    if _is_of_tests(name, parts, words):
        yield "test"
    in_domain = bool(before) and before[-1] in names.DOMAINS
    if not in_domain and not names.EXAMPLE_WORDS.isdisjoint({*parts, *last}):
        yield "example"
    if not names.BENCHMARK_WORDS.isdisjoint({*parts, *last}):
        yield "benchmark"
    if low in names.OLD_FOLDERS and names.VERSIONED.isdisjoint(before):
        yield "compat"
    at_top = not before or (len(before) == 1 and before[0] in names.SOURCES)
    if low in names.VENDORED_FOLDERS or (low in names.VENDORED_TOPS and at_top):
        yield "vendored"
    if low in names.BUILD_FOLDERS and names.DELIVERED_SCRIPTS.isdisjoint(before[-1:]):
        yield "build"
    if low in names.BUILD_TOPS and not before:
        yield "build"
    if low in names.CHANGELOG_FOLDERS:
        yield "changelog"
    if low in names.LICENCE_FOLDERS:
        yield "licence"


def _is_of_tests(name: str, parts: list[str], words: list[str]) -> bool:
    if name.lower() in names.TEST_FOLDERS or parts[-1] in names.TEST_PLURALS:
        return True
    if parts[0] == "test" or re.match(r"[Tt]est[A-Z]", name):
        return words[-1] not in names.TEST_PRODUCTS
    if parts[-1] in {"test", "testing"}:
        return parts[-2] in names.TEST_QUALIFIERS
    # androidTest, MyApp.Tests, IntegrationTest
    return bool(re.search(r"[A-Za-z0-9](?:Tests?|Specs)$|\.[Tt]ests?$", name))


# what a text says of itself

_HEAD_CHARACTERS = 4096
_HEAD_LINES = 40

_COMMENT = re.compile(
    r"\s*(?:/[/*!]+|\*+/?|#+['!]?|--+|;+|%+|<!--+|\"\"\"|\'\'\'|\{-+|\(\*+|'|!|\"|REM\b|dnl\b|\.\.)\s*"
)
_BLOCKS = (
    ("/*", "*/"),
    ("<!--", "-->"),
    ('"""', '"""'),
    ("'''", "'''"),
    ("{-", "-}"),
    ("(*", "*)"),
    ("--[[", "]]"),
    ("=begin", "=end"),
)
_BEFORE_CODE = re.compile(
    r"\s*(?:$|package\b|<\?|<!DOCTYPE|<html|<head|<meta|['\"]use |@file:|@charset|syntax\b|module\b"
    r"|namespace\b|\\)",
    re.IGNORECASE,
)
"""What may stand before a head, besides comments."""

_MENTIONED = ("generated", "meta object code", "gnu bison")
_LEADING = r"(?:[^\w<@]*(?:warning|note|notice|attention|important|caution|do not edit)\b)*[^\w<@]*"
_AUTO = r"(?:auto(?:matically)?[- ]?|machine[- ])"
_SAYS_SO = re.compile(
    rf"{_LEADING}(?:"
    r"<auto-?generated\b"
    r"|@(?:partially-)?generated\b"
    r"|code generated\b.*\bdo not (?:edit|modify|change)"
    rf"|(?:this|the following)(?: \w+)?"
    r" (?:file|code|class|module|source|header|document|package|script|content|schema|interface)"
    rf" (?:is|was|has been) (?:an? )?(?:{_AUTO}generated\b|@?generated"
    r"(?= (?:by|from|using|with|via|on|at|file|code|automatically)\b|\W*$|[.,;:!(]))"
    rf"|(?:file |code )?{_AUTO}generated"
    r"(?= (?:by|from|using|with|via|on|at|file|code|class|source)\b|\W*$|[.,;:!(])"
    r"|generated (?:by|from|using) "
    r"|generated (?:file|code)\W+do not (?:edit|modify|change)"
    r"|(?:(?:lexical )?scanner|lexer|parser|a (?:lexical scanner|parser)|file|form)"
    r" generated (?:by|from)\b"
    r"|a bison parser, made by gnu bison|meta object code from"
    rf"|do not edit this file\b.*\bgenerated"
    r")",
    re.IGNORECASE,
)
_WRITTEN_BY_PROGRAM = re.compile(rf"(?:{_AUTO}|\b)generated\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|`[^`]*`|(?<!\w)'[^']*'(?!\w)")
_HANDS_OFF = re.compile(
    r"\b(?:do not|don't|never|should not be|must not be|not intended for) "
    r"(?:\w+ly )?(?:edit(?:ed)?|modif(?:y|ied)|change[d]?|manual|touch(?:ed)?)\b"
    r"(?! (?:the |any )?generated)|\bchanges (?:\w+ )*will be (?:lost|overwritten)",
    re.IGNORECASE,
)


def is_generated_text(text: str) -> bool:
    """Whether the comments at the head of a text say that a program wrote it.

    Go's own rule (https://go.dev/s/generatedcode) and what other generators write. Of the first 40
    lines, or 4,096 characters, those count that come before the first code.
    """
    head = text[:_HEAD_CHARACTERS]
    low = head.lower()
    if not any(word in low for word in _MENTIONED):
        return False
    said = ""
    for line in _head_comments(head):
        if _SAYS_SO.match(line):
            return True
        both = _QUOTED.sub("", f"{said} {line}")
        if _WRITTEN_BY_PROGRAM.search(both) and _HANDS_OFF.search(both):
            return True
        said = line
    return False


def _head_comments(head: str) -> Iterator[str]:
    """The lines of the comments before the first code, without their marks."""
    end = ""
    for line in head.split("\n")[:_HEAD_LINES]:
        stripped = line.strip()
        mark = _COMMENT.match(line)
        if end:
            end = "" if end in stripped else end
        elif mark is None:
            if not _BEFORE_CODE.match(line):
                return
            continue
        for first, last in _BLOCKS:
            if not end and stripped.startswith(first) and last not in stripped[len(first) :]:
                end = last
        yield line[mark.end() :] if mark else stripped
