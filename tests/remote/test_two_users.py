"""Two people with nothing in common but a hub for their commits and a store for their indexes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.support.commands import shared_launcher
from tests.support.other_users import as_another_user
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA, BEN, TEAM = 64_301, 64_302, 64_300

MODULES = 12


class Person(NamedTuple):
    """Somebody with a user and a home folder of their own."""

    user: int
    home: Path
    environment: dict[str, str]

    def git(self, *arguments: str, at: str = "shop") -> str:
        """What a command of git's prints on its standard output."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.home / at,
            env=self.environment,
            user=self.user,
            group=self.user,
            extra_groups=[TEAM],
            umask=0o027,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def lumen(self, *arguments: str) -> str:
        """The same of a command of ours."""
        done = shared_launcher().run(
            self.home / "shop", *arguments, environment=self.environment, user=self.user, group=TEAM
        )
        assert done.code == 0, (arguments, done.out, done.err)
        return done.out

    def last_refresh(self) -> dict[str, Any]:
        """What `status` says of what the index was made of, with where it came from."""
        told = json.loads(self.lumen("status", "--json"))
        assert told["state"] == "fresh"
        return {**told["last_refresh"], "from": told["seeded_from"]}

    def commit(self, modules: dict[str, tuple[str, ...]]) -> None:
        """Commit modules with some functions each, and give them to the hub."""
        for name, functions in modules.items():
            (self.home / "shop" / name).write_text(python_module(*functions))
            os.chown(self.home / "shop" / name, self.user, self.user)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        self.git("push", "-q", "origin", "HEAD:main")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with one for the team, whose members write in it alone."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: S103 - each home in it is its owner's alone
        team = Path(name, "team")
        team.mkdir()
        os.chown(team, 0, TEAM)
        team.chmod(0o2770)
        yield Path(name)


def person(place: Path, user: int, name: str, environment: dict[str, str]) -> Person:
    home = place / name
    home.mkdir()
    os.chown(home, user, user)
    home.chmod(0o700)
    settings = f"[user]\n\tname = {name}\n\temail = {name}@example.com\n[safe]\n\tdirectory = *\n"
    (home / ".gitconfig").write_text(settings + "[init]\n\tdefaultBranch = main\n")
    (home / ".gitconfig").chmod(0o644)
    mine = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    return Person(user, home, mine | environment)


@as_another_user
@pytest.mark.parametrize("kind", ["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def test_the_second_embeds_what_the_first_has_not(
    place: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url, environment = str(place / "team/store"), {}
    if kind == "bucket":
        server = request.getfixturevalue("object_store")
        url, environment = server.make_bucket("team") + "/shop", server.environment()
    # S3's driver imports much of a standard library that others may not be able to read.
    users = (0, 0) if kind == "bucket" else (ADA, BEN)
    ada, ben = (
        person(place, user, name, environment)
        for user, name in zip(users, ("ada", "ben"), strict=True)
    )
    ada.git("init", "-q", "--bare", "--shared=group", str(place / "team/hub.git"), at=".")
    for one in (ada, ben):
        one.git("clone", "-q", str(place / "team/hub.git"), "shop", at=".")
        one.git("config", "lumen.remote", url)
    ada.commit({f"m{one}.py": (f"alpha_{one}", f"beta_{one}") for one in range(MODULES)})
    ada.lumen("push")

    # At the same commit: nothing.
    ben.git("pull", "-q", "origin", "main")
    assert "m3.py" in ben.lumen("search", "alpha_3", "-l")
    found = ben.last_refresh()
    assert (found["kind"], found["chunks_embedded"]) == ("seed", 0)
    assert found["from"].startswith(url)

    # At a distance: the texts that changed, and no others. What he pushes is hers.
    ben.lumen("purge", "--all")
    ben.commit({"m5.py": ("alpha_5", "gamma"), "new.py": ("delta", "epsilon")})
    assert "new.py" in ben.lumen("search", "delta", "-l")
    found = ben.last_refresh()
    assert (found["files_changed"], found["chunks_embedded"]) == (2, 3)
    ben.lumen("push")
    ada.git("pull", "-q", "origin", "main")
    ada.lumen("purge", "--all")
    assert "new.py" in ada.lumen("search", "delta", "-l")
    assert ada.last_refresh()["chunks_embedded"] == 0
