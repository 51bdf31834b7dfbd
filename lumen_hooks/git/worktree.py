"""Where a worktree and everything that belongs to it lies.

Reads git's own pointer files (gitrepository-layout(5)) rather than starting
git: every entry point needs this before it knows whether there is any work.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import GoneError, RepositoryError
from lumen_hooks.notify import own_files
from lumen_hooks.notify.own_files import FOLDER

from .core_config import core_settings, folder_mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ORIGIN = "git-dir"
"""The file beside an index that lies aside which names the git dir that it belongs to."""

_NOT_FOR_US = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Worktree:
    """One checked-out tree and the two git folders that it belongs to. All paths are absolute.

    Attributes:
        top: where the files are.
        git_dir: `.git` of a main worktree, `.git/worktrees/NAME` of a linked one.
        common_dir: the `.git` that all worktrees of the repository share.
        home: the folder of its index, if that is not in the git dir; aside.py decides.
        obstacle: why the git dir cannot be written, empty if it can.
        read_only: no other place can be written either: an index is read as it is, at `home` a
            sibling's.
    """

    top: str
    git_dir: str
    common_dir: str
    home: str = ""
    obstacle: str = ""
    read_only: bool = False

    @property
    def folder(self) -> str:
        """Where the index lies: in the git dir, with which git removes it, or aside."""
        return self.home or os.path.join(self.git_dir, FOLDER)

    @property
    def remark(self) -> str:
        """What to say of an index that is not where it belongs; empty of any other."""
        if not self.read_only:
            return f"the index is kept in {self.home}: {self.obstacle}" if self.home else ""
        if self.home:
            return f"answered from {self.index_path}, a sibling's, as it is: {self.obstacle}"
        return f"the index cannot be refreshed here: {self.obstacle}"

    @property
    def index_path(self) -> str:
        """This worktree's index."""
        return os.path.join(self.folder, own_files.INDEX)

    @property
    def lock_path(self) -> str:
        """The writer lock of this worktree's index."""
        return os.path.join(self.folder, own_files.INDEX_LOCK)

    @property
    def worker_lock_path(self) -> str:
        """Held by this worktree's one background worker; taken before the index lock."""
        return os.path.join(self.folder, own_files.WORKER_LOCK)

    @property
    def watch_lock_path(self) -> str:
        """Held by the one worker that watches a stopped rebase, which holds no other meanwhile."""
        return os.path.join(self.folder, own_files.WATCH_LOCK)

    @property
    def events_path(self) -> str:
        """What hooks appended since the last refresh."""
        return os.path.join(self.folder, own_files.EVENTS)

    @property
    def shared_folder(self) -> str:
        """Our folder in the common dir, shared by all worktrees."""
        return os.path.join(self.common_dir, FOLDER)

    @property
    def embeddings_path(self) -> str:
        """The embedding store of this repository."""
        return os.path.join(self.common_dir, FOLDER, own_files.EMBEDDINGS)

    @property
    def log_path(self) -> str:
        """The log of this repository."""
        return os.path.join(self.common_dir, FOLDER, own_files.LOG)

    def insist_on_presence(self) -> None:
        """To be called right before a file is made in the git dir.

        git and rm delete what they have listed, and fail with "Directory not empty" where a file
        appears in a folder that they are deleting.

        Raises:
            GoneError: the worktree is gone, or its git dir is.
        """
        if not self.is_present():
            raise GoneError(f"the worktree {self.top} was removed")

    def is_present(self) -> bool:
        """Whether neither git nor the user has removed the worktree or its git dir."""
        return os.path.lexists(os.path.join(self.top, ".git")) and os.path.lexists(
            os.path.join(self.git_dir, "HEAD")
        )

    def begin(self) -> None:
        """Make our folders, or bring them to the mode that the repository asks for.

        And the files that stay, so that a worker finds them and need not make them: it may be the
        last one here. For what begins work on a worktree while somebody waits for it, and never
        for a worker.

        Raises:
            NotOursError: something else lies in the place of a folder of ours.
            OSError: a folder cannot be made.
            GoneError: the worktree is gone.
        """
        if self.home:
            self._begin_aside()
            return
        mode = folder_mode(self.common_dir)
        for folder in dict.fromkeys((self.shared_folder, self.folder)):
            self.insist_on_presence()
            try:
                if not own_files.make_folder(folder, mode):
                    own_files.settle(folder, mode)
            except OSError as error:
                if folder == self.folder or error.errno not in _NOT_FOR_US:
                    raise
                # A sandbox may allow this worktree's git dir alone: no store and no log then.
        self._make_files(self.lock_path, self.worker_lock_path)
        try:
            self._make_files(self.log_path)
        except OSError as error:
            if not self.is_linked or error.errno not in {*_NOT_FOR_US, errno.ENOENT}:
                raise

    def settle(self) -> None:
        """Bring what is in our folders to the mode that the repository asks for, and make nothing.

        For a worker, which may be the first of a version, or after a change of the setting. What
        cannot be changed stays: whoever opens it will say why.
        """
        if not self.home:
            mode = folder_mode(self.common_dir)
            for folder in dict.fromkeys((self.shared_folder, self.folder)):
                with suppress(OSError):
                    own_files.settle(folder, mode)

    def _begin_aside(self) -> None:
        os.makedirs(os.path.dirname(self.home), own_files.PRIVATE, exist_ok=True)
        self.insist_on_presence()
        own_files.make_folder(self.home, own_files.PRIVATE)
        origin = os.path.join(self.home, ORIGIN)
        if own_files.check(origin) is None:
            with open(own_files.open_file(origin, os.O_WRONLY, create=True), "wb") as file:
                file.write(os.fsencode(self.git_dir) + b"\n")
        self._make_files(self.lock_path, self.worker_lock_path)

    def _make_files(self, *paths: str) -> None:
        for path in paths:
            if not os.path.lexists(path):
                self.insist_on_presence()
                os.close(own_files.open_file(path, os.O_WRONLY, create=True))

    @property
    def is_linked(self) -> bool:
        """Made by `git worktree add`."""
        return self.git_dir != self.common_dir


def find_worktree(directory: str) -> Worktree:
    """The worktree that holds a directory (or a file).

    As git does, it looks no further up than GIT_CEILING_DIRECTORIES allow.

    Raises:
        RepositoryError: the directory is missing, in no git worktree, in a bare repository, or in a
            workspace of another system that has no `.git`.
    """
    try:
        start = os.path.realpath(directory)
    except OSError as error:  # a relative path, and nothing that it could be relative to
        raise current_folder_gone() from error
    if not os.path.exists(start):
        raise RepositoryError(f"{directory} does not exist")
    place = start if os.path.isdir(start) else os.path.dirname(start)
    ceiling = _ceiling(place, os.environ.get("GIT_CEILING_DIRECTORIES", ""))
    while True:
        git_dir = _git_dir_of(place)
        if git_dir is not None:
            found = Worktree(top=place, git_dir=git_dir, common_dir=common_dir_of(git_dir))
            _insist_on_files(found)
            return found
        if _is_git_dir(place):
            raise _no_files(directory)
        if os.path.isdir(os.path.join(place, ".jj")):
            raise RepositoryError(
                f"{directory} is in the Jujutsu workspace {place}, which has no .git",
                hint="work in one with its own: jj git init --colocate",
            )
        parent = os.path.dirname(place)
        if parent in (place, ceiling):
            raise RepositoryError(
                f"{directory} is not in a git worktree", hint="run this in a git repository"
            )
        place = parent


def current_folder_gone() -> RepositoryError:
    """For whoever asked about the folder that this process is in, after it was deleted."""
    return RepositoryError(
        "the current folder does not exist any more",
        hint="change to a folder that does, or name one: lumen-hooks -C FOLDER ...",
    )


def worktree_of_git_dir(git_dir: str) -> Worktree | None:
    """The worktree that a linked worktree's git dir points back to, or None when it is gone.

    The pointer is believed only if the worktree points to the same git dir in turn.
    """
    try:
        with open(os.path.join(git_dir, "gitdir"), "rb") as file:
            pointer = os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return None
    dot_git = os.path.join(git_dir, pointer)
    top = os.path.realpath(os.path.dirname(dot_git))
    found = os.path.realpath(git_dir)
    if not _leads_to(top, found):
        return None
    return Worktree(top=top, git_dir=found, common_dir=common_dir_of(found))


def main_worktree(common_dir: str, recorded: str | None = None) -> Worktree | None:
    """The worktree that `git init` or `git clone` made.

    None if the repository is bare, or its worktree cannot be found: git writes down where it is
    for submodules only. A guess is believed if that folder points to this git directory in turn.

    Args:
        common_dir: the repository's git directory.
        recorded: where the worktree was when its index was last refreshed.
    """
    core = core_settings(common_dir)
    if core.bare:
        return None
    named = core.worktree
    for guess in (os.path.dirname(common_dir), named, recorded):
        if guess:
            top = os.path.realpath(os.path.join(common_dir, guess))
            if _leads_to(top, common_dir):
                return Worktree(top=top, git_dir=common_dir, common_dir=common_dir)
    return None


def worktree_names(common_dir: str) -> list[str]:
    """The names that git gave to what `git worktree add` made, removed folders' among them."""
    try:
        return os.listdir(os.path.join(common_dir, "worktrees"))
    except OSError:
        return []


def linked_worktrees(common_dir: str, names: Iterable[str]) -> Iterator[Worktree]:
    """Those of the named worktrees that are this repository's and whose folders exist."""
    folder = os.path.join(common_dir, "worktrees")
    for name in names:
        git_dir = os.path.join(folder, name)
        # A symbolic link under worktrees/ could lead to another repository's folder.
        if os.path.realpath(git_dir) != git_dir:
            continue
        found = worktree_of_git_dir(git_dir)
        if found is not None and found.common_dir == common_dir:
            yield found


def checked_out_commit(worktree: Worktree) -> str | None:
    """The commit that HEAD names, if that takes no more than reading two small files.

    None says nothing: the branch may be unborn, packed, or in a reftable; ask git's history then.
    """
    name = _first_line(os.path.join(worktree.git_dir, "HEAD"))
    if name.startswith("ref: refs/heads/"):
        name = _first_line(os.path.join(worktree.common_dir, name.removeprefix("ref: ")))
    return name if len(name) in {40, 64} and _HEX.issuperset(name) else None


def common_dir_of(git_dir: str) -> str:
    """The folder that a git dir shares with its sibling worktrees (itself for a main worktree)."""
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            pointer = os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, pointer))


def _ceiling(start: str, directories: str) -> str | None:
    """The nearest of GIT_CEILING_DIRECTORIES above a folder (git(1)); that one is not looked at."""
    nearest, resolve = None, True
    for directory in directories.split(os.pathsep):
        if not directory:
            resolve = False  # what follows holds no symbolic links, or is to be taken literally
        elif os.path.isabs(directory):
            place = os.path.realpath(directory) if resolve else os.path.normpath(directory)
            above = start.startswith(place.rstrip(os.sep) + os.sep)
            if above and len(place) > len(nearest or ""):
                nearest = place
    return nearest


def _git_dir_of(top: str) -> str | None:
    dot_git = os.path.join(top, ".git")
    if os.path.isdir(dot_git):
        return os.path.realpath(dot_git) if _is_git_dir(dot_git) else None
    try:
        with open(dot_git, "rb") as file:
            content = file.read(4096 + 8)
    except OSError:
        return None
    if not content.startswith(b"gitdir: "):
        return None
    git_dir = os.path.realpath(os.path.join(top, os.fsdecode(content[8:].rstrip(b"\n"))))
    if not os.path.isdir(git_dir):
        raise RepositoryError(
            f"{top} points to the git directory {git_dir}, which does not exist",
            hint=_way_back(top, git_dir),
        )
    return git_dir


def _way_back(top: str, git_dir: str) -> str:
    """What helps where a worktree's git dir is missing; `git worktree repair` seldom does."""
    worktrees = os.path.dirname(git_dir)
    common_dir = os.path.dirname(worktrees)
    if os.path.basename(worktrees) != "worktrees":
        return f"if it was moved, write its new place into {os.path.join(top, '.git')}"
    if _is_git_dir(common_dir):
        return (
            f"git no longer knows this worktree (pruned?): move {top} away, make it anew with"
            " git worktree add, and move your files back"
        )
    return (
        f"if the repository was moved, run git worktree repair {top} in its main worktree; in a"
        f" container, mount it at {common_dir}, or link worktrees with relative paths (git 2.48:"
        " git worktree repair --relative-paths)"
    )


def _leads_to(top: str, git_dir: str) -> bool:
    """Whether a folder is, by its own account, the worktree of this git dir."""
    try:
        return _git_dir_of(top) == git_dir
    except RepositoryError:  # it points to nowhere, or elsewhere
        return False


def _insist_on_files(found: Worktree) -> None:
    """Refuse the folder of a bare repository, and files that lie apart from their `.git`.

    In a linked worktree git goes by neither setting.
    """
    if found.is_linked:
        return
    core = core_settings(found.git_dir)
    if core.bare:
        raise _no_files(found.top)
    named = core.worktree
    if named and os.path.realpath(os.path.join(found.git_dir, named)) != found.top:
        raise RepositoryError(
            f"core.worktree of {found.git_dir} names {named}, not {found.top}",
            hint="git config --unset core.worktree, or git worktree add, gives it a worktree",
        )


def _no_files(directory: str) -> RepositoryError:
    return RepositoryError(
        f"{directory} is inside a git directory or a bare repository: no files to index",
        hint="run this in one of its worktrees",
    )


def _first_line(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read(4096)).partition("\n")[0].rstrip()
    except OSError:
        return ""


def _is_git_dir(place: str) -> bool:
    return (
        os.path.isfile(os.path.join(place, "HEAD"))
        and os.path.isdir(os.path.join(place, "refs"))
        and os.path.isdir(os.path.join(place, "objects"))
    ) or os.path.isfile(os.path.join(place, "commondir"))
