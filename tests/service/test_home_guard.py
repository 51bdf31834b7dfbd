"""A repository that holds a home folder is indexed only if it is asked for by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lumen_hooks.settings import holds_home, load_settings
from tests.support.commands import lumen
from tests.support.mcp_agent import agent
from tests.support.repository import Repository
from tests.support.sources import python_module


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(sealed: Path) -> Repository:
    """The user's home folder, kept in git."""
    subprocess.run(["git", "init", "-q"], cwd=sealed, check=True)
    made = Repository(sealed)
    made.commit({"notes.py": python_module("take_notes")})
    return made


def has_index(home: Repository) -> bool:
    return (home.top / ".git" / "lumen" / "index.db").exists()


def test_home_and_what_is_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    assert [holds_home(str(tmp_path / place)) for place in ("home/me", "home", ".")] == [True] * 3
    assert holds_home("/")
    assert not any(holds_home(str(tmp_path / place)) for place in ("home/me/src", "home/mean"))


def test_it_is_refused_with_a_word(home: Repository) -> None:
    below = home.top / "folder"
    below.mkdir()
    home.git("config", "--global", "lumen.enabled", "true")
    for command in (["index"], ["search", "notes"], ["wait"], ["related", "notes.py:1"]):
        for place in (home.top, below):
            done = lumen(place, *command)
            assert (done.returncode, has_index(home)) == (1, False)
            assert "holds a home folder" in done.stderr
            assert f"hint: lumen-hooks -C {home.top} index" in done.stderr
    lumen(home.top, "-C", str(below), "index")
    assert not has_index(home)


def test_nobody_indexes_it_unasked(home: Repository) -> None:
    done = lumen(home.top, "install", "--no-index")
    assert done.returncode == 0, done.stderr
    home.commit({"notes.py": python_module("take_more_notes")})
    script = [sys.executable, "-I", "-m", "lumen_hooks.worker", str(home.top), "post-commit"]
    subprocess.run([*script, "--inline"], check=True)
    lumen(home.top, "agent", "session-start")
    assert not has_index(home)


@pytest.mark.parametrize("form", ["-C", "index"])
def test_asked_for_by_its_path_it_is_indexed_and_followed(home: Repository, form: str) -> None:
    asked = ["-C", str(home.top), "index"] if form == "-C" else ["index", str(home.top)]
    done = lumen(Path("/"), *asked)
    assert done.returncode == 0, done.stderr
    assert has_index(home)
    assert load_settings(str(home.top), os.environ).enabled
    assert lumen(home.top, "search", "notes").returncode == 0


def test_its_own_configuration_decides(home: Repository) -> None:
    home.git("config", "lumen.enabled", "true")
    assert load_settings(str(home.top), {}).enabled
    home.git("config", "lumen.enabled", "false")
    assert not load_settings(str(home.top), {}, asked=True).enabled


@pytest.mark.anyio
async def test_an_agent_must_name_it(home: Repository) -> None:
    async with agent(home.top) as client:
        client.roots[:] = [str(home.top)]
        assert "holds a home folder" in await client.refusal("semantic_search", query="notes")
        assert "holds" in await client.refusal("semantic_search", query="notes", path="notes.py")
        assert not has_index(home)
        assert (await client.search("notes", path=str(home.top))).data["results"]
