"""Places and structured content keep their budgets, whatever they hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lumen_hooks.errors import NoFilesError
from lumen_hooks.mcp.data import LEAST_TOKENS as LEAST_OF_DATA
from lumen_hooks.mcp.data import data_of, places_of, results_of
from lumen_hooks.mcp.server import _nothing
from lumen_hooks.mcp.text import places_in_words, places_note
from lumen_hooks.search.results import MAX_LIMIT
from lumen_hooks.service.everywhere import Everywhere
from lumen_hooks.service.places import ROLES, Place, Places
from lumen_hooks.wording.sizing import LEAST_TOKENS, Shape
from lumen_hooks.wording.tokens import tokens_at_most
from tests.wording.test_sizing import TEXTS, hostile

if TYPE_CHECKING:
    from lumen_hooks.service.answer import Answer

QUICK = settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
"""To make a failing answer smaller takes minutes."""


def as_json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def test_that_no_file_is_in_a_language() -> None:
    error = NoFilesError("no file here is in 'c'", hint=", ".join(["python"] * 400))
    (content,) = _nothing(error, LEAST_TOKENS).content
    assert tokens_at_most(content.model_dump()["text"]) <= LEAST_TOKENS
    assert content.model_dump()["text"].startswith("no results: no file here is in 'c'; python")


@pytest.mark.parametrize(
    ("total", "limit", "note"),
    [
        (20, 20, ""),
        (30, 20, "… 10 more (limit=30 shows them)"),
        (MAX_LIMIT + 9, 20, f"… 489 more (limit={MAX_LIMIT} shows more)"),
        (MAX_LIMIT + 9, MAX_LIMIT, "… 9 more (a narrower path shows them)"),
    ],
)
def test_what_is_said_of_places_that_are_left_out(total: int, limit: int, note: str) -> None:
    places = Places(limit, Place._make)
    for line in range(total):
        places.add(Place("a", line, 1, "use", "", "", "c", "x"), "use")
    assert places_note(places, places.shown, Shape(), is_cut=False) == note


@st.composite
def everywhere(draw: st.DrawFn) -> Everywhere:
    answer = draw(hostile())
    places = Places(MAX_LIMIT, Place._make)
    roles = draw(st.lists(st.sampled_from(ROLES), max_size=5)) * draw(st.sampled_from([1, 8]))
    path, symbol, line = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    for number, role in enumerate(roles):
        column = draw(st.integers(1, 500)) if number < 5 else 1
        place = Place(path[number:], number, column, role, symbol, "class", "c", line)
        places.add(place, "use")
    return Everywhere(
        answer.query,
        answer.worktree,
        answer.state,
        places,
        answer.pending_files,
        answer.problem,
        answer.head,
        answer.differing,
    )


@QUICK
@given(everywhere(), st.integers(LEAST_TOKENS, 2000), st.booleans())
def test_places(found: Everywhere, budget: int, summary: bool) -> None:
    shape = Shape(summary=summary, max_tokens=budget)
    text = places_in_words(found, shape, str, remark="note " * 9)
    assert tokens_at_most(text) <= budget
    if budget >= LEAST_OF_DATA:
        assert tokens_at_most(as_json(data_of(places_of(found, shape, str)))) <= budget


@QUICK
@given(hostile(), st.integers(LEAST_OF_DATA, 3000), st.booleans(), st.booleans())
def test_results_as_data(found: Answer, budget: int, summary: bool, cut: bool) -> None:
    told = results_of(found, Shape(10, summary, budget), cut=cut)
    assert tokens_at_most(as_json(data_of(told))) <= budget
