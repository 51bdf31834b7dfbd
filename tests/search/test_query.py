from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import apsw
import pytest

from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.errors import CorruptIndexError, QueryError, StoreError
from lumen_hooks.search import query as query_module
from lumen_hooks.search.filters import allowed_chunks
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.results import MAX_LIMIT, Query
from lumen_hooks.storage.opening import load_vec0, open_to_read
from lumen_hooks.storage.reader import IndexReader
from tests.support.search_corpus import Corpus, Piece, search, search_index

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


UPLOAD = Piece(
    "src/upload.py",
    "def retry_failed_uploads(queue):\n    for upload in queue.failed():\n        upload.send()",
    "retry_failed_uploads",
    lines=(10, 12),
)
CALLER = Piece(
    "src/main.py",
    "retry_failed_uploads(queue)\nretry_failed_uploads(other)\nlog('retry_failed_uploads')",
    kind="module",
    lines=(1, 3),
)
TEST = Piece(
    "tests/test_upload.py",
    "def test_retry_failed_uploads():\n    retry_failed_uploads(queue)\n    upload.send()",
    "test_retry_failed_uploads",
    lines=(5, 7),
)
PARSER = Piece(
    "src/http/parser.py",
    "class HeaderParser:\n    def parse(self):\n        raise ValueError('malformed header line')",
    "HeaderParser",
    "class",
    lines=(1, 3),
)
UNICODE = Piece(
    "src/größe.py", "def größe_prüfen(名前):\n    return 名前", "größe_prüfen", lines=(1, 2)
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    filler = [
        Piece(
            f"src/module{number}.py",
            f"def helper{number}(): return value{number}",
            f"helper{number}",
        )
        for number in range(40)
    ]
    return Corpus(tmp_path / "i.db").add(UPLOAD, CALLER, TEST, PARSER, UNICODE, *filler)


def test_an_identifier_finds_its_definition_first(corpus: Corpus) -> None:
    for query in ("retry_failed_uploads", "RETRY_FAILED_UPLOADS", "retryFailedUploads"):
        assert corpus.search(query)[0].path == UPLOAD.path
    assert corpus.search("HeaderParser")[0].symbol == "HeaderParser"
    assert corpus.search("HeaderParser::parse")[0].symbol == "HeaderParser"


def test_a_question_finds_what_answers_it(corpus: Corpus) -> None:
    assert corpus.search("where do we retry failed uploads?")[0].path == UPLOAD.path


def test_an_error_message_finds_where_it_is_raised(corpus: Corpus) -> None:
    assert corpus.search('ValueError: malformed header line "X-Y"')[0].path == PARSER.path


@pytest.mark.parametrize(
    "query",
    ["parser.py", "http/parser.py", "src/http/parser.py", "./src/http/parser.py", "Parser.py"],
)
def test_a_file_name_finds_the_file_first(corpus: Corpus, query: str) -> None:
    others = [Piece(f"x/p{n}.py", "parser parser.py http", f"parser{n}") for n in range(150)]
    corpus.add(*others)
    assert corpus.search(query)[0].path == PARSER.path


def test_tests_come_after_code_unless_asked_for(corpus: Corpus) -> None:
    found = [hit.path for hit in corpus.search("retry failed uploads")]
    assert found.index(UPLOAD.path) < found.index(TEST.path)
    assert corpus.search("test retry failed uploads")[0].path == TEST.path


def test_unicode(corpus: Corpus) -> None:
    assert corpus.search("größe_prüfen")[0].path == UNICODE.path
    assert corpus.search("名前")[0].path == UNICODE.path


def test_scores_fall_from_at_most_one_and_ties_are_in_order(corpus: Corpus) -> None:
    same = [
        Piece(f"same/{name}.py", "wombat", lines=(line, line)) for line in (9, 3) for name in "ba"
    ]
    corpus.add(*same)
    scores = [hit.score for hit in corpus.search("wombat failed uploads helper7", limit=50)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    (hit,) = corpus.search("wombat", path="same")
    tied = [(one.path, one.start_line) for one in (hit, *hit.copies)]
    assert tied == [("same/a.py", 3), ("same/a.py", 9), ("same/b.py", 3), ("same/b.py", 9)]


def test_a_hit_has_all_that_is_known(corpus: Corpus) -> None:
    hit = corpus.search("retry_failed_uploads", limit=1)[0]
    assert (hit.chunk_id, hit.path, hit.start_line, hit.end_line) == (1, "src/upload.py", 10, 12)
    assert (hit.symbol, hit.kind, hit.language) == ("retry_failed_uploads", "function", "python")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\0", "\0 \0"])
def test_an_empty_query_is_refused(corpus: Corpus, text: str) -> None:
    with pytest.raises(QueryError, match="empty"):
        corpus.search(text)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(corpus: Corpus, limit: int) -> None:
    with pytest.raises(QueryError, match=str(limit)):
        corpus.search("upload", limit=limit)


def test_limits(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "i.db")
    corpus.add(*(Piece(f"f{number}.py", f"upload {number}") for number in range(MAX_LIMIT + 100)))
    assert len(corpus.search("upload", limit=3)) == 3
    assert len(corpus.search("upload", limit=10**12)) == MAX_LIMIT


@pytest.mark.parametrize(
    "text",
    [
        '" OR *',
        "NEAR(upload",
        "\x1b[31mupload",
        "\ud800",
        "a\0upload",
        "?!",
        "upload " * 150_000,
        "u" * 1_000_000,
        "%_" * 20 + ".py",
        "./",
        "\\",
        "🎉",
    ],
    ids=range(12),
)
def test_any_query_is_answered(corpus: Corpus, text: str) -> None:
    assert all(0 <= hit.score <= 1 for hit in corpus.search(text))


def test_an_empty_index_has_no_answer(tmp_path: Path) -> None:
    assert Corpus(tmp_path / "i.db").search("anything") == []


def test_a_chunk_without_a_vector_is_found_by_its_words(corpus: Corpus) -> None:
    corpus.add(Piece("src/odd.py", "wombat()", "wombat", has_vector=False))
    assert corpus.search("wombat")[0].path == "src/odd.py"


def test_parts_of_one_definition_count_once(corpus: Corpus) -> None:
    parts = [
        Piece("big.py", f"wombat step{number}", "Big.run", "method", lines=(start, start + 18))
        for number, start in enumerate(range(1, 100, 20))
    ]
    again = Piece("big.py", "wombat", "Big.run", "method", lines=(300, 310))
    other = Piece("big.py", "wombat", "Big.stop", "method", lines=(400, 410))
    corpus.add(*parts, again, other)
    found = {
        (hit.symbol, hit.start_line, hit.end_line) for hit in corpus.search("wombat", path="big.py")
    }
    assert found == {("Big.run", 1, 99), ("Big.run", 300, 310), ("Big.stop", 400, 410)}


def test_parts_with_a_part_between_them_that_was_not_found_still_count_once(corpus: Corpus) -> None:
    texts = ["wombat", "unrelated", "wombat"]
    corpus.add(
        *(
            Piece("b.py", text, "run", lines=(n * 10 + 1, n * 10 + 10))
            for n, text in enumerate(texts)
        )
    )
    corpus.writer.execute("DELETE FROM vectors")
    hits = corpus.search("wombat")
    assert [(hit.start_line, hit.end_line) for hit in hits] == [(1, 30)]


def test_neighbouring_windows_become_one_hit_of_bounded_length(corpus: Corpus) -> None:
    windows = [
        Piece("notes.txt", f"wombat line {n}", kind="text", lines=(n * 40 + 1, n * 40 + 45))
        for n in range(8)
    ]
    corpus.add(*windows)
    hits = sorted(corpus.search("wombat", path="notes.txt"), key=lambda hit: hit.start_line)
    assert len(hits) < len(windows)
    for hit, after in pairwise(hits):
        assert hit.end_line < after.start_line
    assert all(hit.end_line - hit.start_line < 120 for hit in hits)


def test_a_part_within_a_better_hit_is_not_repeated(corpus: Corpus) -> None:
    corpus.add(
        Piece("n.py", "wombat", "wombat", lines=(10, 20)),
        Piece("n.py", "class with wombat and much else in it", "Outer", "class", lines=(1, 90)),
    )
    hits = corpus.search("wombat", path="n.py")
    assert [(hit.symbol, hit.start_line, hit.end_line) for hit in hits] == [("wombat", 10, 20)]


def test_an_unknown_vector_layout_is_answered_by_match(corpus: Corpus) -> None:
    before = [hit.path for hit in corpus.search("retry failed uploads", path="src")]
    corpus.writer.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
    corpus.writer.execute("ALTER TABLE vectors_chunks ADD COLUMN later")
    path = str(corpus.file)
    reader = IndexReader(open_to_read(path), path)
    load_vec0(reader.connection)
    query = Query("retry failed uploads", path="src")
    after = [hit.path for hit in search_index(reader, corpus.embedder, query)]
    assert after[:3] == before[:3]


def test_a_vector_without_a_chunk_fails_loudly(corpus: Corpus) -> None:
    corpus.writer.execute("DELETE FROM chunks WHERE id = 1")
    with pytest.raises(CorruptIndexError, match="1"):
        corpus.search("retry failed uploads")
    assert not corpus.reader.connection.in_transaction


def test_sqlites_errors_become_ours(corpus: Corpus) -> None:
    corpus.writer.execute("DROP TABLE lexical")
    with pytest.raises(StoreError):
        corpus.search("upload")


def test_a_kept_searcher_sees_what_is_written(corpus: Corpus) -> None:
    searcher, query = Searcher(corpus.reader), Query("wombat")
    assert all(hit.path != "new.py" for hit in search(searcher, corpus.embedder, query))
    corpus.add(Piece("new.py", "wombat"))
    corpus.writer.execute("DELETE FROM lexical")
    assert any(hit.path == "new.py" for hit in search(searcher, corpus.embedder, query))


def test_filters_are_looked_up_once_until_something_is_written(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Query] = []

    def noted(index: IndexReader, query: Query) -> NDArray[np.int64] | None:
        asked.append(query)
        return allowed_chunks(index, query)

    monkeypatch.setattr(query_module, "allowed_chunks", noted)
    searcher = Searcher(corpus.reader)
    for text in ("parse", "upload"):
        assert search(searcher, corpus.embedder, Query(text, path="src/http"))
    assert len(asked) == 1
    corpus.add(replace(PARSER, path="src/http/other.py", code="def parse(): pass"))
    paths = {hit.path for hit in search(searcher, corpus.embedder, Query("parse", path="src/http"))}
    assert (len(asked), "src/http/other.py" in paths) == (2, True)
    search(searcher, corpus.embedder, Query("parse", path="src/http", limit=3))
    search(searcher, corpus.embedder, Query("parse", path="src"))
    assert len(asked) == 3


def test_an_answer_shows_one_state_of_the_index(corpus: Corpus) -> None:
    def commit_between(_: object, sql: str, __: object) -> bool:
        if "lexical MATCH" in sql:
            with corpus.writer:
                corpus.writer.execute("DELETE FROM lexical")
                corpus.writer.execute("DELETE FROM vectors")
                corpus.writer.execute("DELETE FROM chunks")
        return True

    corpus.reader.connection.exec_trace = commit_between
    assert corpus.search("retry failed uploads")[0].path == UPLOAD.path
    assert corpus.search("retry failed uploads") == []


def test_a_search_within_a_transaction_leaves_it_open(corpus: Corpus) -> None:
    corpus.reader.connection.execute("BEGIN")
    assert corpus.search("upload")
    assert corpus.reader.connection.in_transaction


def test_the_built_in_model(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "i.db", BuiltinEmbedder())  # type: ignore[arg-type]
    corpus.add(UPLOAD, CALLER, TEST, PARSER, UNICODE)
    assert corpus.search("send failed uploads again")[0].path == UPLOAD.path
    assert corpus.search("parse a header")[0].path == PARSER.path


def test_generated_code_comes_after_written_code(corpus: Corpus) -> None:
    for number, path in enumerate(("a/wombat_pb2.py", "b/wombat_xyz.py")):
        corpus.add(Piece(path, f"wombat({number})", "wombat"))
    found = [hit.path for hit in corpus.search("wombat", limit=2)]
    assert found == ["b/wombat_xyz.py", "a/wombat_pb2.py"]
