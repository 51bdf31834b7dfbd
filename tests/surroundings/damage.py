"""Ways to damage an index, or any database of ours, that lies still."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import apsw

from lumen_hooks.storage.opening import open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable

GARBAGE = b"\xa5\x5a\x00\xff" * 4096


def garbage_in_header(path: str) -> None:
    _overwrite(path, 0, GARBAGE[:100])


def nothing_left(path: str) -> None:
    os.truncate(path, 0)


def cut_in_half(path: str) -> None:
    os.truncate(path, os.stat(path).st_size // 2 + 123)


def garbage_in_table(table: str) -> Callable[[str], None]:
    """Every page of a table (or of a table that an extension keeps its own in) is garbage."""

    def damage(path: str) -> None:
        connection = open_to_write(path)
        query = "SELECT pageno FROM dbstat WHERE name=? ORDER BY pageno"
        pages: list[Any] = connection.execute(query, (table,)).fetchall()
        connection.close()
        assert pages
        for (page,) in pages:
            _overwrite(path, (page - 1) * len(GARBAGE), GARBAGE)

    return damage


def statement(sql: str) -> Callable[[str], None]:
    """Damage that leaves every page sound: what an extension keeps in its tables."""

    def damage(path: str) -> None:
        connection = apsw.Connection(path)  # ours refuses to write an extension's tables
        connection.execute(sql)
        connection.close()

    return damage


DAMAGES = {
    "garbage in the header": garbage_in_header,
    "an empty file": nothing_left,
    "half of the file": cut_in_half,
    **{
        f"garbage in {table}": garbage_in_table(table)
        for table in (
            "meta",
            "files",
            "chunks",
            "chunks_by_file",
            "lexical_data",
            "lexical_docsize",
            "vectors_chunks",
            "vectors_rowids",
            "vectors_vector_chunks00",
        )
    },
    "a short block of vectors": statement("UPDATE vectors_vector_chunks00 SET vectors=x'00'"),
    "no block of vectors": statement("DELETE FROM vectors_vector_chunks00"),
    "a short list of vectors": statement("UPDATE vectors_chunks SET validity=x'00'"),
    "garbage in FTS5's blocks": statement("UPDATE lexical_data SET block=x'05' WHERE id>10"),
    "no FTS5 settings": statement("DELETE FROM lexical_config"),
    "no chunks": statement("DELETE FROM chunks"),
    "no table of facts": statement("DROP TABLE meta"),
}
"""By name. None of them may survive a check, and none may be taken for anything but damage."""

UNNOTICED = {"garbage in vectors_rowids"}
"""Where a search does not look, so it neither notices nor suffers."""


def _overwrite(path: str, offset: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)
