"""Which worktree a call is about, and which part of it.

A path decides; without one, what the client has open; without that, where the
server was started. Nothing is remembered between calls, so that one server
follows its client from worktree to worktree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lumen_hooks.errors import QueryError, RepositoryError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.globs import escaped, fixed_folder, has_special
from lumen_hooks.service.agent_session import is_wanted
from lumen_hooks.wording.sizing import begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.git.worktree import Worktree

_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Spot:
    """Something in a file system.

    Attributes:
        path: absolute, of something that exists.
        pattern: a glob for what lies below it, or empty.
        is_absolute: the caller said where it is without leaning on the client's folders.
    """

    path: str
    pattern: str = ""
    is_absolute: bool = False

    def within(self, top: str) -> str | None:
        """As a filter for the worktree with this top folder; None for all of it."""
        below = os.path.relpath(os.path.realpath(self.path), top)
        if not self.pattern:
            return None if below == "." else below
        return self.pattern if below == "." else f"{escaped(below)}/{self.pattern}"


class StrayError(RepositoryError):
    """A path leads to a repository that is neither the client's nor wanted by its user."""


def needs_roots(path: str | None) -> bool:
    """Whether a path means something only together with the client's folders."""
    return path is None or not (os.path.isabs(path) or path.startswith("file:"))


def insist_on_belonging(worktree: Worktree, spot: Spot, roots: Sequence[str]) -> None:
    """See to it that a call stays where its client works, whatever links lie in a tree.

    A path belongs if it lies in one of the client's folders once links are followed, or if it
    is of the same repository as one of them (a sibling worktree). Another repository is asked only
    by a full path, and only where its user installed the hooks or made an index.

    Raises:
        StrayError: it does not belong.
    """
    path = os.path.realpath(spot.path)
    if any(_is_in(path, os.path.realpath(root)) for root in roots):
        return
    if any(_repository_of(root) == worktree.common_dir for root in roots):
        return
    if spot.is_absolute and is_wanted(worktree):
        return
    raise StrayError(
        f"{spot.path} leads to {worktree.top}, which is outside of the folders of this session",
        hint="open that folder in the client, or run there: lumen-hooks install",
    )


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _repository_of(folder: str) -> str | None:
    try:
        return find_worktree(folder).common_dir
    except RepositoryError:
        return None


def find_spot(path: str | None, roots: Sequence[str], *, globs: bool = True) -> Spot:
    """What a path names.

    Args:
        path: absolute, a file URI, or relative to one of the roots; None for the first root.
        roots: absolute folders, the most likely first; none only with a full path.
        globs: the path may end in a glob.

    Raises:
        QueryError: it can be no path.
        RepositoryError: it does not exist.
    """
    if not path:
        return Spot(roots[0])
    if "\0" in path:
        raise QueryError("a path cannot hold a NUL character")
    is_absolute = not needs_roots(path)
    if path.startswith("file:"):
        path = folder_of_uri(path) or path
    candidates = [os.path.join(root, path) for root in roots or [os.sep]]
    for candidate in candidates:
        if os.path.lexists(candidate):
            return Spot(os.path.normpath(candidate), is_absolute=is_absolute)
    folder, pattern = fixed_folder(path) if globs else (path, "")
    if has_special(pattern):
        for root in roots or [os.sep]:
            candidate = os.path.join(root, folder)
            if os.path.isdir(candidate):
                return Spot(os.path.normpath(candidate), pattern, is_absolute)
    raise RepositoryError(
        f"{begin(candidates[0], _LONGEST_SHOWN)} does not exist",
        hint="give an absolute path in the worktree that you mean",
    )


def folder_of_uri(uri: str) -> str | None:
    """The local path that a `file:` URI names (RFC 8089), or None if it names none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return None
    path = unquote(parts.path, errors="surrogateescape")
    return path if os.path.isabs(path) and "\0" not in path else None
