"""The lexical search's own BM25, beside FTS5's and by what it must do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.search import frequent_words, lexical
from lumen_hooks.search.frequent_words import FrequentWords
from lumen_hooks.search.lexical import FIELD_WEIGHTS, lexical_search
from lumen_hooks.storage.lexical_terms import NAME_MARK, PATH_MARK
from lumen_hooks.storage.reader import IndexReader
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORDS = [f"word{letter}" for letter in "abcdefghij"]
TOKENIZER = "tokenize=\"porter unicode61 tokenchars '_:'\""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "index.db")


def empty() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE lexical USING fts5(words, content='', contentless_delete=1,"
        f" detail=none, {TOKENIZER})"
    )
    return connection


def test_scores_are_those_of_fts5_where_all_chunks_are_of_one_length() -> None:
    rng = random.Random(3)
    theirs, ours = apsw.Connection(":memory:"), empty()
    theirs.execute(f"CREATE VIRTUAL TABLE l USING fts5(code, name, path, {TOKENIZER})")
    for number in range(1, 301):
        code, name, path = (rng.sample(WORDS, count) for count in (4, 2, 1))
        theirs.execute("INSERT INTO l VALUES(?, ?, ?)", tuple(map(" ".join, (code, name, path))))
        words = [*code, *(NAME_MARK + word for word in name), *(PATH_MARK + word for word in path)]
        ours.execute("INSERT INTO lexical(rowid, words) VALUES(?, ?)", (number, " ".join(words)))
    weights = ", ".join(map(str, FIELD_WEIGHTS))
    for asked in (["worda"], ["wordb", "wordc"], WORDS[4:8]):
        rows: list[Any] = theirs.execute(
            f"SELECT rowid, -bm25(l, {weights}) FROM l WHERE l MATCH ?", (" OR ".join(asked),)
        ).fetchall()
        expected: dict[int, float] = dict(rows)
        found = lexical_search(IndexReader(ours, ":memory:"), " ".join(asked), 1000).scores
        assert found == pytest.approx(expected, rel=1e-4)
        assert list(found.values()) == sorted(found.values(), reverse=True)


def test_a_word_counts_most_in_the_symbol_then_in_the_path(corpus: Corpus) -> None:
    corpus.add(
        Piece("a.py", "upload(file)"),
        Piece("upload.py", "send(file)"),
        Piece("b.py", "send(file)", symbol="upload"),
        *(Piece(f"c{number}.py", "other()") for number in range(20)),
    )
    assert list(lexical_search(corpus.reader, "upload", 10).scores) == [3, 2, 1]


def test_only_allowed_chunks_are_ranked(corpus: Corpus) -> None:
    corpus.add(*(Piece(f"{number}.py", "parse(header)") for number in range(50)))
    allowed = np.array([7, 9, 40, 5000], np.int64)
    assert list(lexical_search(corpus.reader, "parse", 2, allowed).scores) == [7, 9]
    assert lexical_search(corpus.reader, "parse", 2, np.array([60], np.int64)).scores == {}


def test_equal_scores_come_by_id_and_the_count_is_kept(corpus: Corpus) -> None:
    corpus.add(*(Piece(f"{number}.py", "parse(header)") for number in range(50)))
    assert list(lexical_search(corpus.reader, "header parse", 5).scores) == [1, 2, 3, 4, 5]


def test_a_word_that_every_chunk_has_still_finds_them(corpus: Corpus) -> None:
    corpus.add(Piece("a.py", "parse()"), Piece("b.py", "parse()"))
    assert set(lexical_search(corpus.reader, "parse", 5).scores) == {1, 2}


def test_a_deleted_chunk_is_not_found(corpus: Corpus) -> None:
    corpus.add(Piece("a.py", "parse()"), Piece("b.py", "parse()"))
    corpus.writer.execute("DELETE FROM lexical WHERE rowid=1")
    assert list(lexical_search(corpus.reader, "parse", 5).scores) == [2]


def test_a_chunk_that_cannot_be_is_damage(corpus: Corpus) -> None:
    corpus.writer.execute("INSERT INTO lexical(rowid, words) VALUES(-4, 'parse')")
    with pytest.raises(CorruptIndexError, match="chunk -4"):
        lexical_search(corpus.reader, "parse", 5)


# many chunks, for which few are taken here

CHUNKS = 5000


def test_ids_that_are_far_apart_change_nothing_and_number_no_array() -> None:
    near, far = empty(), empty()
    rng = random.Random(5)
    for number in range(1, 101):
        words = " ".join(rng.sample(WORDS, 3))
        for connection, step in ((near, 1), (far, 1 << 55)):
            connection.execute(
                "INSERT INTO lexical(rowid, words) VALUES(?, ?)", (number * step, words)
            )
    for allowed in (None, np.arange(20, 70)):
        one, other = (
            lexical_search(
                IndexReader(connection, ":memory:"),
                "worda wordc",
                30,
                None if allowed is None else allowed * step,
            )
            for connection, step in ((near, 1), (far, 1 << 55))
        )
        assert {number << 55: score for number, score in one.scores.items()} == other.scores
        assert one.rarities.tolist() == other.rarities.tolist()


class Asked(IndexReader):
    """Notes which expressions are listed whole, and which are counted here and there."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection, ":memory:")
        self.listed: list[str] = []
        self.counted: list[str] = []

    def postings(self, expressions: Sequence[str], first: int | None = None) -> dict[str, str]:
        found = super().postings(expressions, first)
        self.listed += [one for one in found if first is None or found[one].count(",") + 1 < first]
        return found

    def postings_after(self, expression: str, chunk: int) -> str:
        self.listed.append(expression)
        return super().postings_after(expression, chunk)

    def postings_about(self, expression: str, last: int, enough: int) -> int:
        self.counted.append(expression)
        return super().postings_about(expression, last, enough)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """`common` is in every second chunk, `usual` in every third, `often` in a tenth."""
    monkeypatch.setattr(lexical, "COMMON_FROM", 1)
    monkeypatch.setattr(frequent_words, "FREQUENT", 100)
    connection = empty()
    words = {"common": 2, "usual": 3, "often": 10, "seldom": 400, "n:common": 1000}
    with connection:
        connection.executemany(
            "INSERT INTO lexical(rowid, words) VALUES(?, ?)",
            [
                (row, " ".join(word for word, each in words.items() if not row % each) or "none")
                for row in range(1, CHUNKS + 1)
            ],
        )
    return Asked(connection)


def test_a_common_word_is_not_listed_beside_a_rarer_one(many: Asked) -> None:
    found = lexical_search(many, "common seldom", CHUNKS)
    assert '"common"' not in many.listed
    assert {'"n:common"', '"seldom"'} <= set(many.listed)
    assert len(many.listed) == len(set(many.listed))
    assert set(found.scores) == {*range(400, CHUNKS + 1, 400), *range(1000, CHUNKS + 1, 1000)}
    assert found.rarities[0] < found.rarities[1] / 100
    assert many.counted == ['"common"']


def test_a_frequent_word_that_is_not_common_is_listed(many: Asked) -> None:
    found = lexical_search(many, "often", CHUNKS)
    assert list(found.scores) == list(range(10, CHUNKS + 1, 10))
    assert many.counted == ['"often"']


def test_of_nothing_but_common_words_the_rarest_is_listed(many: Asked) -> None:
    found = lexical_search(many, "common usual", 10)
    assert '"usual"' not in many.listed  # the symbol of some is `common`
    assert set(found.scores) == {1000, 2000, 3000, 4000, 5000}
    many.connection.execute("DELETE FROM lexical WHERE rowid % 1000 = 0")
    found = lexical_search(many, "common usual", CHUNKS)
    assert '"usual"' in many.listed
    assert list(found.scores) == [row for row in range(3, CHUNKS + 1, 3) if row % 1000]


def test_the_best_of_many_are_the_first_of_all(many: Asked) -> None:
    every = list(lexical_search(many, "often usual seldom", CHUNKS).scores.items())
    allowed = np.arange(7, CHUNKS, 3)
    some = list(lexical_search(many, "often usual seldom", CHUNKS, allowed).scores.items())
    assert len(every) > len(some) > 0
    for count in (1, 7, 18):
        found = lexical_search(many, "often usual seldom", count)
        assert list(found.scores.items()) == every[:count]
        found = lexical_search(many, "often usual seldom", count, allowed)
        assert list(found.scores.items()) == some[:count]


def test_few_chunks_have_no_common_words(many: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "COMMON_FROM", CHUNKS + 1)
    assert len(lexical_search(many, "common seldom", CHUNKS).scores) == CHUNKS / 2
    assert many.counted == []


def test_frequent_words_are_listed_once(many: Asked) -> None:
    known = FrequentWords()
    first = lexical_search(many, "often seldom common", 50, None, known)
    many.listed.clear()
    again = lexical_search(many, "often seldom common", 50, None, known)
    assert '"often"' not in many.listed
    assert many.counted == ['"often"', '"common"']
    assert again.scores == first.scores == lexical_search(many, "often seldom common", 50).scores
    assert 0 < known.nbytes < CHUNKS / 4
    many.connection.execute("INSERT INTO lexical(rowid, words) VALUES(9999, 'often')")
    assert 9999 in lexical_search(many, "often", CHUNKS, None, known).scores


def test_what_is_kept_of_frequent_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequent_words, "_KEPT_BYTES", 1000)
    monkeypatch.setattr(frequent_words, "FREQUENT", 1)
    known = FrequentWords()
    for word in "abc":
        known.keep(word, np.array([7, 3200]))
    assert (known.nbytes <= 1000, "a" in known, "c" in known) == (True, False, True)
    kept = known.get("c")
    assert kept is not None
    assert kept.tolist() == [7, 3200]


def test_about_how_many_chunks_have_a_word(many: Asked) -> None:
    for expression, each in (('"common"', 2), ('"usual"', 3), ('"often"', 10)):
        assert many.postings_about(expression, CHUNKS, 0) == pytest.approx(CHUNKS / each, rel=0.05)
    assert many.postings_about('"nowhere"', CHUNKS, 0) == 0
    assert many.postings([]) == {}
