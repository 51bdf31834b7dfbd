"""Which sibling worktree's index to clone.

The history (libgit2 first) says which worktrees there are and how far their
trees are from ours; nothing is believed that the folders do not confirm.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError, StoreError
from lumen_hooks.git.backend import open_history
from lumen_hooks.git.siblings import linked_worktrees, main_worktree, worktree_names
from lumen_hooks.git.worktree import Worktree, checked_out_commit
from lumen_hooks.notify.layout import FOLDER, INDEX
from lumen_hooks.storage.clone import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lumen_hooks.git.history import History
    from lumen_hooks.storage.facts import Facts

MAX_CANDIDATES = 16
"""How many siblings are compared, the most recently refreshed first."""


class Donor(NamedTuple):
    """A sibling that could give its index.

    Attributes:
        worktree: its folders.
        differing_files: how many files differ between its recorded commit and ours.
        files: how many files its index holds.
    """

    worktree: Worktree
    differing_files: int
    files: int

    @property
    def pays(self) -> bool:
        """Cloning costs less than building: no more files differ than are shared."""
        return self.differing_files <= max(0, self.files - self.differing_files)


class Refused(NamedTuple):
    """A sibling that cannot donate, and why; for the log."""

    git_dir: str
    reason: str


def find_donors(worktree: Worktree, fingerprint: str) -> tuple[Iterator[Donor], list[Refused]]:
    """Siblings whose whole index has this fingerprint, the nearest tree first.

    Those at our commit come without any tree being read; the others are compared when they are
    asked for. The list names the siblings that have an index and were refused.

    Raises:
        RepositoryError: git cannot read the repository.
    """
    history = open_history(worktree)
    candidates: list[_Candidate] = []
    refused: list[Refused] = []
    siblings = _last_written_first(worktree, history.worktree_names())
    for sibling in islice(siblings, MAX_CANDIDATES):
        try:
            found = _examine(sibling, fingerprint)
        except StoreError as error:
            refused.append(Refused(sibling.git_dir, error.message))
            continue
        if isinstance(found, str):
            refused.append(Refused(sibling.git_dir, found))
        else:
            candidates.append(_Candidate(sibling, *found))
    return _nearest_first(worktree, history, candidates), refused


class _Candidate(NamedTuple):
    """A sibling that may donate: the commit it was indexed at, and how many files it holds."""

    worktree: Worktree
    head: str | None
    files: int


def _nearest_first(
    worktree: Worktree, history: History, candidates: list[_Candidate]
) -> Iterator[Donor]:
    if not candidates:
        return
    ours = checked_out_commit(worktree)
    others = []
    for candidate in candidates:
        if ours is not None and candidate.head == ours:
            yield Donor(candidate.worktree, 0, candidate.files)
        else:
            others.append(candidate)
    if others:
        ours = ours or history.head()
        donors = [
            Donor(candidate.worktree, _distance(history, ours, candidate), candidate.files)
            for candidate in others
        ]
        yield from sorted(donors, key=lambda donor: donor.differing_files)


def _distance(history: History, ours: str | None, candidate: _Candidate) -> int:
    """Files that differ between our commit and a donor's; all of them if that cannot be told."""
    if not ours or not candidate.head:
        return candidate.files
    try:
        return history.differing_files(ours, candidate.head)
    except RepositoryError:
        return candidate.files


def all_worktrees(worktree: Worktree) -> list[Worktree]:
    """This worktree and its siblings whose folders exist, by path."""
    siblings = _siblings(worktree, worktree_names(worktree.common_dir))
    return sorted([worktree, *siblings], key=lambda place: place.top)


def _last_written_first(worktree: Worktree, names: Iterable[str]) -> Iterator[Worktree]:
    """The siblings by the time of their indexes, the latest first.

    Where a sibling is, and that it is one, is found out when its turn comes: of hundreds few count.
    """
    common = worktree.common_dir
    places = {name: os.path.join(common, "worktrees", name) for name in names}
    if worktree.home or worktree.is_linked:
        places = {"": common, **places}
    for name in sorted(places, key=lambda name: _last_written(places[name]), reverse=True):
        if places[name] != worktree.git_dir:
            yield from _siblings(worktree, [name] if name else [], main=not name)
        elif worktree.home:  # what lies in the git dir may still be read
            yield worktree._replace(home="")


def _siblings(worktree: Worktree, names: Iterable[str], *, main: bool = True) -> Iterator[Worktree]:
    """The other worktrees of these names whose folders exist, and the main one if it is wanted."""
    common = worktree.common_dir
    if main and worktree.is_linked:
        found = main_worktree(common) or main_worktree(common, _recorded_top(common))
        if found is not None:
            yield found
    for sibling in linked_worktrees(common, names):
        if sibling.git_dir != worktree.git_dir:
            yield sibling


def _recorded_top(git_dir: str) -> str | None:
    """Where the worktree was when its index was last refreshed.

    Nothing but the index knows it where the git directory lies apart (`--separate-git-dir`).
    """
    path = Worktree(top=git_dir, git_dir=git_dir, common_dir=git_dir).index_path
    if not os.path.isfile(path):
        return None
    try:
        return summarise(path).facts.top or None
    except StoreError:
        return None


def _last_written(git_dir: str) -> float:
    """When the index in a git dir was last written; 0 if there is none."""
    path, newest = os.path.join(git_dir, FOLDER, INDEX), 0.0
    for suffix in ("", "-wal"):
        with suppress(OSError):
            found = os.lstat(path + suffix)
            if found.st_size:  # a mere reader leaves an empty WAL behind
                newest = max(newest, found.st_mtime)
    return newest


def _examine(sibling: Worktree, fingerprint: str) -> tuple[str | None, int] | str:
    """A sibling's recorded head and number of files, or the reason to refuse it."""
    if not os.path.lexists(sibling.index_path):
        return "it has no index"
    if os.path.islink(sibling.index_path) or os.path.islink(sibling.folder):
        return "its index is a symbolic link"
    facts, files = summarise(sibling.index_path)
    return unfit(facts, fingerprint) or (facts.head, files)


def insist_on_fit(fingerprint: str) -> Callable[[Facts], None]:
    """Raises a StoreError for an index that says of itself what `unfit` refuses."""

    def accept(facts: Facts) -> None:
        reason = unfit(facts, fingerprint)
        if reason:
            raise StoreError(reason)

    return accept


def unfit(facts: Facts, fingerprint: str) -> str | None:
    """Why an index that says this of itself cannot be cloned, or None when it can."""
    if facts.usable_for(fingerprint):
        return None
    if not facts.complete:
        return "its index is not complete"
    return "its index was made with another model or version"
