"""The judges' own parts: what counts as right, intervals, comparisons, and what is said offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import training.sources
from tests.benchmarks import judged
from tests.benchmarks.judged import Judged, comparison, interval
from tests.benchmarks.peer.questions import Stretch, ndcg, ranks, read_rows
from tests.benchmarks.quality import sources as quality
from tests.benchmarks.quality.documented import Documented
from tests.benchmarks.quality.questions import Place
from tests.benchmarks.third import sources as third
from tests.benchmarks.third.corpus import make_corpus
from tests.benchmarks.third.sources import Source
from tests.benchmarks.third.topics import topic_questions, without

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
    assert interval(values[:30], "packages").shown(".2f") == "1.00"


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
    places = quality.Places(tmp_path / "cache", tmp_path / "mirrors")
    rows = [
        quality.Source("python", "tune", "git", "o/n", "1" * 40),
        quality.Source("javascript", "tune", "npm", "lodash", "4.17.21"),
    ]

    commit, package = quality.missing(rows, places)

    assert commit.endswith(f"lacks the commit {'1' * 40}")
    assert package.startswith("lodash 4.17.21: ")


DOCUMENT = """# Guide

Everything `starts` here.

## Closing connections early

A pool gives every idle connection back after some time. `Pool.release` calls `expire_idle`.

    code that(is, not, read)

## Other
"""


def test_a_topic_is_a_section_that_names_what_few_files_define() -> None:
    code = {"src/pool.py": ("Pool", "Pool.release", "expire_idle"), "src/a.py": ("starts",)}
    definitions = {
        path: [Documented(name, "function", 1, 9, "") for name in names]
        for path, names in code.items()
    }
    files = {"README.md": DOCUMENT, "CHANGELOG.md": DOCUMENT, **dict.fromkeys(code, "")}

    topics = topic_questions(files, definitions, 5)

    sentence = "A pool gives every idle connection back after some time"
    (question,) = topics.questions
    assert question.text in {sentence, "Closing connections early"}
    assert question.answers == (Place("src/pool.py"),)
    left = without(DOCUMENT, topics.cuts["README.md"])
    assert left.startswith("# Guide")
    assert left.endswith("## Other\n")
    assert "connection" not in left
    assert "CHANGELOG.md" not in topics.cuts


def test_a_language_without_a_grammar_defines_by_its_lines() -> None:
    files = {
        "a.ml": "let rec release_all pool =\n  ()\nmodule IdlePool = struct\n",
        "b.ml": "let unrelated = 1\n",
        "README.md": "## Giving back idle things\n\n`release_all` and `IdlePool`.\n",
    }

    (question,) = topic_questions(files, {}, 5).questions

    assert question.answers == (Place("a.ml"),)


def test_the_third_judge_asks_of_sources_that_are_used_nowhere_else() -> None:
    names = {source.name.lower() for source in third.load_sources()}
    trained = {source.name.lower() for source in training.sources.load_sources()}

    assert len(names) >= 15
    assert not names & trained


def test_a_repository_less_its_questions(repo: Repository, tmp_path: Path) -> None:
    body = "".join(f"    step_{n}(pool)\n" for n in range(5))
    code = f'def give_back(pool):\n    """Give every idle connection back in time."""\n{body}'
    repo.commit({"pool.py": code, "big.bin": b"\0", "README.md": "# Pool\n"}, "start")
    commit = repo.commit({"pool.py": f"{code}    done(pool)\n"}, "Forget connections that broke #7")

    corpus = make_corpus(Source("python", "o/n", commit, "MIT"), repo.top, tmp_path / "third")
    again = make_corpus(Source("python", "o/n", commit, "MIT"), repo.top, tmp_path / "third")

    asked = {one.kind: one for one in corpus.questions}
    assert asked["docstring"].text == "Give every idle connection back in time"
    assert asked["docstring"].answers == (Place("pool.py", 1, 8),)
    assert asked["identifier"].answers == (Place("pool.py", 1, 8),)
    assert asked["commit"].text == "Forget connections that broke"
    assert "idle connection" not in (corpus.top / "pool.py").read_text()
    assert not (corpus.top / "big.bin").exists()
    assert again.questions == corpus.questions
