from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.errors import NotIndexedError, QueryError
from lumen_hooks.search.filters import allowed_files
from lumen_hooks.search.globs import glob_expression
from lumen_hooks.search.results import Query
from tests.support.search_corpus import Corpus, Piece, paths_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lumen_hooks.search.results import Content

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
        ("**/*.{md,tsx}", [0, 1, 2]),
        ("*.{md,nothing}", [0]),
        ("{README.md,internal/store}", [0, 3, 4]),
        ("internal/{store/{a,b},store{,front}}*/**", [3, 4, 6]),
        ("{tests,.}", range(11)),
        ("./*.md", [0]),
        ("app/{[id],x}", [1]),
        ("{app/[id],x}/page.tsx", [1]),
        ("*.MD*", None),
        ("./*.go", None),
        ("INTERNAL", None),
        ("[", None),
        ("no/such", None),
        ("it's", None),
        ("internal/store\0", None),
        ("{a,b}", None),
        ("src/{a}", None),
        ("no" * 600, None),
        ("{a,b}" * 10, None),
    ],
)
def test_paths(corpus: Corpus, path: str, found: list[int] | None) -> None:
    if found is None:
        with pytest.raises(QueryError) as caught:
            corpus.search("needle", path=path)
        assert caught.value.hint
    else:
        assert corpus.paths("needle", path) == sorted(PATHS[number] for number in found)


def test_a_name_that_is_no_text_is_an_error_too(corpus: Corpus) -> None:
    with pytest.raises(QueryError, match="nothing in the index"):
        corpus.search("needle", path="\ud800")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("INTERNAL", "Internal"),
        ("internal/stroe", "internal/store,"),
        ("store", "mean Internal/store, internal/store?"),
        ("storefront/", "internal/storefront?"),
        ("src/deep", "internal/store/deep?"),
        ("store/*.go", "**/store/*.go?"),
        ("*.GO", "internal/store/a.go, internal/store/deep/b.go, internal/store.go?"),
        ("{store,lib}/*.go", "**/{store,lib}/*.go?"),
        ("nothing", "top: Internal, README.md, app, internal, src, tests"),
        ("readme", "README.md?"),
    ],
)
def test_the_hint_names_what_may_be_meant(corpus: Corpus, path: str, meant: str) -> None:
    with pytest.raises(NotIndexedError) as caught:
        corpus.search("needle", path=path)
    assert meant in caught.value.hint + "?"
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("exclude", "found"),
    [
        ((), range(11)),
        (("",), range(11)),
        (("internal",), [0, 1, 2, 7, 8, 9, 10]),
        (("store",), [0, 1, 2, 5, 6, 8, 9, 10]),
        (("./store",), range(11)),
        (("internal/store/",), [0, 1, 2, 5, 6, 7, 8, 9, 10]),
        (("store.go", "README.md"), [1, 2, 3, 4, 6, 7, 8, 9, 10]),
        (("*.go",), [0, 1, 2, 8, 9, 10]),
        (("*.{go,tsx}", "src/**"), [0, 10]),
        (("**/[id]/*",), [0, 1, 3, 4, 5, 6, 7, 8, 9, 10]),
        (("[id]",), [0, *range(2, 11)]),
        (("app/[id]",), [0, *range(2, 11)]),
        (("src/100%_done.py",), [*range(8), 9, 10]),
        (("no/such", "nothing", "*.nothing"), range(11)),
        (("größe.*",), range(10)),
        (("Store",), range(11)),
    ],
)
def test_what_is_excluded(corpus: Corpus, exclude: tuple[str, ...], found: list[int]) -> None:
    hits = corpus.search("needle", exclude=exclude, limit=100)
    assert paths_of(hits) == sorted(PATHS[number] for number in found)


def test_an_exclusion_within_a_path(corpus: Corpus) -> None:
    hits = corpus.search("needle", path="internal", exclude=("deep", "store.go"))
    assert paths_of(hits) == [PATHS[3], PATHS[6]]


@pytest.mark.parametrize("exclude", ["*", "**", ".", "{app,src,tests,*.md,[iI]nternal}"])
def test_to_exclude_everything_is_an_error(corpus: Corpus, exclude: str) -> None:
    with pytest.raises(QueryError, match="excludes all 11 files"):
        corpus.search("needle", exclude=(exclude,))


def test_too_many_exclusions_are_an_error(corpus: Corpus) -> None:
    many = tuple(f"name{number}" for number in range(101))
    assert len(paths_of(corpus.search("needle", exclude=many[:100], limit=100))) == 11
    with pytest.raises(QueryError, match="too many"):
        corpus.search("needle", exclude=many)


def test_content(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "i.db")
    contents: dict[Content, list[str]] = {
        "code": ["a.py", "setup.py", "tests/a.py"],
        "docs": ["CHANGES", "LICENSE", "docs/a.md"],
        "config": ["Makefile", "package.json", "setup.py"],
    }
    paths = sorted({path for listed in contents.values() for path in listed})
    corpus.add(*(Piece(path, "needle") for path in paths))
    assert corpus.paths("needle") == paths
    for content, listed in contents.items():
        found = corpus.search("needle", content=content)
        assert paths_of(found) == listed
    with pytest.raises(QueryError, match="no file there is docs") as caught:
        corpus.search("needle", content="docs", path="tests")
    assert caught.value.hint == "there is code (1)"
    both = allowed_files(corpus.reader, Query("x", content="code", exclude=("tests",)))
    assert both is not None
    assert len(both) == 2


def test_files_without_chunks_are_named_with_their_reason(tmp_path: Path) -> None:
    corpus = make(tmp_path / "i.db")
    skip = "UPDATE files SET skipped = 'too large' WHERE path LIKE 'internal/store/%'"
    corpus.writer.execute(skip)
    with pytest.raises(NotIndexedError, match="not indexed: too large") as caught:
        corpus.search("needle", path="internal/store")
    assert "lumen.maxFileBytes" in caught.value.hint
    assert corpus.paths("needle", "internal") == [PATHS[5], PATHS[6]]


def test_filters_of_an_index_without_files(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "i.db")
    assert corpus.search("needle", exclude=("a",), content="docs") == []
    with pytest.raises(NotIndexedError):
        corpus.search("needle", path="a")


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
    places = {path for hit in both for path in (hit.path, *(copy.path for copy in hit.copies))}
    assert {path.rpartition(".")[2] for path in places} == {"go", "tsx"}
    assert {hit.kind for hit in corpus.search("needle", kinds=("method",))} == {"method"}
    assert corpus.search("needle", kinds=("enum",)) == []
    every = corpus.search("needle", path="internal", languages=("go",), kinds=("function",))
    assert paths_of(every) == [
        "internal/store/deep/b.go",
        "internal/storefront/c.go",
    ]


@pytest.mark.parametrize("name", ["golang", "GO", ".go", " go "])
def test_a_language_may_be_called_as_people_call_it(corpus: Corpus, name: str) -> None:
    both = corpus.search("needle", languages=(name, "TypeScriptReact"))
    places = {path for hit in both for path in (hit.path, *(copy.path for copy in hit.copies))}
    assert {path.rpartition(".")[2] for path in places} == {"go", "tsx"}


def test_what_does_not_exist_is_said_with_what_does(corpus: Corpus) -> None:
    with pytest.raises(QueryError, match="no file here is in 'cobol'") as caught:
        corpus.search("needle", languages=("go", "cobol"))
    assert caught.value.hint == "in this index: go, markdown, python, tsx"
    with pytest.raises(QueryError, match="no language is called 'pyhton'") as caught:
        corpus.search("needle", languages=("pyhton",))
    assert caught.value.hint == "did you mean python? in this index: go, markdown, python, tsx"
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
