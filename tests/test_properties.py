"""Any sequence of edits, git commands, kills and updates, in several worktrees of a repository.

After every update the index equals one that is built from nothing; it says `fresh` then and only
then; no text is embedded twice in the repository's life; and nobody who reads while an index
changes sees anything but the state before or the state after.

What is given up for a kill: its last batch may be embedded again. For a deleted embedding store:
what was only there.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lumen_hooks.answer import answer
from lumen_hooks.commands.purge import purge_indexes
from lumen_hooks.config import load_settings
from lumen_hooks.indexing.update import Updated, update_index
from lumen_hooks.search.model import Query
from lumen_hooks.search.query import search_index
from lumen_hooks.seeding.foreground import seed_in_foreground
from lumen_hooks.status import FRESH, OTHER_FINGERPRINT, read_status
from lumen_hooks.store import open_index
from lumen_hooks.worktree import find_worktree
from tests.fake_embedder import FakeEmbedder
from tests.helpers import Contents, check_whole, contents
from tests.model_child import Child, Children, LedgerEmbedder, at_call, ledger_job
from tests.model_repository import (
    BRANCHES,
    CHANGES,
    COMMANDS,
    KINDS,
    PATHS,
    RULE_FILES,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lumen_hooks.search.model import Hit
    from tests.repository import Repository

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))
STRESS_PROGRAMS = max(1, int(100 * SCALE))
STRESS_STEPS = 30
PROGRAMS = 4
STEPS = 12

MAX_TREES = 4
UPDATE_CALLS = 12_000
"""About so many calls an update makes; kills and readers come at one of them."""

trees = st.integers(0, MAX_TREES - 1)
numbers = st.integers(0, 20)
paths = st.just("a.py") | st.sampled_from(PATHS)
branches = st.sampled_from(BRANCHES)
changes = st.tuples(st.sampled_from(CHANGES), paths, st.sampled_from(KINDS), numbers)
commands = st.tuples(st.sampled_from(COMMANDS), paths, branches)
calls = st.integers(1, UPDATE_CALLS)


class Worktrees(RuleBasedStateMachine):
    """The model: a real repository, and what must hold of its indexes."""

    base: ClassVar[Path]
    children: ClassVar[Children]
    done: ClassVar[Counter[str]]

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.base))
        self.ledger = self.folder / "ledger"
        self.ledger.touch()
        self.known: set[str] = set()
        self.noted = 0
        self.world = World.make(self.folder)
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

    @rule(tree=trees, path=st.sampled_from(RULE_FILES), n=numbers)
    def write_rules(self, tree: int, path: str, n: int) -> None:
        self.world.write_rules(self.world.tree(tree), path, n)

    @rule(tree=trees, commands=st.lists(commands, min_size=1, max_size=3))
    def git(self, tree: int, commands: list[tuple[tuple[str, ...], str, str]]) -> None:
        for command, path, branch in commands:
            self.world.git(self.world.tree(tree), command, path, branch)
            self.world.swept()
            self.done["git commands"] += 1

    @precondition(lambda self: len(self.world.trees) < MAX_TREES)
    @rule(
        form=st.sampled_from(["branch", "detached", "bare", "nested", "orphan"]),
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
            index = open_index(worktree.index_path, write=True)
            if index is not None:
                with index, index.transaction():
                    index.set_meta({"fingerprint": "another"})
        elif what.startswith("purge"):
            purge_indexes(worktree, every=what == "purge --all")
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
        clean = self.world.clean_build(place)
        self._check_status(place, clean)
        self._update_via(place, via)
        assert contents(place) == clean
        self._check_status(place, clean)
        check_whole(place)
        assert update_index(self._job(place), wait=0) == Updated(None, None)
        assert self._account() == 0
        self.done["updates"] += 1

    @rule(tree=trees, at=calls)
    def read_while_updating(self, tree: int, at: int) -> None:
        """A reader in the midst of an update sees the old tree or the new one."""
        place = self.world.tree(tree)
        before = self._contents(place)
        seen: list[Contents | None] = []
        with at_call(at, lambda: seen.append(self._contents(place))):
            self._update_via(place, "update")
        for found in seen:
            assert found in (before, contents(place))
            self.done["reads during an update"] += 1

    @rule(tree=trees, share=st.floats(0, 1), what=st.sampled_from(["retry", "shared f01", "part"]))
    def update_while_searching(self, tree: int, share: float, what: str) -> None:
        """An answer in whose midst an update runs is that of the old tree or of the new one."""
        place = self.world.tree(tree)
        if not os.path.exists(self._path(place)):
            return
        with at_call(0, _nothing) as made:
            before = self._search(place, what)
        with at_call(1 + int(share * made[0]), lambda: self._update_via(place, "update")):
            found = self._search(place, what)
        assert found in (before, self._search(place, what))
        self.done["searches across an update"] += 1

    def _check_status(self, place: Repository, clean: Contents) -> None:
        """`fresh` if and only if the index holds what a clean build does and says so itself."""
        status = read_status(
            find_worktree(str(place.top)), load_settings(str(place.top), {})
        )
        index = open_index(self._path(place))
        if index is None:
            assert status.state == "absent"
            return
        with index:
            own = index.meta().get("refreshed") == "1" and status.problem != OTHER_FINGERPRINT
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
            embedder = FakeEmbedder()
            found = answer(job, Query("retry"), embedder, refresh=True, start_worker=_nothing)
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
        with self.ledger.open() as file:
            file.seek(self.noted)
            batches = [json.loads(line) for line in file]
            self.noted = file.tell()
        for number, batch in enumerate(batches):
            assert not self.known.intersection(batch)
            if not forgiven or number + 1 < len(batches):
                self.known.update(batch)
        return sum(map(len, batches))

    def _job(self, place: Repository) -> object:
        return ledger_job(str(place.top), str(self.ledger))

    def _path(self, place: Repository) -> str:
        return find_worktree(str(place.top)).index_path

    def _contents(self, place: Repository) -> Contents | None:
        return contents(place) if os.path.exists(self._path(place)) else None

    def _search(self, place: Repository, what: str) -> list[Hit]:
        index = open_index(self._path(place))
        assert index is not None
        with index:
            return search_index(index.connection, FakeEmbedder(), Query(what))


def _nothing() -> None:
    """Start no worker; interrupt nothing."""


def run_programs(
    base: Path, programs: int, steps: int, *, derandomize: bool
) -> Counter[str]:
    """Run random programs on the model; what was done in all, by kind."""
    with Children() as children:

        class Programs(Worktrees):
            pass

        Programs.base, Programs.children, Programs.done = base, children, Counter()
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Programs,
            settings=settings(
                max_examples=programs,
                stateful_step_count=steps,
                derandomize=derandomize,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                phases=[__import__("hypothesis").Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        return Programs.done


def test_whatever_happens_the_index_equals_a_clean_build(tmp_path: Path) -> None:
    done = run_programs(tmp_path, PROGRAMS, STEPS, derandomize=True)
    print(done)
    assert done["updates"] >= PROGRAMS


@pytest.mark.stress
def test_whatever_happens_at_length(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    started = time.monotonic()
    done = run_programs(tmp_path, STRESS_PROGRAMS, STRESS_STEPS, derandomize=False)
    done["seconds"] = round(time.monotonic() - started)
    for name, count in done.items():
        record_property(name, count)
    print("\n" + ", ".join(f"{count} {name}" for name, count in sorted(done.items())), "0 failures")
