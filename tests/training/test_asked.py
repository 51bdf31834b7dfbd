"""Questions that were written by reading code: what the files hold, what is made of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository
from training.ranking.asked import FOLDER, load_asked, make_corpus
from training.ranking.candidates import questions_of
from training.sources import Source, load_sources

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(FOLDER.glob("*.json"))


def _written(tmp_path: Path, *answers: str, category: str = "semantic") -> Path:
    question = {"category": category, "query": "lend and take back", "secondary": []}
    file = tmp_path / "asked.json"
    file.write_text(
        json.dumps({"root": "src", "questions": [{**question, "relevant": answers}]}),
        encoding="utf-8",
    )
    return file


@pytest.fixture
def source(tmp_path: Path) -> Source:
    top = tmp_path / "checkouts" / "owner+name"
    top.mkdir(parents=True)
    repository = Repository(top)
    repository.git("init", "-q")
    commit = repository.commit({"src/pool.py": "def lend(): ...\n", "docs/pool.md": "# Lending\n"})
    return Source("owner/name", commit, "MIT", "ranking")


def test_every_file_asks_a_repository_that_is_for_the_ranking() -> None:
    names = {source.name.replace("/", "+") for source in load_sources(use="ranking")}
    assert FILES
    assert {file.stem for file in FILES} <= names


def test_no_question_is_asked_twice() -> None:
    for file in FILES:
        texts = [one.text.lower() for one in load_asked(file).questions]
        assert len(set(texts)) == len(texts), file.name


def test_only_the_folder_that_is_asked_is_there(source: Source, tmp_path: Path) -> None:
    asked = load_asked(_written(tmp_path, "src/pool.py"))
    assert make_corpus(source, asked, tmp_path / "checkouts", tmp_path / "out") == 1
    made = tmp_path / "out" / "owner+name+asked"
    assert (made / "src/pool.py").exists()
    assert not (made / "docs").exists()
    (question,) = questions_of(made.with_name(f"{made.name}.json"))
    assert question.kind == "semantic"
    assert [one.path for one in question.answers] == ["src/pool.py"]


def test_an_answer_that_is_not_there_is_an_error(source: Source, tmp_path: Path) -> None:
    asked = load_asked(_written(tmp_path, "docs/pool.md"))
    with pytest.raises(ValueError, match=r"lacks docs/pool\.md"):
        make_corpus(source, asked, tmp_path / "checkouts", tmp_path / "out")


@pytest.mark.parametrize(("answers", "category"), [((), "semantic"), (("src/pool.py",), "other")])
def test_questions_without_an_answer_or_a_kind_are_errors(
    answers: tuple[str, ...], category: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"asked\.json"):
        load_asked(_written(tmp_path, *answers, category=category))
