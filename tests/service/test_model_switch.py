"""Another model is wanted: the old index answers with its own until the new one is whole.

The models are real transformers in folders, small enough to be run many times; their vectors are
as long as each other's, so that nothing but care keeps them apart.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import embedding_queue, under_way, worker_loop
from lumen_hooks.indexing import job as composing
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.throttle import SMALL_SLOW_REFRESH_FILES
from lumen_hooks.indexing.under_way import NotWantedError
from lumen_hooks.indexing.update import update_index
from lumen_hooks.search.results import Query, RelatedQuery
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.caches import SearcherCache
from lumen_hooks.service.status import read_status
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, say
from tests.support.mcp_agent import agent
from tests.support.processes import Partner
from tests.support.sources import python_module
from tests.support.tiny_transformer import SPECIAL, make_transformer
from tests.support.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.results import SearchResult
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Refresh
    from tests.support.repository import Repository

WORDS = [*SPECIAL, "send", "request", "wait", "answer", "alpha", "beta", "gamma", "delta"]
QUERY = Query("send the beta request and wait")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    """Two models whose vectors have one length and do not mix."""
    return make_transformer(tmp_path / "A", WORDS, 1), make_transformer(tmp_path / "B", WORDS, 2)


@pytest.fixture
def project(repo: Repository, models: tuple[Path, Path]) -> Repository:
    """A few modules, indexed with the first model; the second is wanted by now."""
    repo.commit({f"{name}.py": python_module(name) for name in ("alpha", "beta", "gamma", "delta")})
    repo.git("config", "lumen.model", str(models[0]))
    rebuild(repo)
    repo.git("config", "lumen.model", str(models[1]))
    return repo


def real_job(repo: Repository) -> Job:
    """A job whose models are loaded as the settings say."""
    settings = load_settings(str(repo.top), os.environ)
    return job_for(repo)._replace(settings=settings, load=load_embedder)


def rebuild(repo: Repository) -> Refresh:
    done = update_index(real_job(repo), wait=PATIENCE_SECONDS)
    assert isinstance(done, Updated)
    assert done.refresh is not None
    return done.refresh


def ask(repo: Repository, *, refresh: bool = True, started: list[str] | None = None) -> Answer:
    """Search; a worker may be started if there is a list to note it in."""

    def start_worker() -> None:
        assert started is not None, "a worker was started"
        started.append("worker")

    return Answerer(real_job(repo), start_worker, refresh=refresh).answer(QUERY)


def no_worker() -> None:
    """May be called: what becomes of it is another test's."""


def model_in(repo: Repository) -> str:
    index = open_reader(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index:
        return index.facts().model


def set_facts(repo: Repository, **values: str) -> None:
    index = open_writer(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index, index.transaction():
        say(index, **values)


def scores(results: Sequence[SearchResult]) -> dict[str, float]:
    return {result.symbol: round(result.score, 6) for result in results}


def run_worker(repo: Repository) -> None:
    command = [sys.executable, "-I", "-m", "lumen_hooks.worker", str(repo.top), "search"]
    subprocess.run(command, check=True, timeout=PATIENCE_SECONDS)


class TestTheOldIndexAnswers:
    def test_at_once_and_says_so_and_a_worker_builds_the_new_one(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        project.git("config", "lumen.model", str(models[0]))
        before = ask(project)
        assert (before.state, before.model, before.problem) == ("fresh", str(models[0]), None)
        project.git("config", "lumen.model", str(models[1]))
        started: list[str] = []
        found = ask(project, started=started)
        assert (found.state, found.model, found.results) == (
            "stale",
            str(models[0]),
            before.results,
        )
        assert found.problem == (
            f"answered from the index of the model {models[0]};"
            f" that of the model {models[1]} is being built in the background"
        )
        assert (started, model_in(project)) == (["worker"], str(models[0]))
        run_worker(project)
        after = ask(project)
        assert (after.state, after.model, after.problem) == ("fresh", str(models[1]), None)
        assert scores(after.results) != scores(before.results)
        check_whole(project)

    def test_pending_files_are_not_indexed_with_the_old_model(self, project: Repository) -> None:
        project.write({"new.py": python_module("epsilon")})
        found = ask(project, started=[])
        assert (found.state, found.pending_files) == ("stale", 1)

    def test_nothing_starts_where_nothing_may(self, project: Repository) -> None:
        found = ask(project, refresh=False)
        assert "is not built yet" in str(found.problem)
        project.git("config", "lumen.refresh", "off")
        found = ask(project)
        assert "lumen-hooks index" in str(found.problem)
        assert found.results

    def test_inline_makes_the_new_one_first(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        project.git("config", "lumen.refresh", "inline")
        found = ask(project)
        assert (found.state, found.model, found.problem) == ("fresh", str(models[1]), None)

    def test_related_needs_no_model(self, project: Repository, models: tuple[Path, Path]) -> None:
        for folder in models:
            shutil.rmtree(folder)
        found = Answerer(real_job(project), no_worker).answer(RelatedQuery("beta.py", 5, 3))
        assert {result.symbol for result in found.results} == {"alpha", "gamma", "delta"}
        assert (found.state, found.model) == ("stale", None)
        assert "lumen.model" in str(found.problem)


class TestTheOldModelIsGone:
    @pytest.mark.parametrize("how", ["removed", "replaced", "unloadable"])
    def test_words_alone_answer(
        self, project: Repository, models: tuple[Path, Path], tmp_path: Path, how: str
    ) -> None:
        if how == "unloadable":
            (models[0] / "model.onnx").write_bytes(b"no network")
        else:
            shutil.rmtree(models[0])
        if how == "replaced":
            make_transformer(models[0], WORDS, 7)
        found = ask(project, started=[])
        assert (found.state, found.model) == ("stale", None)
        assert found.results[0].symbol == "beta"
        assert f"by words alone: {'the model' if how != 'removed' else 'lumen.model'}" in str(
            found.problem
        )

    def test_after_an_upgrade_with_another_built_in_model(self, repo: Repository) -> None:
        repo.commit({f"{name}.py": python_module(name) for name in ("alpha", "beta")})
        rebuild(repo)
        set_facts(repo, fingerprint="an older one", model_key="an older one")
        started: list[str] = []
        found = ask(repo, started=started)
        assert (found.state, found.model, started) == ("stale", None, ["worker"])
        assert found.results[0].symbol == "beta"
        assert found.problem == (
            "answered from the index of an earlier version, by words alone: the model builtin is"
            " another one by now; that of this version is being built in the background"
        )

    def test_an_index_from_before_the_key_was_noted_is_believed(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        set_facts(project, model_key="")
        assert ask(project, started=[]).model == str(models[0])
        set_facts(project, fingerprint="an older one")
        assert ask(project, started=[]).model is None


class TestTheNewModelCannotBeHad:
    @pytest.mark.parametrize("wanted", ["no/such-model", "/no/such/folder", "minilm-l99"])
    def test_the_old_index_goes_on(
        self, project: Repository, models: tuple[Path, Path], wanted: str
    ) -> None:
        project.git("config", "lumen.model", wanted)
        found = ask(project)
        assert (found.state, found.model) == ("stale", str(models[0]))
        assert f"the model {wanted} cannot be had" in str(found.problem)
        assert "git config lumen.model" in str(found.problem)
        status = read_status(find_worktree(str(project.top)), real_job(project).settings)
        assert (status.state, status.model, status.wanted_model) == (
            "stale",
            str(models[0]),
            wanted,
        )
        assert "lumen.model" in str(status.problem)

    @pytest.mark.slow
    def test_on_the_command_line(self, project: Repository) -> None:
        project.git("config", "lumen.model", "no/such-model")
        done = subprocess.run(
            ["lumen-hooks", "search", QUERY.text, "--json"],
            cwd=project.top,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert (found["state"], found["results"][0]["symbol"]) == ("stale", "beta")
        assert "git config lumen.model" in found["problem"]

    def test_one_that_fails_as_it_is_loaded_leaves_the_old_index(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        (models[1] / "model.onnx").write_bytes(b"no network")
        project.git("config", "lumen.refresh", "inline")
        found = ask(project)
        assert (found.state, found.model) == ("stale", str(models[0]))
        assert "cannot be used" in str(found.problem)
        check_whole(project)


class TestNoTextIsEmbeddedTwice:
    def test_switching_back_embeds_nothing(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        before = contents(project)
        assert rebuild(project).chunks_embedded == 4
        project.git("config", "lumen.model", str(models[0]))
        done = rebuild(project)
        assert (done.kind, done.chunks_embedded, done.chunks_reused) == ("full", 0, 4)
        assert contents(project) == before

    def test_other_worktrees_embed_what_they_have_of_their_own(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        project.git("config", "lumen.model", str(models[0]))
        other = project.add_worktree("other", "-b", "other")
        rebuild(other)
        project.git("config", "lumen.model", str(models[1]))
        assert rebuild(project).chunks_embedded == 4
        other.write({"own.py": python_module("own")})
        started: list[str] = []
        assert (ask(other, started=started).model, started) == (str(models[0]), ["worker"])
        assert rebuild(other).chunks_embedded == 1
        # Its donor was made with the model that is wanted now.
        new = project.add_worktree("new", "-b", "new")
        done = update_index(real_job(new), wait=PATIENCE_SECONDS)
        assert isinstance(done, Updated)
        assert done.seeded is not None
        assert ask(new).model == str(models[1])

    def test_a_killed_rebuild_loses_no_more_than_a_portion(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        repo.commit({f"m{n}.py": python_module(f"f{n}", f"g{n}") for n in range(30)})
        ledger, stop = tmp_path / "ledger", tmp_path / "ledger.stop"
        stop.touch()
        with slow_update(repo, ledger) as partner:
            until(lambda: ledger.exists() and len(ledger.read_text().splitlines()) == PAUSES_AT)
            partner.kill()
        portions = [line.split() for line in ledger.read_text().splitlines()]
        assert max(map(len, portions)) <= 20  # of 60, the first before its speed is known
        stop.unlink()
        with slow_update(repo, ledger) as partner:
            partner.finish()
        again = [text for line in ledger.read_text().splitlines() for text in line.split()]
        assert len(set(again)) == 60
        assert len(again) - len(set(again)) <= len(portions[-1])


@contextmanager
def slow_update(repo: Repository, ledger: Path) -> Iterator[Partner]:
    """Another process updates with a model that takes 10 ms for a text.

    It writes down what it embeds, a portion a line, and rests at the PAUSES_AT-th while there is a
    file `ledger.stop`.
    """
    with Partner(SLOW) as partner:
        partner.start(
            "embedding_queue.PORTION_SECONDS, embedding_queue.FIRST_PORTION = 0.1, 4000\n"
            "update_index(job(top, ledger, pauses_at), wait=60)",
            top=str(repo.top),
            ledger=str(ledger),
            pauses_at=PAUSES_AT,
        )
        yield partner


PAUSES_AT = 4

SLOW = """
import hashlib, os, time
from pathlib import Path
from lumen_hooks.indexing import embedding_queue, under_way
from lumen_hooks.indexing.update import update_index
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import job_for
from tests.support.repository import Repository

class Slow(FakeEmbedder):
    def embed_documents(self, texts):
        with open(self.ledger, "a") as file:
            print(*[hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts], file=file)
        time.sleep(0.01 * len(texts))
        self.portions += 1
        while self.portions == self.pauses_at and os.path.exists(self.ledger + ".stop"):
            time.sleep(0.01)
        return super().embed_documents(texts)

def job(top, ledger, pauses_at):
    embedder = Slow()
    embedder.ledger, embedder.portions, embedder.pauses_at = ledger, 0, pauses_at
    return job_for(Repository(Path(top)), embedder)
"""


def test_others_are_told_how_far_it_is(repo: Repository, tmp_path: Path) -> None:
    repo.commit({f"m{n}.py": python_module(f"f{n}", f"g{n}") for n in range(30)})
    rebuild(repo)
    set_facts(repo, fingerprint="an older one", model_key="an older one")
    os.unlink(find_worktree(str(repo.top)).embeddings_path)
    stop = tmp_path / "ledger.stop"
    stop.touch()
    place, settings = find_worktree(str(repo.top)), real_job(repo).settings
    with slow_update(repo, tmp_path / "ledger") as partner:
        until(lambda: (report := read_status(place, settings).progress) and report.per_second)
        until(lambda: len((tmp_path / "ledger").read_text().splitlines()) == PAUSES_AT)
        status, found = read_status(place, settings), ask(repo)
        report = status.progress
        assert report is not None
        assert (report.model, report.of, report.chunks_expected) == ("builtin", 30, 60)
        assert 60 > report.chunks >= report.embedded > 0
        assert report.percent == 100 * report.chunks // 60
        assert (report.per_second or 0) > 0
        assert (report.seconds_left or 0) > 0
        assert (status.state, found.state) == ("refreshing", "refreshing")
        assert f"is being built, {report.percent} % done" in str(found.problem)
        stop.unlink()
        partner.finish()
    assert read_status(place, settings).progress is None
    assert ask(repo).state == "fresh"


class TestAWarmProcess:
    def test_an_open_index_changes_over_when_the_new_one_is_there(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        cache = SearcherCache()
        job = real_job(project)

        def warm() -> Answer:
            answerer = Answerer(job, no_worker, refresh=False, searchers=cache.using)
            return answerer.answer(QUERY)

        first = warm()
        rebuild(project)
        second, cold = warm(), ask(project)
        assert [found.model for found in (first, second)] == [str(folder) for folder in models]
        assert second.results == cold.results
        assert scores(first.results) != scores(second.results)
        assert len(cache) == 1
        cache.close_unused(idle=0)

    def test_a_rebuild_between_the_query_and_the_search_mixes_nothing(
        self, project: Repository, models: tuple[Path, Path]
    ) -> None:
        loaded: list[str] = []

        def load_and_be_overtaken(settings: Settings) -> Embedder:
            embedder = load_embedder(settings)
            if not loaded:
                rebuild(project)
            loaded.append(settings.model)
            return embedder

        job = real_job(project)._replace(load=load_and_be_overtaken)
        found = Answerer(job, no_worker, refresh=False).answer(QUERY)
        assert loaded == [str(folder) for folder in models]
        assert (found.model, found.problem) == (str(models[1]), None)
        assert found.results == ask(project).results

    @pytest.mark.slow
    @pytest.mark.anyio
    async def test_the_server_for_agents(
        self, project: Repository, models: tuple[Path, Path], tmp_path: Path
    ) -> None:
        async with agent(tmp_path, cwd=project.top) as one:
            first = await one.search(QUERY.text)
            assert (first.data["state"], first.data["model"]) == ("stale", str(models[0]))
            assert "is being built in the background" in first.text
            until(lambda: model_in(project) == str(models[1]))
            second = await one.search(QUERY.text)
            assert (second.data["state"], second.data["model"]) == ("fresh", str(models[1]))
            assert second.data["problem"] is None
            report = await one.call("index_status")
            assert (report.data["model"], report.data["wanted_model"]) == (str(models[1]),) * 2


@pytest.mark.parametrize(("files", "state"), [(SMALL_SLOW_REFRESH_FILES, "fresh"), (30, "stale")])
def test_nobody_waits_for_many_files_with_a_slow_model(
    project: Repository, models: tuple[Path, Path], files: int, state: str
) -> None:
    project.git("config", "lumen.model", str(models[0]))
    project.write({f"n{n}.py": python_module(f"new_{n}") for n in range(files)})
    started: list[str] = []
    found = ask(project, started=started)
    assert (found.state, bool(started)) == (state, state == "stale")


def test_portions_follow_the_speed_and_the_longest_come_first(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network pads the texts of one run to the longest, so like should go with like."""
    monkeypatch.setattr(embedding_queue, "FIRST_PORTION", 3000)
    repo.commit({f"m{n}.py": python_module(f"f{n}", f"g{n}") + "x = 1\n" * n for n in range(30)})
    portions: list[list[int]] = []

    class Listening(FakeEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
            portions.append([len(text) for text in texts])
            return super().embed_documents(texts)

    embedder = Listening()
    update_index(job_for(repo, embedder), wait=PATIENCE_SECONDS)
    assert [len(portion) < 8 for portion in portions] == [True, False]
    lengths = [length for portion in portions for length in portion]
    assert lengths == sorted(lengths, reverse=True)


def test_a_long_update_is_given_up_once_another_model_is_wanted(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it embedded is stored; the index stays as it was."""
    monkeypatch.setattr(under_way, "RECONSIDER_SECONDS", 0.0)
    monkeypatch.setattr(embedding_queue, "FIRST_PORTION", 3000)
    repo.commit({f"m{n}.py": python_module(f"f{n}", f"g{n}") for n in range(30)})
    embedder = FakeEmbedder()
    answers = [True, False]
    with pytest.raises(NotWantedError):
        update_index(
            job_for(repo, embedder)._replace(still_wanted=lambda: answers.pop(0)),
            wait=PATIENCE_SECONDS,
        )
    assert open_reader(find_worktree(str(repo.top)).index_path) is None
    first = len(embedder.embedded)
    assert first
    update_index(job_for(repo, embedder)._replace(still_wanted=lambda: True), wait=PATIENCE_SECONDS)
    assert len(set(embedder.embedded)) == len(embedder.embedded) > first
    before = contents(repo)
    with pytest.raises(NotWantedError):
        update_index(
            job_for(repo, embedder)._replace(still_wanted=lambda: False),
            wait=PATIENCE_SECONDS,
            force=True,
        )
    assert contents(repo) == before
    check_whole(repo.top)


def test_a_worker_goes_on_with_the_model_that_is_wanted_by_now(
    project: Repository, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch is taken back while the rebuild embeds: it must not be published."""
    monkeypatch.setattr(under_way, "RECONSIDER_SECONDS", 0.0)
    worktree = find_worktree(str(project.top))
    made: list[str] = []

    def load(chosen: Settings) -> Embedder:
        made.append(chosen.model)
        project.git("config", "lumen.model", str(models[0]))
        return load_embedder(chosen)

    monkeypatch.setattr(composing, "load_embedder", load)
    worker_loop.follow(worktree, "test", inline=True)
    assert made == [str(models[1])]
    assert model_in(project) == str(models[0])
