"""What a worktree holds that its index does not, found by the shortest way that is certain.

By the picture that the survey before left, where all but a few files are as in it, without git;
otherwise from git's list of all files. What is found is the same. Changes nothing in an index.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import GoneError
from lumen_hooks.files.manifest import Manifest, head_of, scan
from lumen_hooks.files.picture import Touched, retouched, take
from lumen_hooks.files.picture_file import load, save, save_stamps
from lumen_hooks.files.told import Told

from .compare import READ_AT_ONCE, compare, retold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen_hooks.files.picture_file import Kept
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Facts
    from lumen_hooks.storage.reader import IndexReader
    from lumen_hooks.storage.rows import FileRow

    from .compare import Difference


class Survey(NamedTuple):
    """A worktree beside its index.

    Attributes:
        manifest: all files, or those alone that are not as in the picture.
        rows: what the index holds of these, by path.
        difference: between the two.
        began_ns: when it began (Unix time, nanoseconds).
        kept: the picture that it went by, if it did.
        touched: what it knows better than the picture, where that is so.
    """

    manifest: Manifest
    rows: dict[str, FileRow]
    difference: Difference
    began_ns: int
    kept: Kept | None = None
    touched: Touched | None = None

    @property
    def is_as_kept(self) -> bool:
        """The picture has nothing to learn from it."""
        return self.kept is not None and self.touched is None


def survey(
    index: IndexReader, facts: Facts, worktree: Worktree, settings: Settings, *, anew: bool = False
) -> Survey:
    """Compare a worktree with its index, reading no file that is indexed.

    Args:
        index: what is compared.
        facts: what it says of itself.
        worktree: where its files are.
        settings: in force there.
        anew: as with an index that holds nothing.

    Raises:
        CorruptIndexError: the index is damaged.
        RepositoryError: git cannot read the worktree.
    """
    began_ns = time.time_ns()
    if not anew:
        found = _by_picture(index, facts, worktree, settings, began_ns)
        if found is not None:
            return found
    manifest = scan(worktree, settings)
    rows = {} if anew else index.files()
    told = {} if anew else retold(index, facts, manifest)
    difference = _compared(facts, worktree, settings, manifest, rows, told)
    return Survey(manifest, rows, difference, began_ns)


def keep(found: Survey, facts: Facts, worktree: Worktree, settings: Settings) -> None:
    """Leave a picture for the next survey.

    Args:
        found: by the last one. The index holds just this by now.
        facts: what the index says of itself now.
        worktree: where its files are.
        settings: in force there.
    """
    if worktree.read_only:
        return
    if found.kept is not None:
        touched = found.touched or Touched({}, {})
        retouched(found.kept.picture, touched, found.began_ns)
        save_stamps(worktree.picture_path, found.kept, touched, _state(facts))
        return
    picture = take(worktree, settings, found.manifest, found.began_ns)
    if picture is not None:
        try:
            worktree.insist_on_presence()
        except GoneError:
            return
        save(worktree.picture_path, picture, _state(facts))


def _by_picture(
    index: IndexReader, facts: Facts, worktree: Worktree, settings: Settings, began_ns: int
) -> Survey | None:
    """As `survey`, if no more files than can be read at once are not as in the picture."""
    kept = load(worktree.picture_path, _state(facts))
    if kept is None:
        return None
    picture = kept.picture
    touched = picture.differing(worktree, settings, READ_AT_ONCE, began_ns)
    head = head_of(worktree) if touched is not None else None
    if touched is None or (touched.files and head is None):  # its length tells that of ids
        return None
    files = {
        picture.files[number].decode(): (picture.blob(number), *stamp)
        for number, stamp in touched.files.items()
    }
    rows = index.files_at(files)
    if len(rows) != len(files):
        return None
    told = Told(picture.languages, {})
    manifest = Manifest(head, files, picture.unindexable, picture.rules, told)
    difference = _compared(facts, worktree, settings, manifest, rows, {})
    return Survey(manifest, rows, difference, began_ns, kept, touched if any(touched) else None)


def _compared(
    facts: Facts,
    worktree: Worktree,
    settings: Settings,
    manifest: Manifest,
    rows: dict[str, FileRow],
    told: Mapping[str, str],
) -> Difference:
    return compare(
        worktree,
        manifest,
        rows,
        own=facts.refreshed,
        same_rules=facts.rules == manifest.rules,
        max_bytes=settings.max_file_bytes,
        retold=told,
    )


def _state(facts: Facts) -> bytes:
    """Another one for every index, and after everything that changes its files' rows."""
    return hashlib.sha256(repr(facts).encode()).digest()
