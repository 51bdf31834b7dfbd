"""The coarse look at very many vectors, with its bounds lowered so that few are many."""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import apsw
import numpy as np
import pytest

from lumen_hooks.errors import CorruptIndexError, StoreError
from lumen_hooks.search import coarse
from lumen_hooks.search.coarse import Coarse, load_vectors
from lumen_hooks.search.knn import Matrix, load_matrix
from lumen_hooks.storage import signs, vec0
from lumen_hooks.storage.new_index import create_index
from lumen_hooks.storage.opening import start_wal
from lumen_hooks.storage.reader import IndexReader, open_index
from lumen_hooks.storage.signed import SignedVectors
from lumen_hooks.storage.signs import STRAY
from tests.search.test_knn import quantised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from lumen_hooks.storage.index import Index
    from lumen_hooks.storage.rows import Signs

DIMENSIONS = 256
ROWS = 6000
COUNT = 10


@pytest.fixture(autouse=True, scope="module")
def _few_have_signs() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signs, "KEPT_FROM_BLOCKS", 1)
        yield


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coarse, "COARSE_FROM", 1)
    monkeypatch.setattr(coarse, "EXACT_MOST", 40)
    monkeypatch.setattr(coarse, "NEAR_LEAST", 1000)
    monkeypatch.setattr(coarse, "READ_AT_ONCE", 300)


def clustered(rows: int, dimensions: int) -> NDArray[np.float32]:
    """Vectors of which some fifty each are about the same."""
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(rows // 50 + 1, dimensions))
    near = topics[rng.integers(0, len(topics), rows)]
    found: NDArray[np.float32] = (near + rng.normal(size=near.shape) * 0.6).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def add(index: Index, vectors: NDArray[np.int8], first: int = 1) -> None:
    rows = [(number, row.tobytes()) for number, row in enumerate(vectors, first)]
    index.connection.execute("CREATE TEMP TABLE IF NOT EXISTS given(id, vector)")
    with index.transaction():
        index.connection.execute("DELETE FROM temp.given")
        index.connection.executemany("INSERT INTO temp.given VALUES(?, ?)", rows)
        vec0.add_from(index.connection, "SELECT id, vector FROM temp.given")


def made(path: Path, vectors: NDArray[np.int8]) -> Index:
    index = create_index(str(path), vectors.shape[1])
    start_wal(index.connection)
    add(index, vectors)
    return index


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("coarse") / "index.db"
    made(path, quantised(clustered(ROWS, DIMENSIONS))).close()
    return str(path)


@pytest.fixture
def index(sound: str) -> Iterator[IndexReader]:
    with open_index(sound) as opened:
        yield opened


def is_whole(index: IndexReader) -> bool:
    """As `IndexReader.check` sees blocks, ids and signs; there are no chunks here."""
    query = f"SELECT EXISTS({vec0.DAMAGED_BLOCKS}), EXISTS({vec0.DAMAGED_IDS}), EXISTS({STRAY})"
    return index.connection.execute(query, (DIMENSIONS,)).fetchall() == [(0, 0, 0)]


def both(index: IndexReader, dimensions: int = DIMENSIONS) -> tuple[Coarse, Matrix]:
    found, exact = load_vectors(index, dimensions), load_matrix(index, dimensions)
    assert isinstance(found, Coarse)
    assert isinstance(exact, Matrix)
    return found, exact


def queries(count: int = 20, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """Near some of the rows, as questions are."""
    rows = clustered(ROWS, dimensions)[:: ROWS // count]
    noise = np.random.default_rng(3).normal(size=rows.shape) / dimensions**0.5
    near: NDArray[np.float32] = (rows + noise).astype(np.float32)
    return near


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param(None, id="all"),
        pytest.param(np.arange(1, ROWS, 2), id="every other"),
        pytest.param(np.arange(500, 2500), id="a run"),
        pytest.param(np.arange(90, 120), id="few, all of them read"),
        pytest.param(np.arange(ROWS + 1, ROWS + 9), id="of no vector"),
    ],
)
def test_finds_the_nearest(index: IndexReader, allowed: NDArray[np.int64] | None) -> None:
    ours, exact = both(index)
    shares = []
    for query in queries():
        found, wanted = ours.search(query, COUNT, allowed), exact.search(query, COUNT, allowed)
        assert len(found.ids) == len(wanted.ids)
        if not len(wanted.ids):
            continue
        assert allowed is None or set(found.ids.tolist()) <= set(allowed.tolist())
        same = np.isin(found.ids, wanted.ids)
        shares.append(same.mean())
        assert exact.cosines(query, found.ids) == pytest.approx(found.cosines, abs=1e-5)
        assert found.mean == pytest.approx(wanted.mean, abs=wanted.deviation / 5)
        assert found.deviation == pytest.approx(wanted.deviation, rel=0.2)
    assert not shares or np.mean(shares) >= 0.99


def test_a_question_reads_few_vectors(index: IndexReader, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = both(index)
    query = queries()[0]
    ours.search(query, COUNT)  # the sample is read once
    read: list[int] = []
    whole = Coarse._read

    def counted(self: Coarse, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        read.append(len(rows))
        return whole(self, rows)

    monkeypatch.setattr(Coarse, "_read", counted)
    ours.search(query, COUNT)
    assert read == [300, 300]
    read.clear()
    ours.cosines(query, np.array([5, 4, 9999]))
    assert read == [2]


def test_cosines_of_chunks_in_any_order(index: IndexReader) -> None:
    ours, exact = both(index)
    ids = np.array([77, 3, 99999, 5000, 0, 3])
    found, wanted = ours.cosines(queries()[0], ids), exact.cosines(queries()[0], ids)
    assert found == pytest.approx(wanted, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("dimensions", [8, 24, 48, 384])
def test_vectors_of_other_dimensions(tmp_path: Path, dimensions: int) -> None:
    vectors = quantised(clustered(700, dimensions))
    with made(tmp_path / "i.db", vectors) as index:
        ours, exact = both(index, dimensions)
        query = vectors[5].astype(np.float32)
        assert ours.search(query, 1).ids.tolist() == exact.search(query, 1).ids.tolist()
        with pytest.raises(CorruptIndexError, match="dimensions"):
            ours.search(np.ones(dimensions + 8, np.float32), 1)


def test_dimensions_that_fill_no_bytes_have_no_signs(tmp_path: Path) -> None:
    with made(tmp_path / "i.db", quantised(clustered(50, 12))) as index:
        assert isinstance(load_vectors(index, 12), Matrix)


def test_changes_show(tmp_path: Path) -> None:
    vectors = quantised(clustered(1000, DIMENSIONS))
    with made(tmp_path / "i.db", vectors[:700]) as index:
        before, _ = both(index)
        with index.transaction():
            vec0.remove(index.connection, [*range(1, 300), 555])
        add(index, vectors[700:], first=701)
        add(index, vectors[:1], first=5)  # an id below those that are there
        assert not before.is_current(index)
        ours, exact = both(index)
        assert (len(ours), ours.is_current(index)) == (len(exact), True)
        for query in vectors[[0, 100, 400, 555, 900]].astype(np.float32):
            found, wanted = ours.search(query, 5), exact.search(query, 5)
            assert found.ids[0] == wanted.ids[0]
        assert ours.cosines(vectors[0].astype(np.float32), np.array([5, 6])) == pytest.approx(
            [1, np.nan], abs=1e-5, nan_ok=True
        )


def test_of_blocks_that_are_as_they_were_no_signs_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = SignedVectors.signs

    def counted(self: SignedVectors, parts: list[int] | None = None) -> Iterator[Signs]:
        for some in whole(self, parts):
            read.extend(part * signs.PART_ROWS // vec0.BLOCK_ROWS for part in some.parts)
            yield some

    vectors = quantised(clustered(1500, DIMENSIONS))
    with made(tmp_path / "i.db", vectors[:1400]) as index:
        before = load_vectors(index, DIMENSIONS)
        monkeypatch.setattr(SignedVectors, "signs", counted)
        with index.transaction():
            vec0.remove(index.connection, [*range(257, 513), 800])  # all of block 2, one of 4
        add(index, vectors[1400:], first=1401)
        after = load_vectors(index, DIMENSIONS, before)
        assert isinstance(load_vectors(index, DIMENSIONS, after), Coarse)
        assert set(read) == {4, 6}
        assert len(read) * signs.PART_ROWS == 2 * vec0.BLOCK_ROWS
        again = load_vectors(index, DIMENSIONS)
    assert isinstance(after, Coarse)
    assert isinstance(again, Coarse)
    for ours, theirs in zip(after.signs, again.signs, strict=True):
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_before_numpy_2(index: IndexReader, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = both(index)
    with_numpy_2 = [ours.search(query, COUNT) for query in queries(5)]
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    for query, wanted in zip(queries(5), with_numpy_2, strict=False):
        assert ours.search(query, COUNT).ids.tolist() == wanted.ids.tolist()


def test_few_vectors_and_older_indexes_are_looked_at_exactly(
    sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_index(sound) as index:
        index.version = 4
        assert isinstance(load_vectors(index, DIMENSIONS), Matrix)
        index.version = 5
        monkeypatch.setattr(coarse, "COARSE_FROM", ROWS + 1000)
        assert isinstance(load_vectors(index, DIMENSIONS), Matrix)


def test_a_small_index_has_no_signs_until_it_was_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signed(index: Index) -> int:
        ((parts,),) = index.connection.execute("SELECT count(*) FROM signs")
        assert isinstance(parts, int)
        assert is_whole(index)
        return parts * signs.PART_ROWS // vec0.BLOCK_ROWS

    monkeypatch.setattr(signs, "KEPT_FROM_BLOCKS", 3)
    vectors = quantised(clustered(700, DIMENSIONS))
    with made(tmp_path / "i.db", vectors[:500]) as index:
        assert signed(index) == 0
        add(index, vectors[500:], first=501)
        assert signed(index) == 3
        with index.transaction():
            vec0.remove(index.connection, range(200, 701))
        assert signed(index) == 1
        add(index, vectors[500:600], first=501)
        found = both(index)[0].search(vectors[7].astype(np.float32), 1)
        assert (signed(index), found.ids.tolist()) == (2, [8])


# damage


def damaged(sound: str, tmp_path: Path, statement: str, *bindings: object) -> IndexReader:
    path = str(tmp_path / "damaged.db")
    shutil.copyfile(sound, path)
    connection = apsw.Connection(path)
    connection.execute(statement, bindings)
    connection.close()
    return open_index(path)


def flipped(column: str, at: int) -> str:
    """An expression for a blob with one bit of one byte changed; hex has two digits for each."""
    one = f"substr({column}, {at + 1}, 1)"
    other = f"CASE {one} WHEN x'00' THEN x'01' ELSE x'00' END"
    return f"CAST(substr({column}, 1, {at}) || {other} || substr({column}, {at + 2}) AS BLOB)"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE signs SET codes={flipped('codes', 300)} WHERE part=5",
        f"UPDATE signs SET codes={flipped('codes', 2100)} WHERE part=6",
        "UPDATE signs SET part=part+1 WHERE part=(SELECT max(part) FROM signs)",
        "DELETE FROM signs WHERE part=(SELECT max(part) FROM signs)",
        "DELETE FROM signs WHERE part=(SELECT min(part) FROM signs)",
        "INSERT INTO signs SELECT max(part) + 1, codes, sum FROM signs",
        f"UPDATE vectors_chunks SET rowids={flipped('rowids', 8)} WHERE chunk_id=2",
        f"UPDATE vectors_chunks SET validity={flipped('validity', 3)} WHERE chunk_id=2",
        "DELETE FROM vector_sums WHERE block=2",
    ],
)
def test_what_is_not_as_written_is_refused(sound: str, tmp_path: Path, statement: str) -> None:
    with damaged(sound, tmp_path, statement) as index, pytest.raises(CorruptIndexError):
        load_vectors(index, DIMENSIONS)
    with open_index(str(tmp_path / "damaged.db")) as index:
        assert not is_whole(index)


def test_a_vector_that_is_not_as_written_is_refused(sound: str, tmp_path: Path) -> None:
    vectors = quantised(clustered(ROWS, DIMENSIONS))
    change = flipped("vectors", 7 * DIMENSIONS + 9)
    statement = f"UPDATE vectors_vector_chunks00 SET vectors={change} WHERE rowid=3"
    with damaged(sound, tmp_path, statement) as index:
        found = load_vectors(index, DIMENSIONS)
        assert isinstance(found, Coarse)
        query = vectors[2 * 256 + 7].astype(np.float32)
        with pytest.raises(CorruptIndexError, match="chunk 520's vector"):
            found.search(query, COUNT)


def test_flipped_bits_never_change_an_answer(sound: str, tmp_path: Path) -> None:
    query = queries()[4]
    with open_index(sound) as index:
        wanted = both(index)[0].search(query, COUNT)
    path = str(tmp_path / "index.db")
    size = os.path.getsize(sound)
    for trial in range(60):
        rng = random.Random(trial)
        shutil.copyfile(sound, path)
        with open(path, "r+b") as file:
            file.seek(rng.randrange(size))
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1 << rng.randrange(8)]))
        try:
            with open_index(path) as index:
                found = load_vectors(index, DIMENSIONS)
                assert isinstance(found, Coarse), trial
                nearest = found.search(query, COUNT)
        except StoreError:
            continue
        assert nearest.ids.tolist() == wanted.ids.tolist(), trial
        assert nearest.cosines.tolist() == wanted.cosines.tolist(), trial
