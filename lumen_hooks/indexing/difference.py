"""What differs between a worktree and its index.

First without reading a file (git's word for the content, then size and time
stamp), then by reading the few files that this leaves in doubt.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.chunking.model import UNTRIED
from lumen_hooks.contents import Skipped, change_time, read_file
from lumen_hooks.store import Stamp

if TYPE_CHECKING:
    from lumen_hooks.contents import Content
    from lumen_hooks.manifest import Manifest
    from lumen_hooks.store import FileRow

YOUNG_NS = 2_000_000_000
"""A file changed less than this before it was read may change again under the same time stamp."""

VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file that must be read: new, or perhaps not what the index holds."""

    path: str
    blob: bytes | None
    row: FileRow | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Files in doubt, in path order, and rows of files that are no longer there."""

    suspects: tuple[Suspect, ...]
    removed: tuple[tuple[str, FileRow], ...]

    def __bool__(self) -> bool:
        return bool(self.suspects or self.removed)


def compare(
    top: str,
    manifest: Manifest,
    rows: dict[str, FileRow],
    *,
    same_rules: bool,
    max_bytes: int,
) -> Difference:
    """Compare a manifest with an index's rows, reading nothing.

    Args:
        top: the worktree.
        manifest: what is there.
        rows: what the index holds, by path.
        same_rules: what decides about skipping files has not changed since the last refresh.
        max_bytes: larger files are passed over, those too that were indexed under a higher limit.
    """
    suspects = []
    for path, blob in manifest.files.items():
        row = rows.get(path)
        untried = row is not None and row.cut == UNTRIED
        if (
            row is not None
            and not untried
            and (row.size <= max_bytes if row.skipped is None else same_rules)
        ):
            if blob is not None and blob == row.content:
                continue
            if _stamp_matches(top, path, blob, row):
                continue
        suspects.append(Suspect(path, blob, row))
    suspects.sort(key=lambda suspect: suspect.path)
    gone = tuple((path, row) for path, row in rows.items() if path not in manifest.files)
    return Difference(tuple(suspects), gone)


def _stamp_matches(top: str, path: str, blob: bytes | None, row: FileRow) -> bool:
    if blob != row.blob or row.changed_ns < 0:
        return False
    try:
        found = os.lstat(os.path.join(top, path))
    except OSError:
        return False
    return found.st_size == row.size and change_time(found) == row.changed_ns


def blob_length(manifest: Manifest) -> int:
    """Bytes in an object id here: 20, or 32 in a SHA-256 repository."""
    if manifest.head is not None:
        return len(manifest.head) // 2
    return next((len(blob) for blob in manifest.files.values() if blob is not None), 20)


@dataclass(frozen=True, slots=True)
class Looked:
    """A suspect after reading it.

    Attributes:
        suspect: which one.
        content: what the file holds, or why it is passed over.
        changed_ns: its time stamp, or -1 if that cannot be trusted yet.
    """

    suspect: Suspect
    content: Content | Skipped
    changed_ns: int

    @property
    def same(self) -> bool:
        """The index holds just this already."""
        row = self.suspect.row
        if row is None or row.cut == UNTRIED:
            return False
        return row.skipped == self.reason and row.content == self.content.blob

    @property
    def blob(self) -> bytes | None:
        """What git calls the file, where that is not the id of its raw bytes."""
        blob = self.suspect.blob
        return None if blob == self.content.blob else blob

    @property
    def reason(self) -> str | None:
        """Why the file is passed over, or None when it is not."""
        return self.content.reason if isinstance(self.content, Skipped) else None

    @property
    def vanished(self) -> bool:
        """The file went away after the manifest was made."""
        return self.reason == VANISHED

    @property
    def stamp(self) -> Stamp | None:
        """What to note about a file that is as indexed, if it is anything new."""
        row = self.suspect.row
        if not self.same or row is None:
            return None
        stamp = Stamp(row.id, self.blob, self.content.size, self.changed_ns)
        return None if stamp == (row.id, row.blob, row.size, row.changed_ns) else stamp


def look(top: str, suspect: Suspect, *, max_bytes: int, blob_length: int) -> Looked:
    """Read a suspect and compare it with what the index holds."""
    content = read_file(top, suspect.path, max_bytes=max_bytes, blob_length=blob_length)
    age = time.time_ns() - content.changed_ns
    return Looked(suspect, content, content.changed_ns if age > YOUNG_NS else -1)
