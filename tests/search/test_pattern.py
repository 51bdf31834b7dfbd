"""What is looked for: lines, words, and what every match holds."""

from __future__ import annotations

import random

import pytest

from lumen_hooks.errors import QueryError
from lumen_hooks.search.pattern import MAX_CHARACTERS, compile_pattern
from lumen_hooks.search.regex_literals import Literal, literals_of
from lumen_hooks.search.results import ExactQuery
from lumen_hooks.storage.certain_words import certain_words
from lumen_hooks.storage.lexical_terms import UNTOLD, lexical_words


def numbers(query: ExactQuery, text: str) -> list[int]:
    return [line.number for line in compile_pattern(query).lines(text.encode())]


def test_lines() -> None:
    text = "one two\n\ntwo  two\nthree"
    assert numbers(ExactQuery("two"), text) == [1, 3]
    assert numbers(ExactQuery("three"), text) == [4]
    assert numbers(ExactQuery("^$", regex=True), text) == [2]
    assert numbers(ExactQuery("^$", regex=True), "a\n") == []
    assert numbers(ExactQuery(r"two\s+t", regex=True), text) == [3]
    assert numbers(ExactQuery(r"one[^x]+three", regex=True), text) == []
    assert numbers(ExactQuery("TWO", ignore_case=True), text) == [1, 3]
    assert numbers(ExactQuery("t*", regex=True), "") == []


def test_words() -> None:
    assert numbers(ExactQuery("foo", word=True), "foobar foo\nfoo_\n(foo)\néfoo中\n") == [1, 3, 4]
    assert numbers(ExactQuery("fo+", regex=True, word=True), "foobar foo\nfoo_\n(foo)\n") == [1, 3]
    assert numbers(ExactQuery("a|b", regex=True, word=True), "ab\nx a\nb\n") == [2, 3]
    assert numbers(ExactQuery(".x", word=True), "a.x\n .x\n") == [2]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(", "missing"),
        ("ab[", "missing"),
        ("[z-a]", r"at character 1 \(z-a\)|at character 2 \(z-a\)"),
        ("ab**", r"at character 3 \(\*\*\)"),
        ("x{5000}", "repetition size"),
        (r"(a)\1", "escape sequence"),
        ("(?=a)", "perl operator"),
        ("a)|(b", "unexpected"),
        ("", "empty"),
        ("a\nb", "line by line"),
        ("a" * (MAX_CHARACTERS + 1), "too long"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_what_cannot_be_looked_for(pattern: str, expected: str) -> None:
    for word in (False, True):
        with pytest.raises(QueryError, match=expected) as raised:
            compile_pattern(ExactQuery(pattern, regex=True, word=word))
        assert raised.value.hint


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("foo", [Literal("foo")]),
        (r"\bfoo\b", [Literal("foo", True, True)]),
        (r"class\s+Foo\(", [Literal("class", False, True), Literal("Foo(", True)]),
        (r"class\s*Foo", [Literal("class"), Literal("Foo")]),
        (r"^foo bar$", [Literal("foo bar", True, True)]),
        ("fooo?", [Literal("foo")]),
        ("fo*", [Literal("f")]),
        ("fo+x", [Literal("fo"), Literal("x")]),
        ("fo{0,3}x", [Literal("f"), Literal("x")]),
        ("fo{2}x", [Literal("fo"), Literal("x")]),
        (r"a\.b", [Literal("a.b")]),
        ("a(b|c)d", [Literal("a"), Literal("d")]),
        ("a(?:b(c)[)])?d", [Literal("a"), Literal("d")]),
        ("a[]b]c", [Literal("a"), Literal("c")]),
        (r"a\b?c\b+d", [Literal("a"), Literal("c", False, True), Literal("d", True)]),
        ("a|b", []),
        ("(?i)foo", []),
        (r"\x41foo", []),
        (r"\pLfoo", []),
        (r"\Qa.b\E", []),
    ],
)
def test_what_every_match_holds(pattern: str, expected: list[Literal]) -> None:
    assert list(literals_of(pattern)) == expected


def test_nothing_is_claimed_that_a_match_does_without() -> None:
    chance = random.Random(3)
    atoms = ("a", "b", "ab", r"\.", ".", "[ab]", "[^a]", r"\w", r"\s", r"\b", "(a|b)", "(?:b)", "é")
    checked = 0
    for _ in range(3000):
        parts = [
            chance.choice(atoms) + chance.choice(("", "", "", "?", "*", "+", "{0,1}", "{2}", "+?"))
            for _ in range(chance.randrange(1, 6))
        ]
        source = "".join(parts)
        text = "".join(chance.choice("aab.é _") for _ in range(12))
        try:
            pattern = compile_pattern(ExactQuery(source, regex=True))
        except QueryError:
            continue
        data = text.encode()
        line = next(pattern.lines(data), None)
        if line is None:
            continue
        checked += 1
        for literal in literals_of(source):
            assert literal.text in text, (source, text)
            assert pattern.may_be_in(data)
    assert checked > 500


def test_a_chunk_has_the_words_that_are_certain() -> None:
    chance = random.Random(5)
    bits = (
        *(
            "foo",
            "Bar",
            "HTTP",
            "x",
            "_",
            "_",
            "2",
            "42",
            " ",
            " ",
            ".",
            "(",
            "-",
            "é",
            "中文",
            "s",
        ),
        *("Server", "…", "²", "y" * 60, "running", "İ", "ﬁ", "\u0301", "K", "A"),
    )
    certain = 0
    for number in range(4000):
        text = "".join(chance.choice(bits) for _ in range(chance.randrange(1, 14)))
        start = chance.randrange(len(text))
        end = chance.randrange(start, len(text)) + 1
        piece = text[start:end]
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]

        def apart(letter: str) -> bool:
            return not (letter.isascii() and (letter.isalnum() or letter == "_"))

        any_case = number % 4 == 0
        words = certain_words(piece, begins=apart(before), ends=apart(after), any_case=any_case)
        there = set(lexical_words("", "", text.swapcase() if any_case else text).split())
        assert UNTOLD in there or words <= there, (text, piece, words - there)
        certain += bool(words) and UNTOLD not in there
    assert certain > 50


def test_slices_of_a_line_tell_nothing_for_certain() -> None:
    assert UNTOLD in lexical_words("", "", "word " * 240).split()
    assert UNTOLD not in lexical_words("", "", "word\n" * 240).split()
