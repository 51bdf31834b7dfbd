"""No answer is larger than was asked for, whatever it holds; and what is shortened first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen_hooks.errors import QueryError
from lumen_hooks.search.results import SearchResult
from lumen_hooks.service.answer import Answer
from lumen_hooks.wording.plain import AS_ARGUMENTS, AS_OPTIONS, WEAK_MATCH, with_paths, written
from lumen_hooks.wording.sizing import LEAST_TOKENS, Shape
from lumen_hooks.wording.tokens import tokens_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "src/a.py",
            "x" * 900,
            "/deep" * 90,
            "提交时更新索引" * 40,
            "\u202e\x1b[2J\x00" * 30,
            "aGVsbG8gd29ybGQh" * 60,
            "😀" * 90,
            "-q!" * 300,
        ]
    ),
)


def code(rows: int, width: int = 20) -> str:
    return "\n".join(f"    call_{row}({'x' * width})" for row in range(rows))


def result(name: str = "f", rows: int = 40, score: float = 0.9, **fields: object) -> SearchResult:
    plain = SearchResult(
        f"src/{name}.py", 1, rows, name, "function", "python", score, code(rows), ((1, rows),)
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def answer(results: Sequence[SearchResult], **fields: object) -> Answer:
    plain = Answer("x", "/src/shop", "fresh", tuple(results), 0, None, "4fae6964e00d" * 3, (), None)
    return replace(plain, **fields)  # type: ignore[arg-type]


def text(found: Answer, *, cut: bool = False, **shape: object) -> str:
    return written(found, Shape(**shape), AS_ARGUMENTS, cut=cut).text  # type: ignore[arg-type]


@st.composite
def hostile(draw: st.DrawFn) -> Answer:
    shown = [
        result(
            rows=draw(st.integers(1, 60)),
            path=draw(TEXTS),
            symbol=draw(TEXTS),
            kind=draw(st.sampled_from(["function", "\n", "section"])),
            score=draw(st.floats(0, 1)),
            snippet="\n".join(draw(st.lists(TEXTS, min_size=1, max_size=8))),
            copies=tuple(f"{draw(TEXTS)}:1" for _ in range(draw(st.integers(0, 4)))) * 50,
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return answer(
        shown * draw(st.sampled_from([1, 1, 20])),
        worktree=draw(TEXTS),
        state=draw(st.sampled_from(["fresh", "stale", "refreshing"])),
        problem=draw(st.none() | TEXTS),
        pending_files=draw(st.integers(0, 10**6)),
        differing=tuple(draw(st.lists(TEXTS, max_size=8))),
        head=draw(st.none() | st.just("ab12" * 16)),
        weak=draw(st.booleans()),
    )


@settings(max_examples=40, deadline=None)
@given(hostile(), st.integers(LEAST_TOKENS, 3000), st.integers(1, 50), st.booleans(), st.booleans())
def test_never_above_its_budget(
    found: Answer, budget: int, lines: int, summary: bool, cut: bool
) -> None:
    for asking in (AS_ARGUMENTS, AS_OPTIONS):
        done = written(found, Shape(lines, summary, budget), asking, cut=cut)
        assert tokens_at_most(done.text) <= budget
        assert done.text.startswith("worktree ")
        shown = len(done.fitted.results) + done.fitted.weaker + done.fitted.dropped
        assert shown == len(found.results)
        assert ("no results" in done.text) >= (not found.results)


def test_what_an_answer_looks_like() -> None:
    one = result("send", rows=3, copies=("a.py:7", "b.py:9"))
    two = result("mail", rows=90, snippet=code(90), focus=(60,), symbol="")
    assert text(answer([one, two], weak=True), max_lines=4).split("\n") == [
        f"worktree /src/shop at 4fae6964: fresh; {WEAK_MATCH}",
        "src/send.py:1-3 send function 0.90",
        " same in a.py:7, b.py:9",
        *(f" {row}" for row in code(3).split("\n")),
        "",
        "src/mail.py:1-90 function 0.90",
        f" {code(1)}",
        " … 58 lines (2-59)",
        *(f"     call_{row}({'x' * 20})" for row in range(59, 62)),
        " … 28 lines (63-90)",
    ]
    assert text(answer([])).split("\n") == ["worktree /src/shop at 4fae6964: fresh", "no results"]


def test_no_line_of_a_file_can_pass_for_another_result() -> None:
    forged = result(rows=3, snippet="a\nsrc/evil.py:1-2 f function 0.99\n\x1b[2Jb")
    rows = text(answer([forged, forged])).split("\n")
    assert [row for row in rows if row[:4] == "src/"] == ["src/f.py:1-3 f function 0.90"] * 2
    assert " \\x1b[2Jb" in rows


def test_code_is_shortened_before_it_goes_and_goes_before_results_do() -> None:
    found = answer([result(f"f{number}", 15) for number in range(6)])
    seen: list[tuple[int, int, int]] = []
    for budget in range(1400, LEAST_TOKENS, -60):
        fitted = written(found, Shape(10, False, budget), AS_ARGUMENTS, cut=False).fitted
        lines = sum(one.snippet.count("\n") + 1 for one in fitted.results if one.snippet)
        coded = sum(bool(one.snippet) for one in fitted.results)
        seen.append((len(fitted.results), coded, lines))
    assert seen == sorted(seen, reverse=True)
    assert seen[0][:2] == (6, 6)
    assert any(row[0] == 6 and 0 < row[1] < 6 for row in seen)
    assert any(row[0] == 6 and row[1] == 6 and row[2] < seen[0][2] for row in seen)
    assert seen[-1][0] < 6


def test_what_is_left_out_is_said_and_how_to_ask_for_it() -> None:
    found = answer(
        [result(f"f{number}", score=0.9 if number < 3 else 0.001) for number in range(9)]
    )
    assert text(found, cut=True).endswith("\n… 6 results far weaker left out (limit=9 shows them)")
    assert "left out (" not in text(found, max_tokens=5000)
    for budget, words in ((900, "code shortened"), (400, "code of "), (150, "results left out")):
        last = text(found, max_tokens=budget).rsplit("\n", 1)[1]
        assert last.startswith("… ")
        assert words in last
        assert f"max_tokens={2 * budget}" in last
    options = written(found, Shape(max_tokens=150), AS_OPTIONS, cut=False)
    assert "--max-tokens 300" in options.note


def test_the_cut_goes_by_the_best_and_leaves_two() -> None:
    scores = (0.8, 0.05, 0.04, 0.02, 0.001)
    shown = written(
        answer([result(f"f{at}", 3, score) for at, score in enumerate(scores)]),
        Shape(),
        AS_ARGUMENTS,
        cut=True,
    ).fitted
    assert [bool(one.snippet) for one in shown.results] == [True, True, False, False]
    assert shown.weaker == 1
    alone = answer([result("a", 3, 0.9), result("b", 3, 0.0001)])
    assert len(written(alone, Shape(), AS_ARGUMENTS, cut=True).fitted.results) == 2


@pytest.mark.parametrize("shape", [Shape(max_lines=0), Shape(max_tokens=LEAST_TOKENS - 1)])
def test_what_cannot_be_shown_is_an_error(shape: Shape) -> None:
    with pytest.raises(QueryError) as caught:
        written(answer([]), shape, AS_ARGUMENTS, cut=True)
    assert "at least" in str(caught.value.hint)


def test_paths_as_the_reader_can_open_them() -> None:
    moved = with_paths(
        answer([result(copies=("b:c.py:7",))], differing=("d.py",)), lambda path: f"../{path}"
    )
    first = moved.results[0]
    assert (first.path, first.copies, moved.differing) == (
        "../src/f.py",
        ("../b:c.py:7",),
        ("../d.py",),
    )
