"""The lines of a hit as its file has them now.

Re-read rather than stored: the index stays small, and what is shown is what
is there. The file may have changed, vanished or become something else since
it was indexed. Knows the working tree, no index.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.files.content import Content, read_file

from .excerpt import joined

if TYPE_CHECKING:
    from lumen_hooks.search.results import SearchResult

MAX_FILE_BYTES = 64 << 20
"""A file that has grown beyond this is not read for its snippet."""

_SHA1_BYTES = 20


def with_context(top: str, result: SearchResult, lines: int) -> SearchResult:
    """A result with more of its file around each stretch that is shown, as `grep -C` does.

    It is as it was if the file cannot be read. Its own lines grow with what is shown.

    Args:
        top: the worktree's top folder.
        result: what to widen.
        lines: how many lines before and after, as far as the file goes.
    """
    content = read_current(top, result.path)
    if content is None:
        return result
    rows = content.text.rstrip("\n").split("\n")
    wider: list[tuple[int, int]] = []
    for first, last in result.lines:
        start, end = max(1, first - lines), max(last, min(last + lines, len(rows)))
        if wider and start <= wider[-1][1] + 1:
            start, _ = wider.pop()
        wider.append((start, end))
    return replace(
        result,
        start_line=min(result.start_line, wider[0][0]),
        end_line=max(result.end_line, wider[-1][1]),
        snippet=joined(rows, 1, wider),
        lines=tuple(wider),
    )


def read_current(top: str, path: str, *, blob_length: int = _SHA1_BYTES) -> Content | None:
    """A file of the worktree as it is now, or None if it is no text file in it any more.

    Args:
        top: the worktree's top folder.
        path: relative to it.
        blob_length: bytes in the blob id to compute; any other than 32 counts as 20.
    """
    if not is_inside(os.path.realpath(os.fsencode(top)), path.rpartition("/")[0]):
        return None
    content = read_file(top, path, max_bytes=MAX_FILE_BYTES, blob_length=blob_length)
    return content if isinstance(content, Content) else None


def is_inside(root: bytes, folder: str) -> bool:
    """A folder is in the worktree, even if a symlink stands for one by now.

    Args:
        root: the worktree's top folder, as `os.path.realpath` gives it.
        folder: relative to it.
    """
    place = os.path.realpath(os.path.join(root, folder.encode("utf-8", "surrogateescape")))
    return os.path.commonpath([root, place]) == root
