"""Whether an index is as it was written: sums beside the rows, and what must fit together.

SQLite sees a page that cannot be, and neither a flipped bit in a text nor one
in what extensions keep. So each file has a sum over its row and its chunks,
each block of vectors one over its bytes, the facts one over themselves, and
one of the facts (`seals`) covers the rest. They are written in the transaction of what
they are of; readers compare those of what they read, `check` compares all.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from lumen_hooks.errors import CorruptIndexError

from . import facts, seals, signs, values
from . import vec0 as vectors
from .opening import open_to_read
from .schema import SCHEMA_VERSION, SIGNED, SUMMED, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .seals import Changes

_FILE_SUMS = {
    3: """
crc32(concat_ws('|', hex(path), quote(content), hex(language), quote(skipped), quote(cut),
  (SELECT group_concat(concat_ws(' ', start_line, end_line, hex(symbol), kind, hex(key)))
   FROM (SELECT * FROM chunks WHERE file_id=files.id ORDER BY id))))
""",
    4: """
crc32(concat_ws('|', hex(path), quote(content), hex(language), quote(skipped), quote(cut),
  generated,
  (SELECT group_concat(
     concat_ws(' ', start_line, end_line, hex(symbol), kind, hex(key), hex(holds)))
   FROM (SELECT * FROM chunks WHERE file_id=files.id ORDER BY id))))
""",
}
_FILE_SUMS[5] = _FILE_SUMS[4]
FILE_SUM = _FILE_SUMS[SCHEMA_VERSION]
"""Of a file's row and its chunks; what a look at the file renews (size, time) is left out."""

# The last two lines make SQLite open the extensions' tables, which checks how they are laid out.
_AGREEMENT = f"""
SELECT CASE
  WHEN EXISTS({vectors.DAMAGED_BLOCKS}) THEN 'a block of vectors is not whole'
  %s
  WHEN EXISTS(SELECT rowid FROM vectors_rowids EXCEPT SELECT id FROM chunks)
    THEN 'a vector has no chunk'
  WHEN EXISTS(SELECT id FROM chunks EXCEPT SELECT id FROM lexical_docsize)
    OR EXISTS(SELECT id FROM lexical_docsize EXCEPT SELECT id FROM chunks)
    THEN 'the lexical index and the chunks differ'
  WHEN EXISTS(SELECT 1 FROM vectors WHERE id=-1) THEN 'a vector has a negative number'
  WHEN EXISTS(SELECT 1 FROM lexical WHERE rowid=-1) THEN 'a chunk has a negative number'
  ELSE 'ok' END
"""
_SIGNS_AGREE = f"""
  WHEN EXISTS({vectors.DAMAGED_IDS}) THEN 'a block of ids is not whole'
  WHEN EXISTS({signs.STRAY}) THEN 'the signs of vectors are not whole'
"""


def seal(connection: apsw.Connection, changes: Changes | None = None) -> None:
    """Note what the extensions' tables hold. To be called last in a transaction of rows.

    Args:
        connection: in that transaction.
        changes: of all of it; without them every row is read.
    """
    connection.execute("INSERT INTO lexical(lexical) VALUES('flush')")
    told = facts.read(connection)
    before = seals.parse(told.seal) if changes is not None else None
    now = before.changed(changes) if before and changes else seals.read(connection)
    facts.write(connection, told._replace(seal=str(now)))


def check(connection: apsw.Connection, path: str, version: int) -> None:
    """Look at every page, every sum, and at what the extensions keep in their tables.

    Raises:
        CorruptIndexError: something is damaged.
    """
    if version < SUMMED:
        check_pages(connection)
        return
    # The seal tells more of the extensions' tables than they do themselves, in a tenth of the time.
    with closing(open_to_read(path)) as bare:
        bare.drop_modules(None)
        check_pages(bare)
    check_agreement(connection, path)
    check_file_sums(connection, path)
    check_words(connection, path)


def check_file_sums(connection: apsw.Connection, path: str) -> None:
    """Compare the sum of each file with its rows.

    Raises:
        CorruptIndexError: one is not as it was written.
    """
    damaged = f"SELECT 1 FROM files WHERE sum IS NOT {_FILE_SUMS[version_of(connection)]}"
    if values.read(connection, damaged, (values.natural,)):
        raise CorruptIndexError(f"{path} is damaged: a file's rows are not as written")


def check_words(connection: apsw.Connection, path: str) -> None:
    """Compare the seal with what the extensions' tables hold.

    Raises:
        CorruptIndexError: they are not as written.
    """
    noted = seals.parse(facts.read(connection).seal)
    if noted is not None and noted != seals.read(connection):
        raise CorruptIndexError(f"{path} is damaged: the words are not as written")


def check_pages(connection: apsw.Connection) -> None:
    """Look at every page, and at what tables and their indexes have in common.

    Raises:
        CorruptIndexError: something is damaged.
    """
    ((verdict,),) = values.read(connection, "PRAGMA integrity_check(1)", (values.text,))
    if verdict != "ok":
        raise CorruptIndexError(f"{connection.filename} is damaged: {verdict}")


def insist_on_files(connection: apsw.Connection, paths: Iterable[str]) -> None:
    """Compare the sums of these files, which an answer names.

    Raises:
        CorruptIndexError: one of them is not as it was written.
    """
    version = version_of(connection)
    if version < SUMMED:
        return
    query = (
        "SELECT path FROM files WHERE path IN (SELECT value FROM carray(?))"
        f" AND sum IS {_FILE_SUMS[version]}"
    )
    named = tuple(sorted(set(paths)))
    if not named:
        return
    among = (apsw.carray(named),)
    sound = {path for (path,) in values.read(connection, query, (values.text,), among)}
    for path in named:
        if path not in sound:
            raise CorruptIndexError(
                f"{connection.filename} is damaged: its rows of {path} are not as written",
                hint=values.REBUILT,
            )


def check_agreement(connection: apsw.Connection, path: str) -> None:
    """Look at what a check of the pages cannot see: whether the tables fit each other.

    Raises:
        CorruptIndexError: they do not.
    """
    dimensions = facts.read(connection).dimensions
    query = _AGREEMENT % (_SIGNS_AGREE if version_of(connection) >= SIGNED else "")
    ((verdict,),) = values.read(connection, query, (values.text,), (dimensions,))
    if verdict != "ok":
        raise CorruptIndexError(f"{path} is damaged: {verdict}")
