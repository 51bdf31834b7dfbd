"""Every way in which git changes a tree, under every set-up that people have.

Each cell of the matrix plays a row twice: in a repository with our hooks and in its twin without.
What the user sees must be equal; the twin's index is built from nothing, and ours must end equal.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.errors import StoreError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.freshness import FRESH
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.settings import Settings
from tests.support.helpers import check_whole, contents, job_for, spread, update
from tests.support.other_git import needs_config_hooks, newer_git
from tests.support.stand_in import StandIn

from .rows import NAMED, Row
from .setups import CONFIG, FOREIGN, HUSKY, NATIVE, PRE_COMMIT, SetUp
from .stage import Stage, build_stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.embedding.protocol import Embedder
    from tests.support.repository import Repository

__all__ = ["newer_git"]

QUERY = Query("send the request and wait for its answer", limit=50)

SLICE = (
    "new worktree, new branch",
    "file checkout",
    "merge",
    "rebase, edit, continue",
)
"""The rows that the set-ups other than hook files are tried with in a normal run."""

FRAMEWORK_SLICE = ("commit --amend",)
"""pre-commit costs half a second of CPU for each event."""

FRAMEWORK_ROWS = (
    *FRAMEWORK_SLICE,
    "new worktree inside the main one",
    "switch with an edit carried along",
    "file checkout",
    "orphan and back",
    "merge",
    "merge, conflict, continue",
    "pull --rebase",
    "commit",
    "rebase, conflict, continue",
    "rebase, edit, continue",
    "stash and pop",
)

_templates: dict[tuple[str, str], tuple[Stage, Stage]] = {}


def templates(
    setup: SetUp, base: Path, python: str, embedder: Embedder | None
) -> tuple[Stage, Stage]:
    """What the cells of a column start from: with our hooks and an index, and without; made once.

    Neither hooks nor an index hold a path that a copy would not have, but for configuration's
    hooks: they call the scripts of the template.
    """
    key = (setup.name, python)
    if key not in _templates:
        twin = build_stage(base / f"{len(_templates)}" / "twin")
        setup.others(twin)
        real = twin.copy_to(twin.folder.with_name("real"))
        setup.ours(real, python)
        update(real.at(), embedder)
        _templates[key] = real, twin
    return _templates[key]


class Cell:
    """A row played in both twins."""

    def __init__(
        self, row: Row, real: Stage, twin: Stage, embedder: Embedder | None = None
    ) -> None:
        self.row, self.real, self.twin = row, real, twin
        self._embedder = embedder

    def prepare(self) -> None:
        """What comes before, without hooks; the index follows."""
        for line in self.row.before:
            for stage in (self.real, self.twin):
                stage.play(line, LUMEN_HOOKS="0")
        if self.row.before and self.row.indexed:
            update(self.place, self._embedder)

    def act(self) -> None:
        """Play the row, and insist that the user sees no difference."""
        for line in self.row.act:
            assert self.real.play(line) == self.twin.play(line)

    @property
    def place(self) -> Repository:
        return self.real.at(self.row.place)

    def truth(self) -> object:
        """What an index of the worktree holds when it is built from nothing."""
        twin = self.twin.at(self.row.place)
        update(twin, self._embedder)
        return contents(twin)

    def search(self, *, refresh: bool) -> str | None:
        """The state that an answer declares; None if there is no index to answer from."""
        job = job_for(self.place, self._embedder)
        try:
            found = Answerer(job, lambda: None, refresh=refresh).answer(QUERY)
        except StoreError:
            return None
        return found.state

    def check_search(self) -> None:
        """A search made straight after the event is right, or says that it is not."""
        truth = self.truth()
        state = self.search(refresh=False)
        assert (state is not None) == self.row.indexed
        if state != FRESH:
            assert self.search(refresh=True) == FRESH
        assert contents(self.place) == truth


@pytest.fixture
def twins(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Cell]:
    def make(row: Row, setup: SetUp, python: str, embedder: Embedder | None = None) -> Cell:
        base = tmp_path_factory.getbasetemp() / "stages"
        real, twin = templates(setup, base, python, embedder)
        copies = real.copy_to(tmp_path / "real"), twin.copy_to(tmp_path / "twin")
        cell = Cell(row, *copies, embedder)
        cell.prepare()
        return cell

    return make


def told(place: Repository, stand_in: StandIn) -> list[str]:
    """What the hooks of a worktree noted and started, as the rows write it."""
    worktree = find_worktree(str(place.top))
    seeds = [
        "seed"
        for record in stand_in.records()
        if record["argv"][2:3] == ["lumen_hooks.hook"] and record["argv"][4] == worktree.top
    ]
    try:
        lines = Path(worktree.events_path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    words = [line.split() for line in lines]
    return seeds + [f"{word[0]} {word[-1]}" if len(word) > 1 else word[0] for word in words]


def check_recorded(row: Row, setup: SetUp, cell: Cell, stand_in: StandIn) -> None:
    """Git does not wait for a worker that does not end, and what it reports is written down."""
    stand_in.hold_workers()
    try:
        cell.act()
    finally:
        stand_in.release()
    if row.tree_decides or not setup.in_tree:
        assert tuple(told(cell.place, stand_in)) == row.events
    foreign = [stage.at().top / ".git" / "foreign-calls" for stage in (cell.real, cell.twin)]
    assert foreign[0].exists() == foreign[1].exists()
    if foreign[0].exists():
        assert foreign[0].read_text() == foreign[1].read_text()
    cell.check_search()


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    return StandIn.make(tmp_path_factory.mktemp("recorder") / "stand in")


@pytest.fixture
def stand_in(recorder: StandIn) -> StandIn:
    recorder.records()
    return recorder


@pytest.mark.parametrize("name", spread(NAMED))
def test_hook_files(name: str, twins: Callable[..., Cell], stand_in: StandIn) -> None:
    row = NAMED[name]
    check_recorded(row, NATIVE, twins(row, NATIVE, str(stand_in.program)), stand_in)


@pytest.mark.parametrize("name", SLICE)
@pytest.mark.parametrize(
    "setup",
    [
        pytest.param(FOREIGN, id=FOREIGN.name),
        pytest.param(HUSKY, id=HUSKY.name, marks=pytest.mark.slow),
    ],
)
def test_other_set_ups(
    setup: SetUp, name: str, twins: Callable[..., Cell], stand_in: StandIn
) -> None:
    row = NAMED[name]
    check_recorded(row, setup, twins(row, setup, str(stand_in.program)), stand_in)


@pytest.mark.parametrize("name", FRAMEWORK_SLICE)
def test_under_pre_commit(name: str, twins: Callable[..., Cell], stand_in: StandIn) -> None:
    row = NAMED[name]
    check_recorded(row, PRE_COMMIT, twins(row, PRE_COMMIT, str(stand_in.program)), stand_in)


@needs_config_hooks
@pytest.mark.usefixtures("newer_git")
@pytest.mark.parametrize("name", SLICE)
def test_config_hooks(name: str, twins: Callable[..., Cell], stand_in: StandIn) -> None:
    row = NAMED[name]
    check_recorded(row, CONFIG, twins(row, CONFIG, str(stand_in.program)), stand_in)


def check_followed(row: Row, setup: SetUp, cell: Cell) -> None:
    """Real workers, the real model, and the command line that waits for them."""
    cell.act()
    truth = cell.truth()
    if cell.search(refresh=False) == FRESH:
        assert contents(cell.place) == truth
    command = [sys.executable, "-m", "lumen_hooks", "wait", "--timeout", "120"]
    subprocess.run(command, cwd=cell.place.top, check=True, capture_output=True, timeout=150)
    assert contents(cell.place) == truth
    check_whole(cell.place)
    assert cell.search(refresh=False) == FRESH
    leave_no_rebase(cell)


def leave_no_rebase(cell: Cell) -> None:
    """A worker watches a rebase that stopped: end it, and the worker with it."""
    git_dir = Path(find_worktree(str(cell.place.top)).git_dir)
    if (git_dir / "rebase-merge").exists() or (git_dir / "rebase-apply").exists():
        cell.real.play(f"@{cell.row.place} git rebase --abort", LUMEN_HOOKS="0")


SET_UPS = {setup.name: setup for setup in (NATIVE, FOREIGN, HUSKY, PRE_COMMIT)}


@pytest.mark.stress
@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("setup", SET_UPS)
def test_workers_follow(setup: str, name: str, twins: Callable[..., Cell]) -> None:
    if setup == PRE_COMMIT.name and name not in FRAMEWORK_ROWS:
        pytest.skip("half a second of CPU for each event")
    embedder = load_embedder(Settings())
    cell = twins(NAMED[name], SET_UPS[setup], sys.executable, embedder)
    check_followed(NAMED[name], SET_UPS[setup], cell)


@needs_config_hooks
@pytest.mark.stress
@pytest.mark.usefixtures("newer_git")
@pytest.mark.parametrize("name", NAMED)
def test_workers_follow_config_hooks(name: str, twins: Callable[..., Cell]) -> None:
    cell = twins(NAMED[name], CONFIG, sys.executable, load_embedder(Settings()))
    check_followed(NAMED[name], CONFIG, cell)
