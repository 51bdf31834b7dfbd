"""A worktree's first index from a store elsewhere, where no sibling has one that pays.

A part of `seed`, which alone decides when. Whatever is wrong with the store, it is noted and the
index is built here. Nothing of `remote/` is imported where no store is set.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import LumenError, StoreError, UntrustedError
from lumen_hooks.git.backend import open_history
from lumen_hooks.git.worktree import checked_out_commit
from lumen_hooks.remote.pull import Passed, fetch, find
from lumen_hooks.remote.store import open_store
from lumen_hooks.storage.clone import adopt

from .donors import unfit
from .journal import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.remote.pull import Pushed
    from lumen_hooks.remote.store import Store
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Facts

TRIED = 3
"""So many pushed indexes are fetched, if one after the other turns out to be none."""


class Elsewhere(NamedTuple):
    """An index that was fetched, whole and checked.

    Attributes:
        donor: where it came from, in words.
        differing_files: how many files differ from our commit; None where that is not known.
        fetched_bytes: how many bytes came for it.
    """

    donor: str
    differing_files: int | None
    fetched_bytes: int


class Refused(NamedTuple):
    """Why the store gave nothing, for people."""

    reason: str


def fetch_from_elsewhere(
    worktree: Worktree, settings: Settings, fingerprint: str, make_room: Callable[[], str]
) -> tuple[str, Elsewhere] | Refused:
    """The nearest pushed index, in a file that nobody else knows, and what it is.

    Args:
        worktree: that has no index; its index lock is held by the caller.
        settings: in force there, with a store.
        fingerprint: what the index must have.
        make_room: gives the path of a file that may be made, and removes what was there before.
    """
    began = time.monotonic()
    store = None
    try:
        history = open_history(worktree)
        commit = checked_out_commit(worktree) or history.head()
        if commit is None:
            return Refused("nothing is committed here yet")
        store = open_store(settings.remote, patience=settings.remote_patience)
        answers = find(store, settings, fingerprint, history, commit)
        got = _first_that_serves(worktree, store, answers, fingerprint, make_room)
    except LumenError as error:  # what no history, or no room, means for a build, that finds out
        got = Refused(error.message)
    told = {"store": store.name if store else "", "seconds": round(time.monotonic() - began, 3)}
    if isinstance(got, Refused):
        note(worktree, "not seeded from elsewhere", reason=got.reason, **told)
    else:
        note(worktree, "fetched from elsewhere", donor=got[1].donor, bytes=got[1].fetched_bytes)
    return got


def _first_that_serves(
    worktree: Worktree,
    store: Store,
    answers: Iterator[Pushed | Passed],
    fingerprint: str,
    make_room: Callable[[], str],
) -> tuple[str, Elsewhere] | Refused:
    reasons = []
    tried = 0
    for one in answers:
        if isinstance(one, Passed):
            reasons.append(f"{one.commit[:12]}: {one.reason}")
            note(worktree, "donor refused", donor=store.name, commit=one.commit, reason=one.reason)
            continue
        if tried == TRIED:
            break
        tried += 1
        manifest, path = one.manifest, make_room()
        by = f", signed by {one.signer}" if one.signer else ""
        donor = f"{store.name} at {manifest.commit[:12]}{by}"

        def accept(facts: Facts, commit: str = manifest.commit) -> None:
            reason = unfit(facts, fingerprint)
            if reason or facts.head != commit:
                raise StoreError(reason or "its index is of another commit than it is called")

        try:
            fetched = fetch(store, manifest, path)
            adopt(path, accept=accept, seeded_from=donor)
        except (UntrustedError, StoreError) as error:
            reason = error.message.replace(path, "it")
            reasons.append(f"{manifest.commit[:12]}: {reason}")
            note(
                worktree,
                "donor refused",
                donor=store.name,
                commit=manifest.commit,
                reason=reason,
            )
        else:
            return path, Elsewhere(donor, one.distance, fetched)
    return Refused("; ".join(reasons) or "it has no index that is near enough")
