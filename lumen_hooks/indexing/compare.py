"""What differs between a worktree and its index.

A file is as indexed if it has the size and the time stamp that it had when it
was read. Where that says nothing (a seed, a file that was young or was
touched), git's word is taken for many files, if all that git noted about them
still holds; what is left, and a few files in any case, are read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import UNTRIED
from lumen_hooks.files.attributes import converted
from lumen_hooks.files.content import Skipped, read_file
from lumen_hooks.files.git_index import vouched
from lumen_hooks.storage.rows import Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen_hooks.files.content import Content
    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Facts
    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import FileRow

YOUNG_NS = 2_000_000_000
"""A file changed less than this before it was read may change again under the same time stamp."""

READ_AT_ONCE = 48
"""So many files in doubt are read sooner than git is asked about them."""

KNOWN_FILES = 64
"""So many files are remembered as they were when they were read, to see whether they still are."""

VANISHED = "vanished"


class Suspect(NamedTuple):
    """A file that must be read: new, or perhaps not what the index holds."""

    path: str
    blob: bytes | None
    row: FileRow | None
    was: str = ""
    """The language that the index has for it, where it may be in another now."""


class Difference(NamedTuple):
    """What a comparison shows.

    Attributes:
        suspects: files in doubt, in path order.
        removed: rows of files that are no longer there.
        stamps: what to note about files that are as indexed, so that the next look is shorter.
    """

    suspects: tuple[Suspect, ...]
    removed: tuple[tuple[str, FileRow], ...]
    stamps: tuple[Stamp, ...]


def compare(
    worktree: Worktree,
    manifest: Manifest,
    rows: dict[str, FileRow],
    *,
    own: bool,
    same_rules: bool,
    max_bytes: int,
    retold: Mapping[str, str] | None = None,
) -> Difference:
    """Compare a manifest with an index's rows, reading no working file.

    Args:
        worktree: where they are.
        manifest: what is there.
        rows: what the index holds, by path.
        own: the rows' time stamps are those of this worktree's files, not of a donor's.
        same_rules: what decides about skipping files has not changed since the last refresh.
        max_bytes: larger files are passed over, those too that were indexed under a higher limit.
        retold: files that may be in another language now: see `retold`.

    Raises:
        RepositoryError: git cannot read its index.
    """
    retold = retold or {}
    suspects: list[Suspect] = []
    credible: dict[str, str] = {}
    for path, (blob, size, changed_ns) in manifest.files.items():
        row = rows.get(path)
        untried = row is not None and row.cut == UNTRIED
        if (
            row is not None
            and not untried
            and path not in retold
            and (row.size <= max_bytes if row.skipped is None else same_rules)
        ):
            if own and row.changed_ns == changed_ns >= 0 and row.size == size:
                continue
            if row.content is not None and row.content.hex() == blob and row.size == size:
                credible[path] = blob
        suspects.append(Suspect(path, bytes.fromhex(blob) or None, row, retold.get(path, "")))
    stamps = _vouched(worktree, rows, credible) if len(credible) > READ_AT_ONCE else {}
    doubtful = [suspect for suspect in suspects if suspect.path not in stamps]
    doubtful.sort(key=lambda suspect: suspect.path)
    gone = tuple((path, row) for path, row in rows.items() if path not in manifest.files)
    return Difference(tuple(doubtful), gone, tuple(stamps.values()))


def retold(index: IndexReader, facts: Facts, manifest: Manifest) -> dict[str, str]:
    """The files that may be in another language than the index has, with that one.

    Nothing is read for it: where a name leaves its language to the text, the text is in doubt.
    None are where nothing that is told has changed since the index was made.
    """
    if facts.told == manifest.told.digest:
        return {}
    from lumen_hooks.chunking.naming.languages import language_of, tells_all

    told = manifest.told.languages
    found = {}
    for _, path, language, skipped in index.paths():
        if skipped is not None:
            continue
        now = told.get(path) or (language_of(path) if tells_all(path) else "")
        if now != language:
            found[path] = language
    return found


def _vouched(
    worktree: Worktree, rows: dict[str, FileRow], credible: dict[str, str]
) -> dict[str, Stamp]:
    """The files that git vouches for, by path.

    git's id tells the bytes on disk only of a file that it does not convert. Line ends that it
    converts show in the size, which must be that of the bytes that were indexed.
    """
    found = vouched(worktree, credible)
    for path in converted(worktree, found):
        del found[path]
    return {
        path: Stamp(rows[path].id, None, size, changed_ns)
        for path, (size, changed_ns) in found.items()
        if size == rows[path].size
    }


class Tree(NamedTuple):
    """How the files of a worktree are read.

    Attributes:
        top: its folder.
        max_bytes: larger files are passed over.
        blob_length: bytes in one of its repository's object ids.
        told: which languages its files are told to be in, by path.
    """

    top: str
    max_bytes: int
    blob_length: int
    told: Mapping[str, str]


def tree_of(worktree: Worktree, settings: Settings, manifest: Manifest) -> Tree:
    """How the files that a manifest lists are to be read."""
    length = _blob_length(manifest)
    return Tree(worktree.top, settings.max_file_bytes, length, manifest.told.languages)


def _blob_length(manifest: Manifest) -> int:
    """20, or 32 in a SHA-256 repository."""
    if manifest.head is not None:
        return len(manifest.head) // 2
    return next((len(blob) // 2 for blob, *_ in manifest.files.values() if blob), 20)


class Looked(NamedTuple):
    """A suspect after reading it.

    Attributes:
        suspect: which one.
        content: what the file holds, or why it is passed over.
        changed_ns: its time stamp, or -1 if that cannot be trusted yet.
        told: the language that it is told to be in; empty for none.
    """

    suspect: Suspect
    content: Content | Skipped
    changed_ns: int
    told: str = ""

    @property
    def same(self) -> bool:
        """The index holds just this already."""
        row = self.suspect.row
        if row is None or row.cut == UNTRIED:
            return False
        if self.suspect.was and self.suspect.was != self.language:
            return False
        return row.skipped == self.reason and row.content == self.content.blob

    @property
    def language(self) -> str:
        """What the file is in; empty if it is passed over."""
        if isinstance(self.content, Skipped):
            return ""
        from lumen_hooks.chunking.naming.languages import language_of_text

        return self.told or language_of_text(self.suspect.path, self.content.text)

    @property
    def blob(self) -> bytes | None:
        """What git calls the file, where that is not the id of its raw bytes."""
        blob = self.suspect.blob
        return None if blob == self.content.blob else blob

    @property
    def unlisted(self) -> bool:
        """Git's index does not have what would be held of it: its path, or these very bytes."""
        return self.suspect.blob is None or (self.reason is None and self.blob is not None)

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


def look(tree: Tree, suspect: Suspect) -> Looked:
    """Read a suspect and compare it with what the index holds."""
    content = read_file(
        tree.top, suspect.path, max_bytes=tree.max_bytes, blob_length=tree.blob_length
    )
    age = time.time_ns() - content.changed_ns
    changed_ns = content.changed_ns if age > YOUNG_NS else -1
    return Looked(suspect, content, changed_ns, tree.told.get(suspect.path, ""))


class Tally:
    """What was staged, counted as it goes.

    Attributes:
        looked: files that were read.
        changed: those that are not as the index holds them.
        chunks: of the latter.
        embedded: texts that went through the model.
        vanished: paths of files that went away after they were listed.
        untried: paths of files that no process could be had to parse.
        unlisted: something was staged that git's index does not have.
        opened: size and change time of each file that was opened, when it was; of the first
            KNOWN_FILES that were looked at.
        stamps: what to note about files that are as indexed.
    """

    def __init__(self) -> None:
        self.looked = 0
        self.changed = 0
        self.chunks = 0
        self.embedded = 0
        self.vanished: list[str] = []
        self.untried: list[str] = []
        self.unlisted = False
        self.opened: dict[str, tuple[int, int]] = {}
        self.stamps: list[Stamp] = []

    def note(self, looked: Looked) -> None:
        """A file was read, whatever came of it."""
        self.looked += 1
        content = looked.content
        if self.looked <= KNOWN_FILES and content.changed_ns:
            self.opened[looked.suspect.path] = content.size, content.changed_ns

    def plus(self, later: Tally) -> Tally:
        """This one and what was staged after it, as one."""
        later.looked += self.looked
        later.unlisted |= self.unlisted
        later.opened.update(self.opened)
        later.stamps[:0] = self.stamps
        return later
