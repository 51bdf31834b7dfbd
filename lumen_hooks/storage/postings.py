"""Which chunks have a word, out of the FTS5 table `lexical`: all of them, the first, or how many.

An expression of FTS5 costs what it matches. A word that every third of a million chunks has
takes a tenth of a second to list, and a hundredth to count here and there. Knows the table, and
not what words are worth.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import apsw

from . import values

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALL = """
SELECT value, (SELECT group_concat(rowid) FROM lexical WHERE lexical MATCH value) FROM carray(?)
"""
_FIRST = """
SELECT value, (SELECT group_concat(rowid) FROM
  (SELECT rowid FROM lexical WHERE lexical MATCH value LIMIT ?2)) FROM carray(?1)
"""
_AFTER = "SELECT group_concat(rowid) FROM lexical WHERE lexical MATCH ? AND rowid > ?"
_HERE_AND_THERE = """
SELECT (SELECT count(*) FROM lexical WHERE lexical MATCH ?1
        AND rowid BETWEEN value AND value + ?2 - 1) FROM carray(?3)
"""

PLACES = 32
PLACE_ROWS = 1024
"""So many stretches of so many chunks, evenly spread, tell how many there are about."""

FIRST_PLACES = 4
"""One stretch in so many is looked at first: most words are far from common."""


def size(connection: apsw.Connection) -> tuple[int, int]:
    """How many chunks have words, and the largest of their ids."""
    # Each in a SELECT of its own: SQLite counts by pages then, and looks at no row.
    query = (
        "SELECT (SELECT count(*) FROM lexical_docsize),"
        " (SELECT coalesce(max(id), 0) FROM lexical_docsize)"
    )
    ((chunks, last),) = values.read(connection, query, (values.natural, values.integer))
    return chunks, last


def ids_of(
    connection: apsw.Connection, expressions: Sequence[str], first: int | None = None
) -> dict[str, str]:
    """By FTS5 expression the ids of the chunks that match it, ascending, between commas.

    As one text, since a row for each id would cost more than all the rest of a search.

    Args:
        connection: an index.
        expressions: of `lexical_terms.match_expression`.
        first: so many ids of each at most; None for all.
    """
    if not expressions:  # which apsw refuses to pass on
        return {}
    among = apsw.carray(tuple(expressions))
    bindings = (among,) if first is None else (among, first)
    kinds = (values.text, values.optional(values.text))
    rows = values.read(connection, _ALL if first is None else _FIRST, kinds, bindings)
    return {expression: joined or "" for expression, joined in rows}


def ids_after(connection: apsw.Connection, expression: str, chunk: int) -> str:
    """As `ids_of`, of one expression: those ids that are larger than this one."""
    kinds, bindings = (values.optional(values.text),), (expression, chunk)
    ((joined,),) = values.read(connection, _AFTER, kinds, bindings)
    return joined or ""


def about(connection: apsw.Connection, expression: str, last: int, enough: int) -> int:
    """How many chunks match an FTS5 expression, about: within a tenth where that is many.

    Args:
        connection: an index.
        expression: as for `ids_of`.
        last: the largest id of a chunk.
        enough: what is far below that need not be known well.
    """
    step = max(PLACE_ROWS, (last - PLACE_ROWS) // (PLACES - 1))
    starts = array("q", range(1, last + 1, step))
    few = _counted(connection, expression, last, starts[::FIRST_PLACES])
    if 2 * few < enough:
        return few
    return _counted(connection, expression, last, starts)


def _counted(connection: apsw.Connection, expression: str, last: int, starts: array[int]) -> int:
    """How many there are if they are as many elsewhere as in the stretches that start here."""
    bindings = (expression, PLACE_ROWS, apsw.carray(starts))
    rows = values.read(connection, _HERE_AND_THERE, (values.natural,), bindings)
    seen: int = sum(min(PLACE_ROWS, last + 1 - start) for start in starts)
    found: int = sum(count for (count,) in rows)
    return round(found * last / max(1, seen))
