"""What is shown of a result: the signature, and the lines that say what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_hooks.excerpts.excerpt import ends, excerpt
from lumen_hooks.excerpts.focus import Asked
from lumen_hooks.search.results import SearchResult

BODY = [f"    total_{n} = add(total_{n - 1}, {n})" for n in range(1, 120)]


def result(rows: list[str], focus: tuple[int, ...] = (), symbol: str = "Shop.pay") -> SearchResult:
    end = 100 + len(rows) - 1
    snippet = "\n".join(rows)
    return SearchResult(
        "a.py", 100, end, symbol, "method", "python", 0.5, snippet, ((100, end),), focus
    )


def numbered(shown: SearchResult) -> dict[int, str]:
    """The lines that are shown, by number; checks what stands between."""
    rows = shown.snippet.split("\n")
    found: dict[int, str] = {}
    before = 0
    for first, last in shown.lines:
        if before:
            left = first - before - 1
            where = f"{before + 1}-{first - 1}" if left > 1 else f"{first - 1}"
            assert rows.pop(0) == f"… {left} line{'s' if left > 1 else ''} ({where})"
        found.update({number: rows.pop(0) for number in range(first, last + 1)})
        before = last
    assert rows == []
    return found


@given(
    st.integers(1, 300),
    st.lists(st.integers(0, 299), max_size=4),
    st.integers(1, 60),
    st.sampled_from(["", "Shop.pay", "line_5", "a, b"]),
)
def test_lines_are_those_of_the_file_and_no_more_than_wanted(
    size: int, focus: list[int], max_lines: int, symbol: str
) -> None:
    rows = [f"line_{n}" for n in range(size)]
    within = tuple(100 + row for row in focus if row < size)
    shown = excerpt(result(rows, within, symbol), max_lines)
    found = numbered(shown)
    assert len(found) == min(size, max_lines)
    assert all(text == f"line_{number - 100}" for number, text in found.items())
    assert not within or within[0] in found
    assert (shown.start_line, shown.end_line) == (100, 100 + size - 1)


def test_the_signature_then_what_matched() -> None:
    rows = ["# Pays.", "def pay(", "    self,", "):", *BODY]
    found = numbered(excerpt(result(rows, (180,)), 20))
    assert list(found)[:4] == [100, 101, 102, 103]
    assert {179, 180, 181, 182} < set(found)
    assert 150 not in found
    few = numbered(excerpt(result(rows, (180,)), 5))
    assert [number for number in few if number < 110] == [101]
    assert list(numbered(excerpt(result(rows, (180,)), 1))) == [180]
    two = numbered(excerpt(result(rows, (180, 130)), 40))
    assert {101, 130, 180} < set(two)


@pytest.mark.parametrize(
    ("rows", "signature"),
    [
        (["/**", " * How to pay.", " */", "public void pay() {"], 3),
        (["// pay: pays", "#[inline]", "pub fn pay() {"], 2),
        (["/* pay", "   more", "*/ ", "int pay(void)"], 3),
        (["@cached", "def pay(self):"], 1),
        (["#define pay(x) \\"], 0),
    ],
)
def test_comments_above_are_no_signature(rows: list[str], signature: int) -> None:
    shown = numbered(excerpt(result([*rows, *BODY], (200,)), 5))
    assert min(shown) == 100 + signature


def test_what_is_above_and_below_is_said() -> None:
    shown = excerpt(result(["# One.", "# Two.", "def pay():", *BODY], (150,)), 6)
    above, below = ends(shown.start_line, shown.end_line, shown.lines)
    assert above == "… 2 lines (100-101)"
    assert below.endswith(f"-{shown.end_line})")
    assert ends(1, 3, ((1, 3),)) == ("", "")
    assert ends(1, 3, ()) == ("", "")


def test_the_words_of_a_question_decide() -> None:
    rows = ["def pay(self):", *BODY]
    rows[40] = "    # Rounds half a cent up, since banks do."
    asked = Asked("why do we round half cents up?")
    assert asked.focus(rows, [(0, len(rows) - 1)])[0] == 40
    assert asked.focus(rows, [(0, 30)]) == ()
    assert Asked("").focus(rows, [(0, 10)]) == ()
    assert Asked("?").focus(["?"], [(0, 0)]) == ()
    assert Asked("getURL").focus(["curl", "a", "b", "x.getUrl()"], [(0, 3)]) == (3,)
    assert Asked("支払い").focus(["a", "b", "# 支払いをする"], [(0, 2)]) == (2,)


def test_a_rare_word_says_more_than_one_on_every_line() -> None:
    rows = [f"total = total + {n}" for n in range(50)]
    rows[30] = "total = discount"
    assert Asked("total total discount").focus(rows, [(0, 49)])[0] == 30


def test_a_hostile_question_takes_no_time() -> None:
    rows = ["a" * 5000] * 200
    Asked("(" * 500 + " a+" * 500 + "x" * 20_000).focus(rows, [(0, 199)])
