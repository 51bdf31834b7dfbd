"""What an earlier version installed and indexed goes on under this one: no new install, and its
index answers until a worker has made it anew.

The earlier version comes from this repository's own history, into a virtual environment in which
the code is then exchanged, as an upgrade in place does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.repository import Repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

BEFORE = {
    "rooms": "39d8861cefd48416d57a08075d2426de256967b7",
}
"""Commits of this repository whose installations must go on working, by what came after them."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the packages of this one, and with a version of lumen-hooks."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def hold(self, tree: Path) -> None:
        """Exchange the code, as an upgrade does."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        others = [path for path in sys.path if path.endswith("-packages")]
        (packages / "lumen_hooks.pth").write_text("\n".join([str(tree), *others]) + "\n")

    def lumen(self, repo: Repository, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, "-I", "-m", "lumen_hooks", *arguments],
            cwd=repo.top,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(params=BEFORE)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The code of an earlier version."""
    commit = BEFORE[request.param]
    tree = tmp_path / "earlier"
    tree.mkdir()
    archive = subprocess.run(
        ["git", "archive", commit, "lumen_hooks", "hooks"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if archive.returncode:
        pytest.skip("the history of this repository is not here")
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    return tree


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    made = Environment(tmp_path / "venv")
    venv.create(made.folder, with_pip=False)
    return made


def settled(environment: Environment, repo: Repository) -> dict[str, Any]:
    """The index's state once no worker is left."""
    environment.lumen(repo, "wait")
    found: dict[str, Any] = json.loads(environment.lumen(repo, "status", "--json"))
    return found


def test_an_installation_goes_on(repo: Repository, earlier: Path, environment: Environment) -> None:
    repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(6)})
    environment.hold(earlier)
    environment.lumen(repo, "install")
    before = settled(environment, repo)
    assert before["state"] == "fresh"
    hooks = {path: path.read_bytes() for path in (repo.top / ".git/hooks").iterdir()}

    environment.hold(ROOT)
    outdated = json.loads(environment.lumen(repo, "status", "--json"))
    assert outdated["last_refresh"] == before["last_refresh"]
    assert "made with another model or version" in outdated["problem"]
    assert "m3.py" in environment.lumen(repo, "search", "--json", "--no-refresh", "f3")

    repo.commit({"m0.py": python_module("renewed"), "m9.py": python_module("added")})
    anew = settled(environment, repo)
    assert (anew["state"], anew["problem"], anew["files"]) == ("fresh", None, 7)
    assert anew["last_refresh"]["kind"] == "full"
    assert "m9.py" in environment.lumen(repo, "search", "--json", "added")

    repo.commit({"m1.py": python_module("again")})
    changed = settled(environment, repo)
    assert (changed["state"], changed["last_refresh"]["kind"]) == ("fresh", "incremental")
    assert changed["last_refresh"]["files_changed"] == 1

    linked = repo.add_worktree("linked")
    seeded = settled(environment, linked)
    assert seeded["state"] == "fresh"
    assert seeded["seeded_from"] == str(repo.top)
    assert {path: path.read_bytes() for path in hooks} == hooks

    environment.lumen(repo, "install")
    environment.lumen(repo, "uninstall")
    assert not [path for path in hooks if path.exists() and not path.name.endswith(".sample")]
