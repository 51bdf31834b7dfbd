"""What comes first, and when nothing here answers: what must hold whatever was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.ranking import rank
from lumen_hooks.search.results import Query
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from pathlib import Path

OPEN = """def open_session(self, name):
    session = self.sessions.get(name)
    if session is None:
        session = self.connect(name)
    return session"""
OTHERS = tuple(
    Piece(f"lib/{word}.py", f"def {word}(value):\n    return value.{word}()", word)
    for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota")
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    corpus = Corpus(tmp_path / "index.db", BuiltinEmbedder())  # type: ignore[arg-type]
    corpus.add(*OTHERS)
    return corpus


def paths(corpus: Corpus, text: str, limit: int = 20) -> list[str]:
    return [hit.path for hit in corpus.search(text, limit=limit)]


@pytest.mark.parametrize(
    "later",
    [
        "tests/test_store.py",
        "vendor/store/store.py",
        "node_modules/store/store.py",
        "third_party/store.py",
        "store/store_pb2.py",
        "examples/store.py",
        "docs/store.md",
        "CHANGELOG.md",
    ],
)
@pytest.mark.parametrize("text", ["open_session", "open a session by its name"])
def test_own_code_comes_first(corpus: Corpus, later: str, text: str) -> None:
    own = "store/store.py"
    kind = "section" if later.endswith(".md") else "method"
    corpus.add(
        Piece(later, OPEN, "Store.open_session", kind),
        Piece(own, OPEN + "\n    # now", "Store.open_session", "method"),
    )
    found = paths(corpus, text)
    assert found.index(own) < found.index(later)


def test_tests_come_first_where_they_are_asked_for(corpus: Corpus) -> None:
    corpus.add(
        Piece("store/store.py", OPEN, "Store.open_session", "method"),
        Piece("tests/test_store.py", f"def test_open_session():\n{OPEN}", "test_open_session"),
    )
    assert paths(corpus, "test open session")[0] == "tests/test_store.py"


def test_equal_case_wins_among_equal_names(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "other.db", BuiltinEmbedder())  # type: ignore[arg-type]
    for number in range(15):
        corpus.add(Piece(f"a{number}.py", f"def user(): return {number}", "user", "function"))
    corpus.add(
        Piece("l.sh", "user() {\n  echo $1\n}", "user", "function", language="bash"),
        Piece(
            "models/account.py",
            "class User:\n    def __init__(self, name):\n        self.name = name",
            "User, User.__init__",
            "class",
        ),
    )
    assert paths(corpus, "User")[0] == "models/account.py"
    assert "models/account.py" not in paths(corpus, "user")[:5]


def test_inline_tests_come_after_what_they_test(corpus: Corpus) -> None:
    body = 'let session = store.open_session("a");\n    assert!(store.opened());'
    test = f"#[test]\nfn open_session_by_name() {{\n    {body}\n}}"
    name = "tests.open_session_by_name"
    corpus.add(
        Piece("store.rs", test, name, lines=(50, 60), language="rust"),
        Piece("session.rs", OPEN, "Store.open_session", "method", language="rust"),
    )
    assert paths(corpus, "open a session by its name")[0] == "session.rs"
    assert paths(corpus, "test open session by its name")[0] == "store.rs"


def test_a_name_that_its_chunks_symbol_has_no_room_for_is_known(corpus: Corpus) -> None:
    names = ["Ab", "Cd", "Ef", "Gh", "Ij", "Kl", "Mn", "Box"]
    held = [f"c{row}" if row < 6 else f"c{row}:{name}" for row, name in enumerate(names)]
    corpus.add(
        Piece(
            "shapes.h",
            "\n".join(f"class {name} {{}};" for name in names),
            ", ".join(names[:6]),
            "class",
            (1, 8),
            "cpp",
            holds="\n".join(held),
        ),
        Piece("lid.py", "def lid(box): return box.lid", "lid"),
    )
    searcher = Searcher(corpus.reader)
    found = searcher.search(Query("Box"), lambda _: QueryModel(corpus.embedder, "of the test"))
    assert (found.hits[0].symbol, found.weak) == ("Box", False)


def test_files_that_are_named_come_first(corpus: Corpus) -> None:
    corpus.add(Piece("store/store.py", "nothing = 1", "", "module"))
    corpus.add(Piece("other.py", "store store_py", "store", "function"))
    assert paths(corpus, "store/store.py")[0] == "store/store.py"


def test_scores_are_probabilities(corpus: Corpus) -> None:
    corpus.add(Piece("store/store.py", OPEN, "Store.open_session", "method"))
    hits = corpus.search("open a session by its name")
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_nothing_is_ranked_as_nothing(corpus: Corpus) -> None:
    with corpus.reader.one_state():
        evidence, named = Searcher(corpus.reader).gather("zzzz", None, 10, None)
    ranked = rank("zzzz", evidence, named)
    assert (len(ranked.scores), ranked.weak) == (0, False)


def test_what_is_not_here_is_marked(corpus: Corpus) -> None:
    corpus.add(Piece("store/store.py", OPEN, "Store.open_session", "method"))
    model = QueryModel(corpus.embedder, "of the test")
    searcher = Searcher(corpus.reader)

    def weak(text: str) -> bool:
        return searcher.search(Query(text), lambda _: model).weak

    assert not weak("open a session by its name")
    assert not weak("open_session")
    assert weak("gradient descent for neural networks")
    assert weak("shopping cart discount rules")


def test_words_alone_rank_too(corpus: Corpus) -> None:
    corpus.add(Piece("store/store.py", OPEN, "Store.open_session", "method", has_vector=False))
    with corpus.reader.one_state():
        evidence, _ = Searcher(corpus.reader).gather("open session", None, 10, None)
    scores = rank("open session", evidence).scores
    assert evidence.rows[int(np.argmax(scores))].path == "store/store.py"
