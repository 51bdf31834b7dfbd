from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import numpy as np
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.search.knn import Matrix, load_matrix, match_search
from lumen_hooks.storage.opening import load_vec0, open_to_read, open_to_write
from lumen_hooks.storage.reader import IndexReader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSIONS = 32
ROWS = 3000


def read(connection: apsw.Connection) -> IndexReader:
    return IndexReader(connection, connection.filename)


def opened(path: Path, *, write: bool) -> apsw.Connection:
    connection = open_to_write(str(path), create=True) if write else open_to_read(str(path))
    load_vec0(connection)
    return connection


def make(path: Path, vectors: NDArray[np.int8], block_rows: int = 1024) -> apsw.Connection:
    connection = opened(path, write=True)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)  # for tests that damage vec0's tables
    connection.execute(
        "CREATE VIRTUAL TABLE vectors USING vec0(id INTEGER PRIMARY KEY,"
        f" embedding int8[{vectors.shape[1]}] distance_metric=cosine, chunk_size={block_rows})"
    )
    with connection:
        connection.executemany(
            "INSERT INTO vectors(id, embedding) VALUES(?, vec_int8(?))",
            ((number, row.tobytes()) for number, row in enumerate(vectors, 1)),
        )
    return connection


def quantised(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    scaled: NDArray[np.int8] = np.rint(vectors / largest * 127).astype(np.int8)
    return scaled


def clustered(rows: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    """Vectors with neighbours, and of very different largest components."""
    random = np.random.default_rng(seed)
    topics = random.normal(size=(rows // 20 + 1, dimensions))
    near = topics[random.integers(0, len(topics), rows)]
    found = near + random.normal(size=(rows, dimensions)) * 0.6
    found[:, 0] *= random.choice([1, 8], rows)
    unit: NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit.astype(np.float32)


def loaded(connection: apsw.Connection, dimensions: int = DIMENSIONS) -> Matrix:
    matrix = load_matrix(read(connection), dimensions)
    assert matrix is not None
    return matrix


def same_as_match(
    connection: apsw.Connection, allowed: NDArray[np.int64] | None = None, count: int = 25
) -> None:
    matrix = loaded(connection)
    for query in quantised(clustered(8, DIMENSIONS, seed=5)).astype(np.float32):
        ours = matrix.search(query, count, allowed)
        theirs = match_search(read(connection), query, count, allowed)
        assert ours.cosines == pytest.approx(theirs.cosines, abs=1e-5)
        # Equal cosines may come in another order.
        assert len(set(ours.ids.tolist()) & set(theirs.ids.tolist())) >= len(ours.ids) - 1


@pytest.fixture
def table(tmp_path: Path) -> apsw.Connection:
    return make(tmp_path / "v.db", quantised(clustered(ROWS, DIMENSIONS)))


@pytest.mark.parametrize("block_rows", [256, 1024])
def test_finds_what_match_finds_over_several_blocks(tmp_path: Path, block_rows: int) -> None:
    connection = make(tmp_path / "v.db", quantised(clustered(ROWS, DIMENSIONS)), block_rows)
    assert len(loaded(connection)) == ROWS
    same_as_match(connection)


def test_deleted_rows_are_not_found(table: apsw.Connection) -> None:
    query = clustered(1, DIMENSIONS, seed=9)[0]
    first = loaded(table).search(query, 50).ids
    with table:
        table.executemany("DELETE FROM vectors WHERE id = ?", [(int(row),) for row in first])
        table.execute("DELETE FROM vectors WHERE id BETWEEN 1025 AND 2048")
    matrix = loaded(table)
    assert len(matrix) == table.execute("SELECT count(*) FROM vectors").fetchall()[0][0]
    assert not set(matrix.search(query, 100).ids.tolist()) & set(first.tolist())
    same_as_match(table)


def test_ids_with_gaps_and_out_of_order(tmp_path: Path) -> None:
    connection = make(tmp_path / "v.db", quantised(clustered(10, DIMENSIONS)))
    row = quantised(clustered(1, DIMENSIONS, seed=3))[0]
    insert = "INSERT INTO vectors(id, embedding) VALUES(?, vec_int8(?))"
    connection.execute(insert, (1 << 40, row.tobytes()))
    connection.execute(insert, (500, (-row).tobytes()))
    found = loaded(connection).search(row.astype(np.float32), 100)
    assert found.ids[0] == 1 << 40
    assert found.ids[-1] == 500
    assert found.cosines[[0, -1]].tolist() == pytest.approx([1, -1], abs=1e-6)


@pytest.mark.parametrize("step", [2, 100])
def test_a_filter_is_applied_before_ranking(table: apsw.Connection, step: int) -> None:
    allowed = np.arange(1, ROWS, step, dtype=np.int64)
    found = loaded(table).search(clustered(1, DIMENSIONS, seed=9)[0], 25, allowed)
    assert len(found.ids) == 25
    assert np.isin(found.ids, allowed).all()
    same_as_match(table, allowed)


def test_an_empty_filter_finds_nothing(table: apsw.Connection) -> None:
    nothing = np.empty(0, np.int64)
    query = clustered(1, DIMENSIONS)[0]
    assert not len(loaded(table).search(query, 5, nothing).ids)
    assert not len(match_search(read(table), query, 5, nothing).ids)


def test_recall_against_exact_float32(tmp_path: Path) -> None:
    exact = clustered(4000, 256)
    matrix = loaded(make(tmp_path / "v.db", quantised(exact)), 256)
    queries = clustered(40, 256, seed=7)
    found = 0
    for query in queries:
        wanted = np.argsort(-(exact @ query))[:10] + 1
        found += len(set(matrix.search(query, 10).ids.tolist()) & set(wanted.tolist()))
    assert found / 400 > 0.97


def test_a_querys_length_does_not_matter(table: apsw.Connection) -> None:
    matrix = loaded(table)
    query = clustered(1, DIMENSIONS, seed=2)[0]
    once, scaled = matrix.search(query, 10), matrix.search(query * np.float32(1000), 10)
    assert once.ids.tolist() == scaled.ids.tolist()
    assert once.cosines == pytest.approx(scaled.cosines)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_query_without_direction_finds_nothing(table: apsw.Connection, value: float) -> None:
    query = np.full(DIMENSIONS, value, np.float32)
    assert not len(loaded(table).search(query, 5).ids)
    assert not len(match_search(read(table), query, 5).ids)


def test_no_vectors_at_all(tmp_path: Path) -> None:
    connection = make(tmp_path / "v.db", np.empty((0, DIMENSIONS), np.int8))
    matrix = loaded(connection)
    assert len(matrix) == 0
    assert not len(matrix.search(np.ones(DIMENSIONS, np.float32), 5).ids)


def test_more_wanted_than_there_are(table: apsw.Connection) -> None:
    assert len(loaded(table).search(np.ones(DIMENSIONS, np.float32), 10_000).ids) == ROWS


def test_match_is_asked_for_no_more_than_it_can(table: apsw.Connection) -> None:
    assert len(match_search(read(table), np.ones(DIMENSIONS, np.float32), 100_000).ids) == ROWS


def test_a_zero_vector_fails_loudly(table: apsw.Connection) -> None:
    zero = bytes(DIMENSIONS)
    table.execute("INSERT INTO vectors(id, embedding) VALUES(99999, vec_int8(?))", (zero,))
    with pytest.raises(CorruptIndexError, match="99999"):
        load_matrix(read(table), DIMENSIONS)


def test_a_zero_vector_that_match_returns_fails_loudly(tmp_path: Path) -> None:
    connection = make(tmp_path / "v.db", np.zeros((1, DIMENSIONS), np.int8))
    with pytest.raises(CorruptIndexError, match="chunk 1 "):
        match_search(read(connection), np.ones(DIMENSIONS, np.float32), 5)


def test_a_chunk_id_twice_fails_loudly(table: apsw.Connection) -> None:
    rows = table.execute("SELECT rowids FROM vectors_chunks WHERE chunk_id = 1").fetchall()[0][0]
    assert isinstance(rows, bytes)
    table.execute("UPDATE vectors_chunks SET rowids = ? WHERE chunk_id = 2", (rows,))
    with pytest.raises(CorruptIndexError, match="two vectors"):
        load_matrix(read(table), DIMENSIONS)


def test_a_query_of_other_dimensions_fails_loudly(table: apsw.Connection) -> None:
    with pytest.raises(CorruptIndexError, match="dimensions"):
        loaded(table).search(np.ones(DIMENSIONS * 2, np.float32), 5)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE vectors_chunks RENAME COLUMN validity TO valid",
        "ALTER TABLE vectors_chunks ADD COLUMN extra",
        "CREATE TABLE vectors_vector_chunks01(rowid PRIMARY KEY, vectors BLOB)",
        "UPDATE vectors_vector_chunks00 SET vectors = x'00' WHERE rowid = 2",
        "UPDATE vectors_chunks SET validity = x'00' WHERE chunk_id = 1",
        "DELETE FROM vectors_vector_chunks00 WHERE rowid = 1",
    ],
)
def test_an_unknown_layout_is_left_to_match(table: apsw.Connection, change: str) -> None:
    table.execute(change)
    assert load_matrix(read(table), DIMENSIONS) is None


def test_float32_blocks_are_an_unknown_layout(tmp_path: Path) -> None:
    connection = opened(tmp_path / "v.db", write=True)
    connection.execute(
        f"CREATE VIRTUAL TABLE vectors USING vec0(id INTEGER PRIMARY KEY, e float[{DIMENSIONS}])"
    )
    row = np.ones(DIMENSIONS, np.float32).tobytes()
    connection.execute("INSERT INTO vectors(id, e) VALUES(1, ?)", (row,))
    assert load_matrix(read(connection), DIMENSIONS) is None


def test_a_kept_matrix_knows_when_it_is_out_of_date(tmp_path: Path, table: apsw.Connection) -> None:
    reader = opened(tmp_path / "v.db", write=False)
    matrix = loaded(reader)
    own = loaded(table)
    assert matrix.is_current(read(reader))
    assert own.is_current(read(table))
    table.execute("DELETE FROM vectors WHERE id = 7")
    assert not matrix.is_current(read(reader))
    assert not own.is_current(read(table))
    assert loaded(reader).is_current(read(reader))
