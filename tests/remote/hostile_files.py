"""Files that are no index, or one that lies, made of an honest one."""

from __future__ import annotations

import struct
from contextlib import closing
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .forge import Bucket
    from .hostile import Attack

PAGE = 16_384
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n)"


def sql(text: str, *, sealed: bool = True) -> Attack:
    """Some SQL on the honest index, with all sums made right again."""
    return lambda bucket: bucket.push_file(bucket.changed(text, sealed=sealed))


def schema(text: str) -> Attack:
    """Some SQL that changes the schema; no sum is of that."""
    return sql(f"PRAGMA writable_schema=ON; {text}", sealed=False)


def raw(change: Callable[[bytearray], bytes | bytearray | None]) -> Attack:
    """The honest file with other bytes."""

    def attack(bucket: Bucket) -> None:
        data = bytearray(bucket.index().read_bytes())
        before = bytes(data)
        after = change(data)
        assert (data if after is None else after) != before
        path = bucket.folder.parent / "changed.db"
        path.write_bytes(data if after is None else after)
        bucket.push_file(path)

    return attack


def byte_at(place: int, *values: int) -> Attack:
    def change(data: bytearray) -> None:
        assert data[place : place + len(values)] != bytes(values)
        data[place : place + len(values)] = bytes(values)

    return raw(change)


def pages_of(data: bytearray) -> int:
    return len(data) // PAGE


def add_page(data: bytearray, page: bytes) -> int:
    data += page.ljust(PAGE, b"\0")
    data[28:32] = struct.pack(">I", pages_of(data))
    return pages_of(data)


def interior(children: list[int], last: int, start: int = 0) -> bytes:
    """A page of a table's tree that leads to others (sqlite.org/fileformat2.html)."""
    cells = b"".join(struct.pack(">IB", child, 1) for child in children)
    begin = PAGE - len(cells)
    head = struct.pack(">BHHHBI", 5, 0, len(children), begin, 0, last)
    places = b"".join(struct.pack(">H", begin + 5 * at) for at in range(len(children)))
    return (bytes(start) + head + places).ljust(begin, b"\0") + cells


def root_of(data: bytearray, table: str) -> int:
    """The first page of a table's tree."""
    connection = apsw.Connection("")
    connection.deserialize("main", bytes(data))
    query = "SELECT rootpage FROM sqlite_schema WHERE name=?"
    ((page,),) = connection.execute(query, (table,)).fetchall()
    assert isinstance(page, int)
    return page


def put_page(data: bytearray, number: int, page: bytes) -> None:
    data[(number - 1) * PAGE : number * PAGE] = page


def leads_to_itself(table: str) -> Attack:
    def change(data: bytearray) -> None:
        root = root_of(data, table)
        put_page(data, root, interior([], root))

    return raw(change)


def has_rows_without_end(table: str) -> Attack:
    """A tree of few pages with some thousand million rows."""

    def change(data: bytearray) -> None:
        root = root_of(data, table)
        leaf = add_page(data, bytes(data[(root - 1) * PAGE : root * PAGE]))
        low = add_page(data, interior([leaf] * 1500, leaf))
        high = add_page(data, interior([low] * 1500, low))
        put_page(data, root, interior([high] * 1500, high))

    return raw(change)


def schema_without_end(data: bytearray) -> None:
    """The schema of an index, and then one row of it a few thousand million times."""
    head, page = bytes(data[:100]), data[:PAGE]
    count = struct.unpack(">H", page[103:105])[0]
    places = struct.unpack(f">{count}H", page[108 : 108 + 2 * count])
    leaf = bytes(page[100:108]) + bytes(page[108 : 108 + 2 * count])
    leaf = leaf.ljust(min(places), b"\0") + bytes(page[min(places) :])
    honest = add_page(data, leaf)
    record = b"index" + b"sqlite_autoindex_files_1" + b"files" + bytes([4])
    cell = bytes([len(record) + 6, 9, 6, 23, 61, 23, 1, 0]) + record
    again = struct.pack(">BHHHB", 13, 0, 1, PAGE - len(cell), 0) + struct.pack(
        ">H", PAGE - len(cell)
    )
    child = add_page(data, again.ljust(PAGE - len(cell), b"\0") + cell)
    for _ in range(3):
        child = add_page(data, interior([child] * 1500, child))
    total = data[28:32]
    put_page(data, 1, head + interior([honest], child, 100)[100:])
    data[28:32] = total


def freelist_loops(data: bytearray) -> None:
    trunk = add_page(data, struct.pack(">II", pages_of(data) + 1, 0))
    data[32:40] = struct.pack(">II", trunk, 1 << 30)


def freelist_holds_a_table(data: bytearray) -> None:
    trunk = add_page(data, struct.pack(">III", 0, 1, root_of(data, "files")))
    data[32:40] = struct.pack(">II", trunk, 2)


def overflow_loops(bucket: Bucket) -> None:
    path = bucket.changed("INSERT INTO meta VALUES('more', hex(zeroblob(60000)))")
    data = bytearray(path.read_bytes())
    pages = [at for at in range(pages_of(data)) if data[at * PAGE + 4 :][:9000] == b"0" * 9000]
    struct.pack_into(">I", data, pages[-2] * PAGE, pages[-2] + 1)
    path.write_bytes(data)
    bucket.push_file(path)


def beside(bucket: Bucket) -> None:
    """A journal and a WAL that lie where the attacker expects the file, and another file of WAL."""
    path = bucket.changed("PRAGMA journal_mode=WAL; UPDATE files SET path='../../x'", sealed=False)
    bucket.push_file(path)


def of_page_size(page_size: int) -> Attack:
    def attack(bucket: Bucket) -> None:
        path = bucket.changed(
            f"PRAGMA page_size={page_size};"
            " INSERT INTO signs VALUES(9, randomblob(400000), 1); VACUUM"
        )
        bucket.push_file(path)

    return attack


def other_file(make: Callable[[Path], object]) -> Attack:
    def attack(bucket: Bucket) -> None:
        path = bucket.folder.parent / "changed.db"
        make(path)
        bucket.push_file(path)

    return attack


def database(text: str) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute(f"PRAGMA page_size={PAGE}; {text}")

    return make
