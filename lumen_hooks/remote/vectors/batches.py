"""The list of a model's batches of vectors in a store.

Nothing is believed for it: it says where to look. It is written by whoever wrote last, so that
one of two who push at once may find the other's entry gone; then vectors are pushed again.

::

    lumen-hooks vectors 1
    ID LENGTH-OF-KEYS LENGTH-OF-ROWS      a line for each batch, the oldest first
"""

from __future__ import annotations

import random
import re
import time
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from .batch import KEYS_BYTES, LONGEST_ROWS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lumen_hooks.remote.stores.store import Store

BATCHES = 128
"""Listed at most: 4 GB of vectors. Beyond that the oldest are forgotten. Who reads a list that was
made to cost much looks at no more than that many signatures."""

READ_BYTES = 64 << 20
"""Of all batches' keys, so much is read at most: of ten million texts."""

_FIRST_LINE = "lumen-hooks vectors 1"
_LINE = re.compile(r"([0-9a-f]{64}) ([0-9]{1,9}) ([0-9]{1,9})")
_LIST_BYTES = 100 * (BATCHES + 1)

_TRIES = 5
_PAUSE_SECONDS = 0.2


class Listed(NamedTuple):
    """A batch as the list has it: its name, and the lengths of its two objects in bytes."""

    id: str
    keys_bytes: int
    rows_bytes: int


def read_list(store: Store, folder: str) -> list[Listed]:
    """The batches that are listed, the oldest first; none where the list is none of ours.

    Args:
        store: where.
        folder: of the model; see `vector_batch.folder_of`.

    Raises:
        RemoteError: the store cannot be read.
    """
    # Not more than one byte too much, and no error of a list that is too long: it is replaced.
    most = _LIST_BYTES + 1
    data = store.read(f"{folder}/list", at_most=most, length=most) or b""
    lines = data.decode("ascii", "replace").splitlines()
    if len(data) > _LIST_BYTES or lines[:1] != [_FIRST_LINE]:
        return []
    found: dict[str, Listed] = {}
    for line in lines[1:]:
        match = _LINE.fullmatch(line)
        entry = Listed(match[1], int(match[2]), int(match[3])) if match else None
        if entry is not None and _is_possible(entry):
            found[entry.id] = entry
    return list(found.values())[-BATCHES:]


def newest(listed: Sequence[Listed], most: int) -> list[Listed]:
    """The last batches, the newest first, whose keys have no more than so many bytes together."""
    lengths = accumulate(entry.keys_bytes for entry in reversed(listed))
    return [
        entry for entry, length in zip(reversed(listed), lengths, strict=True) if length <= most
    ]


def change_list(store: Store, folder: str, new: Sequence[Listed], gone: Collection[str]) -> None:
    """List new batches, and no longer those that are gone.

    Raises:
        RemoteError: the store cannot be written.
    """
    ours = {entry.id for entry in new}
    for _ in range(_TRIES):
        before = read_list(store, folder)
        kept = [entry for entry in before if entry.id not in gone and entry.id not in ours]
        lines = [f"{entry.id} {entry.keys_bytes} {entry.rows_bytes}" for entry in (*kept, *new)]
        text = "\n".join((_FIRST_LINE, *lines[-BATCHES:], ""))
        store.write(f"{folder}/list", text.encode())
        # Another's list, made of what was there before, may come right behind ours.
        time.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311 - a pause is no secret
        if ours <= {entry.id for entry in read_list(store, folder)}:
            return


def _is_possible(entry: Listed) -> bool:
    return entry.keys_bytes <= KEYS_BYTES and entry.rows_bytes <= LONGEST_ROWS
