"""Scenes for killing: a repository in some state, what is done there, what must hold afterwards.

The functions that children call go to them by name, so they stand at the top of this module.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.indexing import stage as staging
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.indexing.freshness import FRESH, look_at
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage import vec0 as vectors
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import only_row
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, say
from tests.support.repository import Repository
from tests.support.sources import python_module

from .killing import COUNT, step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lumen_hooks.git.worktree import Worktree

    from .killing import Ended, ForkServer

BATCH_CHUNKS = 6
REPACK_ROWS = 16
MODULES = 6

LASTING = {
    *("index.db", "index.db.picture", "index.lock", "worker.lock"),
    *("embeddings.db", "log.jsonl", "hooks"),
}
"""What may lie in our folders when nobody is at work ..."""
SIDE_FILES = {"index.db-wal", "index.db-shm", "embeddings.db-wal", "embeddings.db-shm"}
"""... and what SQLite keeps beside a database whose last user was killed."""

ABSENT = "absent"
UNUSABLE = "unusable"


def warm_up() -> None:
    """Bounds so small that a small repository has several batches, and a repacking."""
    staging.BATCH_CHUNKS = BATCH_CHUNKS
    vectors.REPACK_ROWS = REPACK_ROWS
    chunk_file("warm.py", python_module("warm"))
    FakeEmbedder().embed_documents(["warm"])


# What children do


class Recording(FakeEmbedder):
    """Writes down, in a file that outlives the process, what it is asked for."""

    def __init__(self, record: str) -> None:
        super().__init__()
        self._record = record

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        with open(self._record, "a", encoding="utf-8") as file:
            file.write(json.dumps(texts) + "\n")
        embedded = super().embed_documents(texts)
        step("embedded")
        return embedded


def refresh(top: Path, record: str) -> None:
    done = update_index(job_for(Repository(top), Recording(record)), wait=5)
    assert isinstance(done, Updated)


def rebuild(top: Path, record: str) -> None:
    done = update_index(job_for(Repository(top), Recording(record)), wait=5, force=True)
    assert isinstance(done, Updated)


def refresh_and_repack(top: Path, record: str) -> None:
    refresh(top, record)
    index = open_reader(find_worktree(str(top)).index_path)
    assert index is not None
    with index:
        query = "SELECT count(*), max(chunk_offset) + 1 FROM vectors_rowids"
        live, used = only_row(index.connection, query)
    assert live == used < vectors.BLOCK_ROWS  # one block, and no hole in it


def seed_before_git_returns(top: Path, record: str) -> None:
    seed_in_foreground(str(top))


def pretend_another_model(top: Path) -> None:
    index = open_writer(find_worktree(str(top)).index_path)
    assert index is not None
    with index, index.transaction():
        say(index, fingerprint="another")


def die_with_a_wal(top: Path) -> None:
    index = open_writer(find_worktree(str(top)).index_path)
    assert index is not None
    with index.transaction():
        index.remove_files([1, 2])
    os.kill(os.getpid(), signal.SIGKILL)


def digest(worktree: Worktree) -> str:
    """Everything that an index holds, in short; absent if there is none."""
    if not os.path.exists(worktree.index_path):
        return ABSENT
    check_whole(worktree)
    return hashlib.sha256(repr(contents(worktree)).encode()).hexdigest()


@dataclass(frozen=True)
class Aftermath:
    """What was found after a kill, and after the next command.

    Attributes:
        left: digest of the index that the killed process left.
        hinted: a hint was left, or the index was fresh.
        now: digest of the index after the next command.
        fresh: that index is fresh and every hint is answered.
        others: digests of the siblings' indexes.
        strange: files that should not be there.
        git: what git says.
    """

    left: str
    hinted: bool
    now: str
    fresh: bool
    others: tuple[str, ...]
    strange: tuple[str, ...]
    git: tuple[str, ...]


def recover(top: Path, record: str, others: tuple[Path, ...], spare: Path) -> Aftermath:
    """Look at what was left, give the next command, and look again."""
    worktree = find_worktree(str(top))
    job = job_for(Repository(top), Recording(record))
    hinted = events.pending(worktree)
    left = _digest_of_copy(worktree, spare)
    done = update_index(job, wait=5)
    assert isinstance(done, Updated)
    found = look_at(worktree, job.settings)
    siblings = [find_worktree(str(other)) for other in others]
    return Aftermath(
        left=left,
        hinted=hinted or done.refresh is None,
        now=digest(worktree),
        fresh=(found.state, found.differing) == (FRESH, ()) and not events.pending(worktree),
        others=tuple(digest(sibling) for sibling in siblings),
        strange=tuple(
            name
            for place in (worktree, *siblings)
            for name in os.listdir(place.folder)
            if name not in LASTING | SIDE_FILES
        ),
        git=ask_git(top),
    )


def _digest_of_copy(worktree: Worktree, spare: Path) -> str:
    """To look is to recover the WAL, and that is the next command's."""
    shutil.rmtree(spare, ignore_errors=True)
    spare.mkdir()
    if os.path.isdir(worktree.folder):
        shutil.copytree(worktree.folder, spare / "lumen")
    try:
        return digest(worktree._replace(git_dir=str(spare)))
    except Exception as error:
        return f"{UNUSABLE}: {type(error).__name__}"


def ask_git(top: Path) -> tuple[str, ...]:
    repo = Repository(top)
    git_dir = find_worktree(str(top)).git_dir
    return (
        repo.git("status", "--porcelain"),
        repo.git("worktree", "list", "--porcelain"),
        " ".join(sorted(os.listdir(git_dir))),
    )


# Scenes


def modules(*numbers: int, suffix: str = "") -> dict[str, str | bytes]:
    return {
        f"m{number}.py": python_module(*(f"f{number}_{part}{suffix}" for part in range(3)))
        for number in numbers
    }


class Stage:
    """A repository with an index, on which scenes are set."""

    def __init__(self, repo: Repository, server: ForkServer) -> None:
        self.repo = repo
        self.server = server
        repo.commit(modules(*range(MODULES)))

    def index(self, repo: Repository | None = None) -> None:
        self.server.run(refresh, (repo or self.repo).top, os.devnull)

    def edit(self, repo: Repository) -> None:
        """Edit, add, remove and rename files."""
        repo.write(modules(0, 3, 5, suffix="_changed") | modules(20, 21))
        (repo.top / "m1.py").unlink()
        repo.git("mv", "m2.py", "moved.py")


def nothing_indexed(stage: Stage) -> Repository:
    return stage.repo


def new_worktree(stage: Stage) -> Repository:
    stage.index()
    new = stage.repo.add_worktree("w2", "-b", "feature")
    stage.edit(new)
    return new


def edited(stage: Stage) -> Repository:
    stage.index()
    stage.edit(stage.repo)
    return stage.repo


def other_model(stage: Stage) -> Repository:
    edited(stage)
    stage.server.run(pretend_another_model, stage.repo.top)
    return stage.repo


def much_deleted(stage: Stage) -> Repository:
    stage.repo.commit(modules(*range(30, 38)))
    stage.index()
    for number in range(31, 38):
        (stage.repo.top / f"m{number}.py").unlink()
    return stage.repo


def damaged(stage: Stage) -> Repository:
    edited(stage)
    assert stage.server.end(die_with_a_wal, stage.repo.top).killed
    with open(find_worktree(str(stage.repo.top)).index_path, "r+b") as file:
        file.write(b"not a database" * 10)
    return stage.repo


def damaged_embeddings(stage: Stage) -> Repository:
    edited(stage)
    with open(find_worktree(str(stage.repo.top)).embeddings_path, "r+b") as file:
        file.write(b"not a database" * 10)
    return stage.repo


@dataclass(frozen=True)
class Scene:
    """How the stage is set, what is done on it, and which files it may leave beside the usual."""

    set_up: Callable[[Stage], Repository]
    act: Callable[[Path, str], None]
    keeps: frozenset[str] = frozenset()


SCENES = {
    "build": Scene(nothing_indexed, refresh),
    "seed": Scene(new_worktree, refresh),
    "seed in front of git": Scene(new_worktree, seed_before_git_returns),
    "refresh": Scene(edited, refresh),
    "index --force": Scene(edited, rebuild),
    "another model": Scene(other_model, refresh),
    "repack": Scene(much_deleted, refresh_and_repack),
    "damaged index": Scene(
        damaged,
        refresh,
        frozenset({"index.db.damaged", "index.db.damaged-wal", "index.db.damaged-shm"}),
    ),
    "damaged embeddings": Scene(damaged_embeddings, refresh, frozenset({"embeddings.db.damaged"})),
}


class Trials:
    """One scene, set up once and put back before each trial."""

    def __init__(self, scene: Scene, repo: Repository, server: ForkServer, folder: Path) -> None:
        self._scene = scene
        self._server = server
        self._top = scene.set_up(Stage(repo, server)).top
        self._others = tuple({repo.top} - {self._top})
        worktree = find_worktree(str(self._top))
        os.makedirs(worktree.folder, exist_ok=True)
        with open(worktree.events_path, "w", encoding="utf-8") as file:
            file.write("post-commit\n")
        self._spare = folder / "spare"
        self._record = str(folder / "embedded")
        self._folders = {
            place: str(folder / f"saved-{number}")
            for number, place in enumerate(sorted({worktree.folder, worktree.shared_folder}))
        }
        for place, saved in self._folders.items():
            os.makedirs(place, exist_ok=True)
            shutil.copytree(place, saved)
        self._git = ask_git(self._top)
        self._others_were = server.run(digests, self._others)
        was: str = server.run(_digest_of_copy, worktree, self._spare)
        self._clean = self._clean_build()
        self._ends = {was, self._clean, *self._others_were}
        if was.startswith(UNUSABLE):
            self._ends.add(ABSENT)
        self._put_back()
        self.uninterrupted = server.end(scene.act, self._top, self._record, kill_at=COUNT)
        assert not self.uninterrupted.error, self.uninterrupted.error
        self._check(self.uninterrupted)

    def _clean_build(self) -> str:
        for place in self._folders:
            shutil.rmtree(place)
        self._server.run(refresh, self._top, os.devnull)
        clean: str = self._server.run(digests, (self._top,))[0]
        return clean

    def _put_back(self) -> None:
        for place, saved in self._folders.items():
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(saved, place)
        open(self._record, "w", encoding="utf-8").close()

    def _embedded(self) -> list[list[str]]:
        with open(self._record, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def kill(self, *, kill_at: int | None = None, kill_after: float | None = None) -> bool:
        """One trial; whether there was something left to kill."""
        self._put_back()
        ended = self._server.end(
            self._scene.act, self._top, self._record, kill_at=kill_at, kill_after=kill_after
        )
        assert ended.killed or not ended.error, ended.error
        self._check(ended)
        return ended.killed

    def _check(self, ended: Ended) -> None:
        first = self._embedded()
        found = self._server.run(recover, self._top, self._record, self._others, self._spare)
        assert found.left in self._ends, "neither the old tree nor the new one"
        assert found.hinted, "a hint was lost"
        assert found.now == self._clean, "not what a clean build gives"
        assert found.fresh
        assert found.others == self._others_were, "a sibling's index has changed"
        assert set(found.strange) <= self._scene.keeps
        assert found.git == self._git
        times = Counter(text for call in self._embedded() for text in call)
        again = {text for text, count in times.items() if count > 1}
        assert again <= set(first[-1] if first and ended.killed else ())
        assert max(times.values(), default=0) <= 2


def digests(tops: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(digest(find_worktree(str(top))) for top in tops)
