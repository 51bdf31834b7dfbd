"""What braces stand for, and that none of them stand for too much."""

from __future__ import annotations

import random
import shutil
import subprocess
import time

import pytest

from lumen_hooks.errors import QueryError
from lumen_hooks.search.globs import (
    MAX_ALTERNATIVES,
    MAX_PATTERN_CHARACTERS,
    Glob,
    alternatives,
    any_of,
    escaped,
    fixed_folder,
)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a", ["a"]),
        ("*.{ts,tsx}", ["*.ts", "*.tsx"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("a{,b}", ["a", "ab"]),
        ("{a,{b,c}d}e", ["ae", "bde", "cde"]),
        ("{src/{a,b},lib}/*.py", ["src/a/*.py", "src/b/*.py", "lib/*.py"]),
        ("{a}", ["{a}"]),
        ("{}", ["{}"]),
        ("{1..3}", ["{1..3}"]),
        ("{{cookiecutter.name}}/a", ["{{cookiecutter.name}}/a"]),
        ("{{a,b}}", ["{a}", "{b}"]),
        ("{a,b", ["{a,b"]),
        ("a,b}", ["a,b}"]),
        ("{a,{b,c}", ["{a,b", "{a,c"]),
        (r"\{a,b\}", [r"\{a,b\}"]),
        (r"{a\,b,c}", [r"a\,b", "c"]),
        ("[{,}]x", ["[{,}]x"]),
        ("{a,a}", ["a"]),
        ("{ä,ß}", ["ä", "ß"]),
        ("a\\", ["a\\"]),
        ("", [""]),
    ],
)
def test_alternatives(pattern: str, found: list[str]) -> None:
    assert alternatives(pattern) == found


def _random(chance: random.Random, depth: int) -> str:
    """Letters, and braces with commas; for others bash has rules of its own."""
    out = ""
    for _ in range(chance.randint(1, 3)):
        if depth and chance.random() < 0.5:
            parts = [_random(chance, depth - 1) for _ in range(chance.randint(2, 3))]
            parts[chance.randrange(len(parts))] = chance.choice(["", parts[0]])
            out += "{" + ",".join(parts) + "}"
        else:
            out += chance.choice("abc")
    return out


@pytest.mark.skipif(shutil.which("bash") is None, reason="compares with bash")
def test_they_are_those_of_bash() -> None:
    chance = random.Random(7)
    patterns = ["x" + _random(chance, 2) for _ in range(600)]
    script = "".join(f"printf '%s\\n' {one} --\n" for one in patterns)
    done = subprocess.run(
        ["bash", "--norc"], input=script, capture_output=True, text=True, check=True
    )
    compared = 0
    for pattern, words in zip(patterns, done.stdout.split("--\n"), strict=False):
        expanded = words.split("\n")[:-1]
        if len(expanded) <= MAX_ALTERNATIVES:
            assert alternatives(pattern) == list(dict.fromkeys(expanded)), pattern
            compared += 1
    assert compared > 400


@pytest.mark.parametrize("pattern", ["{a,b}" * 7, "{" + "a," * 100 + "b}", "{{a,b},{c,d}" * 9])
def test_too_many_are_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="more than 100 patterns") as caught:
        alternatives(pattern)
    assert caught.value.hint


HOSTILE = [
    *("{" * 1000, "}" * 1000, "," * 1000, "{," * 500, "{a," * 333, "{" * 500 + "}" * 500),
    *("{,}" * 333, "{a,b}" * 200, "{*,**}" * 6 + "*a" * 400, "[{" * 500, "\\{" * 500),
    *("{**/,*a*}" * 6 + "!", "{{*,a}*,**/}" * 4 + "!", "{" + ",".join(["*a" * 9] * 40) + "}"),
    "{" + ",".join(f"{'*a' * 4}{n}" for n in range(99)) + "}",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.process_time()
    try:
        found = alternatives(pattern[:MAX_PATTERN_CHARACTERS])
    except QueryError:
        found = []
    assert len(found) <= MAX_ALTERNATIVES
    match = any_of([Glob(one, anywhere=True) for one in found] or [Glob("a", anywhere=True)])
    for path in ("a" * 200, "a/" * 100, "ab/ab" * 40):
        match.fullmatch(path)
    assert time.process_time() - started < 5


def test_too_many_globs_at_once_are_refused() -> None:
    with pytest.raises(QueryError, match="too many"):
        any_of([Glob("a", anywhere=True)] * (MAX_ALTERNATIVES + 1))


@pytest.mark.parametrize("name", ["a[b]*?", "{a,b}", "a\\b", "}", "größe", "-", "^[!a]"])
def test_what_is_escaped_matches_itself_alone(name: str) -> None:
    assert alternatives(escaped(name)) == [escaped(name)]
    match = any_of([Glob(escaped(name), anywhere=False)]).fullmatch
    assert match(name)
    assert not match(name.replace("a", "x") + "y")


@pytest.mark.parametrize(
    ("glob", "folder", "rest"),
    [
        ("a/b/*.py", "a/b", "*.py"),
        ("*.py", "", "*.py"),
        ("/*.py", "/", "*.py"),
        ("/a/b*/c", "/a", "b*/c"),
        ("a/{b,c}/d", "a", "{b,c}/d"),
        ("./*.py", ".", "*.py"),
        ("a/\\[b\\]/c", "a", "\\[b\\]/c"),
        ("a/b", "a", "b"),
    ],
)
def test_the_folders_before_a_glob(glob: str, folder: str, rest: str) -> None:
    assert fixed_folder(glob) == (folder, rest)
