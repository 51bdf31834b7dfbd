"""The definitions of a file, nested, within a budget, whether anything is indexed or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunk import Held
from lumen_hooks.errors import QueryError
from lumen_hooks.wording.outline import Outline, _nested, outline_in_words, outline_of
from lumen_hooks.wording.plain import AS_ARGUMENTS
from lumen_hooks.wording.tokens import tokens_at_most
from tests.support.commands import lumen
from tests.support.helpers import job_for

if TYPE_CHECKING:
    from tests.support.repository import Repository

CODE = '''"""A module."""


class Store:
    """Keeps things."""

    def get(self, key):
        return self.things[key]

    def put(self, key, value):
        def check():
            return key

        self.things[check()] = value


def main():
    return Store()
'''


def test_a_file_as_it_is_now_without_an_index(repo: Repository) -> None:
    repo.commit({"lib/store.py": "x = 1\n"})
    repo.write({"lib/store.py": CODE, "a.md": "# One\n\ntext\n\n## Two\n\ntext\n", "e.txt": ""})
    job = job_for(repo)
    assert outline_in_words(outline_of(job, "lib/store.py"), 1500, AS_ARGUMENTS).split("\n") == [
        "lib/store.py: python, 18 lines",
        "4-14 class Store",
        " 7-8 method get",
        " 10-14 method put",
        "  11-12 function check",
        "17-18 function main",
    ]
    assert "\n 5-7 section Two" in outline_in_words(outline_of(job, "a.md"), None, AS_ARGUMENTS)
    assert outline_in_words(outline_of(job, "e.txt"), None, AS_ARGUMENTS).endswith("no definitions")
    done = lumen(repo.top / "lib", "outline", "store.py")
    assert (done.returncode, done.stdout.split("\n")[:2]) == (
        0,
        ["store.py: python, 18 lines", "4-14 class Store"],
    )
    told = json.loads(lumen(repo.top, "outline", "lib/store.py", "--json").stdout)
    assert [one["symbol"] for one in told["defined"]][1:3] == ["Store.get", "Store.put"]


def test_what_is_no_text_file_of_the_worktree(repo: Repository) -> None:
    repo.write({"lib/a.bin": b"\0\1"})
    (repo.top / "out").symlink_to("/")
    job = job_for(repo)
    for path, words in (
        ("lib", "is a folder"),
        ("lib/a.bin", "binary"),
        ("none.py", "none.py does not exist"),
        ("out/etc/hosts", "out of the worktree"),
    ):
        with pytest.raises(QueryError, match=words):
            outline_of(job, path)


def held(kind: str, name: str, start: int, end: int) -> Held:
    return Held(kind, name, start, end)  # type: ignore[arg-type]


def test_a_class_that_was_cut_into_parts_reaches_to_its_last_method() -> None:
    found = _nested(
        [held("class", "A", 1, 9), held("method", "A.x", 12, 20), held("method", "B.y", 30, 31)]
    )
    assert [(one.end_line, one.depth, one.name) for one in found] == [
        (20, 0, "A"),
        (20, 1, "x"),
        (31, 0, "B.y"),
    ]


@pytest.mark.parametrize("budget", [100, 150, 400, 1500])
def test_the_innermost_are_left_out_first(budget: int) -> None:
    hostile = "提交" * 40
    found = [
        one
        for at in range(30)
        for one in (
            held("class", f"C{at}", at * 10, at * 10 + 9),
            held("method", f"C{at}.{hostile}", at * 10 + 1, at * 10 + 5),
            held("function", f"C{at}.{hostile}.f", at * 10 + 2, at * 10 + 3),
        )
    ]
    outline = Outline("a.py", "python", 300, tuple(_nested(found)))
    text = outline_in_words(outline, budget, AS_ARGUMENTS, remark="\u202e" * 9)
    assert tokens_at_most(text) <= budget
    rows = text.split("\n")
    depths = [len(row) - len(row.lstrip()) for row in rows[1:-1]]
    assert (1 in depths) <= (depths.count(0) == 30 + 1)
    assert f"more left out to fit (max_tokens={2 * budget} shows more)" in rows[-1]
    with pytest.raises(QueryError, match="path alone"):
        outline_in_words(outline._replace(path="x/y-" * 3000), budget, AS_ARGUMENTS)
