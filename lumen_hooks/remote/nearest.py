"""Which of the pushed indexes is nearest to a commit, found with a bounded number of reads.

A handful of objects is asked for by name, and one list is read; a store with ten thousand
manifests, or a history of a million commits, takes no more. Where a clone is shallow and knows
none of the pushed commits, the latest push is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError

from .heads import read_heads
from .manifest import name_of
from .parallel import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.git.history import History

    from .heads import Head
    from .stores.store import Store

PROBED = 8
"""So many first parents are asked for by name, besides the commit itself: the list may lack one."""

WALKED = 4096
"""So many first parents are looked for in the list."""

COMPARED = 8
"""So many trees are compared with ours at most."""


class Near(NamedTuple):
    """A pushed index that may serve.

    Attributes:
        commit: whose (hex).
        distance: how many files differ between its tree and ours; None where that is not known.
    """

    commit: str
    distance: int | None

    def pays(self, files: int) -> bool:
        """No more files differ than are shared, of so many in the index; as far as is known."""
        return self.distance is None or 2 * self.distance <= files


def nearest(store: Store, fingerprint: str, history: History, commit: str) -> Iterator[Near]:
    """The pushed indexes that may serve a commit, the nearest first; each is yet to be read.

    Args:
        store: where they are.
        fingerprint: which they must have.
        history: of the repository that the commit is in.
        commit: that is checked out (hex).

    Raises:
        RemoteError: the store fails.
        RepositoryError: the commit cannot be read.
    """
    ancestors = history.first_parents(commit, WALKED)
    probed = ancestors[: PROBED + 1]
    sizes = each(lambda one: store.size(name_of(fingerprint, one)), probed)
    there = [one for one, size in zip(probed, sizes, strict=True) if size is not None]
    if there[:1] == [commit]:
        yield Near(commit, 0)
        there.pop(0)
    heads = [head for head in read_heads(store, fingerprint) if head.commit != commit]
    tree = history.tree(commit)
    same = [head.commit for head in heads if head.tree == tree]
    yield from (Near(one, 0) for one in same)
    known = _known(history, ancestors, there, heads)
    compared = [
        Near(one, _distance(history, commit, one)) for one in known[:COMPARED] if one not in same
    ]
    yield from sorted(compared, key=lambda near: near.distance or 0)
    if not (same or compared) and heads:
        yield Near(heads[0].commit, None)


def _known(
    history: History, ancestors: list[str], there: list[str], heads: list[Head]
) -> list[str]:
    """Pushed commits that are here: by the first parents the nearest first, then the latest."""
    steps = {one: step for step, one in enumerate(ancestors)}
    pushed = dict.fromkeys([*there, *(head.commit for head in heads)])
    above = sorted((one for one in pushed if one in steps), key=steps.__getitem__)
    found = above[: COMPARED // 2]
    for one in pushed:
        if len(found) >= COMPARED:
            break
        if one not in steps and history.tree(one) is not None:
            found.append(one)
    return found


def _distance(history: History, ours: str, theirs: str) -> int | None:
    try:
        return history.differing_files(ours, theirs)
    except RepositoryError:
        return None
