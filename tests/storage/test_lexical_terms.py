from __future__ import annotations

import random
import unicodedata

import apsw
import pytest

from lumen_hooks.search.lexical import lexical_search
from lumen_hooks.storage.lexical_terms import (
    MAX_QUERY_TERMS,
    NAME_MARK,
    PATH_MARK,
    distinct_words,
    lexical_code,
    lexical_name,
    lexical_path,
    lexical_words,
    match_expression,
    parts,
    query_terms,
    spaced_parts,
)
from lumen_hooks.storage.reader import IndexReader
from lumen_hooks.storage.schema import LEXICAL
from lumen_hooks.storage.unspaced import folded, is_unspaced


@pytest.mark.parametrize(
    ("word", "inner"),
    [
        ("parseHTTPResponse2", ("parse", "http", "response")),
        ("snake_case_name", ("snake", "case", "name")),
        ("__init__", ("init",)),
        ("_private", ("private",)),
        ("SCREAMING_CASE", ("screaming", "case")),
        ("sha256sum", ("sha", "256", "sum")),
        ("lower", ()),
        ("Title", ()),
        ("größe_ändern", ("größe", "ändern")),
        ("___", ()),
    ],
)
def test_parts(word: str, inner: tuple[str, ...]) -> None:
    assert parts(word) == inner


def test_parts_of_ascii_words_are_found_as_those_of_others() -> None:
    chance = random.Random(1)
    for _ in range(5000):
        word = "".join(chance.choice("aAbB1_") for _ in range(chance.randrange(1, 12)))
        found = tuple(part.lower() for part in spaced_parts(word).split() if len(part) > 1)
        assert parts(word) == (() if found == (word.lower(),) else found)


def test_code_holds_each_whole_word_and_each_part_once() -> None:
    code = "def sendHttpRequest(self):\n    self.send(http_client, x)\n    self.send(2)"
    assert lexical_code(code).split() == [
        *("def", "sendhttprequest", "send", "http", "request", "self", "http_client", "client")
    ]


def test_names_and_paths() -> None:
    assert lexical_name("Store.insertRow").split() == ["store", "insertrow", "insert", "row"]
    assert lexical_path("src/http_client/base.py").split() == [
        *("src", "http_client", "http", "client", "base")
    ]
    assert lexical_path("") == ""
    assert lexical_path("Makefile") == "makefile"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("失败的上传", "失败 败的 的上 上传 传"),
        ("税", "税"),
        ("get名前2_id ユーザー", "get 名前 前 2_id id ユー ーザ ザー ー"),
        ("ｱｯﾌﾟ ＡＢＣ", "アッ ップ プ abc"),  # noqa: RUF001
        (unicodedata.normalize("NFD", "업로드 が naïve"), "업로 로드 드 が naïve"),
        ("รหัส हिन्दी", "รห หส ส हनद"),
        ("葛\U000e0100城", "葛城 城"),
        ("x" * 101 + "字", "字"),
    ],
)
def test_writing_without_spaces_is_indexed_by_its_bigrams(text: str, words: str) -> None:
    assert lexical_code(text).split() == words.split()


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("失败的上传在哪里", ("失败", "败的", "的上", "上传", "传在")),
        ("アップを探すところ", ("アッ", "ップ", "プを", "を探", "探す")),
        ("ください", ("くだ", "ださ", "さい")),
        ("税", ("税",)),
        ("a\u19b1b", ("a", "b")),  # a letter to Python, a mark to FTS5
    ],
)
def test_terms_of_writing_without_spaces(query: str, terms: tuple[str, ...]) -> None:
    assert query_terms(query) == terms


def test_many_words_and_marks_are_bounded() -> None:
    assert len(query_terms("".join(map(chr, range(0x4E00, 0x5E00))))) == MAX_QUERY_TERMS
    assert query_terms("a" + "\u0301" * 10_000 + "\u0327" * 10_000) == ("á",)


def test_every_bigram_is_one_term_of_fts5() -> None:
    connection = lexical_table("")
    tokenizer = connection.fts5_tokenizer("porter", ["unicode61", "tokenchars", "_:"])
    for start in range(0x0E00, 0x30000, 64):
        letters = folded(
            "".join(map(chr, range(start, start + 64))).encode("utf-8", "ignore").decode()
        )
        for term in distinct_words(letters):
            if not term.isascii() and is_unspaced(term):
                marked = (NAME_MARK + term).encode()
                found = tokenizer(marked, apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
                assert found == [(NAME_MARK + term,)]


def test_encoded_data_is_left_out() -> None:
    assert distinct_words("key " + "0a" * 200) == ["key"]


def test_stop_words_are_asked_for_only_alone() -> None:
    assert query_terms("where do we retry failed uploads") == ("retry", "failed", "uploads")
    assert query_terms("where is it") == ("where", "is", "it")


@pytest.mark.parametrize("query", ["", "  ", "\0", "()*^:-+\"'", "___", "x", "\ud800"])
def test_nothing_to_ask_for(query: str) -> None:
    assert query_terms(query) == ()


HOSTILE = [
    'foo" OR code:*',
    "NEAR(a b, 2) AND NOT title",
    "col:value -minus ^caret star*",
    "a" * 5000,
    "\0nul\0byte",
    "\x1b[31mred",
    "'; DROP TABLE files; --",
    "lone \ud800 surrogate",
    "日本語 検索 größe naïve",
    "字" * 30_000,
    "\u1100\u1161\u11a8" * 5000,
    "e" + "\u0301\u0327" * 10_000,
    "".join(map(chr, range(0x80, 0x3400))),
    "emoji 🎉 party",
    "AND OR NOT NEAR",
    "{}[]()<>|&;$`\\",
    "word " * 200_000,
    " ".join(f"term{number}" for number in range(10_000)),
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_any_query_is_safe(query: str) -> None:
    connection = lexical_table("nul value drop größe")
    terms = query_terms(query)
    assert len(terms) <= MAX_QUERY_TERMS
    for term in terms:
        for mark in ("", NAME_MARK, PATH_MARK):
            connection.execute(
                "SELECT rowid FROM lexical WHERE lexical MATCH ?", (match_expression(term, mark),)
            ).fetchall()


@pytest.mark.parametrize(
    ("code", "query"),
    [
        ("class HttpResponse:", "httpresponse"),
        ("class HttpResponse:", "response"),
        ("retry_failed_uploads()", "how do uploads retry"),
        ("retryFailedUpload()", "retry_failed_upload"),
        ("sha256sum", "sha256"),
        ("größeÄndern()", "GRÖSSEÄNDERN größeändern"),
        ("naïve_bayes", "naive"),
        ("名前 = 1", "名前"),
        ("消費税 = 1", "税"),
        ("a\u19b1b = 1", "a\u19b1b"),
        ("raise ValueError('cannot parse header')", 'ValueError: "cannot parse header"'),
    ],
)
def test_queries_meet_code(code: str, query: str) -> None:
    connection = lexical_table(lexical_words("", "", code))
    assert list(lexical_search(IndexReader(connection, ":memory:"), query, 10).scores) == [1]


def test_a_marked_word_is_no_word_of_a_text() -> None:
    connection = lexical_table(lexical_words("lib/store.py", "Cache.evict", "drop(oldest)"))

    def found(expression: str) -> bool:
        query = "SELECT rowid FROM lexical WHERE lexical MATCH ?"
        return connection.execute(query, (expression,)).fetchall() == [(1,)]

    assert found(match_expression("evict", NAME_MARK))
    assert found(match_expression("store", PATH_MARK))
    assert found(match_expression("oldest"))
    assert not found(match_expression("evict"))
    assert not found(match_expression("store", NAME_MARK))


def lexical_table(words: str) -> apsw.Connection:
    """One chunk in the table of a new index."""
    connection = apsw.Connection(":memory:")
    connection.execute(LEXICAL)
    connection.execute("INSERT INTO lexical(rowid, words) VALUES(1, ?)", (words,))
    return connection
