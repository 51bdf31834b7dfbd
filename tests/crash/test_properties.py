"""Any sequence of edits, git commands, kills and updates, in several worktrees of a repository.

After every update the index equals one that is built from nothing; it says `fresh` then and only
then; no text is embedded twice in the repository's life; and nobody who reads while an index
changes sees anything but the state before or the state after.

What is given up for a kill: its last batch may be embedded again. For a deleted embedding store:
what was only there.

A third of the programs run in a repository whose settings have git compare whole seconds and sizes
alone. Whether a file changed is told by its size and by the later of its modification and its
inode's change time, in nanoseconds, whatever git says of it: a time stamp that was set back hides
nothing. No program that the repository's configuration names is run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lumen_hooks.files.content import blob_id
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import compare as difference
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.purge import purge_indexes
from lumen_hooks.service.status import OTHER_FINGERPRINT, read_status
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, refreshed, say, update
from tests.support.ledger import batches, ledger_job
from tests.support.search_corpus import search_index

from .model_child import YOUNG_NS, Child, Children, at_call
from .model_repository import (
    BRANCHES,
    CHANGES,
    COMMANDS,
    FORMS,
    KINDS,
    LARGE_BYTES,
    PATHS,
    RULE_FILES,
    World,
    file_content,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.results import Hit
    from tests.support.helpers import Contents
    from tests.support.repository import Repository

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))
FIRST_SEED = int(os.environ.get("LUMEN_STRESS_SEED", "0"))
STRESS_SEEDS = range(FIRST_SEED, FIRST_SEED + max(1, round(24 * SCALE)))
STRESS_PROGRAMS = 25
"""For each seed: a failure is run again by its seed alone."""
STRESS_STEPS = 15
PROGRAMS = 3
STEPS = 12

MAX_TREES = 4
UPDATE_CALLS = 14_000
"""An update makes about so many calls, and the second half of them writes."""

trees = st.integers(0, MAX_TREES - 1)
numbers = st.integers(0, 20)
paths = st.just("a.py") | st.sampled_from(PATHS)
branches = st.sampled_from(BRANCHES)
changes = st.tuples(st.sampled_from(CHANGES), paths, st.sampled_from(KINDS), numbers)
commands = st.tuples(st.sampled_from(COMMANDS), paths, branches)
calls = st.integers(1, UPDATE_CALLS) | st.integers(UPDATE_CALLS // 2, UPDATE_CALLS)


@pytest.fixture(autouse=True)
def soon_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stamps are believed soon, as they are when people edit."""
    monkeypatch.setattr(difference, "YOUNG_NS", YOUNG_NS)


class Worktrees(RuleBasedStateMachine):
    """The model: a real repository, and what must hold of its indexes."""

    base: ClassVar[Path]
    children: ClassVar[Children]
    done: ClassVar[Counter[str]]
    loose: ClassVar[bool]

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.base))
        self.ledger = self.folder / "ledger"
        self.ledger.touch()
        self.known: set[str] = set()
        self.noted = 0
        self.world = World.make(self.folder, loose=self.loose)
        self._update_via(self.world.main, "update")
        self.world.add("branch", "other")
        self.done["programs"] += 1

    def teardown(self) -> None:
        for number in range(len(self.world.trees)):
            self.update(number, "update")
        shutil.rmtree(self.folder)

    # what happens to the files

    @rule(tree=trees, changes=st.lists(changes, min_size=1, max_size=4))
    def edit(self, tree: int, changes: list[tuple[str, str, str, int]]) -> None:
        for what, path, kind, number in changes:
            self.world.change(self.world.tree(tree), what, path, kind, number)
            self.done["edits"] += 1

    @rule(tree=trees, path=st.sampled_from(list(RULE_FILES)), n=numbers)
    def write_rules(self, tree: int, path: str, n: int) -> None:
        self.world.write_rules(self.world.tree(tree), path, n)

    @rule(tree=trees, commands=st.lists(commands, min_size=1, max_size=3))
    def git(self, tree: int, commands: list[tuple[tuple[str, ...], str, str]]) -> None:
        for command, path, branch in commands:
            self.world.git(self.world.tree(tree), command, path, branch)
            self.world.swept()
            self.done["git commands"] += 1

    @rule(tree=trees)
    def age(self, tree: int) -> None:
        self.world.age(self.world.tree(tree))

    @precondition(lambda self: len(self.world.trees) < MAX_TREES)
    @rule(
        form=st.sampled_from(FORMS),
        branch=branches,
        seeded=st.booleans(),
    )
    def add(self, form: str, branch: str, seeded: bool) -> None:
        tree = self.world.add(form, branch)
        if tree is not None and seeded:
            seed_in_foreground(str(tree.top))

    @rule(tree=trees, how=st.sampled_from(["git", "prune", "move"]))
    def remove(self, tree: int, how: str) -> None:
        if how == "move":
            self.world.move(tree)
        else:
            self.world.remove(tree, how)

    # what happens to the indexes

    @rule(
        tree=trees,
        what=st.sampled_from(["purge", "purge --all", "index", "embeddings", "fingerprint"]),
    )
    def lose(self, tree: int, what: str) -> None:
        """Remove indexes or the embedding store, or make an index another version's."""
        worktree = find_worktree(str(self.world.tree(tree).top))
        if what == "fingerprint":
            index = open_writer(worktree.index_path)
            if index is not None:
                with index, index.transaction():
                    say(index, fingerprint="another")
        elif what.startswith("purge"):
            purge_indexes(worktree, print, every=what == "purge --all")
        else:
            path = worktree.index_path if what == "index" else worktree.embeddings_path
            for suffix in ("", "-wal", "-shm"):
                Path(path + suffix).unlink(missing_ok=True)
        if what in {"purge --all", "embeddings"}:
            self.known.clear()

    @rule(
        tree=trees,
        via=st.sampled_from(["update", "worker", "command", "force"]),
        at=calls,
        after=st.none() | st.integers(1, 150),
    )
    def kill(self, tree: int, via: str, at: int, after: int | None) -> None:
        """Kill an update at one of its calls, or after so many milliseconds."""
        child = Child(via, str(self.world.tree(tree).top), str(self.ledger), dies_at=at)
        if after is not None:
            child = replace(child, dies_at=0, dies_after=after / 1000)
        killed = self.children.run(child)
        self.done["kills" if killed else "escapes"] += 1
        self._account(forgiven=killed)

    # what must hold

    @rule(tree=trees, via=st.sampled_from(["update", "answer", "worker", "command", "force"]))
    def update(self, tree: int, via: str) -> None:
        place = self.world.tree(tree)
        with self.world.nothing_of_its_own_runs():
            clean = self.world.clean_build(place)
            self._check_status(place, clean)
            self._update_via(place, via)
        found = contents(place)
        assert found == clean
        for path, content, _, skipped, _ in found["files"]:
            assert content == (None if skipped == "too large" else _blob(place.top / str(path)))
        self._check_status(place, clean)
        assert _counted(place.top) == _counted(self.world.clean)
        check_whole(place)
        assert update_index(self._job(place), wait=0)[:2] == Updated(None, None)[:2]
        assert self._account() == 0
        self.done["updates"] += 1

    @rule(tree=trees, at=calls, path=paths, n=numbers)
    def read_while_updating(self, tree: int, at: int, path: str, n: int) -> None:
        """A reader in the midst of an update sees the old tree or the new one.

        Where there was no index it may see a seed: a sibling's tree, which does not claim to be
        this one's.
        """
        place = self.world.tree(tree)
        self.world.change(place, "write", path, "python", n)
        before = self._contents(place)
        siblings = [self._contents(other) for other in self.world.trees if other != place]
        seen: list[tuple[Contents | None, bool]] = []
        with at_call(at, lambda: seen.append((self._contents(place), self._own(place)))):
            self._update_via(place, "update")
        for found, own in seen:
            seeds = siblings if before is None and not own else []
            assert found in (before, contents(place), *seeds)
            self.done["reads during an update"] += 1

    @rule(tree=trees, share=st.floats(0, 1), path=paths, n=numbers)
    def update_while_searching(self, tree: int, share: float, path: str, n: int) -> None:
        """An answer in whose midst an update runs is that of the old tree or of the new one."""
        place = self.world.tree(tree)
        if not os.path.exists(self._path(place)):
            return
        with at_call(0, _nothing) as made:
            before = self._search(place)
        self.world.change(place, "write", path, "python", n)
        with at_call(1 + int(share * made[0]), lambda: self._update_via(place, "update")):
            found = self._search(place)
        assert found in (before, self._search(place))
        self.done["searches across an update"] += 1

    def _check_status(self, place: Repository, clean: Contents) -> None:
        """`fresh` if and only if the index holds what a clean build does and says so itself."""
        status = read_status(find_worktree(str(place.top)), load_settings(str(place.top), {}))
        if status.state == "absent":
            assert not os.path.exists(self._path(place))
            return
        own = self._own(place) and status.problem != OTHER_FINGERPRINT
        equal = contents(place) == clean
        assert (status.pending_files == 0) == equal
        assert (status.state == FRESH) == (equal and own)

    def _update_via(self, place: Repository, via: str) -> None:
        if via in {"worker", "command"}:
            assert not self.children.run(Child(via, str(place.top), str(self.ledger)))
            self._account()
            return
        if via == "answer":
            job = self._job(place)
            # In the background, an index of another model would answer until a worker is done.
            job = job._replace(settings=job.settings._replace(refresh="inline"))
            found = Answerer(job, _nothing).answer(Query("retry"))
            assert (found.state, found.pending_files, found.problem) == (FRESH, 0, None)
            self._account()
            return
        done = update_index(self._job(place), wait=0, force=via == "force")
        assert isinstance(done, Updated)
        embedded = done.refresh.chunks_embedded if done.refresh else 0
        assert self._account() == embedded

    def _account(self, *, forgiven: bool = False) -> int:
        """Insist that what was embedded is new; how many texts it was.

        Args:
            forgiven: the process was killed, so its last batch may not have been remembered.
        """
        new = batches(str(self.ledger))[self.noted :]
        self.noted += len(new)
        for number, batch in enumerate(new):
            assert not self.known.intersection(batch)
            if not forgiven or number + 1 < len(new):
                self.known.update(batch)
        return sum(map(len, new))

    def _job(self, place: Repository) -> Job:
        return ledger_job(str(place.top), str(self.ledger))

    def _path(self, place: Repository) -> str:
        return find_worktree(str(place.top)).index_path

    def _own(self, place: Repository) -> bool:
        """Whether the index says that it was refreshed from this worktree."""
        index = open_reader(self._path(place))
        if index is None:
            return False
        with index:
            return index.facts().refreshed

    def _contents(self, place: Repository) -> Contents | None:
        return contents(place) if os.path.exists(self._path(place)) else None

    def _search(self, place: Repository) -> list[Hit]:
        index = open_reader(self._path(place))
        assert index is not None
        with index:
            return search_index(index, FakeEmbedder(), Query("retry the shared call"))


def _blob(place: Path) -> bytes:
    return blob_id(place.read_bytes(), 20)


def _counted(top: Path) -> tuple[int, int, dict[str, int]]:
    """What `status` counts: files, chunks, and what was passed over for which reason."""
    status = read_status(find_worktree(str(top)), load_settings(str(top), {}))
    return status.files, status.chunks, status.skipped


def _nothing() -> None:
    """Start no worker; interrupt nothing."""


def run_programs(
    base: Path, programs: int, steps: int, *, number: int, loose: bool
) -> Counter[str]:
    """Run the random programs of a seed on the model; what was done in all, by kind."""
    with Children() as children:

        class Programs(Worktrees):
            pass

        Programs.base, Programs.children, Programs.done = base, children, Counter()
        Programs.loose = loose
        run_state_machine_as_test(
            seed(number)(Programs),
            settings=settings(
                max_examples=programs,
                stateful_step_count=steps,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return Programs.done


@pytest.mark.parametrize("loose", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_whatever_happens_the_index_equals_a_clean_build(tmp_path: Path, loose: bool) -> None:
    done = run_programs(tmp_path, PROGRAMS, STEPS, number=1, loose=loose)
    assert done["updates"] >= PROGRAMS


@pytest.mark.stress
@pytest.mark.parametrize("number", STRESS_SEEDS)
def test_whatever_happens_at_length(
    tmp_path: Path, number: int, record_property: Callable[[str, object], None]
) -> None:
    """Every third seed's programs have loosened stat settings."""
    started, loose = time.monotonic(), number % 3 == 0
    done = run_programs(tmp_path, STRESS_PROGRAMS, STRESS_STEPS, number=number, loose=loose)
    done["seconds"] = round(time.monotonic() - started)
    for name, count in done.items():
        record_property(name, count)
    kind = "loosened" if loose else "git's"
    said = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
    print(f"\nseed {number}, {kind} stat settings: {said}, 0 failures")


# What such programs found, each in as few steps as show it.


def test_a_touched_file_that_is_too_large_is_no_change(repo: Repository) -> None:
    """It was: of a file that is not read, git's word was kept, which git takes back at a touch."""
    repo.git("config", "lumen.maxFileBytes", str(LARGE_BYTES))
    repo.commit({"large.txt": file_content("large", 1)})
    update(repo)
    os.utime(repo.top / "large.txt", (1, 1))
    assert update(repo).refresh is None
    repo.git("status")
    assert update(repo).refresh is None


def test_a_lower_limit_counts_for_files_that_are_indexed_already(repo: Repository) -> None:
    """It did not for files that were the same as before."""
    repo.commit({"a.py": file_content("python", 1)})
    update(repo)
    repo.git("config", "lumen.maxFileBytes", "400")
    assert refreshed(repo).files_changed == 1
    assert contents(repo)["files"] == [("a.py", None, "", "too large", 0)]
    repo.git("config", "--unset", "lumen.maxFileBytes")
    assert refreshed(repo).chunks_embedded == 0
    assert contents(repo)["chunks"] != []


@pytest.mark.parametrize("tracked", [True, False])
def test_a_file_of_the_same_size_and_modification_time_is_noticed(
    repo: Repository, tracked: bool
) -> None:
    """It was not, even where git saw it: archives and builds give each version the same time."""
    place = repo.top / "a.py"
    repo.write({"a.py": file_content("python", 1)})
    os.utime(place, ns=(0, 0))
    if tracked:
        repo.commit()
    time.sleep(1.1 if tracked else 2 * YOUNG_NS / 1e9)  # git compares whole seconds
    update(repo)
    repo.write({"a.py": file_content("python", 2)})
    os.utime(place, ns=(0, 0))
    assert refreshed(repo).files_changed == 1
    assert contents(repo)["files"][0][1] == _blob(place)


def test_a_file_that_git_was_told_to_assume_unchanged_is_indexed_as_it_is(
    repo: Repository,
) -> None:
    """It was as git has it in an index made before the edit, and as it is in one made after."""
    repo.commit({"a.py": file_content("python", 1)})
    update(repo)
    repo.git("update-index", "--assume-unchanged", "a.py")
    repo.write({"a.py": file_content("python", 2)})
    assert refreshed(repo).files_changed == 1
    assert contents(repo)["files"][0][1] == _blob(repo.top / "a.py")


def test_a_folder_that_became_a_symlink_to_itself_leaves_nothing_in_the_index(
    repo: Repository,
) -> None:
    """Its files stayed: git only complains of them, and does not list them as changed."""
    repo.commit({"a.py": file_content("python", 1), "pkg/d.py": file_content("python", 2)})
    update(repo)
    (repo.top / "pkg").rename(repo.top.parent / "elsewhere")
    (repo.top / "pkg").symlink_to("pkg")
    refreshed(repo)
    assert {row[0] for row in contents(repo)["chunks"]} == {"a.py"}
    assert update(repo).refresh is None


def test_what_is_passed_over_unopened_is_counted_as_it_is_now(repo: Repository) -> None:
    """It was counted as it was at the last refresh that found a difference."""
    repo.commit({"a.py": file_content("python", 1)})
    update(repo)
    (repo.top / "link.py").symlink_to("a.py")
    assert update(repo).refresh is None
    assert _counted(repo.top)[2] == {"symlink": 1}
