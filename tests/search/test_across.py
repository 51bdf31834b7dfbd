"""Hits of several indexes as one order."""

from __future__ import annotations

import pytest

from lumen_hooks.chunking.chunk import Held
from lumen_hooks.search.across import Source, merged
from lumen_hooks.search.results import Hit


def hit(symbol: str, score: float, key: str = "", path: str = "a.py", start: int = 1) -> Hit:
    text = (key or symbol).encode()
    return Hit(1, path, start, start + 4, symbol, "function", "python", score, key=text)


def order(*sources: Source) -> list[tuple[str, list[int]]]:
    return [
        (text.places[0][1].symbol, [number for number, _ in text.places])
        for text in merged(sources)
    ]


def test_a_text_stands_once_in_the_first_source_that_has_it() -> None:
    found = order(
        Source("r", 0.5, [hit("f", 0.6), hit("g", 0.2)]),
        Source("r", 0.5, [hit("f", 0.61), hit("h", 0.3)]),
    )
    assert found == [("f", [0, 1]), ("h", [1]), ("g", [0])]


def test_of_versions_the_first_that_is_as_good_is_shown() -> None:
    here, there = hit("f", 0.50, "old"), hit("f", 0.55, "new")
    (text,) = merged([Source("r", 0.5, [here]), Source("r", 0.5, [there])])
    assert (text.score, text.places) == (0.55, ((0, here),))
    better = hit("f", 0.9, "new")
    (text,) = merged([Source("r", 0.5, [here]), Source("r", 0.5, [better])])
    assert text.places == ((1, better),)


def test_two_definitions_of_one_name_are_no_versions() -> None:
    getter, setter = hit("size", 0.5, "getter"), hit("size", 0.4, "setter", start=9)
    both = Source("r", 0.5, [getter, setter])
    assert order(both, both) == [("size", [0, 1]), ("size", [0, 1])]
    # Another repository's file of that name is another file.
    assert len(order(Source("r", 0.5, [getter]), Source("q", 0.5, [setter]))) == 2


def test_versions_of_what_shares_a_chunk_share_most_of_its_names() -> None:
    def sharing(names: str, key: str) -> Source:
        held = tuple(Held("function", name, 1, 2) for name in names)
        return Source("r", 0.5, [hit(", ".join(names), 0.5, key)._replace(holds=held)])

    assert len(merged([sharing("abc", "one"), sharing("abcd", "other")])) == 1
    assert len(merged([sharing("abc", "one"), sharing("cd", "other")])) == 2


def test_without_a_name_versions_overlap() -> None:
    one, other, far = hit("", 0.5, "x"), hit("", 0.4, "y", start=4), hit("", 0.3, "z", start=90)
    assert len(merged([Source("r", 0.5, [one]), Source("r", 0.5, [other, far])])) == 2


@pytest.mark.parametrize(("sure", "first"), [(0.9, "f"), (0.1, "g")])
def test_a_repository_counts_as_much_as_the_question_seems_to_belong_to_it(
    sure: float, first: str
) -> None:
    unsure = Source("q", 0.5, [hit("g", 0.5, path="b.py")])
    texts = merged([Source("r", sure, [hit("f", 0.3)]), unsure])
    assert texts[0].places[0][1].symbol == first
    # The scores of the one that it seems to belong to are as if that was asked alone.
    assert texts[0].score == pytest.approx(0.3 if first == "f" else 0.5)


def test_no_score_is_beyond_its_range() -> None:
    for sure in (0.0, 1.0):
        for text in merged([Source("r", sure, [hit("f", 1.0)]), Source("q", 0.5, [hit("g", 1.0)])]):
            assert 0 <= text.score <= 1
