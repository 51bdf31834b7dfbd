"""How an index compares with its worktree, found out without changing anything.

Its states, and the look that tells which it is. What people are told of it is
`service.status`; what an update knows of it, having just made it, comes with
`update.Updated`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import ModelError
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system.locks import read_holder

from .compare import look, tree_of
from .progress import read_report
from .survey import keep, survey

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Facts
    from lumen_hooks.system.locks import Holder

    from .progress import Report
    from .survey import Survey

State = Literal["absent", "building", "refreshing", "stale", "fresh"]

ABSENT: Final = "absent"
BUILDING: Final = "building"
REFRESHING: Final = "refreshing"
STALE: Final = "stale"
FRESH: Final = "fresh"


class Outdated(NamedTuple):
    """A whole index that was made with another model than is wanted, or by another version.

    Attributes:
        model: name of the model that it was made with.
        refusal: why the wanted model cannot be had; empty if it can.
        progress: how far its successor is, if another process is making that.
    """

    model: str
    refusal: str
    progress: Report | None


class Freshness(NamedTuple):
    """How an index compares with its worktree at one moment.

    Attributes:
        state: absent, building, refreshing, stale or fresh.
        differing: the files that the index does not hold as they are, in path order.
        head: the commit that is checked out (hex); None for none, and where there is no index.
        outdated: what is known of an index that is whole, but must be made anew.
        seeded_from: the worktree, or the store elsewhere, that its first state came from.
    """

    state: State
    differing: tuple[str, ...] = ()
    head: str | None = None
    outdated: Outdated | None = None
    seeded_from: str | None = None


def look_at(worktree: Worktree, settings: Settings, *, keeps: bool = False) -> Freshness:
    """Compare an index with the files of its worktree.

    Args:
        worktree: whose.
        settings: in force there.
        keeps: what was found is kept for the next look, which is shorter then.

    Raises:
        CorruptIndexError: it is damaged.
        RepositoryError: git cannot read the worktree.
        StoreError: it cannot be opened.
    """
    index = open_reader(worktree.index_path)
    if index is None:
        return Freshness(ABSENT)
    with index:
        facts = index.facts()
        found = survey(index, facts, worktree, settings)
        differing = differing_files(found, worktree, settings)
        wanted, refusal = wanted_fingerprint(settings)
        holder = read_holder(worktree.lock_path)
        state = state_of(facts, wanted, len(differing), holder)
        if keeps and state == FRESH and not found.is_as_kept:
            keep(found, facts, worktree, settings)
    outdated = None
    if facts.complete and not facts.usable_for(wanted):
        report = read_report(holder)
        progress = report if report is not None and report.model == settings.model else None
        outdated = Outdated(facts.model, refusal, progress)
    return Freshness(state, differing, found.manifest.head, outdated, facts.seeded_from)


def differ_in_words(count: int) -> str:
    """How many files differ from an index."""
    return "1 file differs" if count == 1 else f"{count:,} files differ"


def wanted_fingerprint(settings: Settings) -> tuple[str, str]:
    """The fingerprint that an index should have, or why it cannot be known (one is empty)."""
    try:
        return fingerprint(identify(settings)), ""
    except ModelError as error:
        return "", f"{error.message} ({error.hint})"


def state_of(facts: Facts, wanted: str, differing: int, holder: Holder | None) -> State:
    """The state of an index that exists.

    Args:
        facts: what it says of itself.
        wanted: the fingerprint that it should have.
        differing: how many files it does not hold as they are.
        holder: who holds its lock.
    """
    if differing == 0 and facts.refreshed and facts.usable_for(wanted):
        return FRESH
    if holder is None:
        return STALE
    return REFRESHING if facts.complete else BUILDING


def differing_files(found: Survey, worktree: Worktree, settings: Settings) -> tuple[str, ...]:
    """The files that the index does not hold as they are in the worktree now, in path order.

    Args:
        found: by a survey of the two.
        worktree: where the files are.
        settings: in force there.
    """
    tree = tree_of(worktree, settings, found.manifest)
    differing = [path for path, _ in found.difference.removed]
    for suspect in found.difference.suspects:
        looked = look(tree, suspect)
        absent = looked.vanished and suspect.row is None
        if not (looked.same or absent):
            differing.append(suspect.path)
    return tuple(sorted(differing))
