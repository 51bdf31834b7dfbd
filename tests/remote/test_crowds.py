"""Many pushers and pullers at once, killed at any moment, in front of a store that fails.

The normal run has a few of them on a folder; the long versions: `pytest -m stress -s`
(LUMEN_STRESS_SCALE multiplies the rounds).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.remote_seed import expected_of
from lumen_hooks.remote.manifest import name_of
from lumen_hooks.remote.pull import fetch, read_manifest
from lumen_hooks.remote.stores.store import open_store
from lumen_hooks.settings import Settings
from lumen_hooks.storage.adoption import adopt
from lumen_hooks.storage.fingerprint import fingerprint
from tests.support.commands import shared_launcher
from tests.support.helpers import check_whole, contents, update
from tests.support.hooked import put_hooks
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.web_servers import BROKEN, BUSY, FORBIDDEN, MISSING, FaultyProxy, Schedule

from .clones import cloned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.commands import Running
    from tests.support.helpers import Contents
    from tests.support.object_store import ObjectStore
    from tests.support.web_servers import Fault, Refusal

SCALE = float(os.environ.get("LUMEN_STRESS_SCALE", "1.0"))
ROUNDS = max(1, int(6 * SCALE))
CROWD = 16

KILLED_SHARE = 0.4
TRIES = 40
"""A command that is refused or killed is given again; so often at most."""

FAULTS: tuple[Fault | Refusal, ...] = (
    "refuse",
    "drop",
    "cut",
    "garble",
    "stall",
    "trickle",
    FORBIDDEN,
    MISSING,
    BROKEN,
    BUSY,
)
FAULT_SHARE = 0.04


class Tally(NamedTuple):
    """What happened, for the record; filled by many threads."""

    pushed: list[str]
    kills: list[int]
    failed: list[str]
    seeded: list[bool]
    waits: list[float]
    waits_without: list[float]


class Crowd:
    """People with clones of one hub, each in a thread of the test's.

    Args:
        hub: that all clone.
        seed: of the chance.
        environment: of their commands.
        seconds: within which a command is killed, if it is.
    """

    def __init__(
        self, hub: Repository, seed: int, environment: dict[str, str], *, seconds: float
    ) -> None:
        self.hub = hub
        self.tally = Tally([], [], [], [], [], [])
        self.environment = {**os.environ, **environment}
        self.clean = Clean(hub)
        self._seed = seed
        self._seconds = seconds
        self._errors: list[BaseException] = []

    def run(self, *roles: tuple[Callable[[Repository, random.Random], None], int]) -> None:
        """Have so many do something each, at once, and raise what went wrong."""
        threads = []
        for role, count in roles:
            for number in range(count):
                clone = cloned(self.hub, f"{role.__name__}{number}")
                chance = random.Random(f"{self._seed} {role.__name__} {number}")
                thread = threading.Thread(target=self._guarded, args=(role, clone, chance))
                threads.append(thread)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _guarded(
        self,
        role: Callable[[Repository, random.Random], None],
        clone: Repository,
        chance: random.Random,
    ) -> None:
        try:
            role(clone, chance)
        except BaseException as error:
            self._errors.append(error)

    def pusher(self, clone: Repository, chance: random.Random) -> None:
        """Commit and push, again and again, on a branch of one's own."""
        clone.git("checkout", "-q", "-b", clone.top.name)
        for number in range(ROUNDS):
            name = f"m{chance.randrange(8)}.py"
            clone.commit({name: python_module(f"{clone.top.name}_{number}", "kept")})
            self.insist(clone, chance, "push")
            self.tally.pushed.append(clone.git("rev-parse", "HEAD").strip())
            clone.git("push", "-q", "origin", "HEAD")

    def puller(self, clone: Repository, chance: random.Random) -> None:
        """Begin without an index, again and again, at whatever commit is there."""
        for _ in range(ROUNDS):
            clone.git("fetch", "-q", "origin")
            branches = clone.git("for-each-ref", "--format=%(refname)", "refs/remotes").split()
            clone.git("checkout", "-q", "--detach", chance.choice(branches))
            command(clone, "purge", "--all", environment=self.environment).wait()
            self.insist(clone, chance, "index")
            check_whole(clone)
            assert contents(clone) == self.clean.at(clone.git("rev-parse", "HEAD").strip())
            told = (find_worktree(str(clone.top)).log_path,)
            with open(told[0], encoding="utf-8") as log:
                self.tally.seeded.append('"fetched from elsewhere"' in log.read())

    def bystander(self, clone: Repository, chance: random.Random) -> None:
        """Make worktrees with hooks and without, in turn, and see how long git takes."""
        put_hooks(clone)
        for number in range(6 * ROUNDS):
            hooked = number % 2 == 0
            place = Repository(clone.top.parent / f"{clone.top.name}-{number}")
            hooks = [] if hooked else ["-c", "core.hooksPath=/dev/null"]
            add = ["git", *hooks, "worktree", "add", "-q", "--detach", str(place.top)]
            began = time.monotonic()
            done = subprocess.run(
                add, cwd=clone.top, env=self.environment, check=True, capture_output=True
            )
            waits = self.tally.waits if hooked else self.tally.waits_without
            waits.append(time.monotonic() - began)
            assert (done.stdout, done.stderr) == (b"", b"")
            command(place, "purge", environment=self.environment).wait()

    def insist(self, clone: Repository, chance: random.Random, what: str) -> None:
        """Give a command until it succeeds, and kill it now and then."""
        for _ in range(TRIES):
            running = command(clone, what, environment=self.environment)
            if chance.random() < KILLED_SHARE:
                time.sleep(chance.uniform(0, self._seconds))
                running.signal(signal.SIGKILL)
            done = running.wait()
            if done.code == 0:
                return
            if done.code == -signal.SIGKILL:
                self.tally.kills.append(1)
            else:
                assert done.code == 1, (done.code, done.out, done.err)
                self.tally.failed.append(done.err)
        raise AssertionError((what, self.tally.failed[-3:]))


def command(clone: Repository, *arguments: str, environment: dict[str, str]) -> Running:
    """Start a command."""
    return shared_launcher().start(clone.top, *arguments, environment=environment)


_CLEANING = threading.Lock()


class Clean:
    """What indexes hold that are built from nothing, by commit.

    Args:
        hub: that has all commits.
    """

    def __init__(self, hub: Repository) -> None:
        self._known: dict[str, Contents] = {}
        self._there = cloned(hub, "clean")
        self._there.git("config", "--unset", "lumen.remote")

    def at(self, commit: str) -> Contents:
        """Those of a commit."""
        with _CLEANING:
            if commit not in self._known:
                there = self._there
                there.git("fetch", "-q", "origin")
                there.git("checkout", "-q", "--detach", commit)
                environment = dict(os.environ)
                assert command(there, "index", "--force", environment=environment).wait().code == 0
                self._known[commit] = contents(there)
            return self._known[commit]


def check_store(url: str, crowd: Crowd, folder: Path) -> None:
    """Insist that whatever a store names is whole, and that nothing is lost that was pushed."""
    store = open_store(url, patience=60)
    wanted = fingerprint(identify(Settings()))
    found = [
        entry.path.rpartition("/")[2]
        for entry in store.entries(name_of(wanted, "x").rpartition("/")[0])
    ]
    assert set(crowd.tally.pushed) <= set(found)
    for number, commit in enumerate(found):
        manifest, _ = read_manifest(store, Settings(), wanted, commit)
        path = str(folder / f"{number}.db")
        fetch(store, manifest, path, lambda *_: None)
        adopt(path, expected_of(identify(Settings()), manifest), seeded_from="")
        os.unlink(path)


def started(repo: Repository, url: str) -> None:
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(8)})
    repo.git("config", "lumen.remote", url)
    repo.git("config", "receive.denyCurrentBranch", "ignore")
    update(repo)


@pytest.mark.stress
def test_a_crowd_on_a_folder(
    repo: Repository, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url = str(tmp_path / "store")
    started(repo, url)
    crowd = Crowd(repo, 1, {}, seconds=0.8)
    crowd.run((crowd.pusher, CROWD // 2), (crowd.puller, CROWD // 2), (crowd.bystander, 1))
    check_store(url, crowd, tmp_path)
    tell(crowd, record_property)


@pytest.mark.stress
def test_a_crowd_on_a_bucket_that_fails(
    repo: Repository,
    tmp_path: Path,
    object_store: ObjectStore,
    record_property: Callable[[str, object], None],
) -> None:
    url = object_store.make_bucket("crowd") + "/shop"
    started(repo, url)
    repo.git("config", "--global", "lumen.remotePatience", "10")
    with ExitStack() as stack:
        schedule = Schedule(2, FAULT_SHARE, FAULTS)
        proxy = stack.enter_context(FaultyProxy(object_store.port, schedule))
        crowd = Crowd(repo, 2, object_store.environment(proxy.port), seconds=4)
        crowd.run((crowd.pusher, CROWD // 2), (crowd.puller, CROWD // 2), (crowd.bystander, 1))
        asked = len(proxy.requests)
    check_store(url, crowd, tmp_path)
    tell(crowd, record_property, requests=asked)


def tell(crowd: Crowd, record_property: Callable[[str, object], None], **more: object) -> None:
    """What happened, for the page of reliability."""
    tally = crowd.tally
    facts = {
        "pushes": len(tally.pushed),
        "kills": len(tally.kills),
        "refused": len(tally.failed),
        "indexes": len(tally.seeded),
        "seeded": sum(tally.seeded),
        "worktrees": len(tally.waits),
        "longest worktree add": round(max(tally.waits), 2),
        "longest without hooks": round(max(tally.waits_without), 2),
        **more,
    }
    for name, value in facts.items():
        record_property(name, value)
    print("\n" + ", ".join(f"{name} {value}" for name, value in facts.items()))
