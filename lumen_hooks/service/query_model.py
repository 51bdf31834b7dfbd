"""Which model answers from an index: the one that made it, whatever the settings want by now.

Vectors of two models do not mix. While an index waits to be made anew, its own
model embeds the queries; where that model is gone, words alone decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import ModelError
from lumen_hooks.search.query import QueryModel
from lumen_hooks.storage.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.indexing.freshness import Outdated
    from lumen_hooks.search.query import QueryEmbedder
    from lumen_hooks.search.results import Found
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import MadeWith


def query_model(
    made_with: MadeWith, settings: Settings, load: Callable[[Settings], QueryEmbedder]
) -> QueryModel:
    """The model that made an index; words alone are left if it is not on this machine any more.

    Args:
        made_with: what the index says of its model.
        settings: in force; their model is not what is looked for.
        load: makes the embedder that settings name.
    """
    named = settings._replace(model=made_with.model)
    try:
        _insist_on_the_same(named, made_with)
        return QueryModel(load(named), made_with.model)
    except ModelError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return QueryModel(None, None, f"{error.message}{hint}")


def _insist_on_the_same(named: Settings, made_with: MadeWith) -> None:
    """Refuse a model whose files are others by now: another version's, or replaced ones."""
    identity = identify(named)
    if made_with.model_key:
        same = identity.model_key == made_with.model_key
    else:  # an index from before the key was noted
        same = fingerprint(identity) == made_with.fingerprint
    if not same:
        raise ModelError(f"the model {made_with.model} is another one by now")


def note_of(outdated: Outdated | None, wanted: str, found: Found, follows: str) -> str:
    """What an answer must say of the index that it came from; empty for nothing.

    Args:
        outdated: what is known of the index, if it must be made anew.
        wanted: name of the model in force.
        found: what the index answered.
        follows: what becomes of the index, where no other process is at it.
    """
    if outdated is None:
        return f"answered by words alone: {found.problem}" if found.problem else ""
    if found.model not in {None, outdated.model}:
        return ""  # it was made anew just before it was asked
    one_model = outdated.model == wanted
    old = "an earlier version" if one_model else f"the model {outdated.model}"
    note = f"answered from the index of {old}"
    if found.problem:
        note += f", by words alone: {found.problem}"
    if outdated.refusal:
        return f"{note}; the model {wanted} cannot be had: {outdated.refusal}"
    new = "this version" if one_model else f"the model {wanted}"
    if outdated.progress is not None:
        return f"{note}; that of {new} is being built, {outdated.progress.in_words()}"
    return f"{note}; that of {new} {follows}"
