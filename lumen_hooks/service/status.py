"""What state a worktree's index is in, found out without changing anything."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lumen_hooks.embedding.identity import identify
from lumen_hooks.errors import CorruptIndexError, ModelError
from lumen_hooks.files.manifest import scan
from lumen_hooks.git.ownership import foreign_files
from lumen_hooks.indexing.compare import blob_length, compare, look
from lumen_hooks.indexing.progress import Report, read_report
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.index import open_index
from lumen_hooks.system.locks import Holder, read_holder

if TYPE_CHECKING:
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Facts
    from lumen_hooks.storage.index import Index

ABSENT, BUILDING, REFRESHING, STALE, FRESH = "absent", "building", "refreshing", "stale", "fresh"

OTHER_FINGERPRINT = "made with another model or version; the next refresh makes it anew"


@dataclass(frozen=True, slots=True)
class Status:
    """The fields of `status --json`, in its order, and a few that explain them.

    Attributes:
        worktree: top folder.
        index: path of the index file.
        state: absent, building, refreshing, stale or fresh.
        files: indexed files.
        chunks: chunks in the index.
        model: name of the model that it was made with.
        dimensions: of its vectors.
        head: commit that was checked out at the last refresh (hex), None for none.
        seeded_from: top folder of the worktree that it was cloned from, or None.
        pending_files: files that the index does not hold as they are now.
        index_bytes: size on disk, the WAL included.
        log: path of the log.
        last_refresh: what the last refresh that changed anything did.
        skipped: files passed over, by reason.
        problem: why the index cannot be used, or None.
        lock: who holds the index lock, or None.
        wanted_model: name of the model that the settings want; the index is made anew with it.
        progress: how far the process that changes the index is, or None if none says so.
    """

    worktree: str
    index: str
    state: str
    files: int
    chunks: int
    model: str
    dimensions: int
    head: str | None
    seeded_from: str | None
    pending_files: int
    index_bytes: int
    log: str
    last_refresh: dict[str, object] | None
    skipped: dict[str, int]
    problem: str | None
    lock: str | None
    wanted_model: str
    progress: Report | None


def read_status(worktree: Worktree, settings: Settings) -> Status:
    """Look at the index, the lock and the tree.

    Raises:
        ModelError: there is no index, and the configured model cannot be had (where there is an
            index, that is reported in `problem` instead, as is damage).
        RepositoryError: git cannot read the worktree.
        StoreError: the index cannot be opened.
    """
    holder = read_holder(worktree.lock_path)
    try:
        index = open_index(worktree.index_path)
        if index is not None:
            with index:
                return _of_index(index, worktree, settings, holder)
        problem = ""
    except CorruptIndexError as error:
        problem = error.message
    identity = identify(settings)
    return Status(
        worktree=worktree.top,
        index=worktree.index_path,
        state=BUILDING if holder else ABSENT,
        files=0,
        chunks=0,
        model=identity.name,
        dimensions=identity.dimensions,
        head=None,
        seeded_from=None,
        pending_files=len(scan(worktree, settings).files),
        index_bytes=_size(worktree.index_path),
        log=worktree.log_path,
        last_refresh=None,
        skipped={},
        problem=_problem(problem, worktree),
        lock=str(holder) if holder else None,
        wanted_model=identity.name,
        progress=read_report(holder),
    )


def failed_status(worktree: Worktree, problem: str) -> Status:
    """What can be told of a worktree that cannot be looked at."""
    return Status(
        worktree=worktree.top,
        index=worktree.index_path,
        state=ABSENT,
        files=0,
        chunks=0,
        model="",
        dimensions=0,
        head=None,
        seeded_from=None,
        pending_files=0,
        index_bytes=_size(worktree.index_path),
        log=worktree.log_path,
        last_refresh=None,
        skipped={},
        problem=problem,
        lock=None,
        wanted_model="",
        progress=None,
    )


def _problem(known: str, worktree: Worktree) -> str | None:
    foreign, remedy = foreign_files(worktree)
    parts = (known, worktree.remark, f"{foreign} ({remedy})" if foreign else "")
    return "; ".join(filter(None, parts)) or None


def _of_index(
    index: Index, worktree: Worktree, settings: Settings, holder: Holder | None
) -> Status:
    facts = index.facts()
    counts = index.counts()
    wanted, refusal = _wanted(settings)
    manifest = scan(worktree, settings)
    pending = len(_differing(index, manifest, worktree, settings))
    state = _state(facts, wanted, pending, holder)
    misfit = refusal or ("" if facts.usable_for(wanted) else OTHER_FINGERPRINT)
    skipped = index.skipped()
    for reason, count in manifest.unindexable.items():
        skipped[reason] = skipped.get(reason, 0) + count
    return Status(
        worktree=worktree.top,
        index=worktree.index_path,
        state=state,
        files=counts.files,
        chunks=counts.chunks,
        model=facts.model,
        dimensions=facts.dimensions,
        head=facts.head,
        seeded_from=facts.seeded_from,
        pending_files=pending,
        index_bytes=_size(worktree.index_path),
        log=worktree.log_path,
        last_refresh=asdict(facts.last_refresh) if facts.last_refresh else None,
        skipped=skipped,
        problem=_problem(misfit, worktree),
        lock=str(holder) if holder else None,
        wanted_model=settings.model,
        progress=read_report(holder),
    )


def _wanted(settings: Settings) -> tuple[str, str]:
    """The fingerprint that an index should have, or why it cannot be known (one is empty)."""
    try:
        return fingerprint(identify(settings)), ""
    except ModelError as error:
        return "", f"{error.message} ({error.hint})"


@dataclass(frozen=True, slots=True)
class Outdated:
    """A whole index that was made with another model than is wanted, or by another version.

    Attributes:
        model: name of the model that it was made with.
        refusal: why the wanted model cannot be had; empty if it can.
        progress: how far its successor is, if another process is making that.
    """

    model: str
    refusal: str
    progress: Report | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How an index compares with its worktree at one moment.

    Attributes:
        state: absent, building, refreshing, stale or fresh.
        differing: the files that the index does not hold as they are, in path order.
        head: the commit that is checked out (hex); None for none, and where there is no index.
        outdated: what is known of an index that is whole, but must be made anew.
    """

    state: str
    differing: tuple[str, ...] = ()
    head: str | None = None
    outdated: Outdated | None = None


def look_at(worktree: Worktree, settings: Settings) -> Freshness:
    """Compare an index with the files of its worktree.

    Raises:
        CorruptIndexError: it is damaged.
        RepositoryError: git cannot read the worktree.
        StoreError: it cannot be opened.
    """
    index = open_index(worktree.index_path)
    if index is None:
        return Freshness(ABSENT)
    with index:
        manifest = scan(worktree, settings)
        differing = _differing(index, manifest, worktree, settings)
        wanted, refusal = _wanted(settings)
        facts = index.facts()
        holder = read_holder(worktree.lock_path)
        state = _state(facts, wanted, len(differing), holder)
    outdated = None
    if facts.complete and not facts.usable_for(wanted):
        report = read_report(holder)
        progress = report if report is not None and report.model == settings.model else None
        outdated = Outdated(facts.model, refusal, progress)
    return Freshness(state, differing, manifest.head, outdated)


def freshness(worktree: Worktree, settings: Settings) -> tuple[str, int]:
    """The state of an index, and how many files it does not hold; see `look_at`."""
    found = look_at(worktree, settings)
    return found.state, len(found.differing)


def _state(facts: Facts, wanted: str, pending: int, holder: Holder | None) -> str:
    if pending == 0 and facts.refreshed and facts.usable_for(wanted):
        return FRESH
    if holder is None:
        return STALE
    return REFRESHING if facts.complete else BUILDING


def _differing(
    index: Index, manifest: Manifest, worktree: Worktree, settings: Settings
) -> tuple[str, ...]:
    """The files that the index does not hold as they are in the worktree now, in path order."""
    facts = index.facts()
    difference = compare(
        worktree,
        manifest,
        index.files(),
        own=facts.refreshed,
        same_rules=facts.rules == manifest.rules,
        max_bytes=settings.max_file_bytes,
    )
    pending = [path for path, _ in difference.removed]
    for suspect in difference.suspects:
        looked = look(
            worktree.top,
            suspect,
            max_bytes=settings.max_file_bytes,
            blob_length=blob_length(manifest),
        )
        absent = looked.vanished and suspect.row is None
        if not (looked.same or absent):
            pending.append(suspect.path)
    return tuple(sorted(pending))


def _size(path: str) -> int:
    total = 0
    for suffix in ("", "-wal"):
        try:
            total += os.stat(path + suffix).st_size
        except OSError:
            continue
    return total
