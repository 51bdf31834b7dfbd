"""The scenarios and bugs of ory/lumen, the system that this one re-imagines, tried on ours.

The numbers are those of our list of its tests: 1 to 36 (seeding, locks, freshness) and 66 to 98
(worktrees, refreshing, files); the five facts are about its history. A number stands in the name
or the docstring of the test that shows it; the others are these:

=======  ===========================================================================
number   where it is shown, or why it makes no sense here
=======  ===========================================================================
fact 2   one shared database instead of one for each worktree: here, vectors are
         shared and indexes are not; each text is embedded once in all, test_races.py
21       a warning of a failed seed in the text of an answer: its cause is in the log
         (20), and an answer says itself what it is worth (29)
36       closing waits for background jobs: the process has none, see test_worker.py
72, 73   repositories inside a folder that is none: only git worktrees are indexed (1);
         clones inside a worktree are not part of it (75, and files/test_manifest.py)
74       a hook in a folder inside finds the top: test_hooks.py,
         TestHookProcess.test_from_a_folder_inside
=======  ===========================================================================

What it had no test for: resuming (87), a freshness inherited (fact 5), a submodule and two real
processes that seed (14) are here; a rename is in test_update.py (test_a_rename_embeds_nothing),
rebuilding what is damaged in test_update.py and surroundings/test_damage.py, kill -9 in
test_kills.py.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import BusyError, NotIndexedError, RepositoryError, StoreError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events, stage
from lumen_hooks.indexing.donors import find_donors
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.indexing.job import Busy, Updated
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.indexing.seed import NotSeeded, seed
from lumen_hooks.indexing.update import update_index
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.status import read_status
from lumen_hooks.settings import Settings
from lumen_hooks.storage import snapshot as snapshots
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.new_index import create_index
from lumen_hooks.storage.opening import open_to_read, open_to_write
from lumen_hooks.storage.publish import publish
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import only_row
from lumen_hooks.system.locks import Acquired, acquire, read_holder
from tests.support.commands import lumen
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, say, update
from tests.support.proc import open_files
from tests.support.processes import Crew, Partner
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.service.status import Status


@pytest.fixture
def project(repo: Repository) -> Repository:
    """Four modules with an index."""
    repo.commit(
        {
            "pkg/server.py": python_module("start_server", "stop_server"),
            "api/handler.py": python_module("handle_login"),
            "lib/upload.py": python_module("retry_upload"),
            "lib/mail.py": python_module("send_mail"),
        }
    )
    update(repo)
    return repo


def place_of(repo: Repository) -> Worktree:
    return find_worktree(str(repo.top))


def status_of(repo: Repository) -> Status:
    return read_status(place_of(repo), job_for(repo).settings)


def wanted_by(repo: Repository) -> str:
    return fingerprint(identify(job_for(repo).settings))


def donors_of(repo: Repository) -> list[str]:
    """The worktrees that could give their index to this one, the first choice first."""
    return [donor.worktree.top for donor in find_donors(place_of(repo), wanted_by(repo))[0]]


def held(repo: Repository) -> Acquired:
    """The index lock of a worktree, in the hands of a peer."""
    own_folders.begin(place_of(repo))
    lock = acquire(place_of(repo).lock_path, timeout=5, purpose="a peer")
    assert isinstance(lock, Acquired)
    return lock


def log_of(repo: Repository) -> list[dict[str, Any]]:
    try:
        with open(place_of(repo).log_path, encoding="utf-8") as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


def logged(repo: Repository, event: str) -> list[dict[str, Any]]:
    return [record for record in log_of(repo) if record["event"] == event]


def symbols(repo: Repository) -> set[object]:
    return {row[3] for row in contents(repo)["chunks"]}


def leftovers(repo: Repository) -> list[str]:
    return [name for name in os.listdir(place_of(repo).folder) if ".tmp-" in name]


def stamp(repo: Repository) -> tuple[int, int, int]:
    """Changes whenever anyone writes or replaces the index."""
    found = os.stat(place_of(repo).index_path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def ask(
    repo: Repository,
    text: str,
    *,
    refresh: bool = True,
    path: str | None = None,
    workers: list[str] | None = None,
) -> Answer:
    """A question to a worktree; a worker that it starts is noted, or else a failure."""

    def start_worker() -> None:
        assert workers is not None, "a worker was started"
        workers.append(str(repo.top))

    return Answerer(job_for(repo), start_worker, refresh=refresh).answer(Query(text, path=path))


def found_by(answer: Answer) -> set[str]:
    return {result.symbol for result in answer.results}


def command(directory: Path, *arguments: str) -> str:
    """Run the real command line and return what it says to people."""
    done = lumen(directory, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


class TestFacts:
    @pytest.mark.slow
    def test_fact_1_every_entry_point_seeds(self, project: Repository) -> None:
        """One entry point lost its seeding in a refactoring, unnoticed for two versions."""
        python = [sys.executable, "-I", "-m"]
        entries: dict[str, list[str]] = {
            "index": [*python, "lumen_hooks", "index"],
            "wait": [*python, "lumen_hooks", "wait"],
            "search": [*python, "lumen_hooks", "search", "retry upload"],
            "worker": [*python, "lumen_hooks.worker", "TOP", "post-checkout"],
            "hook": [*python, "lumen_hooks", "hook", "worktree-add"],
            "git-hook": [*python, "lumen_hooks.hook", "post-checkout", "TOP", "0" * 40, "1", "1"],
        }
        for name, words in entries.items():
            new = project.add_worktree(name)
            if name == "worker":  # whoever starts one has made our folder
                own_folders.begin(place_of(new))
            told = [str(new.top) if word == "TOP" else word for word in words]
            subprocess.run(told, cwd=new.top, check=True, stdout=subprocess.DEVNULL)
            assert status_of(new).seeded_from is not None, name
        assert len(logged(project, "seeded")) == len(entries)
        made = [place_of(Repository(project.top.parent / name)) for name in entries]
        until(lambda: not any(map(events.pending, made)))

    def test_fact_4_checkpoint_then_copy_loses_rows_and_ours_does_not(
        self, project: Repository, tmp_path: Path
    ) -> None:
        new = project.add_worktree("new")
        index, copy = place_of(project).index_path, str(tmp_path / "copy.db")
        with Partner("import apsw") as reader:
            reader.run(
                "c = apsw.Connection(path); c.execute('BEGIN; SELECT * FROM meta').fetchall()",
                path=index,
            )
            project.write({"late.py": python_module("written_late")})
            update(project)
            connection = open_to_write(index)
            connection.set_busy_timeout(0)
            (busy, *_) = only_row(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            shutil.copyfile(index, copy)
            seed_in_foreground(str(new.top))
        assert busy == 1
        connection = open_to_read(copy)
        assert only_row(connection, "SELECT count(*) FROM files") == (4,)
        connection.close()
        check_whole(new)
        assert contents(new) == contents(project)

    def test_fact_5_the_first_answer_is_never_the_siblings(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A seed inherited the donor's time stamp, and counted as fresh for a minute."""
        monkeypatch.setattr("lumen_hooks.service.freshen.PEER_WAIT_SECONDS", 0.05)
        new = project.add_worktree("new", "-b", "other")
        new.commit({"api/handler.py": python_module("check_token")})
        seed_in_foreground(str(new.top))
        assert status_of(new).seeded_from == str(project.top)
        assert ask(new, "handle_login", refresh=False).state == "stale"
        with held(new):  # by the worker that is repairing the seed
            assert ask(new, "handle_login").state == "refreshing"
        first = ask(new, "handle_login")
        assert (first.state, first.pending_files, first.worktree) == ("fresh", 0, str(new.top))
        assert "handle_login" not in found_by(first)
        assert "check_token" in found_by(first)
        for result in first.results:
            assert f"def {result.symbol.rpartition('.')[2]}(" in result.snippet

    def test_fact_5_an_unchanged_seed_is_not_fresh_either(self, project: Repository) -> None:
        new = project.add_worktree("new")
        seed_in_foreground(str(new.top))
        assert (status_of(new).state, status_of(new).pending_files) == ("stale", 0)
        assert refreshed(new).kind == "seed"
        assert status_of(new).state == "fresh"


class TestDonors:
    def test_01_a_lone_worktree_has_none(self, project: Repository, tmp_path: Path) -> None:
        """Items 1 and 77: a folder that is no worktree has no index, let alone a donor."""
        assert donors_of(project) == []
        with pytest.raises(RepositoryError, match="not in a git worktree"):
            find_worktree(str(tmp_path))

    def test_02_a_new_worktree_is_given_the_main_ones_index(self, project: Repository) -> None:
        """Items 2, 7, 10, 17: the index is its own from then on; one new file is one file."""
        new = project.add_worktree("new")
        assert donors_of(new) == [str(project.top)]
        done = update(new)
        assert done.seeded is not None
        assert done.seeded.donor == str(project.top)
        status = status_of(new)
        assert (status.worktree, status.files, status.state) == (str(new.top), 4, "fresh")
        assert contents(new) == contents(project)
        new.write({"added.py": python_module("added")})
        embedder = FakeEmbedder()
        done_now = refreshed(new, embedder)
        assert (done_now.files_changed, len(embedder.embedded)) == (1, 1)

    def test_03_another_models_index_is_none(self, project: Repository) -> None:
        new = project.add_worktree("new")
        donors, refused = find_donors(place_of(new), "another model")
        assert list(donors) == []
        assert [refusal.reason for refusal in refused] == [
            "its index was made with another model or version"
        ]

    def test_04_a_worktree_inside_another_is_its_sibling(self, project: Repository) -> None:
        """Item 4 and fact 3: the worktree around it was taken for the worktree itself."""
        project.git("worktree", "add", "-q", "-b", "x", ".claude/worktrees/x")
        inner = Repository(project.top / ".claude" / "worktrees" / "x")
        assert find_worktree(str(inner.top / "pkg")).top == str(inner.top)
        assert donors_of(inner) == [str(project.top)]
        assert refreshed(inner).kind == "seed"
        inner.git("worktree", "add", "-q", "-b", "y", "nested/y")
        innermost = Repository(inner.top / "nested" / "y")
        assert set(donors_of(innermost)) == {str(project.top), str(inner.top)}

    def test_05_a_folder_stands_for_its_whole_worktree(self, project: Repository) -> None:
        """Items 5, 69, 71: whichever folder is asked from, there is one index, made once."""
        new = project.add_worktree("new")
        assert refreshed(Repository(new.top / "pkg")).kind == "seed"
        before = stamp(new)
        answer = ask(Repository(new.top / "api"), "retry_upload")
        assert "def retry_upload(" in answer.results[0].snippet
        assert (stamp(new), status_of(new).files) == (before, 4)

    def test_06_of_equally_near_ones_the_last_refreshed_gives(self, project: Repository) -> None:
        siblings = [project, project.add_worktree("one"), project.add_worktree("two")]
        for sibling in siblings:
            update(sibling)
        for age, sibling in zip((20, 0, 10), siblings, strict=True):
            os.utime(place_of(sibling).index_path, (time.time() - age,) * 2)
        one, two = siblings[1:]
        new = project.add_worktree("new")
        assert donors_of(new) == [str(one.top), str(two.top), str(project.top)]

    def test_09_an_unfinished_index_is_none(self, project: Repository) -> None:
        """Items 9 and 11, and an empty database left by a failed run."""
        half = project.add_worktree("half")
        os.makedirs(place_of(half).folder)
        with create_index(place_of(half).index_path, 256) as index, index.transaction():
            say(index, fingerprint=wanted_by(half))
        new = project.add_worktree("new")
        assert donors_of(new) == [str(project.top)]  # which the newer, unfinished one hid
        os.unlink(place_of(project).index_path)
        assert donors_of(new) == []
        os.makedirs(place_of(new).folder)
        with held(new):
            assert seed(place_of(new), wanted_by(new), Settings(), NoProgress()) == NotSeeded()
        assert sorted(os.listdir(place_of(new).folder)) == ["index.lock", "worker.lock"]
        assert refreshed(half).kind == "full"  # and it blocks nothing


class TestSeeding:
    def test_08_an_index_that_exists_is_left_alone(self, project: Repository) -> None:
        new = project.add_worktree("new", "-b", "new")
        new.commit({"own.py": python_module("own")})
        update(new)
        before, whole = stamp(new), contents(new)
        with held(new):
            assert seed(place_of(new), wanted_by(new), Settings(), NoProgress()) == NotSeeded()
        seed_in_foreground(str(new.top))
        assert (stamp(new), contents(new), leftovers(new)) == (before, whole, [])

    def test_12_a_donor_with_an_open_write_transaction(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "LOCK_WAIT_MS", 100)
        new = project.add_worktree("new")
        with Partner("import apsw") as writer:
            writer.run(
                "from lumen_hooks.storage.facts import _write_rows\n"
                "c = apsw.Connection(path)\n"
                "_write_rows(c, {'committed': '1'})\n"
                "c.execute('BEGIN IMMEDIATE')\n"
                "_write_rows(c, {'uncommitted': '1'})",
                path=place_of(project).index_path,
            )
            assert refreshed(new).kind == "seed"
        check_whole(new)
        index = open_reader(place_of(new).index_path)
        assert index is not None
        with index:
            names = {name for (name,) in index.connection.execute("SELECT key FROM meta")}
        assert "committed" in names
        assert "uncommitted" not in names

    def test_13_a_missing_donor_is_not_created(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError):
            snapshots.snapshot(str(tmp_path / "donor"), str(tmp_path / "copy"), gate=print)
        assert os.listdir(tmp_path) == []

    def test_14_of_eight_processes_one_seeds(self, project: Repository) -> None:
        new = project.add_worktree("new")
        with Crew() as crew:
            answers = crew.run(8, seeds, str(new.top))
        assert sorted(answers) == [[False, 0]] * 7 + [[True, 0]]
        assert len(logged(project, "seeded")) == 1
        assert leftovers(new) == []
        check_whole(new)
        assert contents(new) == contents(project)

    def test_15_nothing_is_copied_before_the_lock_is_ours(self, project: Repository) -> None:
        new = project.add_worktree("new")
        done: list[Updated | Busy] = []
        waiting = threading.Thread(
            target=lambda: done.append(update_index(job_for(new), wait=PATIENCE_SECONDS)),
            daemon=True,
        )
        lock_path = place_of(new).lock_path
        with held(new):
            waiting.start()
            # Ours, and that of the one who waits for it.
            until(lambda: list(open_files(os.getpid()).values()).count(lock_path) == 2)
            assert sorted(os.listdir(place_of(new).folder)) == ["index.lock", "worker.lock"]
        waiting.join(PATIENCE_SECONDS)
        (updated,) = done
        assert isinstance(updated, Updated)
        assert updated.seeded is not None

    def test_16_without_hard_links_a_seed_is_renamed_into_place(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")  # as vfat does

        monkeypatch.setattr(os, "link", refuse)
        new = project.add_worktree("new")
        assert refreshed(new).kind == "seed"
        check_whole(new)
        assert leftovers(new) == []
        before = stamp(new)
        (tmp_path / "late").write_bytes(b"a peer's")
        assert not publish(str(tmp_path / "late"), place_of(new).index_path, gate=lambda: None)
        assert (stamp(new), os.path.exists(tmp_path / "late")) == (before, False)

    def test_18_a_held_lock_bounds_the_wait_and_nothing_is_made(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []

        def sleep(seconds: float, go_on: Callable[[float], None] = time.sleep) -> None:
            slept.append(seconds)
            go_on(seconds)

        monkeypatch.setattr(time, "sleep", sleep)
        project.git("config", "lumen.seedWait", "0.1")
        new = project.add_worktree("new")
        with held(new):
            assert isinstance(update_index(job_for(new), wait=0.1), Busy)
            with pytest.raises(BusyError, match=f"process {os.getpid()} .a peer"):
                ask(new, "retry_upload")
            seed_in_foreground(str(new.top))
        assert sum(slept) < 3 * 0.1 + 1  # less where it sleeps badly: the clock ends the wait
        assert (log_of(new), sorted(os.listdir(place_of(new).folder))) == (
            [],
            ["index.lock", "worker.lock"],
        )

    def test_19_a_donor_is_looked_for_only_without_an_index(self, project: Repository) -> None:
        """Items 19 and 20: a seed that fails is no error, but has its reason in the log."""
        first, second = project.add_worktree("first"), project.add_worktree("second")
        refreshed(first)
        for donor in (project, first):
            with open(place_of(donor).index_path, "r+b") as file:
                file.write(b"garbage" * 100)
        update(first)  # repaired, for which the other one is asked
        (refused, *_) = logged(project, "donor refused")
        assert refused["donor"] == place_of(project).git_dir
        refusals = len(logged(project, "donor refused"))
        update(first)
        assert len(logged(project, "donor refused")) == refusals
        assert refreshed(second).kind == "seed"
        assert status_of(second).seeded_from == str(first.top)


def seeds(_number: int, top: str) -> list[object]:
    """Update a worktree; whether it was seeded here, and how many texts were embedded."""
    embedder = FakeEmbedder()
    done = update_index(job_for(Repository(Path(top)), embedder), wait=PATIENCE_SECONDS)
    assert isinstance(done, Updated)
    return [done.seeded is not None, len(embedder.embedded)]


class TestLocks:
    def test_22_the_lock_and_who_holds_it(self, project: Repository) -> None:
        """Items 22 to 26: beside the index; asking makes nothing; free, ours, free again."""
        new = project.add_worktree("new")
        path = place_of(new).lock_path
        assert path == os.path.join(os.path.dirname(place_of(new).index_path), "index.lock")
        assert read_holder(path) is None
        assert not os.path.exists(place_of(new).folder)
        for _ in range(2):
            lock = held(new)
            assert str(read_holder(path)) == f"process {os.getpid()} (a peer)"
            lock.release()
            lock.release()
            assert read_holder(path) is None

    def test_27_another_processs_lock_is_seen_and_ends_with_it(self, project: Repository) -> None:
        """Items 27 and 28: with it held an update returns and writes nothing."""
        project.write({"new.py": python_module("new")})
        before = stamp(project)
        with Partner("from lumen_hooks.system.locks import acquire") as other:
            other.run(
                "lock = acquire(path, timeout=0, purpose='work')", path=place_of(project).lock_path
            )
            done = update_index(job_for(project), wait=0)
            assert isinstance(done, Busy)
            assert str(done.holder) == f"process {other.pid} (work)"
            assert stamp(project) == before
            other.kill()
            assert refreshed(project).files_changed == 1


class TestFreshness:
    def test_29_an_answer_beside_a_peer_says_that_it_is_not_fresh(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lumen_hooks.service.freshen.PEER_WAIT_SECONDS", 0.05)
        project.write({"lib/mail.py": python_module("send_letter")})
        with held(project):
            answer = ask(project, "retry_upload")
        assert (answer.state, answer.pending_files) == ("refreshing", 1)
        assert "retry_upload" in found_by(answer)

    def test_30_no_answer_rests_on_an_earlier_look(self, project: Repository) -> None:
        """Items 30 to 32 and 93: a file added, changed, deleted is in the very next answer."""
        assert ask(project, "send_mail").state == "fresh"
        project.write({"lib/mail.py": python_module("sand_mail")})  # of the same size
        changed = ask(project, "sand_mail")
        assert (changed.state, "sand_mail" in found_by(changed)) == ("fresh", True)
        project.write({"lib/new.py": python_module("brand_new")})
        assert "brand_new" in found_by(ask(project, "brand_new"))
        (project.top / "lib" / "new.py").unlink()
        gone = ask(project, "brand_new")
        assert (gone.state, "brand_new" in found_by(gone)) == ("fresh", False)

    def test_33_what_a_peer_has_made_fresh_is_not_made_again(self, project: Repository) -> None:
        before = stamp(project)
        with held(project):  # no lock is needed to see that
            assert ask(project, "send_mail").state == "fresh"
        assert stamp(project) == before

    def test_34_a_large_difference_is_left_to_a_worker(self, project: Repository) -> None:
        project.write({f"many/f{n}.py": "x = 1\n" for n in range(65)})
        before, workers = stamp(project), list[str]()
        answer = ask(project, "send_mail", workers=workers)
        assert (answer.state, answer.pending_files, workers) == ("stale", 65, [str(project.top)])
        assert ("send_mail" in found_by(answer), stamp(project)) == (True, before)

    def test_35_a_small_difference_is_closed_first(self, project: Repository) -> None:
        project.write({f"few/f{n}.py": f"x = {n}\n" for n in range(42)})
        answer = ask(project, "send_mail")
        assert (answer.state, answer.pending_files, answer.problem) == ("fresh", 0, None)
        assert status_of(project).files == 46


class TestWorktrees:
    def test_66_an_edit_is_found_there_and_indexed_once(self, project: Repository) -> None:
        new = project.add_worktree("new")
        seed_in_foreground(str(new.top))
        new.write({"lib/upload.py": python_module("retry_upload_v2")})
        first = ask(new, "retry upload")
        assert "def retry_upload_v2(" in first.results[0].snippet
        assert "retry_upload" not in found_by(first)
        before = stamp(new)
        assert ask(new, "retry upload").results == first.results
        assert stamp(new) == before
        assert "retry_upload" in found_by(ask(project, "retry upload"))

    def test_67_worktrees_inside_are_not_part_of_it(self, project: Repository) -> None:
        """Items 67 and 68: not counted, not found, not under a path; their own index answers."""
        project.git("worktree", "add", "-q", "-b", "x", ".claude/worktrees/x")
        inner = Repository(project.top / ".claude" / "worktrees" / "x")
        inner.write({"worker.py": python_module("run_worker")})
        update(inner)
        before = stamp(project)
        assert (status_of(project).files, status_of(project).state) == (4, "fresh")
        assert "run_worker" not in found_by(ask(project, "run_worker"))
        with pytest.raises(NotIndexedError):
            ask(project, "run_worker", path=".claude/worktrees/x")
        assert stamp(project) == before
        assert "run_worker" in found_by(ask(Repository(inner.top / "pkg"), "run_worker"))

    def test_70_an_index_that_is_made_later_is_used(self, project: Repository) -> None:
        new = project.add_worktree("new")
        with pytest.raises(StoreError, match="no index"):
            ask(new, "send_mail", refresh=False)
        update(new)
        assert ask(new, "send_mail", refresh=False).state == "fresh"

    def test_75_a_clone_inside_is_a_repository_of_its_own(self, project: Repository) -> None:
        """Items 75 and 76: the nearest one wins, and neither gives or counts for the other."""
        project.git("clone", "-q", ".", "vendor/clone")
        clone = Repository(project.top / "vendor" / "clone")
        assert find_worktree(str(clone.top / "pkg")).top == str(clone.top)
        assert donors_of(clone) == []
        assert update(project).refresh is None
        assert status_of(project).state == "fresh"

    def test_a_submodule_is_a_repository_of_its_own(
        self, project: Repository, tmp_path: Path
    ) -> None:
        """Its git dir made it look like a worktree, which has no siblings, and got no seed."""
        library = Repository(tmp_path / "library")
        project.git("init", "-q", str(library.top))
        library.commit({f"l{n}.py": python_module(f"library_{n}") for n in range(3)})
        allow = ("-c", "protocol.file.allow=always")
        project.git(*allow, "submodule", "--quiet", "add", str(library.top), "sub")
        sub = Repository(project.top / "sub")
        assert refreshed(sub).kind == "full"
        update(project)
        assert not any("library" in str(symbol) for symbol in symbols(project))
        linked = sub.add_worktree("../linked")
        assert donors_of(linked) == [str(sub.top)]
        assert refreshed(linked).chunks_embedded == 0


class TestRefreshing:
    def test_78_what_is_embedded_and_when(self, repo: Repository) -> None:
        """Items 78 to 83: nothing if nothing changed, the new text if it did, nothing by force."""
        repo.commit({"a.py": python_module("alpha"), "b.py": python_module("beta")})
        embedder = FakeEmbedder()
        assert update(repo, embedder).refresh is not None
        assert len(embedder.embedded) == 2
        assert update(repo, embedder).refresh is None
        repo.write({"a.py": python_module("gamma")})
        (repo.top / "b.py").unlink()
        done = refreshed(repo, embedder)
        assert (done.files_changed, done.files_removed, len(embedder.embedded)) == (1, 1, 3)
        assert update(repo, embedder).refresh is None
        (repo.top / "a.py").unlink()
        repo.write({"b.py": python_module("beta")})
        forced = update(repo, embedder, force=True).refresh
        assert forced is not None
        assert (forced.kind, forced.chunks_embedded, len(embedder.embedded)) == ("full", 0, 3)
        assert symbols(repo) == {"beta"}

    def test_84_rows_of_files_that_no_longer_count_go(self, project: Repository) -> None:
        """Items 84 to 86: they were counted, searched, and reported as removed for ever."""
        project.commit({"docs/guide.md": "# Guide\n\nHow to retry an upload.\n"})
        update(project)
        project.write({".lumenignore": "docs/\n", "lib/new.py": python_module("brand_new")})
        assert status_of(project).pending_files == 3
        done = refreshed(project)
        assert (done.files_changed, done.files_removed) == (2, 1)
        assert "docs/guide.md" not in {row[0] for row in contents(project)["files"]}
        check_whole(project)
        assert update(project).refresh is None

    def test_87_a_failing_embedder_commits_nothing_and_the_rest_is_done_later(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Item 87, and the resumption to completion that had no test."""
        monkeypatch.setattr(stage, "BATCH_CHUNKS", 2)
        repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(6)})
        first = FailingEmbedder(after_calls=2)
        with pytest.raises(RuntimeError, match="no more"):
            update(repo, first)
        assert status_of(repo).state == "absent"
        second = FakeEmbedder()
        assert refreshed(repo, second).kind == "full"
        assert (len(first.embedded), len(second.embedded)) == (4, 2)
        assert status_of(repo).state == "fresh"
        whole = contents(repo)
        repo.write({f"m{n}.py": python_module(f"g{n}") for n in range(6)})
        with pytest.raises(RuntimeError, match="no more"):
            update(repo, FailingEmbedder(after_calls=2))
        assert contents(repo) == whole
        assert (status_of(repo).state, status_of(repo).pending_files) == ("stale", 6)
        assert refreshed(repo).chunks_embedded == 2

    def test_88_a_file_that_becomes_binary_loses_its_chunks(self, project: Repository) -> None:
        project.write({"pkg/server.py": b"\0\1\2binary", "pkg/made.go": b"package\0"})
        refreshed(project)
        assert not {"start_server", "stop_server"} & symbols(project)
        assert (status_of(project).files, status_of(project).skipped) == (3, {"binary": 2})
        check_whole(project)
        assert update(project).refresh is None

    def test_89_batches_do_not_show(
        self, project: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = contents(project)
        monkeypatch.setattr(stage, "BATCH_CHUNKS", 1)
        update(project, force=True)
        assert contents(project) == whole

    def test_90_progress_is_told_to_the_end(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stage, "BATCH_CHUNKS", 1)
        repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(3)})
        told: list[dict[str, int]] = []

        class Listener:
            def update(self, **numbers: int) -> None:
                told.append(numbers)

        update_index(job_for(repo)._replace(progress=Listener()), wait=1)
        assert [numbers["files"] for numbers in told] == sorted(n["files"] for n in told)
        assert told[-1] == {"files": 3, "of": 3, "chunks": 3, "embedded": 3}

    def test_91_a_file_that_cannot_be_parsed_is_found_by_its_lines(
        self, project: Repository
    ) -> None:
        project.write({"broken.py": "def f(:\n    return zebra_crossing((\n"})
        assert refreshed(project).files_changed == 1
        assert update(project).refresh is None
        assert [r.path for r in ask(project, "zebra_crossing").results][:1] == ["broken.py"]

    def test_92_a_file_that_goes_between_listing_and_reading_is_passed_over(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Item 92; one that may not be read: files/test_content.py, test_an_unreadable_file."""
        monkeypatch.setattr(stage, "BATCH_CHUNKS", 1)
        monkeypatch.setattr(stage, "AHEAD_FILES", 0)
        repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(3)})

        class Meanwhile(FakeEmbedder):
            def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
                (repo.top / "m2.py").unlink(missing_ok=True)
                return super().embed_documents(texts)

        refreshed(repo, Meanwhile())
        assert symbols(repo) == {"f0", "f1"}
        assert update(repo).refresh is None
        assert status_of(repo).state == "fresh"

    def test_94_every_table_grows_by_the_new_file(self, project: Repository) -> None:
        tables = ("files", "chunks", "vectors_rowids", "lexical_docsize")
        counts = [f"(SELECT count(*) FROM {table})" for table in tables]

        def count() -> list[int]:
            connection = open_to_read(place_of(project).index_path)
            row = only_row(connection, f"SELECT {', '.join(counts)}")
            connection.close()
            return list(row)

        before = count()
        project.write({"lib/new.py": python_module("one", "two")})
        refreshed(project)
        assert [now - then for now, then in zip(count(), before, strict=True)] == [1, 2, 2, 2]

    def test_95_the_command_says_what_it_did(self, project: Repository) -> None:
        assert command(project.top, "index").startswith("up to date: 4 files")
        assert command(project.top, "index", "--force").startswith("indexed: 4 files")

    def test_96_vectors_of_other_dimensions_are_all_replaced(
        self, project: Repository, tmp_path: Path
    ) -> None:
        """Items 96 and 97: no row of the old ones stays."""
        whole, path = contents(project), place_of(project).index_path
        other = str(tmp_path / "index.db")
        with create_index(other, 64) as index, index.transaction():
            say(index, fingerprint="of a model with 64", complete=True)
            index.connection.execute(
                "INSERT INTO files VALUES(7,'old.py',x'',x'',1,1,'',NULL,NULL,0,0)"
            )
            index.connection.execute("INSERT INTO chunks VALUES(7,7,1,1,'old','function',x'','')")
            index.connection.execute("INSERT INTO lexical(rowid, words) VALUES(7, 'old')")
            index.connection.execute(
                "INSERT INTO vectors(id, embedding) VALUES(7, vec_int8(?))", (bytes([1] * 64),)
            )
        ours = open_writer(path)
        assert ours is not None
        with ours:
            ours.replace_by(other)
        assert status_of(project).state == "stale"
        assert refreshed(project).kind == "full"
        assert contents(project) == whole
        check_whole(project)

    def test_98_gits_own_ignore_rules_with_exceptions_below(self, repo: Repository) -> None:
        repo.write(
            {
                ".gitignore": "*.gen.py\n!keep.gen.py\nout/\n",
                "pkg/.gitignore": "private.py\n!public.gen.py\n",
                **{
                    name: python_module(f"f{number}")
                    for number, name in enumerate(
                        (
                            "a.gen.py", "keep.gen.py", "out/b.py", "pkg/private.py",
                            "pkg/public.gen.py", "pkg/c.gen.py", "private.py",
                        )
                    )
                },
            }
        )  # fmt: skip
        update(repo)
        python = {row[0] for row in contents(repo)["files"] if str(row[0]).endswith(".py")}
        assert python == {"keep.gen.py", "pkg/public.gen.py", "private.py"}


class FailingEmbedder(FakeEmbedder):
    """Embeds so many times, and then no more."""

    def __init__(self, after_calls: int) -> None:
        super().__init__()
        self._left = after_calls

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        if self._left == 0:
            raise RuntimeError("no more")
        self._left -= 1
        return super().embed_documents(texts)
