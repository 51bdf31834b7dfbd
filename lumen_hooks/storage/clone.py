"""A copy of another worktree's index, which says whose it is.

Knows nothing of worktrees, nor which index is worth copying.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from . import facts
from .opening import load_vec0, open_private, start_wal
from .schema import check_header
from .snapshot import snapshot
from .sqlite import transaction, translated
from .sums import check_agreement

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from .facts import Facts


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

    def gate(connection: apsw.Connection) -> None:
        check_header(connection, donor)
        accept(facts.read(connection))

    snapshot(donor, copy, gate=gate)
    with closing(open_private(copy)) as connection, translated(copy):
        load_vec0(connection)
        start_wal(connection)
        check_agreement(connection, copy)
        with transaction(connection):
            theirs = facts.read(connection)
            ours = replace(theirs, refreshed=False, last_refresh=None, top="")
            facts.write(connection, replace(ours, seeded_from=seeded_from))
