"""The one way in which an index is made or changed.

Every writer (hook worker, command, search, server) comes through `update_index`:
take the index lock, repair or seed what is missing, then make the index equal
to the worktree. Lock order: index lock, embedding slot, turn to embed, SQLite.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.chunking.languages import language_of
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.embedding.identity import identify
from lumen_hooks.errors import CorruptIndexError, GoneError, LockError, StoreError
from lumen_hooks.files.manifest import scan
from lumen_hooks.git import own_folders
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.storage.facts import Refresh
from lumen_hooks.storage.fingerprint import INDEX_VERSION, fingerprint
from lumen_hooks.storage.index import Index, create_index, open_writer
from lumen_hooks.storage.publish import (
    discard,
    file_identity,
    publish,
    set_aside,
    sweep,
    temporary_path,
)
from lumen_hooks.storage.sqlite import translated
from lumen_hooks.storage.values import storable
from lumen_hooks.system import log
from lumen_hooks.system.locks import Acquired, Failed, Held, Holder, acquire, failed

from . import events
from .compare import blob_length, compare
from .freshness import FRESH, STALE, Freshness
from .progress import NotedProgress
from .stage import Preparer, Tally
from .throttle import Turns, needs_no_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lumen_hooks.embedding.identity import ModelIdentity
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.storage.facts import Facts, RefreshKind
    from lumen_hooks.storage.rows import FileRow

    from .compare import Difference
    from .job import Job
    from .seed import Seeded

RECONSIDER_SECONDS = 5.0
"""An update that has taken longer than this asks now and then whether it is still wanted."""

KNOWN_SECONDS = 2.0
"""What an update saw of the tree is taken for what is there for so long after it began to look."""


@dataclass(frozen=True, slots=True)
class Updated:
    """The index equals the worktree as it was scanned.

    Attributes:
        refresh: what was done; None when there was nothing to do.
        seeded: the clone that it began with, if it did.
        freshness: what `look_at` would say, which saves a look; None if that is not known: the
            scan is older than KNOWN_SECONDS, or a hint says that the tree has changed since.
    """

    refresh: Refresh | None
    seeded: Seeded | None
    freshness: Freshness | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Busy:
    """Another process is working on this index and went on for the whole wait."""

    holder: Holder | None


class NotWantedError(Exception):
    """The update was given up, since its result is not wanted any more."""


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
        return _Update(job, identity, answer).run(force=force, check=check, damaged=damaged)


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


class _Update:
    """One update, under the index lock."""

    def __init__(self, job: Job, identity: ModelIdentity, lock: Acquired) -> None:
        self._job = job
        self._worktree = job.worktree
        self._identity = identity
        self._lock = lock
        self._fingerprint = fingerprint(identity)
        self._progress = NotedProgress(lock, identity.name, job.progress)
        self._started = time.monotonic()
        self._untried: list[str] = []

    def run(self, *, force: bool, check: bool, damaged: tuple[int, int] | None) -> Updated:
        """Update; a damaged index is set aside once, and seeded or built again."""
        if damaged is not None and damaged == file_identity(self._worktree.index_path):
            self._set_aside("found by a reader")
        try:
            try:
                return self._attempt(force=force, check=check)
            except StoreError as error:
                # Why nothing could be written is not known: a check tells whether it is damage.
                if type(error) is not StoreError or check:
                    raise
                return self._attempt(force=force, check=True)
        except CorruptIndexError as error:
            self._set_aside(error.message)
            return self._attempt(force=force, check=False)

    def _set_aside(self, cause: str) -> None:
        self._insist_on_presence()
        kept = set_aside(self._worktree.index_path)
        self._log("damaged index set aside", path=kept, cause=cause)

    def _attempt(self, *, force: bool, check: bool) -> Updated:
        path = self._worktree.index_path
        sweep(path, now=time.time())
        index = self._open(check=check)
        seeded = None
        if index is None and not force:
            from .seed import seed  # libgit2 costs 90 ms to import

            seeded = seed(self._worktree, self._fingerprint)
            index = self._open(check=False) if seeded else None
        with ExitStack() as resources:
            if index is not None:
                resources.enter_context(closing(index))
            self._insist_on_presence()
            events.take(self._worktree)
            scanned_at = time.monotonic()
            manifest = scan(self._worktree, self._job.settings)
            if index is None:
                refresh: Refresh | None = self._build(manifest)
            else:
                with translated(path, writing=True):
                    refresh = self._refresh(index, manifest, force=force)
        events.answered(self._worktree)
        return Updated(refresh, seeded, self._freshness(manifest, scanned_at))

    def _freshness(self, manifest: Manifest, scanned_at: float) -> Freshness | None:
        """How the index compares with the tree, if the tree is still taken for what was scanned."""
        if time.monotonic() - scanned_at > KNOWN_SECONDS or events.arrived(self._worktree):
            return None
        untried = tuple(sorted(self._untried))
        return Freshness(STALE if untried else FRESH, untried, manifest.head)

    def _insist_on_presence(self) -> None:
        """To be called right before a file is made in a folder of ours; see `Worktree`.

        Raises:
            GoneError: the worktree is gone, its git dir, or our folder in it.
        """
        self._worktree.insist_on_presence()
        if not self._lock.is_there():
            raise GoneError(f"the index of {self._worktree.top} was removed")

    def _open(self, *, check: bool) -> Index | None:
        self._insist_on_presence()  # SQLite makes files beside the index
        index = open_writer(self._worktree.index_path)
        if index is not None and check:
            _check(index)
        return index

    def _build(self, manifest: Manifest) -> Refresh:
        """A new index, made beside its place and published when it is whole."""
        temporary = temporary_path(self._worktree.index_path)
        self._insist_on_presence()
        try:
            index = create_index(temporary, self._identity.dimensions)
            with closing(index), translated(temporary, writing=True):
                difference = self._compare(manifest, {}, own=True, same_rules=True)
                flush = partial(_write, index)
                tally = self._prepare(index, manifest, difference, {}, flush=flush)
                self._reconsider()
                with index.transaction():
                    refresh = self._finish(index, manifest, tally, kind="full", removed=0)
                index.optimise()
            published = publish(temporary, self._worktree.index_path, gate=self._insist_on_presence)
        except BaseException:
            discard(temporary)
            raise
        if not published:
            raise StoreError(
                f"{self._worktree.index_path} appeared while its lock was held here",
                hint="is another tool writing it? run the command again",
            )
        return refresh

    def _refresh(self, index: Index, manifest: Manifest, *, force: bool) -> Refresh | None:
        """Close the difference in one transaction: a reader sees the old tree or the new one."""
        facts = index.facts()
        fit = facts.usable_for(self._fingerprint)
        rebuild = force or not fit
        if rebuild:
            self._progress.expected = index.counts().chunks
        if not fit:
            self._log("made anew", was=facts.model, model=self._identity.name)
        own = facts.refreshed
        known = index.files() if fit else {}
        rows = {} if rebuild else known
        same_rules = facts.rules == manifest.rules
        difference = self._compare(manifest, rows, own=own, same_rules=same_rules)
        tally = self._prepare(index, manifest, difference, known, flush=_nothing)
        stamps = (*difference.stamps, *tally.stamps)
        gone = {row.id for _, row in difference.removed}
        gone.update(rows[path].id for path in tally.vanished if path in rows)
        if own and not rebuild and not tally.changed and not gone:
            now = self._seen(facts, manifest)
            if stamps or now != facts:
                with index.transaction():
                    index.restamp(stamps)
                    index.write_facts(now)
            return None
        kind: RefreshKind = "full" if rebuild else "incremental" if own else "seed"
        self._reconsider()
        with index.transaction():
            if rebuild:
                index.reset(self._identity.dimensions)
            index.remove_files(gone)
            index.write_staged()
            index.restamp(stamps)
            refresh = self._finish(index, manifest, tally, kind=kind, removed=len(gone))
        index.repack()
        return refresh

    def _reconsider(self) -> None:
        """Give up an update that takes long and is not wanted any more."""
        long = time.monotonic() - self._started > RECONSIDER_SECONDS
        if long and not self._job.still_wanted():
            raise NotWantedError

    def _compare(
        self, manifest: Manifest, rows: dict[str, FileRow], *, own: bool, same_rules: bool
    ) -> Difference:
        return compare(
            self._worktree,
            manifest,
            rows,
            own=own,
            same_rules=same_rules,
            max_bytes=self._job.settings.max_file_bytes,
        )

    def _prepare(
        self,
        index: Index,
        manifest: Manifest,
        difference: Difference,
        known: dict[str, FileRow],
        *,
        flush: Callable[[], None],
    ) -> Tally:
        """Stage what differs; the embedding slot and the embedding store are held meanwhile.

        `known` is what this version knows of files' content, a rebuild's too.
        """
        if not difference.suspects:
            return Tally()
        with ExitStack() as held:
            job = self._job
            vectors_known = held.enter_context(self._embedding_store())
            small = needs_no_slot(len(difference.suspects), self._identity.name)
            turns = Turns(
                "" if small else job.slots,
                job.settings.workers,
                self._worktree.embeddings_path,
                job.purpose,
                lambda cause: self._log("goes on without an embedding slot", cause=cause),
            )
            held.callback(turns.close)
            chunker = held.enter_context(
                Chunker(
                    deaths_max=job.deaths_max,
                    complain=lambda why: self._log("no process to parse in", cause=why),
                )
            )
            preparer = Preparer(
                top=self._worktree.top,
                index=index,
                chunker=chunker,
                cuts=_cuts(known),
                load=partial(job.load, job.settings),
                turn=turns.take,
                model_key=self._identity.model_key,
                dimensions=self._identity.dimensions,
                vectors=vectors_known,
                max_bytes=job.settings.max_file_bytes,
                blob_length=blob_length(manifest),
                progress=self._progress,
                proceed=self._reconsider,
                flush=flush,
            )
            tally = preparer.prepare(difference.suspects, len(difference.suspects))
            self._untried = tally.untried
            return tally

    @contextmanager
    def _embedding_store(self) -> Iterator[EmbeddingStore | None]:
        """The vectors shared by all worktrees; a refresh goes on without them if it must."""
        self._insist_on_presence()
        try:
            store = EmbeddingStore(self._worktree.embeddings_path)
        except StoreError as error:
            self._log("embedding store unavailable", cause=error.message)
            yield None
            return
        with closing(store):
            yield store

    def _finish(
        self, index: Index, manifest: Manifest, tally: Tally, *, kind: RefreshKind, removed: int
    ) -> Refresh:
        """Write what the index says about itself, last in the transaction that makes it true."""
        refresh = Refresh(
            kind=kind,
            files_changed=tally.changed,
            files_removed=removed,
            chunks_total=index.counts().chunks,
            chunks_embedded=tally.embedded,
            chunks_reused=tally.chunks - tally.embedded,
            seconds=round(time.monotonic() - self._started, 3),
            finished_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        )
        index.write_facts(
            replace(
                self._seen(index.facts(), manifest),
                fingerprint=self._fingerprint,
                index_version=INDEX_VERSION,
                model=self._identity.name,
                model_key=self._identity.model_key,
                dimensions=self._identity.dimensions,
                refreshed=True,
                last_refresh=refresh,
                complete=True,
            )
        )
        index.seal()
        return refresh

    def _seen(self, facts: Facts, manifest: Manifest) -> Facts:
        """What an index says of the worktree that it was compared with."""
        top = storable(self._worktree.top)
        return replace(facts, top=top, head=manifest.head, rules=manifest.rules)

    def _log(self, event: str, **details: object) -> None:
        record: dict[str, object] = {"event": event, "worktree": self._worktree.top}
        log.append(self._worktree.common_dir, {**record, **details})


def _cuts(known: dict[str, FileRow]) -> dict[tuple[bytes | None, str], str]:
    """Why texts are cut by lines, by content and language: it holds wherever they stand."""
    return {
        (row.content, language_of(path)): row.cut
        for path, row in known.items()
        if row.cut is not None and row.cut != UNTRIED
    }


def _check(index: Index) -> None:
    """Look for damage; an index that has some is closed."""
    try:
        index.check()
    except BaseException:
        index.close()
        raise


def _write(index: Index) -> None:
    with index.transaction():
        index.write_staged()


def _nothing() -> None:
    """Leave staged rows for the transaction at the end."""
