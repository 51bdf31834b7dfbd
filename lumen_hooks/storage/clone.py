"""What seeding does with another's index: a look into it, and a copy that says whose it is.

Knows nothing of worktrees, nor which index is worth copying.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from . import facts, values
from .opening import load_vec0, open_private, open_to_read, start_wal
from .schema import check_header
from .snapshot import FULL_CHECK_BYTES, snapshot
from .sqlite import transaction, translated
from .sums import check_agreement, check_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from .facts import Facts
    from .snapshot import Gate


class Summary(NamedTuple):
    """What an index says of itself, and how many files it holds, passed-over ones included."""

    facts: Facts
    files: int


def summarise(path: str) -> Summary:
    """Look into an index that is there, for no longer than that takes.

    Raises:
        CorruptIndexError: damaged, no database, or not one of ours.
        NewerIndexError: written by a newer version.
        StoreError: any other reason.
    """
    with closing(open_to_read(path)) as connection:
        check_header(connection, path)
        told = facts.read(connection)
        query = "SELECT count(*) FROM files"
        ((files,),) = values.read(connection, query, (values.natural,))
        return Summary(told, files)


def clone(donor: str, copy: str, *, accept: Callable[[Facts], None], seeded_from: str) -> None:
    """Copy a live index into a new file: whole, checked, and not fresh until its own refresh.

    Args:
        donor: its path; its writers wait while it is copied.
        copy: where to; must not exist, and nobody else knows it. What is there after an error is
            the caller's to remove.
        accept: is given what the donor says of itself at the moment of the copy, and raises to
            refuse it.
        seeded_from: the donor worktree's top folder.

    Raises:
        CorruptIndexError: the donor is damaged.
        StorageFullError: no room, or no permission, for the copy.
        StoreError: the donor cannot be opened or read.
    """
    snapshot(donor, copy, gate=gate_of(donor, accept))
    with closing(open_private(copy)) as connection, translated(copy):
        load_vec0(connection)
        start_wal(connection)
        check_agreement(connection, copy)
        if os.stat(copy).st_size <= FULL_CHECK_BYTES:
            check_words(connection, copy)
        make_ours(connection, seeded_from)


def gate_of(path: str, accept: Callable[[Facts], None]) -> Gate:
    """Refuses an index that is none of ours, or that says of itself what is not accepted."""

    def gate(connection: apsw.Connection) -> None:
        check_header(connection, path)
        accept(facts.read(connection))

    return gate


def make_ours(connection: apsw.Connection, seeded_from: str, **told: Any) -> None:
    """Have a copy say that it is one, and of nobody's worktree yet; and what else is told."""
    with transaction(connection):
        ours = facts.read(connection)._replace(refreshed=False, last_refresh=None, top="")
        facts.write(connection, ours._replace(seeded_from=seeded_from, **told))
