"""The lexical search's own BM25, beside FTS5's and by what it must do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import apsw
import numpy as np
import pytest

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.search.lexical import FIELD_WEIGHTS, lexical_search
from lumen_hooks.storage.lexical_terms import NAME_MARK, PATH_MARK
from lumen_hooks.storage.reader import IndexReader
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [f"word{letter}" for letter in "abcdefghij"]
TOKENIZER = "tokenize=\"porter unicode61 tokenchars '_:'\""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "index.db")


def test_scores_are_those_of_fts5_where_all_chunks_are_of_one_length() -> None:
    rng = random.Random(3)
    theirs, ours = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    theirs.execute(f"CREATE VIRTUAL TABLE l USING fts5(code, name, path, {TOKENIZER})")
    ours.execute(
        "CREATE VIRTUAL TABLE lexical USING fts5(words, content='', contentless_delete=1,"
        f" detail=none, {TOKENIZER})"
    )
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
