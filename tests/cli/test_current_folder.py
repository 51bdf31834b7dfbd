"""Commands that are run in a folder that was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from mcp import Client

from tests.support.mcp_agent import Agent, server_command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.commands import Launcher
    from tests.support.repository import Repository

COMMANDS = (
    "status",
    "status --all",
    "index",
    "wait",
    "search x",
    "related a.py:1",
    "doctor",
    "purge",
    "install",
    "uninstall",
    "-C ../main status",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one that will be deleted."""
    (tmp_path / "gone").mkdir()
    return tmp_path / "gone"


@pytest.mark.parametrize("words", COMMANDS)
def test_is_an_error_that_was_expected(launcher: Launcher, folder: Path, words: str) -> None:
    done = launcher.run(folder, *words.split(), faults=[("delete_current_folder",)])
    assert (done.code, done.out) == (1, "")
    error, hint = done.err.splitlines()
    assert error == "error: the current folder does not exist any more"
    expected = "change to a folder that does, or name one that does: lumen-hooks -C FOLDER ..."
    assert hint == f"hint: {expected}"


@pytest.mark.parametrize("words", ["hook post-commit", "hook worktree-add w", "mcp"])
def test_what_is_called_by_programs_says_nothing(
    launcher: Launcher, folder: Path, words: str
) -> None:
    done = launcher.run(folder, *words.split(), faults=[("delete_current_folder",)])
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_folder_named_in_full_is_found(
    launcher: Launcher, repo: Repository, folder: Path
) -> None:
    repo.commit({"a.py": "def chill():\n    return 1\n"})
    done = launcher.run(
        folder, "-C", str(repo.top), "search", "chill", "-l", faults=[("delete_current_folder",)]
    )
    assert (done.code, done.out) == (0, "a.py\n")


@pytest.mark.slow
def test_a_server_answers_for_the_paths_that_it_is_given(
    launcher: Launcher, sealed: Path, repo: Repository, folder: Path
) -> None:
    repo.commit({"a.py": "def chill():\n    return 1\n"})
    command = server_command(folder, HOME=str(sealed), XDG_RUNTIME_DIR=str(sealed))
    # A client starts it there before the folder goes.
    code = "import os, runpy, sys; os.rmdir(os.getcwd()); sys.argv = ['lumen-hooks', 'mcp']; "
    arguments = ["-I", "-c", code + "runpy.run_module('lumen_hooks', run_name='__main__')"]

    async def talk() -> None:
        async with Client(command.model_copy(update={"args": arguments})) as client:
            agent = Agent(client)
            assert "does not exist any more" in await agent.refusal("semantic_search", query="x")
            refusal = await agent.refusal("semantic_search", query="x", path="src")
            assert "hint: give an absolute path" in refusal
            refusal = await agent.refusal("semantic_search", query="x", path=str(repo.top))
            assert "outside of the folders of this session" in refusal
            assert not (repo.top / ".git" / "lumen").exists()
            assert launcher.run(folder.parent, "-C", str(repo.top), "index").code == 0
            found = await agent.search("chill", path=str(repo.top))
            assert found.symbols == ["chill"]

    anyio.run(talk)
