"""What the server is made of: places, open indexes, and work in threads."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.embedding.registry import BUILTIN_FOLDER
from lumen_hooks.errors import LumenError, QueryError, RepositoryError, StoreError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.mcp import executor
from lumen_hooks.mcp.executor import Executor, Reporter, StoppedError
from lumen_hooks.mcp.roots import Spot, find_spot, folder_of_uri, needs_roots
from lumen_hooks.mcp.schemas import StatusReport
from lumen_hooks.search.results import Query
from lumen_hooks.service.caches import Looks, Models, SearcherCache
from lumen_hooks.service.status import Status
from lumen_hooks.settings import Settings
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import update
from tests.support.search_corpus import search
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


class TestPlaces:
    def test_roots_matter_to_relative_paths_alone(self) -> None:
        assert [needs_roots(path) for path in (None, "src", "")] == [True] * 3
        assert [needs_roots(path) for path in ("/src", "file:///src")] == [False] * 2

    def test_the_first_root_that_has_it(self, tmp_path: Path) -> None:
        for name in ("one/a", "two/b"):
            (tmp_path / name).mkdir(parents=True)
        roots = [str(tmp_path / "one"), str(tmp_path / "two")]
        assert find_spot(None, roots) == find_spot("", roots) == Spot(roots[0])
        assert find_spot("b", roots) == Spot(str(tmp_path / "two" / "b"))
        assert find_spot("../two", roots) == Spot(roots[1])
        with pytest.raises(RepositoryError, match="one/c does not exist"):
            find_spot("c", roots)

    def test_globs(self, tmp_path: Path) -> None:
        (tmp_path / "src" / "[slug]").mkdir(parents=True)
        root = str(tmp_path)
        assert find_spot("*.py", [root]) == Spot(root, "*.py")
        assert find_spot("src/**/*.py", [root]) == Spot(f"{root}/src", "**/*.py")
        assert find_spot(f"{root}/src/a*/b", ["/"]) == Spot(f"{root}/src", "a*/b", is_absolute=True)
        assert find_spot("/*.py", [root]) == Spot("/", "*.py", is_absolute=True)
        assert find_spot("src/[slug]", [root]) == Spot(f"{root}/src/[slug]")
        for path in ("none/*.py", "src/*/[", "src/*.py"):
            with pytest.raises(RepositoryError):
                find_spot(path, [root], globs=False)

    def test_within_a_worktree(self, tmp_path: Path) -> None:
        (tmp_path / "src").mkdir()
        top = os.path.realpath(tmp_path)
        assert Spot(top).within(top) is None
        assert Spot(f"{top}/src").within(top) == "src"
        assert Spot(f"{top}/src", "**/*.py").within(top) == "src/**/*.py"
        assert Spot(top, "*.py").within(top) == "*.py"

    @pytest.mark.parametrize(
        ("uri", "folder"),
        [
            ("file:///a/b", "/a/b"),
            ("file://localhost/a%20b/%C3%B6", "/a b/ö"),
            ("file://elsewhere/a", None),
            ("https://example.org/a", None),
            ("file:a", None),
            ("file:///a%00b", None),
            ("file://[", None),
        ],
    )
    def test_file_uris(self, uri: str, folder: str | None) -> None:
        assert folder_of_uri(uri) == folder


def open_files(path: str) -> int:
    """How often this process has a file open."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").removesuffix(" (deleted)") == path
        except OSError:
            continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks at open files in /proc")
class TestSearcherCache:
    @pytest.fixture
    def path(self, repo: Repository) -> str:
        repo.commit({"a.py": python_module("alpha", "beta")})
        update(repo)
        return find_worktree(str(repo.top)).index_path

    def symbols(self, cache: SearcherCache, path: str, embedder: FakeEmbedder) -> set[str]:
        with cache.using(path) as searcher:
            return {hit.symbol for hit in search(searcher, embedder, Query("request"))}

    def test_an_index_stays_open_and_sees_what_others_write(
        self, repo: Repository, path: str
    ) -> None:
        cache, embedder = SearcherCache(), FakeEmbedder()
        with cache.using(path) as first:
            pass
        repo.write({"a.py": python_module("gamma")})
        update(repo)
        with cache.using(path) as second:
            assert second is first
        assert self.symbols(cache, path, embedder) == {"gamma"}
        cache.close_unused(idle=0)
        assert (len(cache), open_files(path)) == (0, 0)

    def test_a_file_that_was_replaced_or_removed_is_not_searched(
        self, repo: Repository, path: str
    ) -> None:
        cache, embedder = SearcherCache(), FakeEmbedder()
        assert self.symbols(cache, path, embedder) == {"alpha", "beta"}
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)
        with pytest.raises(StoreError, match="vanished"):
            self.symbols(cache, path, embedder)
        assert open_files(path) == 0
        repo.write({"a.py": python_module("gamma")})
        update(repo)
        assert self.symbols(cache, path, embedder) == {"gamma"}
        os.unlink(path)
        cache.close_unused()
        assert len(cache) == 0

    def test_no_more_are_open_than_allowed(self, repo: Repository, path: str) -> None:
        cache, embedder = SearcherCache(size=2), FakeEmbedder()
        paths = [path]
        for number in range(3):
            new = repo.add_worktree(f"w{number}", "-b", f"w{number}")
            update(new)
            paths.append(find_worktree(str(new.top)).index_path)
        for place in [*paths, *paths]:
            assert self.symbols(cache, place, embedder) == {"alpha", "beta"}
            assert len(cache) <= 2
        assert [open_files(place) > 0 for place in paths] == [False, False, True, True]
        cache.close_unused(idle=0)

    def test_no_more_is_kept_in_memory_than_allowed(self, repo: Repository, path: str) -> None:
        """The vectors of one small index, and nothing of an index that was only opened."""
        cache, embedder = SearcherCache(max_bytes=600), FakeEmbedder()
        other = repo.add_worktree("other")
        update(other)
        another = find_worktree(str(other.top)).index_path
        for place in (path, another, path):
            self.symbols(cache, place, embedder)
            assert (len(cache), open_files(place) > 0) == (1, True)
        with cache.using(another) as searcher:
            assert searcher.nbytes == 0
        assert len(cache) == 2
        cache.close_unused(idle=0)

    def test_an_error_closes_it_but_a_wrong_question_does_not(self, path: str) -> None:
        cache, embedder = SearcherCache(), FakeEmbedder()
        with cache.using(path) as first:
            pass
        with pytest.raises(QueryError), cache.using(path) as searcher:
            search(searcher, embedder, Query(""))
        with cache.using(path) as again:
            assert again is first
        with pytest.raises(ValueError, match="odd"), cache.using(path):
            raise ValueError("odd")
        assert (len(cache), open_files(path)) == (0, 0)

    def test_another_model_asks_the_same_searcher(self, path: str) -> None:
        cache, one, two = SearcherCache(), FakeEmbedder(), FakeEmbedder()
        for embedder in (one, two):
            assert self.symbols(cache, path, embedder) == {"alpha", "beta"}
        assert one.queries == two.queries == ["request"]
        assert len(cache) == 1
        cache.close_unused(idle=0)

    def test_many_threads(self, path: str) -> None:
        cache, embedder = SearcherCache(size=1), FakeEmbedder()

        def ask(number: int) -> set[str]:
            if number % 7 == 0:
                cache.close_unused(idle=0)
            return self.symbols(cache, path, embedder)

        with ThreadPoolExecutor(8) as pool:
            assert all(found == {"alpha", "beta"} for found in pool.map(ask, range(300)))
        cache.close_unused(idle=0)
        assert open_files(path) == 0


def test_a_look_is_shared_only_by_questions_that_were_asked_before_it(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    looks, worktree, settings = Looks(), find_worktree(str(repo.top)), Settings()
    asked_at = time.monotonic()
    first = looks.look(worktree, settings, asked_at=asked_at)
    assert first.state == "fresh"
    repo.write({"a.py": python_module("beta")})
    assert looks.look(worktree, settings, asked_at=asked_at) is first
    later = looks.look(worktree, settings, asked_at=time.monotonic())
    assert (later.state, later.differing) == ("stale", ("a.py",))
    assert looks.look(worktree, settings, asked_at=asked_at).state == "stale"
    update(repo)
    assert looks.look(worktree, settings, asked_at=asked_at).state == "fresh"
    other = Settings(max_file_bytes=10)
    assert looks.look(worktree, other, asked_at=asked_at).state == "stale"


def test_agents_are_told_all_that_status_tells() -> None:
    assert list(StatusReport.model_fields) == ["sentence", *Status.__dataclass_fields__]


def test_a_model_is_loaded_once() -> None:
    models = Models()
    with ThreadPoolExecutor(4) as pool:
        loaded = set(pool.map(lambda _: id(models.load(Settings())), range(8)))
    assert len(loaded) == 1


def test_several_threads_may_chunk_at_once() -> None:
    """They share grammars, and must not share parsers: that ended the process."""
    texts = [python_module(*(f"f{n}_{m}" for m in range(30))) for n in range(8)]
    wanted = [chunk_file("a.py", text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda text: chunk_file("a.py", text), texts)) == wanted


class Gate:
    """What holds a thread up, from its start until the test opens it."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        self.opened.wait(PATIENCE_SECONDS)


class TestCalls:
    def test_one_at_a_time_for_each_key_and_keys_in_parallel(self) -> None:
        calls, active, most = Executor(), dict[str, int](), dict[str, int]()
        meeting = threading.Barrier(2, timeout=PATIENCE_SECONDS)

        def work(key: str, *, meet: bool) -> str:
            active[key] = active.get(key, 0) + 1
            most[key] = max(most.get(key, 0), active[key])
            if meet:
                meeting.wait()  # passes only when both keys are at work
            time.sleep(0.005)
            active[key] -= 1
            return key

        async def main() -> list[str]:
            return await asyncio.gather(
                *(
                    calls.run_alone(key, partial(work, key, meet=n == 0), patience=PATIENCE_SECONDS)
                    for n in range(5)
                    for key in "ab"
                )
            )

        assert asyncio.run(main()) == list("ab" * 5)
        assert most == {"a": 1, "b": 1}
        assert calls.stop(PATIENCE_SECONDS)

    def test_patience_ends_and_the_place_is_kept_until_the_work_is_done(self) -> None:
        calls, gate = Executor(), Gate()

        async def main() -> None:
            first = asyncio.ensure_future(
                calls.run_alone("a", gate.wait, patience=PATIENCE_SECONDS)
            )
            await asyncio.to_thread(gate.reached.wait)
            with pytest.raises(TimeoutError):
                await calls.run_alone("a", lambda: None, patience=0.05)
            first.cancel()  # the caller is free at once, the thread goes on
            with pytest.raises(asyncio.CancelledError):
                await first
            with pytest.raises(TimeoutError):
                await calls.run_alone("a", lambda: None, patience=0.05)
            gate.opened.set()
            assert await calls.run_alone("a", lambda: 7, patience=PATIENCE_SECONDS) == 7
            while calls._turns:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)

        asyncio.run(main())
        assert calls.stop(PATIENCE_SECONDS)
        assert not calls._turns
        assert not calls._users

    def test_errors_come_back_and_free_the_place(self) -> None:
        calls = Executor()

        def fail() -> None:
            raise LumenError("no")

        async def main() -> None:
            for _ in range(3):
                with pytest.raises(LumenError):
                    await calls.run_alone("a", fail, patience=PATIENCE_SECONDS)

        asyncio.run(main())
        assert calls.stop(PATIENCE_SECONDS)

    def test_stopping_says_whether_all_has_ended(self) -> None:
        calls, gate = Executor(), Gate()

        async def main() -> None:
            task = asyncio.ensure_future(calls.run(gate.wait))
            await asyncio.to_thread(gate.reached.wait)
            task.cancel()

        asyncio.run(main())
        assert not calls.stop(0.05)
        gate.opened.set()
        assert calls.stop(PATIENCE_SECONDS)

    def test_progress_rises_is_rare_and_ends_the_work_of_a_server_that_stops(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(executor, "REPORT_SECONDS", float(PATIENCE_SECONDS))
        heard: list[tuple[float, float | None]] = []
        stopping = threading.Event()

        async def send(done: float, of: float | None, words: str) -> None:
            heard.append((done, of))

        async def main() -> None:
            reporter = Reporter(asyncio.get_running_loop(), send, stopping)
            reporter.say("begins")
            await asyncio.sleep(0.01)
            for files in range(1, 101):
                reporter.update(files=files, of=100, chunks=0, embedded=0)
                await asyncio.sleep(0)
            reporter.update(files=10, of=10, chunks=0, embedded=0)  # a second round
            await asyncio.sleep(0.01)
            stopping.set()
            with pytest.raises(StoppedError):
                reporter.update(files=101, of=200, chunks=0, embedded=0)

        asyncio.run(main())
        assert heard == [(0, None), (1, 100), (100, 100)]


def test_a_model_whose_files_were_replaced_is_loaded_anew(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(BUILTIN_FOLDER, folder)
    settings = Settings(model=str(folder), models_folder=str(tmp_path / "models"))
    models = Models()
    first = models.load(settings)
    assert models.load(settings) is first
    (folder / "pooling.json").write_text('{"repetition": "each", "first_line": 0}')
    second = models.load(settings)
    assert second.identity.model_key != first.identity.model_key
    assert second.embed_documents(["a b" + " a" * 6]) != first.embed_documents(["a b" + " a" * 6])
