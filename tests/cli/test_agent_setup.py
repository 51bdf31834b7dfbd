"""`lumen-hooks agent install`, `uninstall`, `list` as people and scripts call them, and doctor."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.agents import check_agents
from tests.support.commands import lumen

if TYPE_CHECKING:
    from tests.support.repository import Repository

PROGRAM = os.path.join(os.path.dirname(sys.executable), "lumen-hooks")


@pytest.fixture
def home() -> Path:
    """A home folder with Claude Code's, and a setting in that."""
    home = Path(os.environ["HOME"])
    (home / ".claude").mkdir()
    (home / ".claude/settings.json").write_text('{\n    "model": "opus"\n}\n')
    return home


def claude(home: Path) -> str:
    return (home / ".claude/settings.json").read_text()


def agent(*words: str, cwd: Path | str = "/") -> tuple[int, str, str]:
    # Other programs of this machine are not those of the test.
    environment = {"PATH": os.path.dirname(PROGRAM)}
    done = lumen(cwd, "agent", *words, environment=environment)
    return done.returncode, done.stdout, done.stderr


def test_shown_written_listed_and_undone(home: Path) -> None:
    before = sorted(os.listdir(home))
    code, out, err = agent("install")
    assert (code, claude(home)) == (1, '{\n    "model": "opus"\n}\n')
    assert '\n+                        "command": "' in out
    assert f"found Claude Code: {home}/.claude\n" in err
    assert err.endswith(
        "error: nothing was written: there is no terminal to ask on\nhint: add --yes\n"
    )
    code, shown, err = agent("install", "--print")
    assert (code, shown) == (0, out)
    assert not (home / ".claude.json").exists()
    code, shown, err = agent("install", "--yes")
    assert (code, shown) == (0, out)
    assert f"written: {home}/.claude.json\n" in err
    assert json.loads((home / ".claude.json").read_text()) == {
        "mcpServers": {"lumen": {"type": "stdio", "command": PROGRAM, "args": ["mcp"]}}
    }
    code, shown, err = agent("install", "claude")
    assert (code, shown) == (0, "")
    assert "nothing to do" in err
    (row,) = (row for row in json.loads(agent("list", "--json")[1]) if row["user"] != "none")
    assert (row["name"], row["user"], row["found"]) == ("claude", "set up", f"{home}/.claude")
    assert f"set up for the user      {home}/.claude\n" in agent("list")[1]
    code, _, err = agent("uninstall", "--yes")
    assert (code, claude(home)) == (0, '{\n    "model": "opus"\n}\n')
    assert sorted(os.listdir(home)) == before
    assert os.listdir(home / ".claude") == ["settings.json"]


def test_a_project_gets_names_without_paths(repo: Repository, home: Path) -> None:
    repo.commit()
    code, _, _ = agent("install", "--project", "--yes", "codex", "claude", cwd=repo.top)
    assert code == 0
    assert '\ncommand = "lumen-hooks"\n' in (repo.top / ".codex/config.toml").read_text()
    assert json.loads((repo.top / ".mcp.json").read_text())["mcpServers"]["lumen"]["args"] == [
        "mcp"
    ]
    assert "--summary" in (repo.top / "AGENTS.md").read_text()
    assert os.listdir(home / ".claude") == ["settings.json"]
    assert agent("uninstall", "--project", "-y", cwd=repo.top)[0] == 0
    assert repo.git("status", "--porcelain") == ""


def test_what_cannot_be_edited_is_said_and_the_rest_is_done(home: Path) -> None:
    (home / ".claude.json").write_text("{ half")
    code, _, err = agent("install", "--yes")
    assert (code, (home / ".claude.json").read_text()) == (1, "{ half")
    assert "line 1: a key is missing; to add by hand:" in err
    assert "session-start" in claude(home)


def test_nobody_to_wire_up_and_an_unknown_name() -> None:
    code, _, err = agent("install", "--yes")
    assert code == 1
    assert "hint: name one" in err
    assert agent("install", "emacs")[0] == 2
    assert "did you mean gemini?" in agent("install", "gemni")[2]
    assert "found" not in agent("install", "Claude-Code", "--print")[2]


def test_asks_on_a_terminal(home: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lumen_hooks", "agent", "install", "claude"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.write(ours, b"n\n")
        _, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert b"Change 3 files? [y/N]" in err
    assert err.endswith(b"nothing was written\n")
    assert process.returncode == 1
    assert "session-start" not in claude(home)


def test_an_interpreter_that_vanishes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from lumen_hooks.cli.agent_setup import install
    from lumen_hooks.errors import InstallError

    monkeypatch.setattr(sys, "executable", "/x/uv/archive-v0/abc/bin/python")
    result = CliRunner().invoke(install, ["--yes", "claude"], obj=".")
    assert isinstance(result.exception, InstallError)
    assert "uv's cache" in result.exception.message
    assert "agent install from there" in result.exception.hint


def test_a_file_in_one_long_line_is_shown_where_it_differs(home: Path) -> None:
    (home / ".claude.json").write_text('{"history": "' + "x" * 5000 + '"}')
    out = agent("install", "--print")[1]
    assert max(map(len, out.splitlines())) < 400
    assert '+, "mcpServers": { "lumen": ' in out


def test_doctor(home: Path) -> None:
    environ = {"HOME": str(home), "PATH": os.defpath}
    assert check_agents(environ, str(home / "x"), sys.executable).detail.startswith("none")
    agent("install", "--yes")
    assert check_agents(environ, str(home / "x"), sys.executable).detail == "claude: set up"
    for file, old, new, says in (
        (".claude.json", PROGRAM, "/gone/lumen-hooks", "starts /gone/lumen-hooks, which is not"),
        (".claude/CLAUDE.md", "grep", "find", "instructions are of another version"),
        (".claude/settings.json", claude(home), "{}", "Claude Code has no session hook of ours"),
        (".claude/settings.json", "{}", "{", "line 1: a key is missing"),
    ):
        path = home / file
        path.write_text(path.read_text().replace(old, new))
        check = check_agents(environ, str(home / "x"), sys.executable)
        assert (check.ok, check.hint) == (False, "lumen-hooks agent install claude")
        assert says in check.detail
    (home / ".claude/settings.json").unlink()
    agent("install", "--yes")
    assert check_agents(environ, str(home / "x"), sys.executable).ok
