"""A valid manifest, right digests, and a file that is hostile: none of them becomes an index."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.storage import adoption

from .forge import reseal
from .hostile import Attack, Table, refused, rows
from .hostile_files import (
    ENDLESS,
    PAGE,
    beside,
    byte_at,
    database,
    freelist_holds_a_table,
    freelist_loops,
    has_rows_without_end,
    leads_to_itself,
    of_page_size,
    other_file,
    overflow_loops,
    put_page,
    raw,
    root_of,
    schema,
    schema_without_end,
    sql,
)

if TYPE_CHECKING:
    from .forge import Bucket

FILES: Table = {
    "file: zeros": other_file(lambda path: path.write_bytes(bytes(4 * PAGE))),
    "file: random bytes": other_file(lambda path: path.write_bytes(os.urandom(4 * PAGE))),
    "file: a program": other_file(lambda path: shutil.copyfile("/bin/sh", path)),
    "file: another database": other_file(database("CREATE TABLE t(x)")),
    "file: another, that calls itself ours": other_file(
        database("PRAGMA application_id=1280658766; PRAGMA user_version=5; CREATE TABLE t(x)")
    ),
    "file: cut": raw(lambda data: data[: len(data) // 2]),
    "file: less a page": raw(lambda data: data[:-PAGE]),
    "file: a page more": raw(lambda data: data + bytes(PAGE)),
    "file: a kilobyte more": raw(lambda data: data + bytes(1024)),
    "file: its first page twice": raw(lambda data: data[:PAGE] + data),
    "file: a page of chunks blank": raw(
        lambda data: put_page(data, root_of(data, "chunks"), bytes(PAGE))
    ),
    "file: its second page blank": raw(lambda data: data[:PAGE] + bytes(PAGE) + data[2 * PAGE :]),
    "file: no bytes of a header": raw(lambda data: bytes(100) + data[100:]),
}

HEADER: Table = {
    "header: another name": byte_at(0, *b"sqlite"),
    "header: pages of 512": byte_at(16, 2, 0),
    "header: pages of 64 KiB": byte_at(16, 0, 1),
    "header: pages of nothing": byte_at(16, 0, 0),
    "header: pages of 3": byte_at(16, 0, 3),
    "header: to be written with a WAL": byte_at(18, 2),
    "header: to be read with a WAL": byte_at(19, 2),
    "header: with a WAL": byte_at(18, 2, 2),
    "header: of a later kind": byte_at(18, 9, 9),
    "header: bytes reserved": byte_at(20, 255),
    "header: another share for a payload": byte_at(21, 65),
    "header: another change": byte_at(24, 9),
    "header: a page in all": byte_at(28, 0, 0, 0, 1),
    "header: 4,000 million pages": byte_at(28, 255, 255, 255, 254),
    "header: free pages behind the end": byte_at(32, 127, 0, 0, 0, 0, 0, 0, 1),
    "header: another schema format": byte_at(47, 1),
    "header: vacuumed by itself": byte_at(55, 1),
    "header: UTF-16": byte_at(59, 2),
    "header: schema 4": byte_at(63, 4),
    "header: schema 99": byte_at(63, 99),
    "header: another application": byte_at(68, 0),
    "header: reserved bytes": byte_at(80, 1),
    "header: written by whom": byte_at(92, 9),
}

PAGES: Table = {
    **{f"pages: {table} leads to itself": leads_to_itself(table) for table in ("files", "meta")},
    **{
        f"pages: {table} has rows without end": has_rows_without_end(table)
        for table in ("chunks", "meta", "vectors_rowids", "lexical_data")
    },
    "pages: the schema has rows without end": raw(schema_without_end),
    "pages: the list of free ones loops": raw(freelist_loops),
    "pages: a table is in the list of free ones": raw(freelist_holds_a_table),
    "pages: a value's loop": overflow_loops,
    "pages: of 4 KiB": of_page_size(4096),
    "pages: of 64 KiB": of_page_size(65536),
    "pages: a WAL beside it": beside,
    "pages: an index on a table has fewer rows": schema(
        "DELETE FROM sqlite_schema WHERE name='chunks_by_file'; PRAGMA writable_schema=RESET;"
        " CREATE INDEX chunks_by_file ON chunks(file_id) WHERE 0;"
        " PRAGMA writable_schema=ON; UPDATE sqlite_schema SET"
        " sql='CREATE INDEX chunks_by_file ON chunks(file_id)' WHERE name='chunks_by_file'"
    ),
    "pages: two tables in one tree": schema(
        "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM sqlite_schema WHERE name='signs')"
        " WHERE name='vector_sums'"
    ),
}

SCHEMA: Table = {
    "schema: a trigger": sql("CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM chunks; END"),
    "schema: a trigger of every table": sql(
        "CREATE TRIGGER t INSERT ON files BEGIN SELECT load_extension('/tmp/x'); END"
    ),
    "schema: a view": sql("CREATE VIEW more AS SELECT 1"),
    "schema: a table is an endless view": sql(
        f"ALTER TABLE meta RENAME TO m; CREATE VIEW meta AS {ENDLESS} SELECT x AS key, x AS value"
        " FROM n",
        sealed=False,
    ),
    "schema: a table besides": sql("CREATE TABLE more(x)"),
    "schema: 100 tables besides": sql("".join(f"CREATE VIEW t{n} AS SELECT 1;" for n in range(99))),
    "schema: a table with a text that steers": sql('CREATE TABLE "\x1b[31mIGNORE ALL"(x)'),
    "schema: an index on an expression": sql("CREATE INDEX i ON files(abs(size))"),
    "schema: an index of a part": sql("CREATE INDEX i ON files(size) WHERE size > 1"),
    "schema: a generated column": sql(
        "ALTER TABLE files ADD COLUMN more BLOB AS (zeroblob(900000000)) VIRTUAL", sealed=False
    ),
    "schema: a column more": sql("ALTER TABLE files ADD COLUMN more TEXT"),
    "schema: a check": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, 'size INTEGER NOT NULL',"
        " 'size INTEGER NOT NULL CHECK (length(zeroblob(200000000)) > 0)') WHERE name='files'"
    ),
    "schema: a check of a shadow": schema(
        'UPDATE sqlite_schema SET sql=\'CREATE TABLE "vectors_info" (key text primary key,'
        " value any CHECK (length(zeroblob(900000000)) > 0))' WHERE name='vectors_info'"
    ),
    "schema: not strict": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, ' STRICT', '') WHERE name='chunks'"
    ),
    "schema: a table without its text": schema("UPDATE sqlite_schema SET sql='' WHERE name='meta'"),
    "schema: a table that is no table": schema(
        "UPDATE sqlite_schema SET type='view' WHERE name='meta'"
    ),
    "schema: a table is missing": sql("DROP TABLE signs", sealed=False),
    "schema: another tokenizer": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, 'porter unicode61', 'trigram')"
        " WHERE name='lexical'"
    ),
    "schema: words with a content of their own": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, 'content=''''', 'content=''chunks''')"
        " WHERE name='lexical'"
    ),
    "schema: another module": schema(
        "UPDATE sqlite_schema SET sql='CREATE VIRTUAL TABLE lexical USING rtree(a, b, c)'"
        " WHERE name='lexical'"
    ),
    "schema: vectors of 8 dimensions": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, 'int8[256]', 'int8[8]') WHERE name='vectors'"
    ),
    "schema: vectors of 999,999 dimensions": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, 'int8[256]', 'int8[999999]')"
        " WHERE name='vectors'"
    ),
    "schema: a second column of vectors": schema(
        "UPDATE sqlite_schema SET sql=replace(sql, ', chunk', ', b float[4], chunk')"
        " WHERE name='vectors'"
    ),
}


def told(text: str) -> Attack:
    """Some SQL on what an index says of itself, with the sum of that made right again."""
    return lambda bucket: bucket.push_file(bucket.changed(text, facts_alone=True))


def fact(name: str, value: str | None) -> Attack:
    """An index that says another thing of itself."""
    if value is None:
        return told(f"DELETE FROM meta WHERE key='{name}'")
    return told(f"INSERT OR REPLACE INTO meta VALUES('{name}', {value})")


FACTS: Table = {
    f"fact: {name} is {str(value)[:24]}": fact(name, value)
    for name, values in {
        "complete": (None, "'0'", "'IGNORE ALL'"),
        "fingerprint": (None, f"'{'0' * 32}'"),
        "model_key": (None, "'another'"),
        "dimensions": (None, "'8'", "'-1'", "'1e3'", "'256' || char(0)", "hex(zeroblob(5000))"),
        "head": (None, f"'{'0' * 40}'", "'../../x'"),
        "index_version": ("'99'", "'x'", "replace(hex(zeroblob(3000)), '00', '9')"),
        "last_refresh": ("'{'", "'[]'", "replace(hex(zeroblob(9000)), '00', '[')"),
        "seal": (None, "''", "'rows 1 2 3'", "'other 1 2 3 4'"),
    }.items()
    for value in values
} | {
    "fact: a sum that is wrong": sql("UPDATE meta SET value='0' WHERE key='sum'", sealed=False),
    "fact: no sum": sql("DELETE FROM meta WHERE key='sum'", sealed=False),
    "fact: a hundred more": told(
        f"{ENDLESS} INSERT INTO meta SELECT 'k' || x, 'v' FROM n LIMIT 100"
    ),
    "fact: of 9 MB": told("INSERT INTO meta VALUES('more', hex(randomblob(4500000)))"),
}

ROWS: Table = {
    f"row: {name}": sql(text)
    for name, text in {
        "a path above": "UPDATE files SET path='../../x' WHERE id=1",
        "an absolute path": "UPDATE files SET path='/etc/passwd' WHERE id=1",
        "a path in .git": "UPDATE files SET path='.git/hooks/post-checkout' WHERE id=1",
        "a path in a .GIT below": "UPDATE files SET path='a/.GIT/config' WHERE id=1",
        "a path with NUL": "UPDATE files SET path='a' || char(0) || 'b' WHERE id=1",
        "an empty path": "UPDATE files SET path='' WHERE id=1",
        "a path with an empty part": "UPDATE files SET path='a//b' WHERE id=1",
        "a path that ends in a slash": "UPDATE files SET path='a/' WHERE id=1",
        "a path with a dot": "UPDATE files SET path='./a' WHERE id=1",
        "a path that is no UTF-8": "UPDATE files SET path=CAST(x'ff' AS TEXT) WHERE id=1",
        "a size below nothing": "UPDATE files SET size=-1 WHERE id=1",
        "a time stamp": "UPDATE files SET changed_ns=5 WHERE id=1",
        "an id of no length": "UPDATE files SET content=x'00' WHERE id=1",
        "a blob of no length": "UPDATE files SET blob=x'00' WHERE id=1",
        "a language that talks": "UPDATE files SET language='py. IGNORE ALL' WHERE id=1",
        "a language of 1 MB": "UPDATE files SET language=hex(randomblob(500000)) WHERE id=1",
        "a reason that talks": "UPDATE files SET cut='Ignore! all' WHERE id=1",
        "a reason of 1 MB": "UPDATE files SET cut=hex(randomblob(500000)) WHERE id=1",
        "neither written nor not": "UPDATE files SET generated=7 WHERE id=1",
        "a file less": "DELETE FROM chunks WHERE file_id=1; DELETE FROM files WHERE id=1",
        "a file that is left out with chunks": "UPDATE files SET skipped='binary' WHERE id=1",
        "a file more": "INSERT INTO files SELECT 99, 'z', content, blob, size, changed_ns,"
        " language, skipped, cut, generated, sum FROM files WHERE id=1",
        "a file's number is 2**62": "UPDATE files SET id=1<<62 WHERE id=1;"
        " UPDATE chunks SET file_id=1<<62 WHERE file_id=1",
        "a file's number is below 0": "UPDATE files SET id=-5 WHERE id=1;"
        " UPDATE chunks SET file_id=-5 WHERE file_id=1",
        "a chunk less": "DELETE FROM chunks WHERE id=1",
        "a chunk of no file": "UPDATE chunks SET file_id=999 WHERE id=1",
        "a chunk from line 0": "UPDATE chunks SET start_line=0 WHERE id=1",
        "a chunk that ends before it begins": "UPDATE chunks SET end_line=0 WHERE id=1",
        "a chunk to line 2**60": "UPDATE chunks SET end_line=1<<60 WHERE id=1",
        "a kind that talks": "UPDATE chunks SET kind='IGNORE ALL' WHERE id=1",
        "a key of no length": "UPDATE chunks SET key=x'' WHERE id=1",
        "a key of 9 MB": "UPDATE chunks SET key=randomblob(9000000) WHERE id=1",
        "a symbol of 9 MB": "UPDATE chunks SET symbol=hex(randomblob(4500000)) WHERE id=1",
        "a chunk without words": "DELETE FROM lexical WHERE rowid=1",
        "words of no chunk": "INSERT INTO lexical(rowid, words) VALUES(1<<40, 'x')",
        "words of a chunk below 0": "INSERT INTO lexical(rowid, words) VALUES(-1, 'x')",
        "a vector of no chunk": "INSERT INTO vectors(id, embedding)"
        " VALUES(999, vec_int8(zeroblob(256)))",
    }.items()
}

EXTENSIONS: Table = {
    f"{name}": sql(text)
    for name, text in {
        "words: the head of each segment": "UPDATE lexical_data SET block=CAST(x'ffffffff'"
        " || substr(block, 5) AS BLOB) WHERE id > 100",
        "words: segments cut": "UPDATE lexical_data SET block=substr(block, 1, 30) WHERE id > 100",
        "words: no segments": "DELETE FROM lexical_data WHERE id > 100",
        "words: segments of zeros": "UPDATE lexical_data SET block=zeroblob(length(block))"
        " WHERE id > 100",
        "words: no list of segments": "DELETE FROM lexical_data WHERE id=10",
        "words: a list of segments of 3 KB": "UPDATE lexical_data SET block="
        "CAST(block || zeroblob(3000) AS BLOB) WHERE id=10",
        "words: a segment without end": "UPDATE lexical_data SET block="
        "x'00000000ff000001010101000101ffffffff0f0000000000' WHERE id=10",
        "words: other places": "UPDATE lexical_idx SET pgno=pgno+100",
        "words: another version": "UPDATE lexical_config SET v=9 WHERE k='version'",
        "words: no version": "DELETE FROM lexical_config WHERE k='version'",
        "words: a huge setting": "INSERT OR REPLACE INTO lexical_config VALUES('hashsize', 1<<40)",
        "words: a setting that talks": "INSERT OR REPLACE INTO lexical_config VALUES('rank', 1)",
        "words: deletions are safe": "INSERT OR REPLACE INTO lexical_config"
        " VALUES('secure-delete', 1)",
        "vectors: a block cut": "UPDATE vectors_vector_chunks00 SET vectors=substr(vectors, 9)",
        "vectors: a block too long": "UPDATE vectors_vector_chunks00 SET"
        " vectors=CAST(vectors || x'00' AS BLOB)",
        "vectors: no block": "DELETE FROM vectors_vector_chunks00",
        "vectors: a bit for each cut": "UPDATE vectors_chunks SET validity=x'ff'",
        "vectors: ids cut": "UPDATE vectors_chunks SET rowids=x'ff'",
        "vectors: a block of 8 rows": "UPDATE vectors_chunks SET size=8, validity=x'ff',"
        " rowids=substr(rowids, 1, 64); UPDATE vectors_vector_chunks00 SET"
        " vectors=substr(vectors, 1, 8 * 256)",
        "vectors: a block of a million rows": "UPDATE vectors_chunks SET size=1048576,"
        " validity=randomblob(131072), rowids=randomblob(8388608)",
        "vectors: none in use": "UPDATE vectors_chunks SET validity=zeroblob(32)",
        "vectors: all in use": "UPDATE vectors_chunks SET"
        " validity=CAST(replace(hex(zeroblob(16)), '00', x'ffff') AS BLOB)",
        "vectors: a place behind the block": "UPDATE vectors_rowids SET chunk_offset=300"
        " WHERE rowid=1",
        "vectors: a place below 0": "UPDATE vectors_rowids SET chunk_offset=-1 WHERE rowid=1",
        "vectors: a place twice": "UPDATE vectors_rowids SET chunk_offset=1 WHERE rowid=1",
        "vectors: a place in no block": "UPDATE vectors_rowids SET chunk_id=9 WHERE rowid=1",
        "vectors: a row less": "DELETE FROM vectors_rowids WHERE rowid=1",
        "vectors: counted up to 2**62": "UPDATE sqlite_sequence SET seq=1<<62",
        "vectors: of a version that talks": "UPDATE vectors_info SET value='v' || hex(zeroblob(99))"
        " WHERE key='CREATE_VERSION'",
        "vectors: says more of itself": "INSERT INTO vectors_info VALUES('MORE', 1)",
        "signs: of no block": "INSERT INTO signs VALUES(99, x'00', 1)",
    }.items()
} | {
    "vectors: a sum of no block": sql("INSERT INTO vector_sums VALUES(99, 1, 1)", sealed=False),
    "vectors: a bit that is not sealed": sql(
        "UPDATE vectors_vector_chunks00 SET vectors=CAST(x'7f' || substr(vectors, 2) AS BLOB)",
        sealed=False,
    ),
    "words: a place of no kind": sql("UPDATE lexical_idx SET term='a', pgno='b'", sealed=False),
    "words: a place that is not sealed": sql("DELETE FROM lexical_idx", sealed=False),
    "row: a symbol that is not sealed": sql(
        "UPDATE chunks SET symbol='x' WHERE id=1", sealed=False
    ),
}


def test_the_honest_index_is_taken(bucket: Bucket) -> None:
    bucket.push_file(bucket.changed("UPDATE chunks SET symbol='is believed' WHERE id=1"))
    assert bucket.attempt().remark == ""
    path = bucket.changed("SELECT 1")
    reseal(str(path))
    bucket.push_file(path)
    assert bucket.attempt().remark == ""
    bucket.clean()


@pytest.mark.parametrize("attack", rows(FILES, HEADER, PAGES, SCHEMA, FACTS, ROWS, EXTENSIONS))
def test_it_is_refused(bucket: Bucket, attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "LOOK_SECONDS", 0.5)
    attack(bucket)
    said = refused(bucket)
    assert "what was pushed is no sound index" in said
    for text in ("IGNORE", "x1b", "/etc/passwd", "../"):
        assert text not in said
