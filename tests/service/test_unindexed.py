"""A worktree without an index is answered from what there is, in time, and honestly."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.errors import LumenError, NotIndexedError, QueryError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import seed
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.search.results import ExactQuery, Query, RelatedQuery
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.caches import Listings
from lumen_hooks.service.everywhere import Everyplace
from lumen_hooks.service.unindexed import PromptAnswerer, PromptEveryplace
from lumen_hooks.system import log
from tests.support.commands import lumen
from tests.support.helpers import job_for, peer, refreshed
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.indexing.job import Job
    from lumen_hooks.system.locks import Acquired
    from tests.support.repository import Repository

AMPLE_SECONDS = 20.0
"""The machine may be busy; nothing here takes as long, or the test fails."""

HOW_FAR = {
    "model": "builtin",
    "percent": 12,
    "files": 10,
    "of": 82,
    "chunks": 20,
    "chunks_expected": 160,
    "embedded": 20,
    "per_second": 5.0,
    "seconds_left": 28.0,
}
"""What a process says that will not be ready in time."""

MAIL = '''"""Letters."""


def send_mail(letter, retries=3):
    """Send a letter and try again if the server is down."""
    while retries:
        retries -= 1


def burn_mail(letter):
    """Send a letter to the fire."""
    return None
'''


class Heard:
    """Progress, as a client hears it."""

    def __init__(self) -> None:
        self.files: list[int] = []

    def update(self, *, files: int, of: int, chunks: int, embedded: int) -> None:
        self.files.append(files)


def busy(repo: Repository) -> Acquired:
    """Another process makes the index, and is not ready soon."""
    own_folders.begin(find_worktree(str(repo.top)))
    lock = peer(repo)
    lock.note(json.dumps(HOW_FAR))
    return lock


def nobody() -> None:
    """A worker that is killed before it begins."""


def a_job(repo: Repository) -> Job:
    return job_for(repo)._replace(load=load_embedder)


def prompt(
    repo: Repository, start: Callable[[], int | None] = nobody, seconds: float = AMPLE_SECONDS
) -> PromptAnswerer:
    answerer = Answerer(a_job(repo), start, creates=False)
    return PromptAnswerer(answerer, time.monotonic() + seconds)


def places(repo: Repository, seconds: float = AMPLE_SECONDS) -> PromptEveryplace:
    everyplace = Everyplace(a_job(repo), nobody, creates=False)
    return PromptEveryplace(everyplace, time.monotonic() + seconds)


@pytest.fixture
def large(repo: Repository) -> Repository:
    """More files than are indexed on the spot."""
    files = {f"m/m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(80)}
    repo.commit({**files, "mail/post.py": MAIL, "notes.md": "# Post\n\nHow letters are sent.\n"})
    return repo


def test_the_files_answer_while_another_process_makes_the_index(large: Repository) -> None:
    with busy(large):
        answer = prompt(large).answer(Query("send a letter again if the server is down"))
        assert answer.results[0].path == "mail/post.py"
        assert "def send_mail" in answer.results[0].snippet
        assert (answer.state, answer.pending_files, answer.weak) == ("building", 82, False)
        assert answer.model == "builtin"
        assert answer.problem is not None
        assert answer.problem.startswith(
            "the index is being made (12 % done, 5 chunks a second, about 28 s left); this is from "
        )
        assert (
            prompt(large).answer(Query("letter", kinds=("section",))).results[0].kind == "section"
        )

        known = prompt(large).answer(RelatedQuery("m/m7.py", 5))
        assert {result.path.partition("/")[0] for result in known.results} == {"m"}
        assert "m/m7.py" not in {result.path for result in known.results}

        found = places(large).find(ExactQuery("letter", limit=None, within=Query("", path="mail")))
        assert [place.symbol for place in found.places][:2] == ["send_mail", "send_mail"]
        assert {place.path for place in found.places} == {"mail/post.py"}
        assert (found.state, found.places.total) == ("building", 4)
        assert (found.problem or "").endswith("; all files were read")
    assert not os.path.exists(a_job(large).worktree.index_path)


def test_the_command_line_need_not_wait(large: Repository) -> None:
    with busy(large):
        began = time.monotonic()
        done = lumen(large.top, "search", "--no-wait", "--json", "send a letter again")
        answer = json.loads(done.stdout)
        assert (answer["state"], answer["results"][0]["path"]) == ("building", "mail/post.py")
        exact = lumen(large.top, "search", "--no-wait", "--exact", "burn_mail")
        assert exact.stdout.startswith("mail/post.py:10:")
        assert "12 % done" in exact.stderr
        related = lumen(large.top, "related", "--no-wait", "m/m7.py:5", "--path", "mail")
        assert "mail/post.py:" in related.stdout
        assert time.monotonic() - began < 3 * AMPLE_SECONDS
        nothing = lumen(large.top, "search", "--no-wait", "--no-refresh", "letter")
        assert nothing.returncode == 1
        assert "this worktree has no index" in nothing.stderr


def test_filters_are_kept_and_errors_explained(large: Repository) -> None:
    large.write({".gitignore": "build/\n", "build/x.py": "x = 1\n", "logo.png": "\0"})
    with busy(large):
        docs = prompt(large).answer(Query("send a letter", content="docs"))
        assert {result.path for result in docs.results} == {"notes.md"}
        for filters, words in (
            ({"path": "build/x.py"}, "what is at build/x.py is not indexed"),
            ({"path": "lib"}, "nothing here is at lib"),
            ({"languages": ("rust",)}, "no file here is in 'rust'"),
            ({"languages": ("rusty",)}, "no language is called 'rusty'"),
            ({"exclude": ("*",)}, "nothing is left to search"),
            ({"kinds": ("verb",)}, "no kind is called 'verb'"),
        ):
            query = Query("letter")._replace(**filters)
            with pytest.raises(QueryError, match=words):
                prompt(large).answer(query)
            with pytest.raises(QueryError, match=words):
                places(large).find(ExactQuery("letter", within=query))
        with pytest.raises(NotIndexedError, match="is not indexed"):
            prompt(large).answer(RelatedQuery("build/x.py", 1))


def test_what_is_asked_in_vain_says_why(large: Repository) -> None:
    answer = prompt(large).answer(Query("send a letter"))
    assert answer.state == "absent"
    assert (answer.problem or "").startswith("there is no index: the worker ended without one")
    assert answer.results[0].path == "mail/post.py"

    def fails() -> None:
        worktree = a_job(large).worktree
        record: dict[str, object] = {"worktree": worktree.top, "error": "StoreError: no room"}
        record["hint"] = "free some"
        log.append(worktree.common_dir, record, git_dir=worktree.git_dir)

    failed = prompt(large, fails).answer(Query("send a letter"))
    assert (failed.problem or "").startswith(
        "there is no index: StoreError: no room (free some); this is from"
    )
    large.git("config", "lumen.refresh", "off")
    off = prompt(large, fails).answer(Query("send a letter"))
    assert "lumen.refresh is off; make it with: lumen-hooks index" in (off.problem or "")
    assert off.results[0].path == "mail/post.py"


def test_a_worker_that_is_slow_to_begin_is_not_called_dead(large: Repository) -> None:
    with subprocess.Popen(["sleep", "20"]) as slow:
        answer = prompt(large, lambda: slow.pid, seconds=3).answer(Query("send a letter"))
        assert answer.state == "building"
        assert "the index is being made (just begun)" in (answer.problem or "")
        slow.kill()
    dead = prompt(large, lambda: slow.pid).answer(Query("send a letter"))
    assert "the worker ended without one" in (dead.problem or "")


def test_what_lies_in_our_place_is_named(large: Repository) -> None:
    (large.top / ".git" / "lumen").write_text("mine")
    answer = prompt(large).answer(Query("send a letter"))
    assert answer.state == "absent"
    assert ".git/lumen" in (answer.problem or "")
    assert answer.results[0].path == "mail/post.py"


def test_an_index_that_is_soon_there_answers(large: Repository) -> None:
    heard = Heard()
    asked = prompt(large, partial(spawn_worker, str(large.top), "search"), seconds=30)
    job = asked.answerer.job._replace(progress=heard)
    answer = replace(asked, answerer=replace(asked.answerer, job=job)).answer(Query("alpha_77"))
    assert answer.results[0].symbol == "alpha_77"
    assert (answer.state, answer.problem) == ("fresh", None)
    assert heard.files == sorted(heard.files)


def test_a_few_files_are_indexed_on_the_spot(repo: Repository) -> None:
    repo.commit({"mail/post.py": MAIL})
    answer = prompt(repo).answer(Query("send a letter"))
    assert (answer.state, answer.problem) == ("fresh", None)
    path = a_job(repo).worktree.index_path
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(b"\0" * size)
    assert prompt(repo).answer(Query("send a letter")).state == "fresh"
    assert [name for name in os.listdir(os.path.dirname(path)) if "damaged" in name]


def test_a_sibling_answers_with_what_the_files_hold_now(
    large: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed(large)
    near = large.add_worktree("near", "-b", "near")
    assert prompt(near).answer(Query("send a letter")).state == "fresh"  # cloned on the spot
    far = large.add_worktree("far", "-b", "far")
    far.write({"mail/post.py": "# moved\n\n" + MAIL})
    monkeypatch.setattr(seed, "FOREGROUND_BYTES", 0)
    monkeypatch.setattr(seed, "_FICLONE", 0)
    with busy(far):
        answer = prompt(far).answer(Query("send a letter"))
        assert (answer.state, answer.results[0].path) == ("building", "mail/post.py")
        assert answer.results[0].snippet.startswith("# moved")
        assert f"this is from that of a sibling, {near.top}" in (answer.problem or "")
        far.write({"new/b.py": "def brand_new():\n    return 1\n"})
        new = prompt(far).answer(Query("brand_new", path="new"))
        assert [result.path for result in new.results] == ["new/b.py"]


def test_a_listing_that_takes_too_long_serves_the_next_question(large: Repository) -> None:
    listings = Listings()
    job = a_job(large)
    with busy(large):
        late = PromptAnswerer(Answerer(job, nobody, creates=False), 0.0, listings.files)
        with pytest.raises(LumenError, match="the index is being made") as refusal:
            late.answer(Query("send a letter"))
        assert "lumen-hooks status" in refusal.value.hint
        listed = listings.files(job, time.monotonic() + 30)
        large.write({"later.py": MAIL})
        assert listings.files(job, time.monotonic()) is listed
        asked = replace(late, until=time.monotonic() + AMPLE_SECONDS)
        assert asked.answer(Query("send a letter")).results


def test_a_listing_that_failed_is_made_again(large: Repository) -> None:
    """For half a minute each question heard of a moment in which git could not read its index."""
    listings, job = Listings(), job_for(large)
    staged = large.top / ".git" / "index"
    whole = staged.read_bytes()
    staged.write_bytes(b"torn")
    with pytest.raises(LumenError):
        listings.files(job, time.monotonic() + AMPLE_SECONDS)
    staged.write_bytes(whole)
    assert listings.files(job, time.monotonic() + AMPLE_SECONDS).files
