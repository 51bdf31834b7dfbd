"""Where a worktree and everything that belongs to it lies.

Reads git's own pointer files (gitrepository-layout(5)) rather than starting
git: every entry point needs this before it knows whether there is any work.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from lumen_hooks.errors import GoneError, RepositoryError
from lumen_hooks.notify import layout

from .core_config import core_settings

_HEX = frozenset("0123456789abcdef")

_NAME_ANOTHER = "name one that does: lumen-hooks -C FOLDER ..."

_PACKED_BYTES = 1 << 18
"""Of a larger list of branches git is asked: it looks into the middle of it."""

_STUB = ".invalid"
"""The branch in the HEAD of a repository whose references are in reftables."""


class Worktree(NamedTuple):
    """One checked-out tree and the two git folders that it belongs to. All paths are absolute.

    Attributes:
        top: where the files are.
        git_dir: `.git` of a main worktree, `.git/worktrees/NAME` of a linked one.
        common_dir: the `.git` that all worktrees of the repository share.
        home: the folder of its index, if that is not in the git dir; indexing/aside decides.
        obstacle: why the git dir cannot be written, empty if it can.
        read_only: no other folder can be written either: an index is read as it is, at `home` a
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
        return self.home or os.path.join(self.git_dir, layout.FOLDER)

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
        return os.path.join(self.folder, layout.INDEX)

    @property
    def picture_path(self) -> str:
        """What the last look at this worktree found; see files/picture."""
        return os.path.join(self.folder, layout.PICTURE)

    @property
    def lock_path(self) -> str:
        """The writer lock of this worktree's index."""
        return os.path.join(self.folder, layout.INDEX_LOCK)

    @property
    def worker_lock_path(self) -> str:
        """Held by this worktree's one background worker; taken before the index lock."""
        return os.path.join(self.folder, layout.WORKER_LOCK)

    @property
    def watch_lock_path(self) -> str:
        """Held by the one worker that watches a stopped rebase, which holds no other meanwhile."""
        return os.path.join(self.folder, layout.WATCH_LOCK)

    @property
    def events_path(self) -> str:
        """What hooks appended since the last refresh."""
        return os.path.join(self.folder, layout.EVENTS)

    @property
    def shared_folder(self) -> str:
        """Our folder in the common dir, shared by all worktrees."""
        return os.path.join(self.common_dir, layout.FOLDER)

    @property
    def embeddings_path(self) -> str:
        """The embedding store of this repository."""
        return os.path.join(self.common_dir, layout.FOLDER, layout.EMBEDDINGS)

    @property
    def log_path(self) -> str:
        """The log of this repository."""
        return os.path.join(self.common_dir, layout.FOLDER, layout.LOG)

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
        raise RepositoryError(f"{directory} does not exist", hint=_NAME_ANOTHER)
    folder = start if os.path.isdir(start) else os.path.dirname(start)
    ceiling = _ceiling(folder, os.environ.get("GIT_CEILING_DIRECTORIES", ""))
    for top in layout.upwards(folder, ceiling):
        git_dir = git_dir_behind(top)
        if git_dir is not None:
            found = Worktree(top=top, git_dir=git_dir, common_dir=layout.common_dir_of(git_dir))
            _insist_on_files(found)
            return found
        if _is_git_dir(top):
            raise _no_files(directory)
        if os.path.isdir(os.path.join(top, ".jj")):
            raise RepositoryError(
                f"{directory} is in the Jujutsu workspace {top}, which has no .git",
                hint="work in one with its own: jj git init --colocate",
            )
    raise RepositoryError(
        f"{start} is not in a git worktree",
        hint="run this in a git repository, or name one: lumen-hooks -C FOLDER ...",
    )


def current_folder_gone() -> RepositoryError:
    """For whoever asked about the folder that this process is in, after it was deleted."""
    return RepositoryError(
        "the current folder does not exist any more",
        hint=f"change to a folder that does, or {_NAME_ANOTHER}",
    )


def checked_out_commit(worktree: Worktree) -> str | None:
    """The commit that HEAD names, if that takes no more than reading small files.

    None says nothing: the branch may be unborn, packed with very many, or in a reftable; ask git's
    history then.
    """
    name = _first_line(os.path.join(worktree.git_dir, "HEAD"))
    if name.startswith("ref: refs/heads/"):
        branch = name.removeprefix("ref: ")
        name = _first_line(os.path.join(worktree.common_dir, branch))
        name = name or _packed(worktree.common_dir, branch)
    return name if len(name) in {40, 64} and _HEX.issuperset(name) else None


def checked_out_branch(worktree: Worktree) -> str | None:
    """The branch that HEAD names, empty for none; None where only git can tell (reftables)."""
    branch = _first_line(os.path.join(worktree.git_dir, "HEAD")).partition("ref: refs/heads/")[2]
    return None if branch == _STUB else branch


def _ceiling(start: str, directories: str) -> str | None:
    """The nearest of GIT_CEILING_DIRECTORIES above a folder (git(1)); that one is not looked at."""
    nearest, resolve = None, True
    for directory in directories.split(os.pathsep):
        if not directory:
            resolve = False  # what follows holds no symbolic links, or is to be taken literally
        elif os.path.isabs(directory):
            ceiling = os.path.realpath(directory) if resolve else os.path.normpath(directory)
            above = start.startswith(ceiling.rstrip(os.sep) + os.sep)
            if above and len(ceiling) > len(nearest or ""):
                nearest = ceiling
    return nearest


def git_dir_behind(top: str) -> str | None:
    """The git dir that a folder's `.git` leads to, or None without such a `.git`.

    Raises:
        RepositoryError: it leads to a folder that is not there; the hint says what helps.
    """
    try:
        git_dir = layout.git_dir_of(top)
    except OSError:
        return None
    if git_dir is None:
        return None
    if not os.path.isdir(git_dir):
        raise RepositoryError(
            f"{top} points to the git directory {git_dir}, which does not exist",
            hint=_way_back(top, git_dir),
        )
    is_folder = os.path.isdir(os.path.join(top, ".git"))
    return None if is_folder and not _is_git_dir(git_dir) else git_dir


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


def _packed(common_dir: str, branch: str) -> str:
    """The commit of a branch that has no file of its own (`git pack-refs`); empty if not found."""
    try:
        with open(os.path.join(common_dir, "packed-refs"), "rb") as file:
            if os.fstat(file.fileno()).st_size > _PACKED_BYTES:
                return ""
            lines = b"\n" + file.read()
    except OSError:
        return ""
    above, found, _ = lines.partition(b" " + os.fsencode(branch) + b"\n")
    return os.fsdecode(above[above.rfind(b"\n") + 1 :]) if found else ""


def _is_git_dir(folder: str) -> bool:
    return (
        os.path.isfile(os.path.join(folder, "HEAD"))
        and os.path.isdir(os.path.join(folder, "refs"))
        and os.path.isdir(os.path.join(folder, "objects"))
    ) or os.path.isfile(os.path.join(folder, "commondir"))
