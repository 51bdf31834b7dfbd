"""Any byte of a database may be wrong: after one further command the answers are a clean build's.

Each trial damages one file, runs one command as a process of its own, then `lumen-hooks index`
(`index --force` where the embedding store was damaged, since it is read for new texts alone), and
compares all that the index holds, and a search, with what a build from nothing gives.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage.reader import open_reader
from tests.support.helpers import check_whole, contents
from tests.support.sources import python_module
from tests.surroundings.checks import report, scaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.commands import Launcher
    from tests.support.helpers import Contents
    from tests.support.repository import Repository

TRIALS = 500
SLICE = 5
BLOCK = 4096
SEED = int(os.environ.get("LUMEN_FLIP_SEED", "20261125"))
"""A failure names its trial; the seed makes it the same again."""

QUERIES = ("alpha_3 slow answer", "beta_5", "how to install it", "m2.py")
COMMANDS = (
    ("search", QUERIES[0], "--json"),
    ("search", QUERIES[1], "--json", "--path", "src"),
    ("related", "src/m1.py:5", "--json"),
    ("status", "--json"),
    ("doctor",),
    ("index",),
    ("index", "--force"),
    ("wait",),
)
FILES: dict[str, str | bytes] = {
    **{f"src/m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(8)},
    "README.md": "# Tool\n\n## How to install it\n\nRun the installer, then restart.\n" * 3,
    "pyproject.toml": '[project]\nname = "tool"\n\n[tool.lint]\nline = 100\n',
    "data.bin": b"\0\1\2",
}


class Scene(NamedTuple):
    """A repository, its databases as they should be, and what a clean build holds and answers."""

    repo: Repository
    launcher: Launcher
    sound: Path
    clean: Contents
    answers: dict[str, object]

    @property
    def folder(self) -> Path:
        return Path(find_worktree(str(self.repo.top)).folder)

    def restore(self) -> None:
        for name in os.listdir(self.folder):
            if name.startswith(("index.db", "embeddings.db")):
                (self.folder / name).unlink()
        for file in self.sound.iterdir():
            shutil.copyfile(file, self.folder / file.name)

    def answer_to(self, query: str) -> object:
        shown = self.launcher.run(self.repo.top, "search", query, "--json", "-n", "5")
        assert shown.code == 0, shown
        return json.loads(shown.out)

    def kept(self) -> bool:
        return any(name.endswith(".damaged") for name in os.listdir(self.folder))


@pytest.fixture
def scene(repo: Repository, launcher: Launcher, tmp_path: Path) -> Scene:
    """An index with a WAL that holds its last refresh, as after a crash."""
    repo.commit({**FILES, "src/m0.py": python_module("another")})
    assert launcher.run(repo.top, "index").code == 0
    place = find_worktree(str(repo.top))
    reader = open_reader(place.index_path)
    assert reader is not None
    with reader:
        reader.facts()
        repo.commit(FILES)
        assert launcher.run(repo.top, "index").code == 0
        sound = tmp_path / "sound"
        sound.mkdir()
        for name in ("index.db", "index.db-wal", "embeddings.db"):
            shutil.copyfile(os.path.join(place.folder, name), sound / name)
    assert launcher.run(repo.top, "index", "--force").code == 0
    made = Scene(repo, launcher, sound, contents(repo), {})
    made.answers.update({query: made.answer_to(query) for query in QUERIES})
    return made


def flip_bit(file: Path, rng: random.Random) -> None:
    place = rng.randrange(file.stat().st_size)
    _overwrite(file, place, bytes([file.read_bytes()[place] ^ 1 << rng.randrange(8)]))


def another_byte(file: Path, rng: random.Random) -> None:
    place = rng.randrange(file.stat().st_size)
    _overwrite(file, place, bytes([file.read_bytes()[place] ^ rng.randrange(1, 256)]))


def zeroed_block(file: Path, rng: random.Random) -> None:
    _overwrite(file, rng.randrange(file.stat().st_size // BLOCK) * BLOCK, bytes(BLOCK))


def random_block(file: Path, rng: random.Random) -> None:
    place = rng.randrange(file.stat().st_size // BLOCK) * BLOCK
    _overwrite(file, place, rng.randbytes(BLOCK))


def cut(file: Path, rng: random.Random) -> None:
    os.truncate(file, rng.randrange(file.stat().st_size))


# Bits and bytes of the index are what is hardest to see, and most of what is tried.
DAMAGES = (flip_bit, flip_bit, another_byte, another_byte, zeroed_block, random_block, cut)
TARGETS = ("index.db", "index.db", "index.db", "index.db-wal", "embeddings.db")


def _overwrite(file: Path, place: int, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(place)
        opened.write(data)


def test_a_few_flips(scene: Scene, record_property: Callable[[str, object], None]) -> None:
    _try(scene, SLICE, record_property)


@pytest.mark.stress
def test_many_flips(scene: Scene, record_property: Callable[[str, object], None]) -> None:
    _try(scene, scaled(TRIALS), record_property)


def _try(scene: Scene, trials: int, record_property: Callable[[str, object], None]) -> None:
    started = time.monotonic()
    outcomes: Counter[str] = Counter()
    failures = []
    for number in range(trials):
        try:
            outcomes[_trial(scene, random.Random(f"{SEED} {number}"))] += 1
        except AssertionError as error:
            failures.append(f"seed {SEED}, trial {number}: {_described(number)}: {error}")
            print(failures[-1], flush=True)
    report(record_property, started=started, seed=SEED, trials=trials, **outcomes)
    assert not failures, "\n\n".join(failures)


def _described(number: int) -> str:
    rng = random.Random(f"{SEED} {number}")
    target, damage, command = rng.choice(TARGETS), rng.choice(DAMAGES), rng.choice(COMMANDS)
    return f"{damage.__name__} in {target}, {' '.join(command)}"


def _trial(scene: Scene, rng: random.Random) -> str:
    """One trial; what came of it."""
    scene.restore()
    target, damage, command = rng.choice(TARGETS), rng.choice(DAMAGES), rng.choice(COMMANDS)
    damage(scene.folder / target, rng)
    first = scene.launcher.run(scene.repo.top, *command)
    assert first.code in {0, 1}, first  # not a bug, and no crash
    repaired_at_once = scene.kept()
    force = ("--force",) if target == "embeddings.db" else ()
    second = scene.launcher.run(scene.repo.top, "index", *force)
    assert second.code == 0, second
    assert contents(scene.repo) == scene.clean
    check_whole(scene.repo)
    query = rng.choice(QUERIES)
    assert scene.answer_to(query) == scene.answers[query]
    if repaired_at_once:
        return "repaired_at_once"
    return "repaired_by_index" if scene.kept() else "nothing_lost"
