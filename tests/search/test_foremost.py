"""Merging only the candidates that decide the first answers gives the answers of merging all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.search.copies import once
from lumen_hooks.search.foremost import foremost, least_of
from lumen_hooks.search.merge import merge_hits
from lumen_hooks.search.results import Hit, Part
from lumen_hooks.storage.rows import ChunkRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

ROWS = 60


def _row(number: int, chance: random.Random) -> ChunkRow:
    path = f"{chance.randrange(20)}.py"
    start = chance.randrange(1, 40)
    key = bytes([chance.randrange(1, 80)]) if chance.randrange(9) else b""
    # Some files have the same bytes, and of some they are not known.
    content = bytes([int(path.partition(".")[0]) % 15])
    known = b"" if content == b"\0" else content
    symbol = chance.choice(("", "", "f", "g"))
    return ChunkRow(number, path, start, start + 5, symbol, "function", "python", known, key, 0, "")


def _merged(
    rows: Sequence[ChunkRow], scores: NDArray[np.float32], numbers: Iterable[int]
) -> list[Hit]:
    hits = []
    for number in numbers:
        row, score = rows[number], float(scores[number])
        part = Part(row.start_line, row.end_line, row.key, score)
        hits.append(Hit(*row[:7], score, row.content, row.key, parts=(part,)))
    groups = {row.id: hash((row.path, row.symbol)) for row in rows if row.symbol}
    return once(merge_hits(hits, groups))


@pytest.mark.parametrize("seed", range(40))
def test_the_first_answers_are_those_of_all_candidates(seed: int) -> None:
    chance = random.Random(seed)
    rows = [_row(number, chance) for number in range(ROWS)]
    scores = np.array([chance.randrange(20) / 20 for _ in rows], np.float32)
    everything = _merged(rows, scores, range(ROWS))
    for count in (1, 5, 20, ROWS - 1, ROWS, 2 * ROWS):
        least = least_of(scores, count)
        few = foremost(rows, scores, least)
        first = [hit for hit in _merged(rows, scores, few) if hit.score >= least]
        assert first == [hit for hit in everything if hit.score >= least]


def test_few_are_needed_where_files_differ() -> None:
    rows = [
        ChunkRow(n, f"{n}.py", 1, 5, "", "text", "python", bytes([n]), bytes([n]), 0, "")
        for n in range(ROWS)
    ]
    scores = np.arange(ROWS, dtype=np.float32)
    assert foremost(rows, scores, least_of(scores, 3)) == [57, 58, 59]
    assert foremost(rows, scores, least_of(scores, ROWS)) == list(range(ROWS))
