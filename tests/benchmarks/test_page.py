"""The page of figures: a part is replaced by the run that measured it, and the rest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.performance import page

if TYPE_CHECKING:
    from pathlib import Path

TREE = """
a tree: 5 files are indexed (1.0 MB in the tree), 1,200 chunks.

| what | goal | before | measured | limit | ratio |  |
|---|---|---|---|---|---|---|
| full build, CPU | - | 9.00 s | 2.50 s | reading and tokenising 1.00 s | 2.5 |  |
| search, warm, with its look | 25 ms | | 40 ms |  |  | **missed** |
""".strip().split("\n")


def test_a_part_takes_the_place_of_its_last_run_alone(tmp_path: Path) -> None:
    (tmp_path / page.PAGE).write_text("# By hand\n\nkept\n")
    page.put(tmp_path, "one", ["first"])
    page.put(tmp_path, "two", TREE)
    page.put(tmp_path, "one", ["again"])
    text = (tmp_path / page.PAGE).read_text()
    assert text.startswith("# By hand\n\nkept\n")
    assert "again" in text
    assert "first" not in text
    assert text.index("again") < text.index("a tree")


def test_the_picture_is_of_what_the_page_says(tmp_path: Path) -> None:
    assert page.figures("\n".join(TREE)) == [
        (
            1200,
            {
                "full build, CPU": 2.5,
                "full build, CPU: reading and tokenising": 1.0,
                "search, warm, with its look": 0.04,
            },
        )
    ]
    page.put(tmp_path, "one", TREE)
    page.put(tmp_path, "two", [line.replace("1,200", "12,000") for line in TREE])
    page.draw(tmp_path)
    assert (tmp_path / page.PICTURE).read_text().count("<polyline") == 3
