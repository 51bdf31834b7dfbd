from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.naming.languages import LANGUAGES, language_of, language_of_text
from lumen_hooks.chunking.pieces import _CLOSING_LINES
from lumen_hooks.chunking.syntax.definitions import parse
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from lumen_hooks.embedding.registry import identify
from lumen_hooks.settings import Settings
from lumen_hooks.storage.fingerprint import fingerprint
from tests.chunking.checks import EXTENSIONS
from tests.chunking.grammar_samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.chunking.definition import Definition


def _walk(definitions: list[Definition], prefix: str = "") -> Iterator[tuple[str, int, int]]:
    for one in definitions:
        names = [prefix + name for name in one.names]
        yield f"{one.kind} {', '.join(names)}", one.first + 1, one.last + 1
        yield from _walk(one.members, names[0] + ".")


def _defined(language: str, text: str) -> list[str]:
    lines = SourceLines(text)
    return [name for name, _, _ in _walk(parse(language, text, lines).top.members)]


def test_every_grammar_has_a_sample() -> None:
    assert set(SAMPLES) == set(GRAMMARS)


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_definitions_with_kinds_and_qualified_names(language: str) -> None:
    text, expected = SAMPLES[language]
    assert _defined(language, text) == expected


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_a_chunk_tells_each_definition_that_it_holds(language: str) -> None:
    """With its own kind, name and lines, whatever it shares the chunk with."""
    text, _ = SAMPLES[language]
    chunks = chunk_file(f"a.{EXTENSIONS.get(language, language)}", text).chunks
    held = {
        (f"{one.kind} {one.name}", one.start_line): one.end_line
        for chunk in chunks
        for one in chunk.holds
    }
    for name, first, last in _walk(parse(language, text, SourceLines(text)).top.members):
        if name.split()[0] not in {"key", "module"}:
            # A lone bracket below stays with what it closes.
            closing = "\n".join(text.split("\n")[last : held[name, first]])
            assert held[name, first] >= last
            assert _CLOSING_LINES.fullmatch(closing)


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_kinds_are_known(language: str) -> None:
    kinds = {name.split()[0] for name in _defined(language, SAMPLES[language][0])}
    assert kinds <= set(KINDS)


def test_comments_and_attributes_belong_to_the_definition_below() -> None:
    rows: dict[str, str] = {}
    for language in ("python", "rust", "typescript", "dart", "elixir", "cpp", "toml"):
        text = SAMPLES[language][0]
        lines = SourceLines(text)
        for name, first, last in _walk(parse(language, text, lines).top.members):
            rows.setdefault(f"{language}: {name}", text.split("\n")[first - 1 : last][0].strip())
    assert rows["python: class Outer"] == "@decorated"
    assert rows["python: method Outer.Inner.value"] == "@property"
    assert rows["rust: struct Point"] == "/// A point."
    assert rows["typescript: class Service"] == "@Injectable()"
    assert rows["dart: method Widget.run"] == "/// Runs."
    assert rows["elixir: function App.Users.run"] == '@doc "Runs."'
    assert rows["cpp: class outer.deep.Box"] == "template <typename T>"
    assert rows["toml: key project.urls"] == "# The project."


def test_dart_definitions_end_with_their_bodies() -> None:
    text = "class A {\n  int run() {\n    return 1;\n  }\n}\n"
    found = list(_walk(parse("dart", text, SourceLines(text)).top.members))
    assert found == [("class A", 1, 5), ("method A.run", 2, 4)]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("a/B.PY", "python"),
        ("types.pyi", "python"),
        ("x.tsx", "tsx"),
        ("x.mts", "typescript"),
        ("x.jsx", "javascript"),
        ("x.h", "c"),
        ("x.hpp", "cpp"),
        ("x.cs", "csharp"),
        ("src/Dockerfile", "dockerfile"),
        ("Dockerfile.dev", "dockerfile"),
        ("Makefile", "make"),
        ("CMakeLists.txt", "cmake"),
        ("Gemfile", "ruby"),
        (".bashrc", "bash"),
        ("README.md", "markdown"),
        ("notes.txt", "text"),
        ("LICENSE", "text"),
        ("", "text"),
        ("py", "text"),
    ],
)
def test_language_by_name(path: str, language: str) -> None:
    assert language_of(path) == language
    assert language in LANGUAGES


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("#!/usr/bin/env python3", "python"),
        ("#!/usr/bin/python3.11 -u", "python"),
        ("#! /bin/sh -e", "bash"),
        ("#!/usr/bin/env -S node --harmony", "javascript"),
        ("#!/usr/bin/env -S FOO=1 ruby", "ruby"),
        ("#!/usr/bin/lua5.4", "lua"),
        ("#!/usr/bin/unknown", "text"),
        ("#!", "text"),
        ("import os", "text"),
    ],
)
def test_language_by_shebang(line: str, language: str) -> None:
    assert language_of_text("bin/tool", line + "\nx\n") == language
    assert language_of_text("tool.txt", line + "\n") == "text"


def test_header_is_cpp_if_it_holds_cpp() -> None:
    assert language_of_text("a.h", "int f(void);\n") == "c"
    assert language_of_text("a.h", "// class of its own\nstruct a { int b; };\n") == "c"
    assert language_of_text("a.h", "namespace a {\nclass B;\n}\n") == "cpp"


def test_languages_are_sorted_and_hold_every_grammar() -> None:
    assert list(LANGUAGES) == sorted(set(LANGUAGES))
    assert set(GRAMMARS) <= set(LANGUAGES)
    assert {"markdown", "text", "html", "sql"} <= set(LANGUAGES)


def test_a_grammar_comes_with_the_package_or_with_the_extra() -> None:
    settings = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    always = settings.partition("\ndependencies = [")[2].partition("\n]")[0]
    extra = settings.partition("\nlanguages = [")[2].partition("\n]")[0]
    for language, grammar in GRAMMARS.items():
        wheel = f'"{grammar.module.replace("_", "-")}>='
        assert (wheel in always, wheel in extra) == (not grammar.extra, grammar.extra), language


def test_a_package_of_the_extra_makes_another_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files in its language were cut without it."""
    before = fingerprint(identify(Settings()))
    (tmp_path / "tree_sitter_another-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert fingerprint(identify(Settings())) != before
