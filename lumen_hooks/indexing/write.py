"""The two ways in which rows get into an index: all of them anew, or the difference.

All anew is a file of its own beside the index's place, which is published when
it is whole; an index that exists becomes, page by page, what that file holds.
Either that or the difference is one transaction of an index that exists: a
reader sees the old tree or the new one. What an index says of itself comes
last, in the transaction that makes it true.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import StoreError
from lumen_hooks.storage.facts import Refresh
from lumen_hooks.storage.fingerprint import INDEX_VERSION
from lumen_hooks.storage.new_index import create_index, prepare_for_others
from lumen_hooks.storage.publish import discard, publish, temporary_path
from lumen_hooks.storage.sqlite import translated
from lumen_hooks.storage.values import storable

from .compare import Tally, look, tree_of
from .reach import reach
from .survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.storage.facts import Facts, RefreshKind
    from lumen_hooks.storage.index import Index

    from .compare import Difference, Suspect, Tree
    from .survey import Survey
    from .under_way import UnderWay

    Suspects = tuple[Suspect, ...]

    Cuts = Callable[[], Mapping[tuple[bytes, str], str]]
    """Tells why texts are cut by lines, as far as this version knows; see `stage.stage`."""


class Outcome(NamedTuple):
    """What became of an index.

    Attributes:
        refresh: what was done; None when there was nothing to do.
        tally: what was looked at for it.
        found: by the survey that it went by.
        facts: what the index says of itself now.
    """

    refresh: Refresh | None
    tally: Tally
    found: Survey
    facts: Facts


def build(update: UnderWay) -> Outcome:
    """Make an index, where there is none, and publish it when it is whole.

    Raises:
        StoreError: it cannot be written or published; nothing is left of it.
    """
    path = update.worktree.index_path
    with _made_anew(update, dict) as (temporary, outcome):
        prepare_for_others(temporary)
        published = publish(temporary, path, gate=update.insist_on_presence)
    if not published:
        raise StoreError(
            f"{path} appeared while its lock was held here",
            hint="is another tool writing it? run the command again",
        )
    return outcome


def _rebuild(index: Index, update: UnderWay, cuts: Cuts) -> Outcome:
    """Have an index that exists become one that is made anew."""
    update.progress.expected = index.counts().chunks
    with _made_anew(update, cuts) as (temporary, outcome):
        index.replace_by(temporary)
    return outcome


@contextmanager
def _made_anew(update: UnderWay, cuts: Cuts) -> Iterator[tuple[str, Outcome]]:
    """A whole index in a file that nobody else knows, and that is gone afterwards."""
    temporary = temporary_path(update.worktree.index_path)
    update.insist_on_presence()
    try:
        outcome = _fill(temporary, update, cuts)
        update.insist_on_presence()
        yield temporary, outcome
    finally:
        discard(temporary)


def _fill(path: str, update: UnderWay, cuts: Cuts) -> Outcome:
    """Fill a new index, in one transaction."""
    index = create_index(path, update.identity.dimensions)
    with closing(index), translated(path, writing=True):
        found = survey(index, index.facts(), update.worktree, update.settings, anew=True)
        tree = tree_of(update.worktree, update.settings, found.manifest)
        with index.transaction():
            tally = _staged(update, index, tree, found.difference, cuts)
            index.write_staged()
            update.reconsider()
            refresh = _finish(index, update, found.manifest, tally, kind="full", removed=0)
        return Outcome(refresh, tally, found, index.facts())


def refresh(index: Index, update: UnderWay, *, force: bool) -> Outcome:
    """Make an index equal to the tree; all of it anew if it must be, or if that is wanted.

    Raises:
        StoreError: it cannot be written; what was there is still there.
    """
    facts = index.facts()
    fit = facts.usable_for(update.fingerprint)
    if not fit:
        update.log("made anew", was=facts.model, model=update.identity.name)
    if force or not fit:
        return _rebuild(index, update, index.cuts if fit else dict)
    found = survey(index, facts, update.worktree, update.settings)
    manifest, rows, difference = found.manifest, found.rows, found.difference
    tree = tree_of(update.worktree, update.settings, manifest)
    tally = _staged(update, index, tree, difference, index.cuts)
    stamps = (*difference.stamps, *tally.stamps)
    gone = {row.id for _, row in difference.removed}
    gone.update(rows[path].id for path in tally.vanished if path in rows)
    if facts.refreshed and not tally.changed and not gone:
        now = _seen(facts, update, manifest)
        if stamps or now != facts:
            with index.transaction():
                index.restamp(stamps)
                index.write_facts(now)
        return Outcome(None, tally, found, now)
    kind: RefreshKind = "incremental" if facts.refreshed else "seed"
    update.reconsider()
    with index.transaction():
        index.remove_files(gone)
        index.write_staged()
        index.restamp(stamps)
        done = _finish(index, update, manifest, tally, kind=kind, removed=len(gone))
    index.repack()
    return Outcome(done, tally, found, index.facts())


def _staged(
    update: UnderWay, index: Index, tree: Tree, difference: Difference, cuts: Cuts
) -> Tally:
    """Stage what differs, if anything does: see `stage.stage`."""
    cleared = Tally()
    suspects = _clear(tree, difference.suspects, cleared)
    if not suspects:
        return cleared
    from .stage import stage  # with grammars, models and the embedding store

    left = difference._replace(suspects=suspects)
    return cleared.plus(stage(update, index, tree, left, cuts()))


def _clear(tree: Tree, suspects: Suspects, tally: Tally) -> Suspects:
    """The suspects from the first one on that is not as the index has it.

    Of a new worktree's files all that are in doubt are the donor's: no model and no grammar is
    imported for them, which costs more than all the rest of its first refresh.
    """
    for number, suspect in enumerate(suspects):
        looked = look(tree, suspect) if suspect.row is not None else None
        if looked is None or not looked.same:
            return suspects[number:]
        tally.note(looked)
        if looked.stamp is not None:
            tally.stamps.append(looked.stamp)
    return ()


def _finish(
    index: Index,
    update: UnderWay,
    manifest: Manifest,
    tally: Tally,
    *,
    kind: RefreshKind,
    removed: int,
) -> Refresh:
    """Write what the index says about itself, last in the transaction that makes it true."""
    refresh = Refresh(
        kind=kind,
        files_changed=tally.changed,
        files_removed=removed,
        chunks_total=index.counts().chunks,
        chunks_embedded=tally.embedded,
        chunks_reused=tally.chunks - tally.embedded,
        seconds=round(update.seconds, 3),
        finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    facts = index.facts()
    index.write_facts(
        _seen(facts, update, manifest)._replace(
            reach=reach(update, facts, manifest.head, tally, anew=kind == "full"),
            fingerprint=update.fingerprint,
            index_version=INDEX_VERSION,
            model=update.identity.name,
            model_key=update.identity.model_key,
            dimensions=update.identity.dimensions,
            refreshed=True,
            last_refresh=refresh,
            complete=True,
        )
    )
    index.seal()
    return refresh


def _seen(facts: Facts, update: UnderWay, manifest: Manifest) -> Facts:
    """What an index says of the worktree that it was compared with."""
    top = storable(update.worktree.top)
    told = manifest.told.digest
    return facts._replace(top=top, head=manifest.head, rules=manifest.rules, told=told)
