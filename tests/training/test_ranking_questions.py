"""Questions to a repository for the ranking: what is asked, and what is left out of the corpus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository
from training.ranking.candidates import ABSENT, Question, absent_questions, questions_of
from training.ranking.corpus import make_corpus, without
from training.ranking.outline import Span, outline_of, texts_of
from training.ranking.questions import MOST, Answer
from training.sources import Source

if TYPE_CHECKING:
    from pathlib import Path

SESSION = '''"""Keeps sessions with a server open over many requests."""


class SessionPool:
    """Lends sessions to whoever asks and takes them back later.

    More."""

    def lend_session(self, timeout):
        """Waits until a session is free and lends it to the caller."""
        while not self.free:
            self.wait(timeout)
        return self.free.pop()

    def reclaim(self, session):
        if session.closed:
            return
        self.free.append(session)
'''
GUIDE = """# Guide

## Lending sessions to callers

A `SessionPool` has `lend_session` and `reclaim`. It is asked for sessions by those who need one.

## Another

Whoever builds this needs a compiler and a lot of patience for what comes after that. It is long.
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    top = tmp_path / "checkouts" / "owner+name"
    top.mkdir(parents=True)
    repo = Repository(top)
    repo.git("init", "-q")
    repo.commit({"pool/session.py": SESSION, "docs/guide.md": GUIDE, "tests/test_it.py": SESSION})
    repo.write({"pool/session.py": SESSION.replace("closed", "is_closed")})
    commit = repo.commit(message="Do not reclaim sessions that were closed")
    return Source("owner/name", commit, "MIT", "ranking")


def test_every_kind_is_asked(source: Source, tmp_path: Path) -> None:
    counts = make_corpus(source, tmp_path / "checkouts", tmp_path / "out")
    assert set(counts) == set(MOST)
    asked = questions_of(tmp_path / "out" / "owner+name.json")
    by_kind = {one.kind: one for one in asked}
    assert by_kind["doc"].text == "Waits until a session is free and lends it to the caller"
    assert by_kind["doc"].answers == (Answer("pool/session.py", 9, 13),)
    assert by_kind["file"].answers == (Answer("pool/session.py"),)
    assert by_kind["commit"].text == "Do not reclaim sessions that were closed"
    assert by_kind["topic"].answers == (Answer("pool/session.py"),)
    assert by_kind["document"].text.startswith("Whoever builds this needs a compiler")
    assert by_kind["document"].answers == (Answer("docs/guide.md", 7, 9),)


def test_the_words_of_a_question_are_not_indexed(source: Source, tmp_path: Path) -> None:
    make_corpus(source, tmp_path / "checkouts", tmp_path / "out")
    top = tmp_path / "out" / "owner+name"
    left = (top / "pool" / "session.py").read_text()
    assert "Waits until" not in left
    assert "Lends sessions" not in left
    assert left.count("\n") == SESSION.count("\n")
    assert "Lending sessions" not in (top / "docs" / "guide.md").read_text()
    compile(left, "session.py", "exec")


def test_the_same_repository_is_asked_the_same(source: Source, tmp_path: Path) -> None:
    for out in ("one", "two"):
        make_corpus(source, tmp_path / "checkouts", tmp_path / out)
    files = [tmp_path / out / "owner+name.json" for out in ("one", "two")]
    assert json.loads(files[0].read_text()) == json.loads(files[1].read_text())


def test_tests_are_not_asked_about(source: Source, tmp_path: Path) -> None:
    checkout = source.repository(tmp_path / "checkouts")
    texts = texts_of(checkout, source.commit)
    assert set(texts) == {"pool/session.py", "docs/guide.md", "tests/test_it.py"}
    assert outline_of("tests/test_it.py", texts["tests/test_it.py"]) is None
    assert outline_of("docs/guide.md", texts["docs/guide.md"]) is None


def test_lines_keep_their_numbers() -> None:
    text = b"a\n/* one\n two */\nb\n"
    assert without(text, [Span(2, 16, b"")]) == b"a\n\n\nb\n"
    assert without(text, [Span(2, 16, b"..."), Span(5, 9, b"x")]) == b"a\n...\n\nb\n"


def test_others_questions_have_no_answer() -> None:
    others = {
        name: [Question("doc", f"{name} {number}", (Answer("a"),)) for number in range(9)]
        for name in "abc"
    }
    asked = list(absent_questions("a", others))
    assert asked == list(absent_questions("a", others))
    assert {one.kind for one in asked} == {ABSENT}
    assert not any(one.answers or one.text.startswith("a") for one in asked)
    assert list(absent_questions("a", {"a": others["a"]})) == []
