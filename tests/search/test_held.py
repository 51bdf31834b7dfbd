"""A hit shows the definition that is meant, and a text that stands in several places once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunk import Held
from lumen_hooks.search.copies import once
from lumen_hooks.search.held import Meant
from lumen_hooks.search.merge import merge_hits
from lumen_hooks.search.results import Hit, Part
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from pathlib import Path

SHARED = Hit(
    chunk_id=1,
    path="a.rs",
    start_line=10,
    end_line=40,
    symbol="LIMIT, User, User.name, retry_upload, user",
    kind="struct",
    language="rust",
    score=0.5,
    holds=(
        Held("constant", "LIMIT", 10, 10),
        Held("struct", "User", 12, 15),
        Held("method", "User.name", 17, 19),
        Held("method", "Shop.name", 20, 22),
        Held("function", "retry_upload", 24, 30),
        Held("function", "user", 32, 40),
    ),
    parts=(Part(10, 40, b"k", 0.5),),
)


@pytest.mark.parametrize(
    ("question", "kinds", "shown"),
    [
        ("User", (), ("User", "struct", 12, 15)),
        ("user", (), ("user", "function", 32, 40)),
        ("USER", (), ("User, user", "struct", 12, 40)),
        ("User.name", (), ("User.name", "method", 17, 19)),
        ("User::name", (), ("User.name", "method", 17, 19)),
        ("name", (), ("User.name, Shop.name", "method", 17, 22)),
        ("retry_upload", (), ("retry_upload", "function", 24, 30)),
        ("where is retry_upload called", (), (SHARED.symbol, "struct", 10, 40)),
        ("how do we retry a failed upload", (), (SHARED.symbol, "struct", 10, 40)),
        ("the limit of a user's name", (), (SHARED.symbol, "struct", 10, 40)),
        ("anything", ("struct",), ("User", "struct", 12, 15)),
        ("anything", ("method",), ("User.name, Shop.name", "method", 17, 22)),
        ("retry_upload", ("struct",), ("User", "struct", 12, 15)),
        ("user", ("struct", "method"), ("User", "struct", 12, 15)),
        ("anything", ("enum",), (SHARED.symbol, "struct", 10, 40)),
    ],
)
def test_which_definition_is_meant(
    question: str, kinds: tuple[str, ...], shown: tuple[str, str, int, int]
) -> None:
    hit = Meant(question, kinds).narrowed(SHARED)
    assert (hit.symbol, hit.kind, hit.start_line, hit.end_line) == shown


def test_copies_move_along() -> None:
    copy = SHARED._replace(path="b.rs", start_line=110, end_line=140)
    hit = Meant("User", ()).narrowed(SHARED._replace(copies=(copy,)))
    assert [(one.start_line, one.end_line) for one in hit.copies] == [(112, 115)]


def test_a_part_shows_the_whole_of_its_definition() -> None:
    whole = Held("function", "large", 5, 400)
    parts = [
        Hit(
            number, "a.py", start, start + 30, "large", "function", "python", score,
            holds=(whole,), parts=(Part(start, start + 30, bytes([number]), score),),
        )
        for number, start, score in ((1, 5, 0.2), (2, 200, 0.9), (3, 300, 0.8))
    ]  # fmt: skip
    (hit,) = merge_hits(parts, dict.fromkeys((1, 2, 3), 1))
    assert (hit.start_line, hit.end_line, hit.score) == (5, 400, 0.9)
    assert [part.start_line for part in hit.parts] == [200, 300]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "index.db")


def test_small_definitions_are_found_by_their_kind(corpus: Corpus) -> None:
    shared = Piece(
        "a.rs", "enum A {}\nstruct B {}", "A, B", "enum", (1, 9), "rust", holds="e0+3\ns5+3"
    )
    corpus.add(shared, Piece("b.rs", "fn main() {}", "main"))
    (hit,) = corpus.search("anything", kinds=("struct",))
    assert (hit.symbol, hit.kind, hit.start_line, hit.end_line) == ("B", "struct", 6, 9)
    (hit,) = corpus.search("B", kinds=())[:1]
    assert (hit.symbol, hit.kind, hit.start_line, hit.end_line) == ("B", "struct", 6, 9)


def test_the_same_text_is_one_result_in_the_own_code(corpus: Corpus) -> None:
    places = ["vendor/x/up.py", "tests/up.py", "src/up.py", "third_party/up.py"]
    corpus.add(*(Piece(path, "retry the upload", "retry") for path in places))
    corpus.add(Piece("src/other.py", "upload other things again", "other"))
    first, second = corpus.search("retry the upload")
    assert (first.path, second.path) == ("src/up.py", "src/other.py")
    assert {copy.path for copy in first.copies} == {*places} - {"src/up.py"}
    (limited,) = corpus.search("retry the upload", path="vendor")
    assert (limited.path, limited.copies) == ("vendor/x/up.py", ())


def test_copies_do_not_take_the_places_of_others(corpus: Corpus) -> None:
    corpus.add(*(Piece(f"v{n}/up.py", "retry the upload", "retry") for n in range(150)))
    corpus.add(*(Piece(f"src/o{n}.py", f"upload of wombat{n}", f"other{n}") for n in range(12)))
    hits = corpus.search("retry the upload")
    assert len(hits) == 10
    assert len({hit.key for hit in hits}) == 10


def test_the_same_file_twice_is_found_once_whatever_part_matched() -> None:
    one = SHARED._replace(content=b"blob")
    other = one._replace(path="b.rs", key=b"", parts=())
    (hit,) = once([one, other])
    assert [copy.path for copy in hit.copies] == ["b.rs"]
