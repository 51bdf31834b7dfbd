"""Which worktree a call is about, and which part of it.

A path decides; without one, what the client has open; without that, where the
server was started. Nothing is remembered between calls, so that one server
follows its client from worktree to worktree.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lumen_hooks.errors import QueryError, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WILDCARD = re.compile(r"[*?\[]")
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Spot:
    """Something in a file system.

    Attributes:
        place: an absolute path that exists.
        pattern: a glob for what lies below it, or empty.
    """

    place: str
    pattern: str = ""

    def within(self, top: str) -> str | None:
        """As a filter for the worktree with this top folder; None for all of it."""
        below = os.path.relpath(os.path.realpath(self.place), top)
        parts = [part for part in ("" if below == "." else below, self.pattern) if part]
        return "/".join(parts) or None


def needs_roots(path: str | None) -> bool:
    """Whether a path means something only together with the client's folders."""
    return path is None or not (os.path.isabs(path) or path.startswith("file:"))


def find_spot(path: str | None, roots: Sequence[str], *, globs: bool = True) -> Spot:
    """What a path names.

    Args:
        path: absolute, a file URI, or relative to one of the roots; None for the first root.
        roots: absolute folders, the most likely first; at least one.
        globs: the path may end in a glob.

    Raises:
        QueryError: it can be no path.
        RepositoryError: it does not exist.
    """
    if not path:
        return Spot(roots[0])
    if "\0" in path:
        raise QueryError("a path cannot hold a NUL character")
    if path.startswith("file:"):
        path = folder_of_uri(path) or path
    candidates = [os.path.join(root, path) for root in roots]
    for candidate in candidates:
        if os.path.lexists(candidate):
            return Spot(os.path.normpath(candidate))
    wildcard = _WILDCARD.search(path) if globs else None
    if wildcard:
        folder, _, _ = path[: wildcard.start()].rpartition("/")
        if not folder and path.startswith("/"):
            folder = "/"
        pattern = path[len(folder) :].lstrip("/")
        for root in roots:
            candidate = os.path.join(root, folder)
            if os.path.isdir(candidate):
                return Spot(os.path.normpath(candidate), pattern)
    shown = candidates[0]
    raise RepositoryError(
        f"{shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + '…'} does not exist",
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
