"""The two ways in which rows get into an index: a new one, and the difference to one that exists.

A new index is made beside its place and published when it is whole. An index
that exists is changed in one transaction, a rebuild too: a reader sees the old
tree or the new one. What an index says of itself comes last, in the
transaction that makes it true.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import StoreError
from lumen_hooks.storage.facts import Refresh
from lumen_hooks.storage.fingerprint import INDEX_VERSION
from lumen_hooks.storage.index import create_index
from lumen_hooks.storage.publish import discard, publish, temporary_path
from lumen_hooks.storage.sqlite import translated
from lumen_hooks.storage.values import storable

from .compare import Tally, look, tree_of
from .survey import survey

if TYPE_CHECKING:
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.storage.facts import Facts, RefreshKind
    from lumen_hooks.storage.index import Index

    from .compare import Difference, Suspect, Tree
    from .survey import Survey
    from .under_way import UnderWay

    Suspects = tuple[Suspect, ...]


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
    temporary = temporary_path(path)
    update.insist_on_presence()
    try:
        outcome = _fill(temporary, update)
        published = publish(temporary, path, gate=update.insist_on_presence)
    except BaseException:
        discard(temporary)
        raise
    if not published:
        raise StoreError(
            f"{path} appeared while its lock was held here",
            hint="is another tool writing it? run the command again",
        )
    return outcome


def _fill(path: str, update: UnderWay) -> Outcome:
    """A whole index in a file that nobody else knows yet."""
    index = create_index(path, update.identity.dimensions)
    with closing(index), translated(path, writing=True):
        found = survey(index, index.facts(), update.worktree, update.settings, anew=True)
        tree = tree_of(update.worktree, update.settings, found.manifest)
        tally = _staged(update, index, tree, found.difference, unread=True)
        update.reconsider()
        with index.transaction():
            refresh = _finish(index, update, found.manifest, tally, kind="full", removed=0)
        index.optimise()
        return Outcome(refresh, tally, found, index.facts())


def refresh(index: Index, update: UnderWay, *, force: bool) -> Outcome:
    """Make an index equal to the tree; all of it anew if it must be, or if that is wanted.

    Raises:
        StoreError: it cannot be written; what was there is still there.
    """
    facts = index.facts()
    fit = facts.usable_for(update.fingerprint)
    rebuild = force or not fit
    if rebuild:
        update.progress.expected = index.counts().chunks
    if not fit:
        update.log("made anew", was=facts.model, model=update.identity.name)
    found = survey(index, facts, update.worktree, update.settings, anew=rebuild)
    manifest, rows, difference = found.manifest, found.rows, found.difference
    tree = tree_of(update.worktree, update.settings, manifest)
    tally = _staged(update, index, tree, difference, cuts_known=fit)
    stamps = (*difference.stamps, *tally.stamps)
    gone = {row.id for _, row in difference.removed}
    gone.update(rows[path].id for path in tally.vanished if path in rows)
    if facts.refreshed and not rebuild and not tally.changed and not gone:
        now = _seen(facts, update, manifest)
        if stamps or now != facts:
            with index.transaction():
                index.restamp(stamps)
                index.write_facts(now)
        return Outcome(None, tally, found, now)
    kind: RefreshKind = "full" if rebuild else "incremental" if facts.refreshed else "seed"
    update.reconsider()
    with index.transaction():
        if rebuild:
            index.reset(update.identity.dimensions)
        index.remove_files(gone)
        index.write_staged()
        index.restamp(stamps)
        done = _finish(index, update, manifest, tally, kind=kind, removed=len(gone))
    index.repack()
    return Outcome(done, tally, found, index.facts())


def _staged(
    update: UnderWay,
    index: Index,
    tree: Tree,
    difference: Difference,
    *,
    cuts_known: bool = False,
    unread: bool = False,
) -> Tally:
    """Stage what differs, if anything does: see `stage.stage`.

    `cuts_known`: what the index says of texts that are cut by lines holds for this version.
    """
    cleared = Tally()
    suspects = _clear(tree, difference.suspects, cleared)
    if not suspects:
        return cleared
    from .stage import stage  # with grammars, models and the embedding store

    cuts = index.cuts() if cuts_known else {}
    left = difference._replace(suspects=suspects)
    return cleared.plus(stage(update, index, tree, left, cuts, unread=unread))


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
    index.write_facts(
        _seen(index.facts(), update, manifest)._replace(
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
