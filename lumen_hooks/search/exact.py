"""Which files an exact search must read.

The words of the index narrow, the files decide: a file that is not named here
cannot hold what is looked for, as long as it is as it was indexed. Knows the
index through its reader, and no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.storage.certain_words import certain_words, chunks_with
from lumen_hooks.storage.fingerprint import INDEX_VERSION
from lumen_hooks.storage.rows import KnownPath, ReadableFile

from .results import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.storage.reader import IndexReader

    from .pattern import Pattern

NO_FILE = -1
"""The id of a file that the index has no text of."""

_NO_FILTER = Query("")


def candidates(
    index: IndexReader, pattern: Pattern, within: Query, differing: Sequence[str]
) -> list[ReadableFile]:
    """The files that may hold what is looked for, in no particular order.

    Args:
        index: what narrows.
        pattern: what is looked for.
        within: its filters for files count.
        differing: paths of files that the index does not hold as they are: each is a candidate.

    Raises:
        NotIndexedError: nothing in the index is at the path that it is limited to.
        QueryError: a filter for what does not exist, or that leaves nothing.
        CorruptIndexError: the index holds a row that cannot be.
    """
    filters = within._replace(text=_NO_FILTER.text, limit=_NO_FILTER.limit, kinds=())
    if filters.since is not None:  # what is indexed of these says nothing
        filters = filters._replace(since=filters.since.without(differing))
    allowed = _allowed(index, filters)
    files = _narrowed(index, pattern)
    if files is None or allowed is None:
        chosen = allowed if files is None else files
    else:
        chosen = files & allowed
    found = index.readable_files(chosen)
    return found + _changed(index, filters, allowed, found, differing) if differing else found


def _allowed(index: IndexReader, filters: Query) -> set[int] | None:
    """The files that filters let through; None for all."""
    if filters == _NO_FILTER:
        return None
    from .filters import allowed_files  # with numpy

    allowed = allowed_files(index, filters)
    return None if allowed is None else set(allowed)


def _narrowed(index: IndexReader, pattern: Pattern) -> set[int] | None:
    """The files that have the words of what is looked for; None for all."""
    words: set[str] = set()
    for text, begins, ends in pattern.literals:
        words |= certain_words(text, begins=begins, ends=ends, any_case=pattern.any_case)
    # What an older version made has other words, and no marks where some are missing.
    if not words or index.facts().index_version != INDEX_VERSION:
        return None
    return index.files_with(chunks_with(words))


def _changed(
    index: IndexReader,
    filters: Query,
    allowed: set[int] | None,
    found: Sequence[ReadableFile],
    differing: Sequence[str],
) -> list[ReadableFile]:
    """The files that are not as they were indexed and are not found yet."""
    known = {file.path: file for file in index.readable_files(None)}
    paths = set(differing).difference(file.path for file in found)
    changed = [known[path] for path in paths & known.keys()]
    others = paths - known.keys()
    if filters != _NO_FILTER:
        from .filters import allowed_beside

        others = {file.path for file in allowed_beside(list(map(_new, others)), filters)}
    return [
        *(file for file in changed if allowed is None or file.id in allowed),
        *(ReadableFile(path, NO_FILE, "", b"", 0) for path in others),
    ]


def _new(path: str) -> KnownPath:
    """A file that the index does not know yet."""
    from lumen_hooks.chunking.naming.languages import language_of  # most often there is none

    return KnownPath(NO_FILE, path, language_of(path), None)
