"""What a long-lived process keeps so that the next question is cheap.

A few open indexes with their vectors in memory, and a loaded model. Nothing
here decides whether an index is fresh; it only notices when the file under
its name is no longer the one that it has open.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import QueryError, StoreError
from lumen_hooks.files.manifest import scan
from lumen_hooks.indexing.freshness import FRESH, look_at
from lumen_hooks.search.query import Searcher
from lumen_hooks.storage.publish import file_identity
from lumen_hooks.storage.reader import open_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import Freshness
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.reader import IndexReader

MAX_OPEN = 4
"""Indexes that are kept open; each holds its vectors in memory, or their signs."""

MAX_BYTES = 96 << 20
"""What they may hold together; the one that was asked last is kept, whatever it holds.

That is one of a million chunks (70 bytes for each), or 360,000 chunks in smaller ones (270)."""

IDLE_SECONDS = 300.0
"""An index that nobody asked for so long is closed."""

LISTED_SECONDS = 30.0
"""So long the files that were listed of a worktree without an index are taken for those there."""

MAX_MODELS = 2
"""Embedding models that are kept loaded; repositories may be set to different ones."""

_ATTEMPTS = 100
"""Other threads may close an index between the moment it is found and the one it is free."""


class _Kept:
    """An open index. Whoever holds `lock` may use it, and no one else."""

    def __init__(self, index: IndexReader, file: tuple[int, int]) -> None:
        self.index = index
        self.file = file
        self.searcher = Searcher(index)
        self.is_closed = False
        self.nbytes = 0
        self.lock = threading.Lock()
        self.used = time.monotonic()

    def is_of(self, path: str) -> bool:
        """It is open, and the file under this name is the one that it has open."""
        return not self.is_closed and self.file == file_identity(path)

    def close(self) -> None:
        """For whoever holds `lock`."""
        self.is_closed = True
        self.index.close()


class SearcherCache:
    """Searchers of the indexes that were asked last. Safe to use from several threads.

    Args:
        size: how many are kept at most.
        max_bytes: what they may hold in memory, but for the last one.
    """

    def __init__(self, size: int = MAX_OPEN, max_bytes: int = MAX_BYTES) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @contextmanager
    def using(self, path: str) -> Iterator[Searcher]:
        """A searcher of the index at a path, for this thread alone while the block lasts.

        One that met an error other than the question's own is closed: what it has in memory may
        be damaged.

        Raises:
            StoreError: there is no index, or it cannot be opened.
        """
        kept = self._take(path)
        try:
            yield kept.searcher
        except QueryError:
            raise
        except BaseException:
            self._close(path, kept)
            raise
        finally:
            kept.used = time.monotonic()
            kept.nbytes = kept.searcher.nbytes
            kept.lock.release()
        self._shrink()

    @contextmanager
    def index(self, path: str) -> Iterator[IndexReader]:
        """The index itself, as `using` gives its searcher."""
        with self.using(path) as searcher:
            yield searcher.index

    def close_unused(self, idle: float = IDLE_SECONDS) -> None:
        """Close what nobody asked for so many seconds, and what was removed or replaced."""
        now = time.monotonic()
        with self._lock:
            candidates = list(self._kept.items())
        for path, kept in candidates:
            if now - kept.used >= idle or not kept.is_of(path):
                self._close_if_free(path, kept)

    def _take(self, path: str) -> _Kept:
        """The searcher of a path, its lock held; of the file that the path names now."""
        for _ in range(_ATTEMPTS):
            kept = self._locked(path)
            if kept.is_of(path):
                with self._lock:
                    self._kept.move_to_end(path)
                return kept
            self._close(path, kept)
            kept.lock.release()
        raise StoreError(f"{path} is being replaced again and again", hint="try again")

    def _locked(self, path: str) -> _Kept:
        """What is kept of a path, or is opened now, with its lock held.

        While the lock was waited for, another thread may have closed it.
        """
        with self._lock:
            kept = self._kept.get(path)
        if kept is None:
            opened = _open(path)
            opened.lock.acquire()
            with self._lock:
                kept = self._kept.setdefault(path, opened)
            if kept is opened:
                return opened
            opened.close()  # another thread was quicker
        kept.lock.acquire()
        return kept

    def _close(self, path: str, kept: _Kept) -> None:
        """Close what is kept and forget it. To be called with its lock held."""
        with self._lock:
            if self._kept.get(path) is kept:
                del self._kept[path]
        kept.close()

    def _close_if_free(self, path: str, kept: _Kept) -> None:
        if kept.lock.acquire(blocking=False):
            self._close(path, kept)
            kept.lock.release()

    def _shrink(self) -> None:
        with self._lock:
            kept = list(self._kept.items())
        total, surplus = 0, []
        for number, (path, one) in enumerate(reversed(kept)):
            total += one.nbytes
            if number >= self._size or (number and total > self._max_bytes):
                surplus.append((path, one))
                total -= one.nbytes
        for path, one in surplus:
            self._close_if_free(path, one)


def _open(path: str) -> _Kept:
    """An open index that nobody else knows yet.

    Raises:
        StoreError: there is none, or it cannot be opened.
    """
    before = file_identity(path)
    index = open_index(path)
    if before is None:
        index.close()
        raise StoreError(f"{path} vanished", hint="was the worktree removed?")
    # If the name led elsewhere in between, the first look at `is_of` tells.
    return _Kept(index, before if before == file_identity(path) else (0, 0))


class Looks:
    """Looks at worktrees that several questions share. Safe to use from several threads.

    A question that waited for others may rest on a look that one of them took, if that look
    began after the question was asked and found the index fresh.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Settings, Freshness]] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, worktree: Worktree, settings: Settings, *, asked_at: float) -> Freshness:
        """As `look_at`.

        Args:
            worktree: where.
            settings: in force there.
            asked_at: when the question was asked (`time.monotonic()`).
        """
        with self._lock:
            kept = self._kept.get(worktree.git_dir)
        if kept is not None and kept[0] >= asked_at and kept[1] == settings:
            return kept[2]
        began = time.monotonic()
        found = look_at(worktree, settings, keeps=True)
        with self._lock:
            self._kept.pop(worktree.git_dir, None)
            if found.state == FRESH:
                self._kept[worktree.git_dir] = (began, settings, found)
            while len(self._kept) > MAX_OPEN:
                self._kept.popitem(last=False)
        return found


class Listings:
    """The files of worktrees that have no index yet. Safe to use from several threads.

    To list a large tree may take longer than an answer may. What was listed serves the questions of
    the next seconds, those files that were listed too late for the first one among them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Future[Manifest]]] = OrderedDict()
        self._lock = threading.Lock()

    def files(self, job: Job, until: float) -> Manifest:
        """As `scan`, of this moment or LISTED_SECONDS ago.

        Args:
            job: the worktree, and its settings.
            until: when it is of no use any more (`time.monotonic()`).

        Raises:
            TimeoutError: it took longer.
        """
        key, now = job.worktree.git_dir, time.monotonic()
        with self._lock:
            began, listed = self._kept.pop(key, (-LISTED_SECONDS, None))
            if listed is None or _is_over(began, listed, now):
                began, listed = now, Future()
                work = threading.Thread(target=_list, args=(job, listed), daemon=True)
                work.start()
            self._kept[key] = (began, listed)
            while len(self._kept) > MAX_OPEN:
                self._kept.popitem(last=False)
        return listed.result(max(0.0, until - now))

    def drop_old(self) -> None:
        """Forget what serves no question any more."""
        now = time.monotonic()
        with self._lock:
            for key, (began, listed) in list(self._kept.items()):
                if _is_over(began, listed, now):
                    del self._kept[key]


def _is_over(began: float, listed: Future[Manifest], now: float) -> bool:
    """A listing serves no question any more: it is old, or git could not make it."""
    return listed.done() and (now - began >= LISTED_SECONDS or listed.exception() is not None)


def _list(job: Job, listed: Future[Manifest]) -> None:
    try:
        listed.set_result(scan(job.worktree, job.settings))
    except BaseException as error:  # whoever asks is told
        listed.set_exception(error)


class Models:
    """Loaded embedding models, each once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[str, str, int], Embedder] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, settings: Settings) -> Embedder:
        """The model that the settings name.

        Raises:
            ModelError: it is unknown, missing or unusable.
        """
        key = (settings.model, settings.models_folder, settings.model_threads)
        with self._lock:
            known = self._loaded.get(key)
            # Its files may be others by now: replaced, or this package's after an upgrade.
            if known is None or known.identity.model_key != identify(settings).model_key:
                self._loaded[key] = load_embedder(settings)
                while len(self._loaded) > MAX_MODELS:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(key)
            return self._loaded[key]
