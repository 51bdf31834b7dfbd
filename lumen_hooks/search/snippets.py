"""The lines of a hit as its file has them now.

Re-read rather than stored: the index stays small, and what is shown is what
is there. The file may have changed, vanished or become something else since
it was indexed. Knows the working tree, no index.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lumen_hooks.contents import Content, read_file

if TYPE_CHECKING:
    from .model import Hit, SearchResult

MAX_FILE_BYTES = 64 << 20
"""A file that has grown beyond this is not read for its snippet."""

_SHA1_BYTES = 20


def snippet(top: str, hit: Hit | SearchResult, max_lines: int | None = None) -> str:
    """A hit's lines, without a final line break; empty if they cannot be read any more.

    Args:
        top: the worktree's top folder.
        hit: where to read.
        max_lines: no more lines than these, from the first; None for all.
    """
    if not _is_inside(top, hit.path):
        return ""
    content = read_file(top, hit.path, max_bytes=MAX_FILE_BYTES, blob_length=_SHA1_BYTES)
    if not isinstance(content, Content):
        return ""
    end = hit.end_line
    if max_lines is not None:
        end = min(end, hit.start_line - 1 + max_lines)
    # Only line feeds end lines here, as they do for git and in the index.
    lines = content.text.split("\n")
    return "\n".join(lines[hit.start_line - 1 : end])


def _is_inside(top: str, path: str) -> bool:
    """The file's folder is in the worktree, even if a symlink has taken a folder's place."""
    root = os.path.realpath(os.fsencode(top))
    place = os.path.join(root, path.encode("utf-8", "surrogateescape"))
    folder = os.path.realpath(os.path.dirname(place))
    return os.path.commonpath([root, folder]) == root
