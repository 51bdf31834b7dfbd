"""Which model answers from an index: the one that made it, whatever the settings want by now.

Vectors of two models do not mix. While an index waits to be made anew, its own
model embeds the queries; where that model is gone, words alone decide.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.embedding.identity import identify
from lumen_hooks.errors import ModelError
from lumen_hooks.storage.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.indexing.freshness import Outdated
    from lumen_hooks.search.query import QueryEmbedder
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import MadeWith


class OwnModel:
    """Finds an index's own model, and remembers what came of it.

    Args:
        settings: in force; their model is not what is looked for.
        load: makes the embedder that settings name.
    """

    def __init__(self, settings: Settings, load: Callable[[Settings], QueryEmbedder]) -> None:
        self._settings = settings
        self._load = load
        self.name = ""
        """Of the model whose vectors were compared; empty if words alone decided."""
        self.problem = ""
        """Why words alone decided."""

    def __call__(self, made_with: MadeWith) -> QueryEmbedder | None:
        """The model, or None if it is not on this machine any more."""
        named = replace(self._settings, model=made_with.model)
        self.name = self.problem = ""
        try:
            _insist_on_the_same(named, made_with)
            embedder = self._load(named)
        except ModelError as error:
            self.problem = f"{error.message} ({error.hint})" if error.hint else error.message
            return None
        self.name = made_with.model
        return embedder


def _insist_on_the_same(named: Settings, made_with: MadeWith) -> None:
    """Refuse a model whose files are others by now: another version's, or replaced ones."""
    identity = identify(named)
    if made_with.model_key:
        same = identity.model_key == made_with.model_key
    else:  # an index from before the key was noted
        same = fingerprint(identity) == made_with.fingerprint
    if not same:
        raise ModelError(f"the model {made_with.model} is another one by now")


def note_of(outdated: Outdated | None, wanted: str, own: OwnModel | None, follows: str) -> str:
    """What an answer must say of the index that it came from; empty for nothing.

    Args:
        outdated: what is known of the index, if it must be made anew.
        wanted: name of the model in force.
        own: what answered the query; None where no query was embedded.
        follows: what becomes of the index, where no other process is at it.
    """
    by_words = own is not None and not own.name
    if outdated is None:
        return f"answered by words alone: {own.problem}" if own is not None and by_words else ""
    if own is not None and own.name not in {"", outdated.model}:
        return ""  # it was made anew just before it was asked
    one_model = outdated.model == wanted
    old = "an earlier version" if one_model else f"the model {outdated.model}"
    note = f"answered from the index of {old}"
    if own is not None and by_words:
        note += f", by words alone: {own.problem}"
    if outdated.refusal:
        return f"{note}; the model {wanted} cannot be had: {outdated.refusal}"
    new = "this version" if one_model else f"the model {wanted}"
    if outdated.progress is not None:
        return f"{note}; that of {new} is being built, {outdated.progress.in_words()}"
    return f"{note}; that of {new} {follows}"
