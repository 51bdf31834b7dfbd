"""Answers as structured content: the same as in words, within the same budget.

Counted as compact JSON, which is what clients show a model of it. As harmless as the text is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import QueryError
from lumen_hooks.system.terminal import escape_controls, one_line
from lumen_hooks.system.unicode import encodable
from lumen_hooks.wording.plain import AS_ARGUMENTS, note_of
from lumen_hooks.wording.sizing import (
    Shape,
    begin,
    end,
    fit_whole,
    insist_on_shape,
    lengths,
    most_that_fit,
)
from lumen_hooks.wording.tokens import tokens_at_most

from .schemas import Definition, FileOutline, FoundPlace, FoundPlaces, Result, Results, StatusReport
from .text import fit_places, places_note, sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel

    from lumen_hooks.search.results import SearchResult
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.service.everywhere import Everywhere
    from lumen_hooks.service.places import Place
    from lumen_hooks.service.status import Status
    from lumen_hooks.wording.outline import Outline
    from lumen_hooks.wording.sizing import Fitted

LEAST_TOKENS = 400
"""A smaller budget has no room for what structured content says at least."""

_CODE = "snippet"


def data_of(told: BaseModel) -> dict[str, Any]:
    """What is sent: as safe to read as the text is."""
    escaped: dict[str, Any] = _escaped(told.model_dump(mode="json"))
    return escaped


def results_of(answer: Answer, shape: Shape, *, cut: bool) -> Results:
    """An answer within its budget."""
    _insist_on_shape(shape)
    budget = shape.max_tokens or 0

    def told(fitted: Fitted) -> Results:
        return Results(
            **_standing(answer, shape, model=answer.model),
            left_out=note_of(fitted, budget, AS_ARGUMENTS),
            weak=answer.weak,
            results=[_result(one) for one in fitted.results],
        )

    def whole(fitted: Fitted) -> str:
        return _json(told(fitted))

    return told(fit_whole(answer.results, shape, lambda one: _cost(_result(one)), whole, cut=cut))


def _result(found: SearchResult) -> Result:
    return Result(
        path=found.path,
        start_line=found.start_line,
        end_line=found.end_line,
        symbol=found.symbol,
        kind=found.kind,
        language=found.language,
        score=round(found.score, 4),
        snippet=found.snippet or None,
        lines=list(found.lines) if found.snippet else None,
        copies=list(found.copies[:10]),
    )


def places_of(found: Everywhere, shape: Shape, path_of: Callable[[str], str]) -> FoundPlaces:
    """Every place that was found, as far as the limit and the budget go."""
    _insist_on_shape(shape)

    def told(places: Sequence[Place], *, is_cut: bool) -> FoundPlaces:
        shown = (FoundPlace(**{**one._asdict(), _CODE: one.snippet or None}) for one in places)
        return FoundPlaces(
            **_standing(found, shape),
            left_out=places_note(found.places, len(places), shape, is_cut=is_cut),
            total=found.places.total,
            files=found.places.files,
            counts=found.places.by_role(),
            results=list(shown),
        )

    def whole(places: Sequence[Place], *, is_cut: bool) -> str:
        return _json(told(places, is_cut=is_cut))

    places, is_cut = fit_places(
        [one._replace(path=path_of(one.path)) for one in found.places], shape, whole
    )
    return told(places, is_cut=is_cut)


def definitions_of(outline: Outline, max_tokens: int) -> FileOutline:
    """A file's definitions within a budget: the inner ones are left out first."""
    _insist_on_shape(Shape(max_tokens=max_tokens))
    count = len(outline.defined)

    def told(shown: int) -> FileOutline:
        return FileOutline(
            path=outline.path,
            language=outline.language,
            lines=outline.lines,
            left_out=count - shown,
            definitions=[
                Definition.model_validate(one._asdict()) for one in outline.outermost(shown)
            ],
        )

    return told(most_that_fit(count, lambda some: tokens_at_most(_json(told(some))) <= max_tokens))


def report_of(status: Status) -> BaseModel:
    """A status with a sentence that says what it comes to: a `StatusReport`."""
    return StatusReport(sentence=sentence_of(status), **_encodable_values(status.record()))


def _insist_on_shape(shape: Shape) -> None:
    insist_on_shape(shape)
    if shape.max_tokens is not None and shape.max_tokens < LEAST_TOKENS:
        raise QueryError(
            f"no structured content fits in {shape.max_tokens} tokens",
            hint=f"give max_tokens of at least {LEAST_TOKENS}, or ask for text alone",
        )


def _standing(found: Answer | Everywhere, shape: Shape, **more: str | None) -> dict[str, Any]:
    """What is known of the index, in a third of the budget."""
    texts = {"worktree": found.worktree, "problem": found.problem, **more}
    known: dict[str, Any] = {
        "head": found.head,
        "state": found.state,
        "pending_files": found.pending_files,
        "differing": list(found.differing),
        **{name: None if text is None else encodable(text) for name, text in texts.items()},
    }
    if shape.max_tokens is None or _cost(known) <= shape.max_tokens // 3:
        return known
    whole = {name: one_line(known[name]) for name in texts if known[name]}
    known["differing"] = []
    for length in lengths(whole.values()):
        for name, text in whole.items():
            known[name] = begin(text, length) if name == "problem" else end(text, length)
        if _cost(known) <= shape.max_tokens // 3:
            break
    return known


def _json(told: Any) -> str:
    value = told if isinstance(told, dict) else told.model_dump(mode="json")
    return json.dumps(_escaped(value), ensure_ascii=False, separators=(",", ":"))


def _cost(told: Any) -> int:
    return tokens_at_most(_json(told) + ",")


def _encodable_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encodable_values(inner) for key, inner in value.items()}
    return encodable(value) if isinstance(value, str) else value


def _escaped(value: Any, name: str = "") -> Any:
    """Code alone has several lines."""
    if isinstance(value, str):
        return escape_controls(value) if name == _CODE else one_line(value)
    if isinstance(value, dict):
        return {one_line(key): _escaped(inner, key) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, (list, tuple)) else value
