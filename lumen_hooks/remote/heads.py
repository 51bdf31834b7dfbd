"""The last pushes of a fingerprint, in one object, so that a near commit is found without listing.

Advisory: whoever reads it believes nothing of it, and looks at the manifest that it names. The
last writer wins, so each writer looks whether its line is still there.
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import UntrustedError

from .manifest import canonical, packed, parsed, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .stores.store import Store

HEADS_MAX = 512
"""Older pushes are found by who is at their very commit."""

_BYTES_MAX = 1 << 20
_ATTEMPTS = 6
_JITTER_SECONDS = 0.2

_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Head(NamedTuple):
    """One push.

    Attributes:
        commit: whose index (hex).
        tree: that commit's tree (hex).
        files: indexed files.
    """

    commit: str
    tree: str
    files: int


def heads_name(fingerprint: str) -> str:
    """The object that lists a fingerprint's pushes."""
    return f"v1/indexes/{fingerprint}/heads"


def read_heads(store: Store, fingerprint: str) -> list[Head]:
    """The last pushes, the latest first; none where the list is missing, or is none.

    Raises:
        RemoteError: the store fails.
    """
    data = store.read(heads_name(fingerprint), at_most=_BYTES_MAX)
    if data is None:
        return []
    try:
        heads = [Head(*one) for one in parsed(unpacked(data, _BYTES_MAX))]
    except (UntrustedError, ValueError, TypeError):
        return []
    return [head for head in heads[:HEADS_MAX] if _is_possible(head)]


def write_heads(store: Store, fingerprint: str, heads: Sequence[Head]) -> None:
    """Replace the list.

    Raises:
        RemoteError: the store does not take it.
    """
    said = canonical([*heads[:HEADS_MAX]])
    store.write(heads_name(fingerprint), packed(said))


def add_head(store: Store, fingerprint: str, head: Head) -> None:
    """Put a push in front of the list, also where others do so at the same time.

    Nothing in common stores makes a read and a write one step, so the list is read back.

    Raises:
        RemoteError: the store fails.
    """
    for attempt in range(_ATTEMPTS):
        heads = read_heads(store, fingerprint)
        if heads[:1] == [head] or (attempt and head in heads):
            return
        others = [one for one in heads if one.commit != head.commit]
        write_heads(store, fingerprint, [head, *others])
        # Whoever read the list before this and writes after it takes our line away.
        time.sleep(random.uniform(0.1, 1) * _JITTER_SECONDS * (attempt + 1))  # noqa: S311


def _is_possible(head: Head) -> bool:
    ids = all(isinstance(one, str) and _ID.fullmatch(one) for one in (head.commit, head.tree))
    return ids and type(head.files) is int and head.files >= 0
