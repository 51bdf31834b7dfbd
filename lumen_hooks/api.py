"""The index of a git worktree for other Python programs: open it, search, wait, ask its state.

What is in `__all__` is stable, with the attributes and errors that are
documented there: attributes and keyword arguments are added, never renamed or
removed, before a release whose changelog says so. Everything else in the
package is not. Prints nothing, and imports what it needs when it is needed.
"""

from __future__ import annotations

import importlib
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .errors import (
    BusyError,
    LumenError,
    ModelError,
    NotIndexedError,
    QueryError,
    RepositoryError,
    SettingsError,
    StoreError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.results import Content, Location, SearchResult, SharedResult
    from lumen_hooks.service.answer import Answer, JointAnswer
    from lumen_hooks.service.several import Asked
    from lumen_hooks.service.status import Status
    from lumen_hooks.service.workspace import Workspace

__all__ = [
    "Answer",
    "Asked",
    "BusyError",
    "JointAnswer",
    "Location",
    "LumenError",
    "ModelError",
    "NotIndexedError",
    "QueryError",
    "RepositoryError",
    "SearchResult",
    "SettingsError",
    "SharedResult",
    "Status",
    "StoreError",
    "UnsupportedError",
    "Worktree",
    "open_worktree",
    "search_together",
]

_WITH_SQLITE = {
    "Answer": "lumen_hooks.service.answer",
    "Asked": "lumen_hooks.service.several",
    "JointAnswer": "lumen_hooks.service.answer",
    "Location": "lumen_hooks.search.results",
    "SearchResult": "lumen_hooks.search.results",
    "SharedResult": "lumen_hooks.search.results",
    "Status": "lumen_hooks.service.status",
}
"""Values that calls return, and the modules that make them."""

R = TypeVar("R", bound="SearchResult")

if not TYPE_CHECKING:  # else any name would be one of this module's to type checkers

    def __getattr__(name: str) -> object:
        if name in _WITH_SQLITE:
            return getattr(importlib.import_module(_WITH_SQLITE[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_worktree(directory: str | os.PathLike[str] = ".") -> Worktree:
    """The worktree that holds a directory.

    Makes no index yet: the first search does, or `wait`. The settings are those of now. Bounds
    the threads of numpy and tokenizers in this process by `lumen.threads`, through environment
    variables (OMP_NUM_THREADS and the like), as far as they are not imported yet.

    Args:
        directory: its top, or any folder in it.

    Raises:
        RepositoryError: it is in no git worktree, or git refuses the repository for its owner.
        SettingsError: a setting is wrong, or the repository is switched off.
        UnsupportedError: this is Windows.
    """
    from lumen_hooks.system.supported import insist_on_supported_system

    insist_on_supported_system()
    from lumen_hooks.service.workspace import open_workspace

    given = os.fspath(directory)
    return Worktree(os.path.abspath(given), open_workspace(given))


def search_together(
    text: str,
    directories: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = ".",
    *,
    every: bool = False,
    limit: int = 10,
    path: str | None = None,
    languages: str | Iterable[str] = (),
    kinds: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    content: Content = "all",
    max_lines: int | None = None,
    refresh: bool = True,
) -> JointAnswer:
    """Search several worktrees, of one repository or more, as if they were one.

    Each text is one result, shown in the first worktree that has it. One that cannot be searched
    keeps none of the others from answering: `worktrees` of the answer says why. Nothing is kept
    open; for one worktree that is asked again and again there is `open_worktree`.

    Args:
        text: what to look for.
        directories: any folder in each of the worktrees. Their indexes are made and refreshed as
            `Worktree.search` does.
        every: all other worktrees of their repositories, too, whose indexes are not made.
        limit: as for `Worktree.search`, of the whole answer; so are the others.
        path: only below this folder, in this file, or in files that match this glob, in each.
        languages: only these.
        kinds: only these.
        exclude: without these.
        content: only files of code, docs or config.
        max_lines: lines of each result's snippet; None for all.
        refresh: False answers from the indexes as they are.

    Raises:
        NotIndexedError: nothing in any index is at `path`.
        QueryError: the question or a filter cannot be used.
        RepositoryError: a directory is in no git worktree, or git refuses its repository.
        UnsupportedError: this is Windows.
        LumenError: none of the worktrees could be searched; says what keeps the first one out.
    """
    from lumen_hooks.system.supported import insist_on_supported_system

    insist_on_supported_system()
    from lumen_hooks.search.results import Query
    from lumen_hooks.service.several import asked_in_each, bound_threads, spots_of

    _insist_on_lines(max_lines)
    filters = (path, _several(languages), _several(kinds), _several(exclude), content)
    given = (directories,) if isinstance(directories, (str, os.PathLike)) else directories
    spots = spots_of([os.fspath(one) for one in given], every=every)
    bound_threads(spots)
    from lumen_hooks.indexing.progress import NoProgress
    from lumen_hooks.service.together import Together

    asked = asked_in_each(spots, Query(text, limit, *filters))
    found = Together(asked, progress=NoProgress(), refresh=refresh).answer(spots)
    return replace(found, results=_shortened(found.results, max_lines))


class Worktree:
    """A git worktree and its index, which is kept open between searches. See `open_worktree`.

    Safe to use from several threads, one call at a time: a call waits for the one before it. It
    is not for use in a forked child; open another there.

    Attributes:
        top: the worktree's top folder, absolute.
    """

    def __init__(self, directory: str, workspace: Workspace) -> None:
        from lumen_hooks.service.caches import Models, SearcherCache

        self.top = workspace.worktree.top
        self._directory = directory
        self._workspace = workspace
        self._models = Models()
        self._searchers = SearcherCache()
        self._lock = threading.Lock()

    def search(
        self,
        text: str,
        *,
        limit: int = 10,
        path: str | None = None,
        languages: str | Iterable[str] = (),
        kinds: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        content: Content = "all",
        max_lines: int | None = None,
        refresh: bool = True,
    ) -> Answer:
        """Find code by what it does, by name, or by an error message.

        Without an index it is made first, which takes as long as it takes. A small difference
        between index and files is closed first; a larger one is left to a process in the
        background, and `state` and `pending_files` of the answer say so.

        Args:
            text: what to look for.
            limit: so many results at most, from 1 to 500.
            path: only below this folder, in this file, or in files that match this glob; relative
                to the directory that was opened.
            languages: only these (`python`, `ts`).
            kinds: only these (`function`, `class`).
            exclude: without these folders, files, names or globs.
            content: only files of code, docs or config.
            max_lines: lines of each result's snippet, those that say what was asked; None for all.
            refresh: False answers from the index as it is.

        Raises:
            BusyError: there is no index yet, and another process is still making it.
            ModelError: there is no index yet, and its model cannot be had.
            NotIndexedError: nothing in the index is at `path`.
            QueryError: the question or a filter cannot be used.
            RepositoryError: the worktree was removed meanwhile.
            StoreError: the index cannot be read, or there is none and `refresh` is False.
            LumenError: it cannot be made (no lock can be taken, no room).
        """
        from lumen_hooks.notify.spawn import spawn_worker
        from lumen_hooks.search.results import Query
        from lumen_hooks.service.answer import Answerer
        from lumen_hooks.service.workspace import excluded_from_top, from_top

        _insist_on_lines(max_lines)
        query = Query(
            text,
            limit,
            path and from_top(path, self._directory, self.top),
            _several(languages),
            _several(kinds),
            tuple(excluded_from_top(one, self._directory, self.top) for one in _several(exclude)),
            content,
        )
        with self._lock, self._unless_gone():
            answerer = Answerer(
                self._job("api search"),
                partial(spawn_worker, self.top, "search"),
                refresh=refresh,
                searchers=self._searchers.using,
            )
            found = answerer.answer(query)
        return replace(found, results=_shortened(found.results, max_lines))

    def wait(self, timeout: float = 600.0) -> None:
        """Return when the index is fresh; make or refresh it here if no one else does.

        Args:
            timeout: seconds to wait for others, and for files that keep changing. Work that was
                begun here is done to its end.

        Raises:
            BusyError: it was not fresh after that time.
            ModelError: the model cannot be had.
            RepositoryError: the worktree was removed meanwhile.
            StoreError: the index cannot be used.
            LumenError: it cannot be made (no lock can be taken, no room).
        """
        from lumen_hooks.service.refresh import wait_until_fresh

        with self._lock:
            wait_until_fresh(self._job("api wait"), timeout)

    def status(self) -> Status:
        """How the index is now; changes nothing and waits for no other process.

        Raises:
            ModelError: there is no index, and its model cannot be had.
            RepositoryError: git cannot read the worktree, or it was removed meanwhile.
            StoreError: the index cannot be opened.
        """
        from lumen_hooks.service.status import read_status

        with self._unless_gone():
            return read_status(self._workspace.worktree, self._workspace.settings)

    def close(self) -> None:
        """Close what is kept open; a later call opens it again."""
        with self._lock:
            self._searchers.close_unused(idle=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _unless_gone(self) -> Iterator[None]:
        """See to it that a removed worktree is called so, whatever was looked for in it."""
        self._workspace.worktree.insist_on_presence()
        try:
            yield
        except FileNotFoundError:
            self._workspace.worktree.insist_on_presence()
            raise

    def _job(self, purpose: str) -> Job:
        from lumen_hooks.indexing.progress import NoProgress

        return self._workspace.job(purpose, NoProgress())._replace(load=self._models.load)


def _insist_on_lines(max_lines: int | None) -> None:
    if max_lines is not None and max_lines < 1:
        raise QueryError(f"{max_lines} lines cannot be shown", hint="give at least 1")


def _shortened(results: tuple[R, ...], max_lines: int | None) -> tuple[R, ...]:
    """Results with so many lines of each, those that say what was asked."""
    from lumen_hooks.excerpts.excerpt import excerpt

    return tuple(results if max_lines is None else (excerpt(one, max_lines) for one in results))


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    """One or more; a text is one, and no row of letters."""
    return (given,) if isinstance(given, str) else tuple(given)
