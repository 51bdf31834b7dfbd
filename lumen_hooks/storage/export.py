"""A copy of an index for others: what is committed, and nothing of this machine.

An index follows its worktree, so it may hold files that nobody has committed. A copy that leaves
the machine is without them, without time stamps and without paths of folders. Knows rows; not
where the copy goes, nor what git calls committed.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from . import vec0
from .clone import gate_of
from .index import Index
from .opening import load_vec0, open_private
from .schema import check_header
from .snapshot import snapshot
from .sqlite import transaction, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from .facts import Facts
    from .rows import Counts

_ZERO = bytes(1 << 16)


class Exported(NamedTuple):
    """A copy that may leave the machine.

    Attributes:
        facts: what it says of itself.
        counts: what it holds.
        left_out: files of the index that are not in it, since they are not committed.
    """

    facts: Facts
    counts: Counts
    left_out: int


def export(
    index: str,
    copy: str,
    *,
    is_committed: Callable[[str, bytes | None], bool],
    commit: str,
    accept: Callable[[Facts], None],
    traces_may_stay: Callable[[Facts], bool],
) -> Exported:
    """Copy an index into a new file, reduced to what a commit holds.

    The same index gives the same bytes, and one that was changed little gives mostly the same
    pages, unless something is left out, or was there once that others may not see: then the copy
    is packed anew, so that there is no trace of it either.

    Args:
        index: its path; its writers wait while it is copied.
        copy: where to; must not exist. What is there after an error is the caller's to remove.
        is_committed: whether the commit has this content at this path: as git's blob id of the
            bytes on disk, None if the index holds none of them.
        commit: its id (hex).
        accept: is given what the index says of itself, and raises to refuse it.
        traces_may_stay: whether others may know all that it ever held, by what it says of itself.

    Raises:
        CorruptIndexError: the index is damaged.
        StorageFullError: no room, or no permission, for the copy.
        StoreError: the index cannot be read.
    """
    snapshot(index, copy, gate=gate_of(index, accept))
    with closing(open_private(copy)) as connection, translated(copy):
        load_vec0(connection)
        connection.execute("PRAGMA secure_delete=ON").fetchall()
        mine = Index(connection, copy, check_header(connection, copy))
        strangers = [
            row.id for path, row in mine.files().items() if not is_committed(path, row.content)
        ]
        before = mine.facts()
        with mine.transaction():
            mine.remove_files(strangers)
            connection.execute("UPDATE files SET changed_ns=-1 WHERE changed_ns!=-1")
            told = before._replace(
                refreshed=False,
                last_refresh=None,
                seeded_from=None,
                top="",
                head=commit,
                model=_named(before.model),
                reach="",
            )
            mine.write_facts(told)
            mine.seal()
        if strangers or not traces_may_stay(before):
            _pack(connection, mine)
        _rewrite_facts(connection)
        found = Exported(mine.facts(), mine.counts(), len(strangers))
    _blank_free_pages(copy)
    return found


def _pack(connection: apsw.Connection, index: Index) -> None:
    """Leave nothing of deleted rows: neither in segments of words, nor in blocks, nor in pages."""
    with transaction(connection):
        connection.execute("INSERT INTO lexical(lexical) VALUES('optimize')")
        vec0.repack(connection, index.facts().dimensions)
        index.seal()
    connection.execute("VACUUM")


def _rewrite_facts(connection: apsw.Connection) -> None:
    """Leave nothing of what was said before: SQLite blanks a page that it empties."""
    with transaction(connection):
        rows = connection.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
        connection.execute("DELETE FROM meta")
        connection.executemany("INSERT INTO meta VALUES(?, ?)", rows)


def _named(model: str) -> str:
    """A model's name; of one that is a folder of this machine the last part."""
    return os.path.basename(model) if os.path.isabs(os.path.expanduser(model)) else model


def _blank_free_pages(path: str) -> None:
    """Overwrite what SQLite keeps for later: it never reads it (sqlite.org/fileformat2.html)."""
    with open(path, "r+b") as file:
        head = file.read(100)
        size = int.from_bytes(head[16:18], "big") or 1
        size = 1 << 16 if size == 1 else size
        trunk = int.from_bytes(head[32:36], "big")
        left = os.fstat(file.fileno()).st_size // size  # no list is longer
        while trunk and left > 0:
            file.seek((trunk - 1) * size)
            page = file.read(size)
            count = min(int.from_bytes(page[4:8], "big"), size // 4 - 2)
            leaves = [int.from_bytes(page[8 + 4 * n : 12 + 4 * n], "big") for n in range(count)]
            for leaf in leaves:
                file.seek((leaf - 1) * size)
                file.write(_ZERO[:size])
            left -= 1 + count
            trunk = int.from_bytes(page[:4], "big")
