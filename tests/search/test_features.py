"""What the ranking knows of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.search.features import Evidence, features
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.question import read_question
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from pathlib import Path

PIECES = (
    Piece("lib/session.py", "open the session", "Session.open", "method", (1, 9)),
    Piece("lib/session.py", "close it", "Session.close", "method", (10, 12)),
    Piece("lib/other.py", "session", "session", "function", (1, 3)),
    Piece("tests/test_session.py", "open the session", "test_open", "function", (1, 3)),
    Piece("docs/session.md", "how to open a session", "Sessions", "section", (1, 3)),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    corpus = Corpus(tmp_path / "index.db")
    corpus.add(*PIECES, *(Piece(f"x{number}.py", f"nothing {number}") for number in range(9)))
    return corpus


def told(corpus: Corpus, text: str, *, model: bool = True) -> dict[str, dict[str, float]]:
    """Each feature's values by `path symbol`."""
    vector = corpus.embedder.embed_query(text) if model else None
    with corpus.reader.one_state():
        evidence, _ = Searcher(corpus.reader).gather(text, vector, 100, None)
    columns = features(read_question(text), evidence)
    names = [f"{row.path} {row.symbol}".strip() for row in evidence.rows]
    return {
        name: dict(zip(names, column.tolist(), strict=True)) for name, column in columns.items()
    }


def test_names_count_by_case(corpus: Corpus) -> None:
    found = told(corpus, "Session.open")
    assert found["equal qualified name"]["lib/session.py Session.open"] == 1
    assert found["equal name"]["lib/session.py Session.open"] == 1
    assert found["equal name"]["lib/session.py Session.close"] == 0
    found = told(corpus, "Session")
    assert found["equal name, any case"]["lib/other.py session"] == 1
    assert found["equal name"]["lib/other.py session"] == 0


def test_paths_are_told_by_stem_folder_and_role(corpus: Corpus) -> None:
    found = told(corpus, "session")
    assert found["equal stem"]["lib/session.py Session.open"] == 1
    assert found["equal stem"]["lib/other.py session"] == 0
    assert found["role test"]["tests/test_session.py test_open"] == 1
    assert found["role docs"]["docs/session.md Sessions"] == 1
    assert told(corpus, "sessio")["stem prefixes"]["lib/session.py Session.open"] == 1


def test_what_else_of_the_file_matches(corpus: Corpus) -> None:
    found = told(corpus, "open session")
    ours, alone = "lib/session.py Session.close", "lib/other.py session"
    assert found["words of file"][ours] == pytest.approx(1)
    assert found["words of file"][alone] < 1
    assert found["candidates of file"][ours] == pytest.approx(np.log(3))
    assert found["rank in file"][ours] == pytest.approx(np.log(2))


def test_a_model_that_has_no_opinion_leaves_its_share(corpus: Corpus) -> None:
    found = told(corpus, "open session", model=False)
    assert set(found["cosine"].values()) == {0}
    best = max(found["first"].values())
    assert found["first"]["lib/session.py Session.open"] == best > 0.5


def test_features_are_the_same_in_any_order(corpus: Corpus) -> None:
    text = "open session"
    vector = corpus.embedder.embed_query(text)
    with corpus.reader.one_state():
        evidence, _ = Searcher(corpus.reader).gather(text, vector, 100, None)
    order = np.random.default_rng(1).permutation(len(evidence.rows))
    rows = [evidence.rows[number] for number in order]
    mixed = evidence._replace(rows=rows, cosines=evidence.cosines[order])
    asked = read_question(text)
    one, other = features(asked, evidence), features(asked, mixed)
    assert list(one) == list(other)
    for name in ("words of file", "file cosine", "best of file", "folder", "bm25", "language"):
        assert one[name][order] == pytest.approx(other[name], rel=1e-5)


def test_no_candidates_have_no_features(corpus: Corpus) -> None:
    with corpus.reader.one_state():
        evidence, _ = Searcher(corpus.reader).gather("zzzz", None, 100, None)
    assert isinstance(evidence, Evidence)
    columns = features(read_question("zzzz"), evidence)
    assert {len(column) for column in columns.values()} == {0}
