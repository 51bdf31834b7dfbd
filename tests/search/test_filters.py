from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.errors import QueryError
from lumen_hooks.search.filters import glob_expression
from tests.support.search_corpus import Corpus, Piece

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PATHS = [
    "README.md",
    "app/[id]/page.tsx",
    "app/i/page.tsx",
    "internal/store/a.go",
    "internal/store/deep/b.go",
    "internal/store.go",
    "internal/storefront/c.go",
    "Internal/store/d.go",
    "src/100%_done.py",
    "src/100x_done.py",
    "tests/größe.py",
]


def make(file: Path) -> Corpus:
    made = Corpus(file)
    names = {"go": "go", "py": "python", "md": "markdown", "tsx": "tsx"}
    for number, path in enumerate(PATHS):
        kind = "method" if number % 2 else "function"
        language = names[path.rsplit(".", 1)[-1]]
        made.add(Piece(path, "needle in here", kind=kind, language=language))
    return made


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Read only, so one for all tests."""
    return make(tmp_path_factory.mktemp("corpus") / "i.db")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("internal/store", [3, 4]),
        ("internal/store/", [3, 4]),
        ("./internal//store/.", [3, 4]),
        ("internal/store/a.go", [3]),
        ("internal", [3, 4, 5, 6]),
        ("Internal", [7]),
        ("INTERNAL", []),
        ("", range(11)),
        (".", range(11)),
        ("*.go", [3, 4, 5, 6, 7]),
        ("internal/*.go", [5]),
        ("internal/**/*.go", [3, 4, 5, 6]),
        ("internal/store*", [3, 4, 5, 6]),
        ("**/deep", [4]),
        ("[Ii]nternal/store", [3, 4, 7]),
        ("[!i]nternal", [7]),
        ("app/[id]", [1]),
        ("app/?", [2]),
        (r"app/\[id\]/*", [1]),
        ("src/100%_done.py", [8]),
        ("src/100?_done.py", [8, 9]),
        ("tests/gr?ße.py", [10]),
        ("[", []),
        ("no/such", []),
        ("it's", []),
        ("internal/store\0", []),
        ("\ud800", []),
    ],
)
def test_paths(corpus: Corpus, path: str, found: list[int]) -> None:
    assert corpus.paths("needle", path) == sorted(PATHS[number] for number in found)


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "../other", "a/../../b"])
def test_paths_outside_of_the_worktree(corpus: Corpus, path: str) -> None:
    with pytest.raises(QueryError, match=r"path|outside") as caught:
        corpus.search("needle", path=path)
    assert "relative" in caught.value.hint


@pytest.mark.parametrize("pattern", ["[]]x", "[z-a]", "[^a]bc", "[a", "[\\]", "[!]", "**/**/**/x"])
def test_any_glob_compiles(pattern: str) -> None:
    assert glob_expression(pattern).fullmatch("no such/name") is None


def test_languages_and_kinds(corpus: Corpus) -> None:
    assert {hit.language for hit in corpus.search("needle", languages=("go",))} == {"go"}
    both = corpus.search("needle", languages=("Go", " tsx "))
    assert {hit.language for hit in both} == {"go", "tsx"}
    assert {hit.kind for hit in corpus.search("needle", kinds=("method",))} == {"method"}
    assert corpus.search("needle", kinds=("enum",)) == []
    every = corpus.search("needle", path="internal", languages=("go",), kinds=("function",))
    assert sorted(hit.path for hit in every) == [
        "internal/store/deep/b.go",
        "internal/storefront/c.go",
    ]


def test_what_does_not_exist_is_said_with_what_does(corpus: Corpus) -> None:
    with pytest.raises(QueryError, match="'cobol'") as caught:
        corpus.search("needle", languages=("go", "cobol"))
    assert caught.value.hint.endswith("go, markdown, python, tsx")
    with pytest.raises(QueryError, match="'or 1=1") as caught:
        corpus.search("needle", kinds=("'OR 1=1",))
    assert "function, method, class" in caught.value.hint


@pytest.mark.parametrize("many", [3_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_rare_folder_is_found_whole_among_very_many(tmp_path: Path, many: int) -> None:
    made = Corpus(tmp_path / "i.db")
    common = [
        Piece(
            f"big/f{number % 200}.py",
            "upload retry upload",
            f"upload{number}",
            lines=(number + 1, number + 1),
        )
        for number in range(many)
    ]
    rare = [
        Piece(f"rare/f{number}.py", f"upload and {number} other words {number * 7}")
        for number in range(100)
    ]
    made.add(*common, *rare)
    hits = made.search("upload retry", limit=100, path="rare")
    assert len(hits) == 100
    assert {hit.path for hit in hits} == {piece.path for piece in rare}
    unfiltered = made.search("upload retry", limit=100)
    assert not any(hit.path.startswith("rare/") for hit in unfiltered)


class _Silent:
    """A model that knows no word of any query."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return np.zeros(256, np.float32)


def test_filters_hold_in_each_of_the_two_searches(tmp_path: Path) -> None:
    corpus = make(tmp_path / "i.db")
    lexical = corpus.search("needle", path="internal/store", embedder=_Silent())
    assert {hit.path for hit in lexical} == {PATHS[3], PATHS[4]}
    corpus.writer.execute("DELETE FROM lexical")
    dense = corpus.search("needle", path="internal/store")
    assert {hit.path for hit in dense} == {PATHS[3], PATHS[4]}
