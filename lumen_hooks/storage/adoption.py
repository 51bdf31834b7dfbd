"""An index from elsewhere, which anybody may have made: looked at, all of it, and then ours.

The order is the point. What is looked at first bounds what the next look may
cost: the file's header, before SQLite reads it; the schema, a few short texts,
before anything of it is run; the pages, so that no tree of them has a loop;
then sums and rows. Only then is it opened to be written. What it says of code
(which lines, which names, which vectors) is its maker's word, and nothing here
can tell. Knows no store and no worktree.
"""

from __future__ import annotations

import os
from array import array
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import apsw

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.errors import CorruptIndexError, StoreError

from . import facts, seals, values, vec0
from .clone import make_ours
from .opening import PAGE_SIZE_BYTES, load_vec0, open_private, open_to_read, start_wal
from .schema import APPLICATION_ID, SCHEMA_VERSION, check_header
from .sqlite import translated
from .sums import check_agreement, check_file_sums, check_pages, check_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .facts import MadeWith

SCHEMA_BYTES_MAX = 1 << 16
VALUE_BYTES_MAX = 1 << 23
"""Of a value in an index; the largest that are written are blocks of vectors, below a megabyte."""

LOOK_SECONDS = 10.0
LOOK_BYTES_A_SECOND = 50_000_000
"""CPU time that one look may take, with what it takes for so many bytes: ten times the usual."""

FACTS_MAX = 64
ID_MAX = 1 << 40
"""No id is larger; whoever adds rows counts on."""

WORDS_CHECK_BYTES = 32 << 20
"""Of a larger file FTS5's own look at its tables takes long: 10 s for Linux's. What is wrong with
them shows when words are looked for, and the index is made anew."""

_STRUCTURE_BYTES_MAX = 2048
"""Of FTS5's list of its segments; twice what as many as it keeps can take."""

_KEY_BYTES = 16

_WORDS_SETTINGS = {"automerge": 16, "crisismerge": 64, "hashsize": 8 << 20}
"""What may be set of FTS5 (sqlite.org/fts5.html), and how much; `new_index` sets less."""

_WORDS_VERSION = ("version", 4)

_LARGEST_ID = """
SELECT max(coalesce((SELECT max(id) FROM files), 0), coalesce((SELECT max(id) FROM chunks), 0),
  coalesce((SELECT max(chunk_id) FROM vectors_chunks), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence), 0))
"""

# Each selects something if a row cannot be there; in words what that is.
_STRANGE = {
    "a file": """
SELECT 1 FROM files WHERE id < 1 OR size < 0 OR changed_ns != -1 OR generated NOT IN (0, 1)
  OR (content IS NOT NULL AND length(content) NOT IN (20, 32))
  OR (blob IS NOT NULL AND length(blob) NOT IN (20, 32))
  OR length(language) > 40 OR language GLOB '*[^-a-z0-9#+._ ]*'
  OR length(skipped) > 40 OR skipped GLOB '*[^-a-z ]*' OR length(cut) > 40 OR cut GLOB '*[^-a-z ]*'
""",
    "a chunk": f"""
SELECT 1 FROM chunks WHERE id < 1 OR start_line < 1 OR end_line NOT BETWEEN start_line AND {1 << 31}
  OR length(key) != {_KEY_BYTES} OR kind NOT IN ({", ".join(f"'{kind}'" for kind in KINDS)})
  OR file_id NOT IN (SELECT id FROM files WHERE skipped IS NULL)
""",
    "a block of vectors": f"""
SELECT 1 FROM vectors_chunks WHERE size != {vec0.BLOCK_ROWS} OR chunk_id < 1
UNION ALL SELECT 1 WHERE (SELECT count(*) FROM vectors_chunks)
  IS NOT (SELECT count(*) FROM vector_sums)
""",
    "the list of words": f"""
SELECT 1 FROM lexical_data WHERE id=10 AND length(block) > {_STRUCTURE_BYTES_MAX}
""",
    "what vec0 says of itself": """
SELECT 1 FROM vectors_info WHERE key NOT GLOB 'CREATE_VERSION*' OR length(value) > 40
""",
}


class Expected(NamedTuple):
    """What must be in an index.

    Attributes:
        made_with: the model in force here, and the fingerprint.
        dimensions: of its vectors.
        commit: whose files (hex).
        files: how many have text.
        chunks: how many.
    """

    made_with: MadeWith
    dimensions: int
    commit: str
    files: int
    chunks: int


def adopt(
    path: str, expected: Expected, *, seeded_from: str, cpu_seconds: float | None = None
) -> None:
    """Make an index that came from elsewhere ours: not fresh until its own refresh.

    Args:
        path: a file that nobody else knows; nothing in it is believed.
        expected: what must be in it.
        seeded_from: where it came from, in words.
        cpu_seconds: what one look may take; None for what is enough for a file of its size.

    Raises:
        CorruptIndexError: it is no index of ours, or something in it is not as one of ours is.
        NewerIndexError: it was written by a newer version.
        StoreError: it is not what was expected, or cannot be opened or read.
    """
    _insist_on_file_header(path)
    seconds = cpu_seconds or LOOK_SECONDS + os.stat(path).st_size / LOOK_BYTES_A_SECOND
    with closing(_opened(path, SCHEMA_BYTES_MAX, seconds)) as bare, translated(path):
        bare.drop_modules(None)  # until their tables are known to be sound
        check_header(bare, path)
        bare.limit(apsw.SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)
        check_pages(bare)
    with closing(_opened(path, VALUE_BYTES_MAX, seconds)) as connection, translated(path):
        load_vec0(connection)
        _insist_on(connection, expected)
        for what, query in _STRANGE.items():
            if values.read(connection, query, (values.natural,)):
                raise values.impossible(what)
        _check_paths(connection)
        _check_places(connection)
        check_agreement(connection, path)
        check_file_sums(connection, path)
        if seals.parse(facts.read(connection).seal) is None:
            raise values.impossible("words without a seal")
        check_words(connection, path)
    with closing(open_private(path)) as connection, translated(path):
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)
        load_vec0(connection)
        if os.stat(path).st_size <= WORDS_CHECK_BYTES:
            connection.execute("INSERT INTO lexical(lexical) VALUES('integrity-check')")
        start_wal(connection)
        # Files that were left out there are looked at again; a model has its own name here.
        ours = expected.made_with
        told = {
            "model": ours.model,
            "model_key": ours.model_key,
            "rules": "",
            "reach": facts.ANY_REACH,
        }
        make_ours(connection, seeded_from, **told)


def _opened(path: str, value_bytes_max: int, cpu_seconds: float) -> apsw.Connection:
    connection = open_to_read(path)
    connection.cpu_seconds = cpu_seconds
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, value_bytes_max)
    return connection


def _insist_on_file_header(path: str) -> None:
    """Refuse a file whose header is none that `export` leaves (sqlite.org/fileformat2.html)."""
    with open(path, "rb") as file:
        head = file.read(100)
        size = os.fstat(file.fileno()).st_size

    def number(at: int, length: int = 4) -> int:
        return int.from_bytes(head[at : at + length], "big")

    is_ours = (
        head[:16] == b"SQLite format 3\0"
        and number(16, 2) == PAGE_SIZE_BYTES
        and head[18:24] == bytes((1, 1, 0, 64, 32, 32))  # a rollback journal, no reserved bytes
        and number(28) * PAGE_SIZE_BYTES == size
        and number(24) == number(92)  # so that the size there counts
        and number(44) == 4  # schema format
        and not any(head[52:56] + head[64:68] + head[72:92])  # no vacuuming, nothing reserved
        and number(56) == 1  # UTF-8
        and (number(60), number(68)) == (SCHEMA_VERSION, APPLICATION_ID)
    )
    if not is_ours:
        raise CorruptIndexError(f"{path} has no header of an index", hint=values.REBUILT)


def _insist_on(connection: apsw.Connection, expected: Expected) -> None:
    """Refuse an index that says of itself, or holds, something else than it must."""
    if values.read(connection, "SELECT count(*) FROM meta", (values.natural,))[0][0] > FACTS_MAX:
        raise values.impossible("so many facts")
    told = facts.read(connection)
    if not told.usable_for(expected.made_with.fingerprint):
        raise StoreError("it is not complete, or was made with another model or version")
    if told.head != expected.commit:
        raise StoreError("it is another commit's")
    declared = vec0.declared_dimensions(connection)
    if not told.dimensions == declared == expected.dimensions:
        raise StoreError("its vectors have other dimensions")
    if told.model_key != expected.made_with.model_key:
        raise StoreError("it was made with another model")
    query = (
        "SELECT (SELECT count(*) FROM files WHERE skipped IS NULL), (SELECT count(*) FROM chunks)"
    )
    found = values.read(connection, query, (values.natural, values.natural))
    if found != [(expected.files, expected.chunks)]:
        raise StoreError("it does not hold as much as is said of it")
    if values.read(connection, _LARGEST_ID, (values.natural,))[0][0] > ID_MAX:
        raise values.impossible("a number of a row")
    query = "SELECT k, v FROM lexical_config LIMIT 9"
    settings = set(values.read(connection, query, (values.text, values.natural)))
    if _WORDS_VERSION not in settings or any(
        value > _WORDS_SETTINGS.get(name, -1) for name, value in settings - {_WORDS_VERSION}
    ):
        raise values.impossible("settings of words")


def _check_paths(connection: apsw.Connection) -> None:
    """Refuse paths that no tree of git's has."""
    for (path,) in values.stream(connection, "SELECT path FROM files", (values.path,)):
        if ".git" in path.lower().split("/"):
            raise values.impossible("a path in git's own folder")


def _check_places(connection: apsw.Connection) -> None:
    """Refuse rows of vectors that are not where their table says; nothing else compares the two."""
    blocks = {number: (live, ids) for number, live, ids in _blocks(connection)}
    rows = 0
    query = "SELECT rowid, chunk_id, chunk_offset FROM vectors_rowids"
    kinds = (values.natural, values.natural, values.natural)
    for row, block, place in values.stream(connection, query, kinds):
        rows += 1
        live, ids = blocks.get(block, (0, ()))
        if place >= len(ids) or ids[place] != row or not live >> place & 1:
            raise values.impossible("a place of a vector")
    if rows != sum(live.bit_count() for live, _ in blocks.values()):
        raise values.impossible("a vector of no row")


def _blocks(connection: apsw.Connection) -> Iterator[tuple[int, int, array[int]]]:
    """The number of each block, a bit for each of its rows that is in use, and whose they are."""
    query = "SELECT chunk_id, validity, rowids FROM vectors_chunks"
    kinds = (values.natural, values.blob, values.blob)
    for number, validity, packed in values.stream(connection, query, kinds):
        if (len(validity) * 8, len(packed)) != (vec0.BLOCK_ROWS, vec0.BLOCK_ROWS * 8):
            raise values.impossible("a block of vectors")
        ids = array("q", packed)
        yield number, int.from_bytes(validity, "little"), ids
