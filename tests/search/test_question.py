"""What a query asks for, told by its text."""

from __future__ import annotations

import pytest

from lumen_hooks.search.question import named_symbols, read_question, words_of_all, words_of_name


@pytest.mark.parametrize("name", ["Store.insertRow", ".a.", "ns.x1.b c", "größe.Änderung.x", "i.."])
def test_words_of_a_name_are_those_of_its_parts(name: str) -> None:
    assert words_of_all(name, ".") == words_of_name(name)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Store.insertRow", {"store.insertrow", "insertrow"}),
        ("ns::Class#call()", {"ns.class.call", "call"}),
        ("open file", {"open", "file"}),
        ("how do we open a file", set()),
        ("what calls open_file or HttpResponse now", {"open_file", "httpresponse"}),
        ("the end of a sentence.", set()),
    ],
)
def test_named_symbols(query: str, names: set[str]) -> None:
    assert named_symbols(query) == names


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("HttpResponse", "name"),
        ("Store.insert_row", "name"),
        ("src/store.py", "path"),
        ("store.py", "path"),
        ("for (i = 0; i < n; i++) {", "code"),
        ("how are sessions closed", "question"),
        ("Where is the lock taken?", "question"),
        ("TypeError: unhashable type", "error"),
        ("cannot open the database", "error"),
        ("session closing", "phrase"),
        ("", "phrase"),
    ],
)
def test_kinds(query: str, kind: str) -> None:
    assert read_question(query).kind == kind


def test_words_lose_what_holds_a_question_together() -> None:
    asked = read_question("how are the uploads of a UserSession retried")
    assert asked.words == {"uploads", "usersession", "user", "session", "retried"}
    assert asked.inner == {"upload", "user", "session", "retried"}
    assert asked.identifiers == {"UserSession"}
    assert read_question("how is this").words == {"how", "is", "this"}


def test_tests_and_documents_may_be_asked_for() -> None:
    assert read_question("tests of the upload").wants_tests
    assert not read_question("uploads").wants_tests
    assert read_question("the changelog").wants_documents
