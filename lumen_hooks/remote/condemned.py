"""Objects that a prune will remove a day later, named beforehand, so that no push relies on them.

A push writes its manifest last, and may by then rely on objects that nothing named when a prune
looked. Stores have no locks, so time keeps the two apart: a prune removes only what it condemned
a day before, if nothing has named it since; and a push, which reads this list when it begins,
neither goes by what is condemned nor writes under such a name. So whatever is removed is relied
on by no push that began within a day. All times are the store's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.errors import UntrustedError

from .manifest import canonical, packed, parsed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection

    from .stores.store import Store

NAME = "v1/condemned"
"""The object that holds the list."""

MOST = 100_000
"""More wait for the prune after the next."""

_STORED_MAX = 8 << 20
_BYTES_MAX = 16 << 20


def read_condemned(store: Store) -> frozenset[str]:
    """What is condemned; nothing where there is no list, or none of ours.

    Raises:
        RemoteError: the store fails.
    """
    data = store.read(NAME, at_most=_STORED_MAX)
    if data is None:
        return frozenset()
    try:
        names = parsed(unpacked(data, _BYTES_MAX))
    except (UntrustedError, ValueError):
        return frozenset()
    if not isinstance(names, list):
        return frozenset()
    return frozenset(name for name in names[:MOST] if isinstance(name, str))


def write_condemned(store: Store, names: Collection[str]) -> None:
    """Replace the list, which sets its time.

    Raises:
        RemoteError: the store fails.
    """
    store.write(NAME, packed(canonical(sorted(names)[:MOST])))
