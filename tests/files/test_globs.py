"""One way to match globs, in bounded time, that finds what backtracking finds."""

from __future__ import annotations

import itertools
import random
import re
import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import QueryError
from lumen_hooks.files.gitignore import parse_patterns
from lumen_hooks.search.globs import MAX_PATTERN_CHARACTERS, alternatives, glob_expression

if TYPE_CHECKING:
    from collections.abc import Callable


def backtracking(pattern: str) -> re.Pattern[str]:
    """The same language in the plain way, without sets: right, and exponential."""
    out = "" if "/" in pattern else "(?:.*/)?"
    place = 0
    while place < len(pattern):
        stars = len(pattern[place:]) - len(pattern[place:].lstrip("*"))
        character = pattern[place]
        place += stars or 1
        if stars > 1 and pattern[place : place + 1] == "/" and (not out or out[-1:] in "/?"):
            place += 1
            out += "" if out.endswith("?") else "(?:.*/)?"
        elif stars > 1:
            out += ".*"
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
    return re.compile(out + "(?:/.*)?", re.DOTALL)


def test_it_finds_what_backtracking_finds() -> None:
    chance = random.Random(14)
    tokens = ["*", "**", "**/", "/", "a", "b", "a", "?", "/**/", "*a", "b*"]
    paths = ["".join(chance.choices("aab/", k=chance.randint(1, 9))) for _ in range(60)]
    for _ in range(300):
        pattern = "".join(chance.choices(tokens, k=chance.randint(1, 7)))
        pattern = re.sub(r"\*{3,}", "**", pattern)
        slow, fast = backtracking(pattern).fullmatch, glob_expression(pattern).fullmatch
        for path in paths:
            assert bool(fast(path)) == bool(slow(path)), (pattern, path)


def test_sets_in_runs_are_matched() -> None:
    match = glob_expression("src/**/[!a-c]*[xy].p[yz]").fullmatch
    assert match("src/one/two/dax.py")
    assert match("src/dy.pz/below")
    assert not match("src/one/ax.py")
    assert not match("src/one/d/x.py")


HOSTILE = [
    "*?" * 30 + "!",
    "**/" * 50 + "!",
    "**/*a*" * 30 + "!",
    "**a" * 60 + "!",
    "**a*b" * 40 + "!",
    "[a-z]*" * 60 + "!",
    "*a" * 100 + "!",
    "a*/" * 40 + "**/!",
    "**/*/" * 40 + "!",
]


def _ignored(pattern: str) -> Callable[[str], object]:
    (parsed,) = parse_patterns([pattern])
    return parsed.regex.fullmatch


@pytest.mark.parametrize("engine", [lambda one: glob_expression(one).fullmatch, _ignored])
@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_takes_long(
    pattern: str, engine: Callable[[str], Callable[[str], object]]
) -> None:
    """Four times the path, at most sixteen times the time: not exponential, and not cubic."""
    match = engine(pattern)
    for short in ("a" * 250, "a/" * 125, "ab/ab" * 50):
        times = []
        for path in (short, short * 4):
            best = float("inf")
            for _ in range(3):
                started = time.process_time()
                match(path)
                best = min(best, time.process_time() - started)
            times.append(best)
        # Below a millisecond nothing is wrong, whatever the ratio.
        assert times[1] < max(40 * times[0], 0.05)


def test_a_pattern_without_end_is_refused() -> None:
    glob_expression("*a" * (MAX_PATTERN_CHARACTERS // 2))
    with pytest.raises(QueryError, match="too long"):
        alternatives("*" * (MAX_PATTERN_CHARACTERS + 1))


def test_every_short_pattern_agrees() -> None:
    alphabet = ["*", "**", "/", "a", "?"]
    paths = [
        "".join(letters) for n in range(1, 6) for letters in itertools.product("a/b", repeat=n)
    ]
    for pattern in map("".join, itertools.product(alphabet, repeat=3)):
        if "***" in pattern:
            continue
        slow, fast = backtracking(pattern).fullmatch, glob_expression(pattern).fullmatch
        assert [bool(fast(one)) for one in paths] == [bool(slow(one)) for one in paths], pattern
