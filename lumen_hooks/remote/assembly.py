"""A file put together from the parts of packs, each of which is read once.

Knows blocks and where they go; what the file is, is for others to say.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import UntrustedError

from .packs import read_part
from .parallel import each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .manifest import Run
    from .packs import Pack, Part
    from .stores.store import Store

RATIO_MAX = 16
"""A file is no larger than so many times what is stored of it; an index two times."""


class _Wanted(NamedTuple):
    """A part, and where in the file its blocks go: (its block, the file's block, how many)."""

    part: Part
    places: tuple[tuple[int, int, int], ...]


def assemble(
    store: Store,
    packs: Mapping[int, Pack],
    runs: Sequence[Run],
    descriptor: int,
    block_bytes: int,
    told: Callable[[int, int], None],
) -> int:
    """Put a file together from the parts of packs that it needs; how many bytes were fetched.

    Args:
        store: where they are.
        packs: by number, all that the runs name.
        runs: the file's blocks, in order.
        descriptor: of the file, empty.
        block_bytes: size of a block.
        told: is told how many bytes were fetched, of how many.

    Raises:
        RemoteError, UntrustedError: as `read_part`, or a run names what a pack does not have.
    """
    wanted = _by_part(packs, runs)
    stored = sum(one.part.stored for one in wanted)
    if sum(run.blocks for run in runs) * block_bytes > RATIO_MAX * stored + (1 << 20):
        raise UntrustedError("it is much larger than what it is made of")

    # Written by this thread alone: one that is still at work after an error elsewhere would write
    # to whatever has the descriptor's number by then.
    parts = each(lambda one: read_part(store, one.part, block_bytes), wanted)
    fetched = 0
    for one, data in zip(wanted, parts, strict=True):
        for slot, number, count in one.places:
            piece = data[slot * block_bytes : (slot + count) * block_bytes]
            if os.pwrite(descriptor, piece, number * block_bytes) != len(piece):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fetched += one.part.stored
        told(fetched, stored)
    return fetched


def _by_part(packs: Mapping[int, Pack], runs: Sequence[Run]) -> list[_Wanted]:
    """Each part that is needed, with all the places where its blocks go."""
    firsts = {
        number: [0, *accumulate(part.blocks for part in pack.parts)]
        for number, pack in packs.items()
    }
    places: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    number = 0
    for run in runs:
        pack, starts = packs[run.pack], firsts[run.pack]
        end = run.start + run.blocks
        if end > pack.blocks:
            raise UntrustedError(f"the pack {pack.digest} has no such blocks")
        at, start = bisect_right(starts, run.start) - 1, run.start
        while start < end:
            stop = min(end, starts[at + 1])
            place = (start - starts[at], number + start - run.start, stop - start)
            places.setdefault((run.pack, at), []).append(place)
            start, at = stop, at + 1
        number += run.blocks
    return [_Wanted(packs[pack].parts[at], tuple(found)) for (pack, at), found in places.items()]
