"""Every place, as git grep finds them, with the definitions first."""

from __future__ import annotations

import os
import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import StorageFullError, StoreError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.exact import candidates
from lumen_hooks.search.pattern import compile_pattern
from lumen_hooks.search.results import ExactQuery, Query
from lumen_hooks.service import shelf
from lumen_hooks.service.everywhere import Everyplace, Everywhere
from lumen_hooks.service.places import SHOWN_BYTES
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_index
from tests.support.helpers import job_for, say, update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

NOTE = "study.ipynb"
DECODED = {"utf16.txt", "unmarked.txt", "latin.txt"}
"""Files that git grep searches as bytes, and we as the text that they stand for."""

LONG_WORD = "x" * 70 + "Basket" + "y" * 70
LONG_LINE = "word " * 300 + "half" * 200 + " Basket " + "more " * 300

FILES: dict[str, str | bytes] = {
    "shop/basket.py": '''"""What a customer wants: a Basket."""


# Basket holds items.
class Basket:
    """A Basket of items."""

    def add_item(self, item):
        return Basket.add_item(self, item)

    def total(self):
        return sum(price(one) for one in self.items)


def price(item):
    return item.price
''',
    "shop/main.go": """package shop

// Checkout takes a Basket.
func Checkout(b Basket) error {
\tif b.Total() == 0 {
\t\treturn Checkout(b)
\t}
\treturn nil
}
""",
    "shop/web.ts": """export interface BasketView {
  total: number;
}

export function renderBasket(view: BasketView): string {
  return `/api/v1/baskets/${view.total}`;
}
""",
    "shop/basket.h": """#define BASKET_MAX 16
struct basket { int items[BASKET_MAX]; };
int basket_add(struct basket *basket, int item);
""",
    "tests/test_basket.py": """from shop.basket import Basket


def test_total():
    assert Basket().total() == 0
""",
    "vendor/lib/basket.py": "class Basket:\n    pass\n",
    "docs/guide.md": "# The Basket\n\nRun `shop --no-verify`, v. 1.2.3.\nA Basket holds items.\n",
    "CHANGELOG.md": "# 1.2.3\n\n- Basket.total\n",
    "shop/café.py": "prix_du_café = 1\nBasketé = 'été'\nx = 'Basket…'\n",
    "shop/中文.py": "# 购物篮Basket购物篮、用add_item添加\nname = '购物篮'\n",
    "shop/data.py": f"A = '{LONG_WORD}'\nB = '{LONG_LINE}'\n",
    "shop/line.txt": "Basket " * 3000,
    "odd\nname.py": "Basket = 1\n",
    "crlf.txt": "one Basket\r\ntwo total\r\n",
    NOTE: """{"cells": [{
  "cell_type": "code",
  "outputs": [{"text": ["A Basket of 3 outputs\\n", "\\nBasket again"]}],
  "source": [
   "def study(basket):\\n",
   "    return \\"a Basket\\", basket.total()\\n"
  ]
}], "metadata": {"title": "Basket.total"}, "nbformat": 4}
""",
    "picture.png": b"\x89PNG\0Basket\0",
    "utf16.txt": "Basket in UTF-16\n".encode("utf-16"),
    "unmarked.txt": ("A Basket in UTF-16, and more everyday words.\n" * 9).encode("utf-16-le"),
    "latin.txt": "Le café de la place, prix du Basket à 3 £.\n".encode("latin-1"),
    "none.txt": "Basket without a line end",
    "empty.txt": "",
}  # fmt: skip


@pytest.fixture
def shop(repo: Repository) -> Repository:
    repo.commit(FILES)
    update(repo)
    return repo


def everywhere(repo: Repository, query: ExactQuery, *, refresh: bool = True) -> Everywhere:
    return Everyplace(job_for(repo), lambda: None, refresh).find(query)


def found(repo: Repository, query: ExactQuery) -> list[tuple[str, int]]:
    return [(place.path, place.line) for place in everywhere(repo, query).places]


def git_grep(repo: Repository, query: ExactQuery) -> set[tuple[str, int]]:
    """What git grep finds; its own and not PCRE's regular expressions."""
    options = ["-E" if query.regex else "-F", *["-w"] * query.word, *["-i"] * query.ignore_case]
    command = ["git", "grep", "--untracked", "-znI", *options, "-e", query.text]
    done = subprocess.run(command, cwd=repo.top, check=False, capture_output=True)
    assert done.returncode <= 1, done.stderr
    places = re.findall(rb"^([^\0]+?)\0(\d+)[:\0]", done.stdout, re.MULTILINE | re.DOTALL)
    return {(path.decode(), int(line)) for path, line in places}


def as_git_grep(repo: Repository, query: ExactQuery) -> None:
    ours = found(repo, query)
    assert len(ours) == len(set(ours))
    theirs = {place for place in git_grep(repo, query) if place[0] not in DECODED}
    assert {place for place in ours if place[0] not in DECODED} == theirs, query


DEFINED = {
    "Basket": ["shop/basket.py:5", "vendor/lib/basket.py:1", "odd\nname.py:1"],
    "add_item": ["shop/basket.py:8"],
    "total": ["shop/basket.py:11"],
    "price": ["shop/basket.py:15"],
    "Checkout": ["shop/main.go:4"],
    "BasketView": ["shop/web.ts:1"],
    "renderBasket": ["shop/web.ts:5"],
    "BASKET_MAX": ["shop/basket.h:1"],
    "basket": ["shop/basket.h:2"],
    "test_total": ["tests/test_basket.py:4"],
}


def test_every_place_of_ten_symbols_definitions_first(shop: Repository) -> None:
    for name, defined in DEFINED.items():
        query = ExactQuery(name, word=True)
        as_git_grep(shop, query)
        places = list(everywhere(shop, query).places)
        first = [f"{place.path}:{place.line}" for place in places if place.role == "definition"]
        assert set(first) >= set(defined[:1]), (name, first)
        assert set(first) <= set(defined), (name, first)
        roles = [place.role for place in places]
        assert roles[: len(first)] == ["definition"] * len(first)


def test_other_encodings_are_searched_as_text(shop: Repository) -> None:
    paths = {path for path, _ in found(shop, ExactQuery("Basket"))}
    assert paths >= DECODED
    assert ("latin.txt", 1) in found(shop, ExactQuery("café de la"))


def test_uses_come_before_tests_copies_and_docs(shop: Repository) -> None:
    places = list(everywhere(shop, ExactQuery("Basket", word=True)).places)
    order = list(dict.fromkeys(place.role for place in places))
    assert order == ["definition", "use", "test", "docs", "changelog"]
    use = next(place for place in places if place.path == "shop/main.go" and place.line == 4)
    assert (use.symbol, use.kind, use.language, use.column) == ("Checkout", "function", "go", 17)


def test_any_piece_of_any_line_is_found_where_git_grep_finds_it(shop: Repository) -> None:
    chance = random.Random(7)
    texts = [value for value in FILES.values() if isinstance(value, str) and value]
    for number in range(30):
        line = chance.choice(chance.choice(texts).splitlines() or ["Basket"]) or "Basket"
        start = chance.randrange(len(line))
        piece = line[start : start + chance.choice((1, 2, 4, 8, 16, 120))]
        query = ExactQuery(piece, word=number % 3 == 0, ignore_case=number % 5 == 0)
        if query.ignore_case and not piece.isascii():
            continue  # git folds by the locale
        as_git_grep(shop, query)


PATTERNS = (
    *("Bask[e]t", "^class", "total$", "(add|remove)_item", "Bas.*items", "[0-9]+[.][0-9]"),
    *("x*", "[^a-z]item", "B+asket", "e{2,}", "[(]b Basket[)]", "/v1/"),
)


def test_regular_expressions(shop: Repository, subtests: pytest.Subtests) -> None:
    apart = DECODED | {"crlf.txt"}
    for pattern in PATTERNS:
        with subtests.test(pattern):
            ours = set(found(shop, ExactQuery(pattern, regex=True)))
            theirs = git_grep(shop, ExactQuery(pattern, regex=True))
            assert {place for place in ours if place[0] not in apart} == {
                place for place in theirs if place[0] not in apart
            }
    assert found(shop, ExactQuery("two total$", regex=True)) == [("crlf.txt", 2)]  # not so git


def test_words_narrow_what_is_read(shop: Repository) -> None:
    with open_index(find_worktree(str(shop.top)).index_path) as index:

        def read(query: ExactQuery) -> set[str]:
            chosen = candidates(index, compile_pattern(query), query.within, ())
            return {file.path for file in chosen}

        everything = read(ExactQuery("e"))
        untold = {"shop/data.py", "shop/line.txt", "shop/café.py", "shop/中文.py", "latin.txt"}
        untold.add(NOTE)
        assert read(ExactQuery("Checkout", word=True)) == {"shop/main.go"} | untold
        assert read(ExactQuery("shop --no-verify`, v.")) == {"docs/guide.md"} | untold
        assert read(ExactQuery(r"\bbasket_add\b", regex=True)) == {"shop/basket.h"} | untold
        assert read(ExactQuery("Basket")) == everything  # may be a part of any word
        assert read(ExactQuery("Checkout|total", regex=True)) == everything


def test_an_index_of_an_older_version_narrows_nothing(shop: Repository) -> None:
    index = open_writer(find_worktree(str(shop.top)).index_path)
    assert index is not None
    with index:
        with index.transaction():
            say(index, index_version=1)
        chosen = candidates(index, compile_pattern(ExactQuery("a b c")), Query(""), ())
        assert len(chosen) == len(index.readable_files(None))


def test_words_that_no_file_has(repo: Repository) -> None:
    repo.commit({"a.py": "def alpha():\n    return 1\n"})
    update(repo)
    for query in (ExactQuery("nowhere", word=True), ExactQuery("is not there")):
        assert everywhere(repo, query).places.total == 0
    within = Query("", languages=("python",))
    assert everywhere(repo, ExactQuery("nowhere", word=True, within=within)).places.total == 0


def test_what_a_notebook_shows_beside_its_cells_is_found(shop: Repository) -> None:
    for text in ("of 3 outputs", '"title": "Basket', "execution_count", '\\"a Basket'):
        lines = [path for path, _ in found(shop, ExactQuery(text))]
        assert lines == [NOTE] * (text != "execution_count")


def test_filters(shop: Repository) -> None:
    def paths(within: Query) -> set[str]:
        return {path for path, _ in found(shop, ExactQuery("Basket", within=within))}

    assert paths(Query("", path="tests")) == {"tests/test_basket.py"}
    assert paths(Query("", path="shop/*.go")) == {"shop/main.go"}
    assert paths(Query("", languages=("typescript",))) == {"shop/web.ts"}
    assert paths(Query("", kinds=("function",))) == {"shop/main.go", "shop/web.ts", NOTE, *TEST}
    limited = everywhere(shop, ExactQuery("Basket", limit=2)).places
    assert (len(list(limited)), limited.shown) == (2, 2)
    assert limited.total == len(found(shop, ExactQuery("Basket")))


TEST = {"tests/test_basket.py"}


def test_files_are_read_as_they_are_now(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumen_hooks.service.freshen.may_be_waited_for", lambda *_: False)
    shop.write({"new.py": "def Checkout():\n    pass\n", "shop/main.go": "package shop\n"})
    (shop.top / "vendor/lib/basket.py").unlink()
    for refresh in (False, True):
        answer = everywhere(shop, ExactQuery("Checkout", word=True), refresh=refresh)
        assert (answer.state, answer.pending_files) == ("stale", 3)
        assert [(p.path, p.line, p.role, p.symbol) for p in answer.places] == [
            ("new.py", 1, "definition", "Checkout")
        ]
    assert "vendor/lib/basket.py" not in dict(found(shop, ExactQuery("Basket", word=True)))
    within = Query("", path="shop", languages=("go",))
    assert found(shop, ExactQuery("package", within=within)) == [("shop/main.go", 1)]


def test_a_folder_that_became_a_link_is_not_followed(shop: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "basket.py").write_text("class Basket: secret\n")
    (shop.top / "vendor/lib/basket.py").unlink()
    (shop.top / "vendor/lib").rmdir()
    (shop.top / "vendor/lib").symlink_to(outside)
    answer = everywhere(shop, ExactQuery("Basket", word=True), refresh=False)
    assert all("secret" not in place.snippet for place in answer.places)


def test_without_an_index(repo: Repository) -> None:
    repo.commit(FILES)
    with pytest.raises(StoreError, match="has no index"):
        everywhere(repo, ExactQuery("Basket"), refresh=False)
    as_git_grep(repo, ExactQuery("Basket"))  # is made first


def test_a_long_line_is_shown_around_the_match(shop: Repository) -> None:
    places = {p.path: p for p in everywhere(shop, ExactQuery(" Basket more")).places}
    place = places["shop/data.py"]
    assert place.snippet.startswith("…")
    assert place.snippet.endswith("…")
    assert " Basket more" in place.snippet
    assert len(place.snippet) <= SHOWN_BYTES + 2
    assert place.column == f"B = '{LONG_LINE}'".index(" Basket more") + 1


def test_more_than_memory_should_hold(
    shop: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = ExactQuery("e")
    expected = found(shop, query)
    monkeypatch.setattr(shelf, "KEPT_ROWS", 3)
    assert found(shop, query) == expected
    monkeypatch.setattr(shelf, "temporary_folder", lambda _: str(tmp_path / "none"))
    with pytest.raises(StorageFullError, match="no room to keep"):
        found(shop, query)
    assert len(found(shop, query._replace(limit=3))) == 3


def test_patterns_that_take_others_for_ever(repo: Repository) -> None:
    repo.commit({"a.txt": ("x" * 100_000 + "\n") * 5})
    update(repo)
    before = os.times()
    for pattern in (r"(x+x+)+y", r"(x|xx)*$z", r"(.*)(.*)(.*)(.*)[0-9]$"):
        assert found(repo, ExactQuery(pattern, regex=True)) == []
    assert os.times().user - before.user < 20
