"""The one way in which an index is made or changed.

Every writer (hook worker, command, search, server) comes through `update_index`:
take the index lock, repair or seed what is missing, then make the index equal
to the worktree. Lock order: index lock, embedding slot, turn to embed, SQLite.
"""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import CorruptIndexError, LockError, RemoteError, StoreError
from lumen_hooks.files.content import stamp_of
from lumen_hooks.git import own_folders
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.publish import file_identity, set_aside, sweep
from lumen_hooks.storage.sqlite import translated
from lumen_hooks.system import log
from lumen_hooks.system.locks import Acquired, Failed, Held, acquire, failed

from . import events
from .compare import KNOWN_FILES
from .freshness import FRESH, STALE, Freshness
from .job import Busy, Updated
from .survey import keep
from .under_way import UnderWay
from .write import build, refresh

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.storage.index import Index

    from .job import Job
    from .seed import Seeded
    from .write import Outcome

KNOWN_SECONDS = 2.0
"""What an update saw of the tree is taken for what is there for so long after it began to look."""


def update_index(
    job: Job,
    *,
    wait: float,
    force: bool = False,
    check: bool = False,
    damaged: tuple[int, int] | None = None,
) -> Updated | Busy:
    """Make a worktree's index whole and equal to its files, whatever state it is in.

    Args:
        job: what to update, and with what.
        wait: seconds to wait for another process that is working on it.
        force: chunk every file anew, and seed nothing.
        check: look for damage first, page by page.
        damaged: identity of the file in which a reader met damage. If it is still the index, it is
            made anew, whatever a check would find.

    Raises:
        GoneError: the worktree was removed, before or meanwhile.
        LockError: the lock cannot work here.
        ModelError: the model cannot be loaded.
        NotWantedError: `job.still_wanted` said so; what was embedded is stored.
        RemoteError: an index must come from elsewhere, and none came.
        RepositoryError: git cannot read the worktree.
        StoreError: the index cannot be written; what was there is still there.
        TooManyDeathsError: as `job.deaths_max` has it.
    """
    worktree = job.worktree
    if worktree.read_only:
        raise LockError(
            f"no index can be made or refreshed here: {worktree.obstacle}",
            hint="run this where it can be written, or set XDG_CACHE_HOME to a folder that can",
        )
    identity = identify(job.settings)
    answer = _lock(job, wait)
    if isinstance(answer, Failed):
        worktree.insist_on_presence()
        log.append(
            worktree.common_dir,
            {"event": "lock failed", "path": answer.path, "cause": answer.cause},
            git_dir=worktree.git_dir,
        )
        raise answer.error()
    if not isinstance(answer, Acquired):
        return Busy(answer.holder)
    with answer:
        update = UnderWay(job, identity, answer)
        return _run(update, force=force, check=check, damaged=damaged)


def put_aside(job: Job, damaged: tuple[int, int], *, wait: float) -> None:
    """Set a damaged index aside, for whoever has no time to make it anew; nothing if it is at work.

    Args:
        job: whose.
        damaged: identity of the file in which a reader met damage.
        wait: seconds to wait for another process that is working on it.

    Raises:
        GoneError: the worktree was removed.
        ModelError: the model cannot be had.
        LockError: the lock cannot work here.
    """
    identity = identify(job.settings)
    answer = _lock(job, wait)
    if isinstance(answer, Failed):
        raise answer.error()
    if isinstance(answer, Acquired):
        with answer:
            if damaged == file_identity(job.worktree.index_path):
                _set_aside(UnderWay(job, identity, answer), "found by a reader")


def _lock(job: Job, wait: float) -> Acquired | Held | Failed:
    worktree = job.worktree
    try:
        if job.begins:
            own_folders.begin(worktree)
        else:
            own_folders.settle(worktree)
    except OSError as error:
        return failed(worktree.lock_path, error)
    worktree.insist_on_presence()
    return acquire(worktree.lock_path, timeout=wait, purpose=job.purpose)


def _run(update: UnderWay, *, force: bool, check: bool, damaged: tuple[int, int] | None) -> Updated:
    """Update; a damaged index is set aside once, and seeded or built again."""
    if damaged is not None and damaged == file_identity(update.worktree.index_path):
        _set_aside(update, "found by a reader")
    try:
        return _checked_in_doubt(update, force=force, check=check)
    except CorruptIndexError as error:
        _set_aside(update, error.message)
        return _attempt(update, force=force, check=False)


def _checked_in_doubt(update: UnderWay, *, force: bool, check: bool) -> Updated:
    """Update; where nothing could be written and the cause is not known, check for damage first."""
    try:
        return _attempt(update, force=force, check=check)
    except StoreError as error:
        if type(error) is not StoreError or check:
            raise
        return _attempt(update, force=force, check=True)


def _set_aside(update: UnderWay, cause: str) -> None:
    update.insist_on_presence()
    kept = set_aside(update.worktree.index_path)
    update.log("damaged index set aside", path=kept, cause=cause)


def _attempt(update: UnderWay, *, force: bool, check: bool) -> Updated:
    """Seed or open the index, scan the tree, and make the one equal to the other."""
    worktree = update.worktree
    sweep(worktree.index_path, now=time.time())
    index = _open(update, check=check)
    seeded, remark = None, ""
    if index is None and not force:
        seeded, remark = _seed(update)
        index = _open(update, check=False) if seeded else None
    with closing(index) if index is not None else nullcontext():
        update.insist_on_presence()
        events.take(worktree)
        scanned_at = time.monotonic()
        if index is None:
            outcome = build(update)
        else:
            with translated(worktree.index_path, writing=True):
                outcome = refresh(index, update, force=force)
    events.answered(worktree)
    if not outcome.tally.untried:
        keep(outcome.found, outcome.facts, worktree, update.settings)
    freshness = _freshness(worktree, outcome, scanned_at)
    if remark and update.vectors_found:
        remark += f"; {update.vectors_found:,} vectors did"
    return Updated(outcome.refresh, seeded, freshness, remark)


def _seed(update: UnderWay) -> tuple[Seeded | None, str]:
    """The seed that was published, and what is to be said where none was.

    Raises:
        RemoteError: it was to come from elsewhere or not at all.
    """
    from .seed import NotSeeded, seed, seed_from_elsewhere  # few need it

    worktree, settings, progress = update.worktree, update.settings, update.progress
    if update.job.elsewhere == "must":
        found = seed_from_elsewhere(worktree, update.fingerprint, settings, progress)
        if isinstance(found, NotSeeded):
            raise RemoteError(found.remark, hint="make the index here: lumen-hooks index")
        return found, ""
    if update.job.elsewhere == "never":
        settings = settings._replace(remote="")
    found = seed(worktree, update.fingerprint, settings, progress)
    if isinstance(found, NotSeeded):
        update.store_failed = found.store_failed
        return None, found.remark
    return found, ""


def _open(update: UnderWay, *, check: bool) -> Index | None:
    """The index, if there is one; checked for damage if that is wanted."""
    update.insist_on_presence()  # SQLite makes files beside the index
    index = open_writer(update.worktree.index_path)
    if index is not None and check:
        try:
            index.check()
        except BaseException:
            index.close()
            raise
    return index


def _freshness(worktree: Worktree, outcome: Outcome, scanned_at: float) -> Freshness | None:
    """How the index compares with the tree, if the tree is still taken for what was scanned."""
    tally = outcome.tally
    if time.monotonic() - scanned_at > KNOWN_SECONDS or tally.looked > KNOWN_FILES:
        return None
    if any(stamp_of(worktree.top, path) != then for path, then in tally.opened.items()):
        return None
    if events.arrived(worktree):
        return None
    differing = tuple(sorted(tally.untried))
    return Freshness(
        STALE if differing else FRESH,
        differing,
        outcome.found.manifest.head,
        seeded_from=outcome.facts.seeded_from,
    )
