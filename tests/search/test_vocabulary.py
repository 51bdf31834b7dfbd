"""Kinds and contents as people call them."""

from __future__ import annotations

import pytest

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.chunking.naming.languages import language_named
from lumen_hooks.errors import QueryError
from lumen_hooks.meant import near
from lumen_hooks.search.results import CONTENTS
from lumen_hooks.search.vocabulary import known_content, known_kinds


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("fn func fun def sub procedure Function functions", "function"),
        ("classes cls CLASS", "class"),
        ("struct structs", "struct"),
        ("const constants", "constant"),
        ("mod namespace ns package modules", "module"),
        ("typedef alias types", "type"),
        ("enums enumeration", "enum"),
        ("interfaces protocol", "interface"),
        ("keys key", "key"),
    ],
)
def test_kinds(words: str, kind: str) -> None:
    assert known_kinds(words.split()) == [kind]


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("doc docs documentation", "docs"),
        ("conf config configuration", "config"),
        ("code source", "code"),
        ("all any", "all"),
    ],
)
def test_contents(words: str, content: str) -> None:
    assert {known_content(word) for word in words.split()} == {content}


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("ts TypeScript mts", "typescript"),
        ("js javascript node mjs", "javascript"),
        ("py python3 Python", "python"),
        ("c++ cc cpp hpp cxx", "cpp"),
        ("c# cs csharp", "csharp"),
        ("golang go .go", "go"),
        ("sh shell bash zsh", "bash"),
        ("rs rust", "rust"),
        ("rb ruby", "ruby"),
        ("kt kotlin", "kotlin"),
        ("md markdown", "markdown"),
        ("yml yaml", "yaml"),
        ("docker dockerfile", "dockerfile"),
        ("objc objective-c", "objective-c"),
        ("txt plaintext text", "text"),
    ],
)
def test_languages(words: str, language: str) -> None:
    assert {language_named(word) for word in words.split()} == {language}


def test_what_is_called_nothing() -> None:
    for name in (*KINDS, *CONTENTS, "methd", "x" * 1_000, ""):
        if name in KINDS:
            assert known_kinds([name]) == [name]
        elif name in CONTENTS:
            assert known_content(name) == name
        else:
            with pytest.raises(QueryError):
                known_kinds([name])
    with pytest.raises(QueryError) as raised:
        known_kinds(["methd"])
    assert raised.value.hint.startswith("did you mean method? there are: function, method")
    with pytest.raises(QueryError) as raised:
        known_content("documents")
    assert raised.value.hint == "did you mean docs? there are: all, code, docs, config"


def test_near_names_are_bounded() -> None:
    many = [f"name-{number}" for number in range(100_000)]
    assert near("x" * 10_000, many) == []
    assert near("name_7", many)[0] == "name-7"
    assert near("", ["a"]) == []
