"""Code like the code at a place: the core on real indexes, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import QueryError, StoreError
from lumen_hooks.search.results import RelatedQuery
from lumen_hooks.service.answer import Answerer
from tests.support.commands import lumen
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import job_for, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from lumen_hooks.service.answer import Answer
    from tests.support.repository import Repository

OTHER = '''def herons():
    """Wade through water at dawn, and stand still until a fish comes by."""
    return [wade(water) for water in ponds if water.depth < legs.length]
'''


@pytest.fixture
def project(repo: Repository) -> Repository:
    body = "".join(f"    total_{n} = compute_{n}(request, {n})\n" for n in range(120))
    repo.commit(
        {
            "lib/mail.py": python_module("send_mail", "retry_mail"),
            "lib/birds.py": OTHER,
            "lib/large.py": f"def large(request):\n{body}    return total_0\n",
        }
    )
    update(repo)
    return repo


def ask(repo: Repository, path: str, line: int, limit: int = 10, *, refresh: bool = True) -> Answer:
    def start_worker() -> None:
        raise AssertionError("a worker was started")

    answerer = Answerer(job_for(repo), start_worker, refresh=refresh)
    return answerer.answer(RelatedQuery(path, line, limit))


def test_the_nearest_first_and_never_itself(project: Repository) -> None:
    found = ask(project, "lib/mail.py", 10)
    assert (found.query, found.state) == ("lib/mail.py:10", "fresh")
    symbols = [result.symbol for result in found.results]
    assert symbols[0] == "retry_mail"
    assert "send_mail" not in symbols
    scores = [result.score for result in found.results]
    assert scores == sorted(scores, reverse=True)
    assert 0.5 < scores[0] <= 1
    assert all(0 <= score <= 1 for score in scores)
    assert found.results[0].snippet.startswith("def retry_mail(")


def test_the_other_parts_of_a_definition_are_itself(project: Repository) -> None:
    for line in (1, 60, 122):
        found = ask(project, "lib/large.py", line)
        assert {result.path for result in found.results} == {"lib/mail.py", "lib/birds.py"}


def test_a_line_between_definitions_belongs_to_the_nearest(project: Repository) -> None:
    assert ask(project, "lib/mail.py", 14).results == ask(project, "lib/mail.py", 10).results


def test_a_limit(project: Repository) -> None:
    assert len(ask(project, "lib/mail.py", 10, limit=1).results) == 1
    with pytest.raises(QueryError, match="0 results"):
        ask(project, "lib/mail.py", 10, limit=0)
    assert len(ask(project, "lib/mail.py", 10, limit=10**9).results) == 3


def test_the_line_is_one_of_the_file_as_it_is_now(project: Repository) -> None:
    project.write({"lib/mail.py": python_module("retry_mail", "send_mail")})
    symbols = [result.symbol for result in ask(project, "lib/mail.py", 10).results]
    assert (symbols[0], "retry_mail" in symbols) == ("send_mail", False)


def test_places_with_nothing(project: Repository) -> None:
    project.write({"lib/dots.txt": "... --- ...\n"})
    update(project, FakeEmbedder())
    for path, line, what in [
        ("lib/mail.py", 0, "line 0"),
        ("lib/mail.py", 10**9, "line 1000000000"),
        ("lib/none.py", 1, "nothing in the index is at lib/none.py"),
        ("lib", 1, "is not indexed: it is a folder"),
        ("lib/\udcff.py", 1, "nothing in the index is at"),
        ("lib/dots.txt", 1, "no word that the model knows"),
    ]:
        with pytest.raises(QueryError, match=what):
            ask(project, path, line)


def test_without_an_index(repo: Repository) -> None:
    repo.commit({"lib/mail.py": python_module("send_mail", "retry_mail")})
    with pytest.raises(StoreError, match="no index"):
        ask(repo, "lib/mail.py", 10, refresh=False)
    assert ask(repo, "lib/mail.py", 10).results[0].symbol == "retry_mail"


def test_the_command(project: Repository) -> None:
    plain = lumen(project.top, "related", "lib/mail.py:10", "-n", "1")
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout.startswith("lib/mail.py:16-25 retry_mail function 0.")
    answer = json.loads(lumen(project.top / "lib", "related", "mail.py:4-13", "--json").stdout)
    assert (answer["worktree"], answer["state"]) == (str(project.top), "fresh")
    assert answer["results"][0]["symbol"] == "retry_mail"
    wrong = lumen(project.top, "related", "lib/mail.py")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "hint: write it as PATH:LINE" in wrong.stderr
    assert lumen(project.top, "related", "lib/mail.py:99").returncode == 1
