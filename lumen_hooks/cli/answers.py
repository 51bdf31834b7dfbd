"""Answers of a search by meaning, and of `related`, in the form that was asked for.

Readers get what `wording.plain` and `render` write, programs what is here. Knows answers and where
they are looked at from, and neither indexes nor files.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NoReturn

import click

from lumen_hooks.errors import QueryError
from lumen_hooks.search.results import SharedResult
from lumen_hooks.system.terminal import MAX_LINE_CHARACTERS

from .forms import print_paths, vimgrep_line
from .output import in_json, say, say_what_it_is_worth

if TYPE_CHECKING:
    from lumen_hooks.search.results import SearchResult
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.wording.sizing import Shape

    from .forms import Look

NOTHING_FOUND = 1
"""Exit code of a search without a result."""


def show(found: Answer, look: Look, directory: str, *, chosen: bool) -> NoReturn:
    """Print an answer: results on standard output, what they are worth on standard error.

    The command ends with NOTHING_FOUND if there are none.

    Args:
        found: with all lines of each result.
        look: how.
        directory: the folder that paths are relative to.
        chosen: somebody said how many results are wanted.
    """
    shape = look.shape()
    if look.threshold:
        found = _above(found, look.threshold)
    if look.context:
        found = _widened(found, look, shape)
        shape = shape._replace(max_lines=shape.max_lines + 2 * look.context)
    found = _seen_from(found, directory)
    if look.form != "json":
        _say_what_it_is_worth(found)
    if look.form == "text":
        _show_text(found, shape, cut=not chosen and not sys.stdout.isatty())
    elif look.form == "paths":
        print_paths((result.path for result in found.results), null=look.null)
    elif look.form == "vimgrep":
        click.echo("".join(map(_vimgrep_line, found.results)), nl=False)
    else:
        _show_json(found, shape, lines=look.form == "jsonl")
    click.get_current_context().exit(0 if found.results else NOTHING_FOUND)


def _seen_from(found: Answer, directory: str) -> Answer:
    """An answer with its paths as they are seen from a folder."""
    from lumen_hooks.service.answer import JointAnswer
    from lumen_hooks.wording.plain import with_paths
    from lumen_hooks.wording.viewpoint import Viewpoint

    seen = with_paths(found, Viewpoint(directory, found.worktree))
    if not isinstance(found, JointAnswer):
        return seen
    from lumen_hooks.wording.together import seen_from

    return replace(seen, results=seen_from(found.results, directory, found.worktrees))


def _above(found: Answer, threshold: float) -> Answer:
    kept = tuple(result for result in found.results if result.score >= threshold)
    if found.results and not kept:
        say(f"note: the best result scores {found.results[0].score:.2f}")
    return replace(found, results=kept)


def _widened(found: Answer, look: Look, shape: Shape) -> Answer:
    from lumen_hooks.excerpts.excerpt import excerpt
    from lumen_hooks.excerpts.snippets import with_context

    shown = (excerpt(result, shape.max_lines) for result in found.results)
    wider = tuple(
        with_context(
            result.top if isinstance(result, SharedResult) else found.worktree, result, look.context
        )
        for result in shown
    )
    return replace(found, results=wider)


def _show_text(found: Answer, shape: Shape, *, cut: bool) -> None:
    from lumen_hooks.wording.plain import AS_OPTIONS, written

    answer = written(found, shape, AS_OPTIONS, cut=cut)
    if sys.stdout.isatty():
        from . import render

        render.show(answer.fitted.results)
    elif found.results:
        click.echo(answer.body)
    note = answer.note if found.results else "no results"
    if note:
        say(note)


def _show_json(found: Answer, shape: Shape, *, lines: bool) -> None:
    """The whole of an answer, or what fits a budget that was given."""
    from lumen_hooks.wording.plain import AS_OPTIONS, note_of
    from lumen_hooks.wording.sizing import Fitted, fit_whole, insist_on_shape
    from lumen_hooks.wording.tokens import tokens_at_most

    insist_on_shape(shape)
    budget = shape.max_tokens

    def output(fitted: Fitted) -> str:
        if lines:
            return "".join(f"{in_json(asdict(result))}\n" for result in fitted.results)
        return in_json(asdict(replace(found, results=fitted.results))) + "\n"

    def whole(fitted: Fitted) -> str:
        return output(fitted) + note_of(fitted, budget or 0, AS_OPTIONS)

    least = tokens_at_most(whole(Fitted(())))
    if budget is not None and least > budget:
        raise QueryError(
            f"what is said beside the results may take {least:,} tokens, and there are {budget:,}",
            hint=f"--max-tokens {2 * least}, or --jsonl, which has the results alone",
        )
    fitted = fit_whole(found.results, shape, _json_cost, whole, cut=False)
    click.echo(output(fitted).encode(), nl=False)
    note = note_of(fitted, budget or 0, AS_OPTIONS)
    if note:
        say(note)


def _json_cost(result: SearchResult) -> int:
    from lumen_hooks.wording.tokens import tokens_at_most

    return tokens_at_most(in_json(asdict(result)))


def _vimgrep_line(result: SearchResult) -> str:
    from lumen_hooks.excerpts.excerpt import foremost_line

    number, text = foremost_line(result)
    column = len(text) - len(text.lstrip()) + 1
    return vimgrep_line(result.path, number, column, text[:MAX_LINE_CHARACTERS]) + "\n"


def _say_what_it_is_worth(found: Answer) -> None:
    from lumen_hooks.service.answer import JointAnswer
    from lumen_hooks.wording.plain import WEAK_MATCH

    if isinstance(found, JointAnswer):
        from lumen_hooks.wording.together import notes_of

        for note in notes_of(found.worktrees):
            say(f"note: {note}")
    else:
        say_what_it_is_worth(found)
    if found.weak and found.results:
        say(f"note: {WEAK_MATCH}")
