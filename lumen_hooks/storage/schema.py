"""The shape of an index: every version of its tables that this one can read.

A database may hold these tables and nothing else: what a schema holds is run
by whoever reads it (views, triggers, expressions), so one that is not exactly
ours is not used. Knows SQL texts, and no rows.

A new version gets its entry in `_TABLES`, and the one before stays, so that an
index goes on answering until it has been made anew (docs/architecture.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lumen_hooks.errors import CorruptIndexError, NewerIndexError

from . import signs, values
from . import vec0 as vectors

if TYPE_CHECKING:
    import apsw

APPLICATION_ID = 0x4C554D4E
"""`LUMN`, in the database header."""

SCHEMA_VERSION = 5
"""The tables' shape, in `PRAGMA user_version`; a change of what rows mean is INDEX_VERSION's.

2  2026-11-23  one column of marked words without positions in `lexical`
3  2026-11-25  STRICT; check sums of files, blocks of vectors and facts; `files.cut`
4  2026-11-26  `chunks.holds`, `files.generated`
5  2026-11-26  `signs`, `vector_sums.ids`
"""

SUMMED = 3
"""Since this version rows have check sums, and files why they are cut by lines."""

HOLDING = 4
"""Since this version it is told which definitions a chunk holds, and what a program wrote."""

SIGNED = 5
"""Since this version the signs of all vectors stand beside them."""

# detail=none: which chunks have a word, and neither where nor how often (each word is given once).
# That is less than half of the bytes, and what bm25() needs is lost, so search/lexical.py scores.
LEXICAL = """CREATE VIRTUAL TABLE lexical USING fts5(
  words, content='', contentless_delete=1, detail=none,
  tokenize="porter unicode61 tokenchars '_:'"
)"""

_CHUNKS_BY_FILE = "CREATE INDEX chunks_by_file ON chunks(file_id)"
_META = "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID"
_VECTOR_SUMS = "CREATE TABLE vector_sums(block INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT"
_FILES = """CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT,
  cut TEXT,
  generated INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT"""
_CHUNKS = """CREATE TABLE chunks(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files(id),
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  kind TEXT NOT NULL,
  key BLOB NOT NULL,
  holds TEXT NOT NULL
) STRICT"""

_TABLES = {
    2: {
        "meta": "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "files": """CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT
)""",
        "chunks": """CREATE TABLE chunks(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files(id),
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  kind TEXT NOT NULL,
  key BLOB NOT NULL
)""",
        "chunks_by_file": _CHUNKS_BY_FILE,
        "lexical": LEXICAL,
    },
    3: {
        "meta": _META,
        "files": """CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content BLOB,
  blob BLOB,
  size INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  language TEXT NOT NULL,
  skipped TEXT,
  cut TEXT,
  sum INTEGER NOT NULL
) STRICT""",
        "chunks": """CREATE TABLE chunks(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files(id),
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  kind TEXT NOT NULL,
  key BLOB NOT NULL
) STRICT""",
        "chunks_by_file": _CHUNKS_BY_FILE,
        "vector_sums": _VECTOR_SUMS,
        "lexical": LEXICAL,
    },
    4: {
        "meta": _META,
        "files": _FILES,
        "chunks": _CHUNKS,
        "chunks_by_file": _CHUNKS_BY_FILE,
        "vector_sums": _VECTOR_SUMS,
        "lexical": LEXICAL,
    },
    5: {
        "meta": _META,
        "files": _FILES,
        "chunks": _CHUNKS,
        "chunks_by_file": _CHUNKS_BY_FILE,
        "vector_sums": vectors.SUMS,
        "signs": signs.TABLE,
        "lexical": LEXICAL,
    },
}
"""By version, what `sqlite_schema` holds of each table, but for vec0's (see `vectors`)."""

READABLE = frozenset(_TABLES)
"""Versions whose indexes answer until they are made anew."""

# What the extensions make beside their tables. Its text is theirs and may change with them.
_SHADOWS = frozenset(
    {"lexical_data", "lexical_idx", "lexical_docsize", "lexical_config", "sqlite_sequence"}
    | {f"vectors_{part}" for part in ("info", "chunks", "rowids", "vector_chunks00")}
)

_TABLES_MAX = 64
"""More than ours has; no more than that are looked at."""

# Columns with types and a primary key: no expression that would be run.
_PLAIN_TABLE = re.compile(
    r"""CREATE TABLE ["']?\w+["']? ?\([\w\s,]*(PRIMARY KEY\([\w, ]+\))?\)( WITHOUT ROWID)?""",
    re.IGNORECASE,
)


def create(connection: apsw.Connection, dimensions: int) -> None:
    """Make all tables in an empty database. In a transaction."""
    for sql in _TABLES[SCHEMA_VERSION].values():
        connection.execute(sql)
    vectors.create(connection, dimensions)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def version_of(connection: apsw.Connection) -> int:
    """The version of the tables, as the database says."""
    ((version,),) = values.read(connection, "PRAGMA user_version", (values.natural,))
    return int(version)


def check_header(connection: apsw.Connection, path: str) -> int:
    """Refuse a database that is not an index, or is a newer version's; its schema's version.

    Raises:
        CorruptIndexError: another application's database, one whose tables are not exactly those
            of its version, or one with tables too old to be read: like a damaged index it is made
            again.
        NewerIndexError: written by a newer version.
    """
    rebuilt = "it is rebuilt by: lumen-hooks index"
    ((application,),) = values.read(connection, "PRAGMA application_id", (values.natural,))
    if application != APPLICATION_ID:
        raise CorruptIndexError(f"{path} is no lumen index", hint=rebuilt)
    version = version_of(connection)
    # A version that has our very tables is no newer one: the number is damaged.
    strange = _strange(connection, min(version, SCHEMA_VERSION))
    if version > SCHEMA_VERSION and strange:
        raise NewerIndexError(
            f"{path} was written by a newer lumen-hooks"
            f" (schema {version}, ours is {SCHEMA_VERSION})",
            hint="upgrade lumen-hooks, or remove the index with: lumen-hooks purge",
        )
    if version not in READABLE and version < SCHEMA_VERSION:
        raise CorruptIndexError(
            f"{path} has an older version's tables (schema {version}, ours is {SCHEMA_VERSION})",
            hint=rebuilt,
        )
    if version > SCHEMA_VERSION or strange:
        what = f"the schema of {strange!r}" if strange else "its version"
        raise CorruptIndexError(f"{path} is damaged: {what} is not ours", hint=rebuilt)
    return version


def _strange(connection: apsw.Connection, version: int) -> str:
    """The name of something in the schema that is not ours, or is missing; empty if all is."""
    ours = _TABLES.get(version, {})
    missing = {*ours, *_SHADOWS, "vectors"}
    kinds = (values.text, values.text, values.optional(values.text))
    query = f"SELECT type, name, sql FROM sqlite_schema LIMIT {_TABLES_MAX}"
    rows = values.read(connection, query, kinds)
    if len(rows) == _TABLES_MAX:
        return str(rows[-1][1])
    for kind, name, sql in rows:
        if sql is None:
            known = kind == "index" and name.startswith("sqlite_autoindex_")
        elif name == "vectors":
            known = vectors.is_ours(sql)
        elif name in _SHADOWS:
            known = kind == "table" and _PLAIN_TABLE.fullmatch(sql) is not None
        else:
            known = ours.get(name) == sql
        if not known:
            return str(name)
        missing.discard(name)
    return min(missing, default="")
