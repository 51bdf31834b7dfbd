"""The judges' own parts: what counts as right, intervals, comparisons, and what is said offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import judged
from tests.benchmarks.judged import Judged, comparison, interval
from tests.benchmarks.peer.questions import Stretch, ndcg, ranks, read_rows
from tests.benchmarks.quality.sources import Places, Source, missing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


def by_questions(_group: str) -> judged.Weight:
    return "questions"


def found(package: str, question: str, value: float, kind: str = "name") -> Judged:
    return Judged(package, "go", kind, question, 1, value, value, 0.01)


def test_a_target_counts_at_its_first_result_whichever_path_begins_further_up() -> None:
    targets = [Stretch("src/a/b.py"), Stretch("lib/c.py", 10, 20), Stretch("none.py")]
    results = [
        Stretch("x/b.py", 1, 9),
        Stretch("c.py", 21, 30),
        Stretch("a/b.py", 1, 9),
        Stretch("c.py", 20, 30),
        Stretch("a/b.py", 50, 60),
    ]

    assert ranks(targets, results) == [3, 4]
    assert ranks([Stretch("bb.py")], [Stretch("b.py", 1, 2)]) == []


def test_ndcg_is_against_all_targets() -> None:
    assert ndcg([1, 2], 2) == pytest.approx(1)
    assert ndcg([2], 1) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([1], 2) == pytest.approx(0.6131, abs=1e-4)
    assert ndcg([], 0) == 0


def test_intervals_draw_packages_again_and_weigh_them_as_told() -> None:
    values = [("a", 1.0)] * 30 + [("b", 0.0)] * 10

    assert interval(values, "questions").mean == pytest.approx(0.75)
    assert interval(values, "packages") == (0.5, 0.0, 1.0)


def test_a_comparison_pairs_questions_and_says_which_were_asked_once(tmp_path: Path) -> None:
    old = [found("a", "x", 0.5), found("b", "y", 0.5), found("b", "gone", 1.0)]
    judged.save(tmp_path / "old.json", "builtin", old)
    new = [found("a", "x", 1.0), found("b", "y", 0.25), found("b", "new", 0.0)]

    said = comparison(judged.load(tmp_path / "old.json"), new, "mrr", by_questions)

    assert "| all | 2 | 2 | 0.500 | 0.625 | +0.125 (-0.250 to +0.500) |" in said
    assert "2 questions were asked only once" in said


def test_questions_of_another_form_are_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    file.write_text(json.dumps({"a": {"language": "go"}}), encoding="utf-8")

    with pytest.raises(ValueError, match="does not hold the benchmark's questions"):
        read_rows(file)


def test_the_peer_benchmark_names_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    row = {"language": "go", "repository": "o/n", "revision": "1" * 40, "queries": []}
    file.write_text(json.dumps({"n": row}), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.peer", str(file),
         "--mirrors", str(tmp_path), "--cache", str(tmp_path / "cache")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 1
    assert f"left out, not in {tmp_path}: o/n at {'1' * 40}" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_source_that_cannot_be_had_is_a_sentence(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": "x = 1\n"})
    (tmp_path / "mirrors").mkdir()
    (tmp_path / "mirrors" / "o+n").symlink_to(repo.top)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # no npm
    places = Places(tmp_path / "cache", tmp_path / "mirrors")
    rows = [
        Source("python", "tune", "git", "o/n", "1" * 40),
        Source("javascript", "tune", "npm", "lodash", "4.17.21"),
    ]

    commit, package = missing(rows, places)

    assert commit.endswith(f"lacks the commit {'1' * 40}")
    assert package.startswith("lodash 4.17.21: ")
