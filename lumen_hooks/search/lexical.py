"""The chunks whose words match a query best: BM25 over the FTS5 table `lexical`, and file names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import apsw

from .terms import match_expression

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMN_WEIGHTS = {"path": 1.0, "name": 5.0, "code": 1.0}
"""Measured on 1,000 docstring queries over 4,000 Python functions: MRR@10 0.582, against 0.561
with all three equal."""

_FILE_NAME = re.compile(r"[^\s\x00-\x1f\ud800-\udfff]{0,500}[./][^\s\x00-\x1f\ud800-\udfff]{1,500}")


def lexical_search(
    connection: apsw.Connection,
    query: str,
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> dict[int, float]:
    """The best chunks by id, with their BM25 score (larger is better), best first.

    Args:
        connection: an index, opened for reading.
        query: any text.
        count: how many to return at most.
        allowed: ids that may be returned, applied before ranking; None for all.
    """
    expression = match_expression(query)
    if expression is None or (allowed is not None and not len(allowed)):
        return {}
    columns = connection.execute("SELECT name FROM pragma_table_info('lexical') ORDER BY cid")
    weights = ", ".join(str(COLUMN_WEIGHTS[column]) for (column,) in columns)
    bindings: list[object] = [expression]
    condition = ""
    if allowed is not None:
        # The plus keeps SQLite from running the full-text query once for every allowed id.
        condition = " AND +rowid IN (SELECT value FROM carray(?))"
        bindings.append(apsw.carray(allowed))
    rows = connection.execute(
        f"SELECT rowid, -bm25(lexical, {weights}) AS score FROM lexical"
        f" WHERE lexical MATCH ?{condition} ORDER BY score DESC, rowid LIMIT {count:d}",
        tuple(bindings),
    )
    found: list[Any] = rows.fetchall()
    return dict(found)


def file_chunks(
    connection: apsw.Connection,
    query: str,
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> list[int]:
    """The first chunks of the files that a query names (`store.py`, `src/store.py`).

    BM25 alone loses them: all chunks of a file share its path's words, and so do others'.
    """
    name = query.removeprefix("./")
    if not _FILE_NAME.fullmatch(name) or (allowed is not None and not len(allowed)):
        return []
    escaped = re.sub(r"([%_\\])", r"\\\1", name)
    bindings: list[object] = [escaped, f"%/{escaped}"]
    condition = ""
    if allowed is not None:
        condition = " AND c.id IN (SELECT value FROM carray(?))"
        bindings.append(apsw.carray(allowed))
    rows: list[Any] = connection.execute(
        "SELECT c.id FROM files AS f JOIN chunks AS c ON c.file_id = f.id"
        f" WHERE (f.path LIKE ? ESCAPE '\\' OR f.path LIKE ? ESCAPE '\\'){condition}"
        f" ORDER BY f.path, c.start_line, c.id LIMIT {count:d}",
        tuple(bindings),
    ).fetchall()
    return [identifier for (identifier,) in rows]
