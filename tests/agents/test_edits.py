"""What is there already, what cannot be edited, and who else writes."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.agents import block, files
from lumen_hooks.agents.command import Commands
from lumen_hooks.agents.hosts import HOSTS
from lumen_hooks.agents.plan import Change, Site, carry_out, look, plan, sites
from lumen_hooks.agents.status import setup_of
from lumen_hooks.errors import InstallError

if TYPE_CHECKING:
    from pathlib import Path

NEW = "/new/bin/lumen-hooks"
OLD = "/old/bin/lumen-hooks"


def placed(home: Path, name: str, program: str = NEW) -> list[Site]:
    host = next(host for host in HOSTS if host.name == name)
    return sites([host], "user", Commands(program), {"HOME": str(home)})


def run(action: Any, wanted: list[Site]) -> list[Change]:
    changes = plan(action, wanted)
    for change in changes:
        if not change.problem:
            carry_out(action, change, wanted)
    return changes


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


SERVERS = {
    "older": (f'{{"command": "{OLD}", "args": ["mcp"], "env": {{"A": "1"}}}}', True, True),
    "older, by name": ('{"args": ["mcp"], "command": "lumen-hooks", "trust": true}', True, True),
    "edited": (f'{{"command": "{OLD}", "args": ["-C", "/x", "mcp"]}}', False, True),
    "by uvx": ('{"command": "uvx", "args": ["lumen-hooks", "mcp"]}', False, True),
    "foreign": ('{"command": "node", "args": ["lumen.js"]}', False, False),
    "foreign, by address": ('{"url": "https://lumen.example"}', False, False),
    "foreign, no object": ("7", False, False),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_there(name: str, tmp_path: Path) -> None:
    entry, updated, ours = SERVERS[name]
    text = f'{{\n  "mcpServers": {{ "lumen": {entry} , "x": {{}} }}\n}}\n'
    file = put(tmp_path / ".cursor/mcp.json", text)
    wanted = placed(tmp_path, "cursor")
    changes = run("install", wanted)
    expected = text.replace(OLD, NEW).replace('"lumen-hooks", "trust', f'"{NEW}", "trust')
    assert file.read_text() == (expected if updated else text)
    assert bool(changes[0].remarks) is not updated
    changes = run("uninstall", wanted)
    assert json.loads(file.read_text())["mcpServers"].keys() == ({"x"} if ours else {"lumen", "x"})
    assert bool(changes[0].remarks) is not ours


@pytest.mark.parametrize("start", ["", "/", "~"])
@pytest.mark.parametrize("escaped", [r"\u0000", r"\ud800"])
def test_a_command_that_is_no_path_is_not_there(start: str, escaped: str, tmp_path: Path) -> None:
    command = f"{start}{escaped}/lumen-hooks"
    put(tmp_path / ".cursor/mcp.json", f'{{"mcpServers": {{"lumen": {{"command": "{command}"}}}}}}')
    wanted = placed(tmp_path, "cursor")
    (problem,) = setup_of(wanted[0].host, wanted, {"PATH": os.defpath}).problems
    assert problem.endswith("/lumen-hooks, which is not there")


def test_a_server_in_toml_that_is_there(tmp_path: Path) -> None:
    file = put(
        tmp_path / ".codex/config.toml",
        f'# top\n[mcp_servers."lumen"] # mine\ncommand = "{OLD}"  \nargs = ["mcp"]\n'
        "startup_timeout_sec = 20\n\n[mcp_servers.lumen.tools.x]\na = 1\n# of z\n[z]\n",
    )
    before = file.read_text()
    wanted = placed(tmp_path, "codex")
    run("install", wanted)
    assert file.read_text() == before.replace(f'"{OLD}"  ', f'"{NEW}"')
    run("uninstall", wanted)
    assert file.read_text() == "# top\n# of z\n[z]\n"


@pytest.mark.parametrize(
    "text",
    [
        'mcp_servers = { lumen = { command = "lumen-hooks", args = ["mcp"] } }\n',
        "a = \n",
        "a = 1\na = 2",
        f"[{'.'.join('a' * 5_000)}]\n",
        f"a = {'1' * 5_000}\n",
    ],
)
def test_toml_that_is_not_edited(text: str, tmp_path: Path) -> None:
    file = put(tmp_path / ".codex/config.toml", text)
    (change,) = (c for c in run("install", placed(tmp_path, "codex")) if c.path == str(file))
    assert change.problem
    assert tomllib.loads(change.problem.partition("by hand:")[2])["mcp_servers"]["lumen"]
    assert file.read_text() == text


def test_of_two_files_the_one_with_ours_counts(tmp_path: Path) -> None:
    file = put(tmp_path / ".config/opencode/opencode.json", "{}")
    run("install", placed(tmp_path, "opencode"))
    other = put(file.with_suffix(".jsonc"), "{} // mine")
    run("install", placed(tmp_path, "opencode"))
    assert other.read_text() == "{} // mine"
    run("uninstall", placed(tmp_path, "opencode"))
    assert (file.read_text(), other.read_text()) == ("{}", "{} // mine")
    run("install", placed(tmp_path, "opencode"))
    assert (file.read_text(), NEW in other.read_text()) == ("{}", True)


def test_a_hook_among_others(tmp_path: Path) -> None:
    other = {"type": "command", "command": "date"}
    ours: dict[str, object] = {
        "type": "command",
        "command": "'/o l d/lumen-hooks' agent session-start",
        "timeout": 3,
    }
    groups: list[dict[str, object]] = [
        {"matcher": "startup", "hooks": [other, ours]},
        {"hooks": [other]},
    ]
    file = put(tmp_path / ".claude/settings.json", json.dumps({"hooks": {"SessionStart": groups}}))
    wanted = placed(tmp_path, "claude")
    run("install", wanted)
    ours["command"] = f"{NEW} agent session-start"
    assert json.loads(file.read_text())["hooks"]["SessionStart"] == groups
    run("uninstall", wanted)
    groups[0]["hooks"] = [other]
    assert json.loads(file.read_text())["hooks"]["SessionStart"] == groups


def test_an_earlier_form_of_a_hook(tmp_path: Path) -> None:
    hooks = {"sessionStart": [{"command": "lumen-hooks agent session-start"}]}
    text = json.dumps({"version": 1, "hooks": hooks})
    file = put(tmp_path / ".cursor/hooks.json", text)
    run("install", placed(tmp_path, "cursor"))
    (hook,) = json.loads(file.read_text())["hooks"]["sessionStart"]
    assert hook == {"command": f"{NEW} agent session-start --host cursor"}


def test_a_block_of_another_version(tmp_path: Path) -> None:
    text = "# A\r\n<!-- lumen-hooks >>> -->\r\nwords of old\r\n<!-- <<< lumen-hooks -->\r\n# B\r\n"
    file = put(tmp_path / ".claude/CLAUDE.md", text)
    wanted = placed(tmp_path, "claude")
    run("install", wanted)
    read = file.read_bytes().decode()
    assert read.startswith("# A\r\n<!--")
    assert "words of old" not in read
    assert "--summary" in read
    run("uninstall", wanted)
    assert file.read_bytes() == b"# A\r\n# B\r\n"


BROKEN = {
    "no comma": '{"a": 1 "b": 2}',
    "two roots": "{} {}",
    "a list": "[1]",
    "half": '{"mcpServers": {',
    "no object": '{"mcpServers": []}',
    "single quotes": "{'a': 1}",
    "deep": '{"a": ' + "[" * 100_000,
    "deep, and closed": '{"mcpServers": {"lumen": ' + '{"a": ' * 490 + "1" + "}" * 492,
    "a comment that never ends": "/* {}",
    "a number": '{"a": 01}',
    "a control character": '{"a": "\n"}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_json_that_is_not_edited(name: str, tmp_path: Path) -> None:
    text = BROKEN[name]
    file = put(tmp_path / ".cursor/mcp.json", text)
    changes = run("install", placed(tmp_path, "cursor"))
    assert changes[0].problem.startswith(f"{file} was left alone: ")
    assert json.loads(changes[0].problem.partition("by hand:")[2])["mcpServers"]["lumen"]
    assert file.read_text() == text
    assert not changes[1].problem  # the hooks, in their own file


@pytest.mark.parametrize("content", [b'{"a": "\xff"}', b"\xff\xfe{\0}\0"])
def test_what_is_no_utf_8_is_left_alone(content: bytes, tmp_path: Path) -> None:
    file = put(tmp_path / ".cursor/mcp.json", "")
    file.write_bytes(content)
    assert "UTF-8" in run("install", placed(tmp_path, "cursor"))[0].problem
    assert file.read_bytes() == content


def test_a_mark_without_the_other_is_left_alone(tmp_path: Path) -> None:
    file = put(tmp_path / ".claude/CLAUDE.md", "<!-- lumen-hooks >>> -->\nmine\n")
    problem = run("install", placed(tmp_path, "claude"))[-1].problem
    assert "without the other" in problem
    assert file.read_text() == "<!-- lumen-hooks >>> -->\nmine\n"


def test_links_modes_and_read_only_files(tmp_path: Path) -> None:
    real = put(tmp_path / "dotfiles/mcp.json", "{}\n")
    real.chmod(0o600)
    link = tmp_path / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to("../dotfiles/mcp.json")
    hooks = put(tmp_path / ".cursor/hooks.json", "{}")
    hooks.chmod(0o444)
    wanted = placed(tmp_path, "cursor")
    changes = run("install", wanted)
    assert link.is_symlink()
    assert NEW in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert "read-only" in changes[1].problem
    assert hooks.read_text() == "{}"
    run("uninstall", wanted)
    assert (link.is_symlink(), real.read_text()) == (True, "{}\n")
    real.unlink()
    run("install", wanted)  # a link that leads nowhere yet
    assert (link.is_symlink(), real.exists()) == (True, True)


def test_a_repository_cannot_lead_out_of_itself(tmp_path: Path) -> None:
    outside = put(tmp_path / "profile", "mine\n")
    top = tmp_path / "top"
    put(top / "docs/AGENTS.md", "inside\n")
    (top / "AGENTS.md").symlink_to("docs/AGENTS.md")
    (top / ".codex").symlink_to(tmp_path)
    (top / "CLAUDE.md").symlink_to(outside)
    hosts = [host for host in HOSTS if host.name in {"claude", "codex"}]
    wanted = sites(hosts, "project", Commands(NEW), {"HOME": str(tmp_path)}, str(top))
    refused = {change.path for change in run("install", wanted) if change.problem}
    assert refused == {
        str(top / name) for name in ("CLAUDE.md", ".codex/config.toml", ".codex/hooks.json")
    }
    assert outside.read_text() == "mine\n"
    assert (top / "docs/AGENTS.md").read_text().startswith("inside\n\n<!--")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["profile", "top"]


def test_a_repository_cannot_keep_us_busy(tmp_path: Path) -> None:
    marks = f"{block.END}\n" + f"{block.START}\n" * 8_000  # a search from each took many minutes
    headers = "[mcp_servers.lumen]\n" * 3_000
    hostile = {
        "AGENTS.md": (marks, "without the other"),
        ".codex/config.toml": (
            f"x = '''\n{headers}'''\nmcp_servers.lumen.command = 'lumen-hooks'",
            "",
        ),
        ".mcp.json": (f"[{'0,' * 200_000}0]", "larger than 256 KB"),
        "opencode.jsonc": ("/*" * 100_000, "line 1"),
    }
    for name, (text, _) in hostile.items():
        put(tmp_path / name, text)
    wanted = sites(HOSTS, "project", Commands(NEW), {"HOME": "/nowhere"}, str(tmp_path))
    changes = {change.path: change for change in plan("uninstall", wanted)}
    for name, (_, problem) in hostile.items():
        assert problem in changes[str(tmp_path / name)].problem
        assert changes[str(tmp_path / name)].problem


def test_what_is_new_is_private_or_for_all(tmp_path: Path) -> None:
    run("install", placed(tmp_path, "claude"))
    assert stat.S_IMODE((tmp_path / ".claude.json").stat().st_mode) == 0o600
    top = tmp_path / "top"
    wanted = sites(HOSTS[:1], "project", Commands(NEW), {"HOME": str(tmp_path)}, str(top))
    run("install", wanted)
    mask = os.umask(0o077)
    os.umask(mask)
    assert stat.S_IMODE((top / ".mcp.json").stat().st_mode) == 0o666 & ~mask


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    os.mkfifo(tmp_path / ".cursor/mcp.json")
    assert "is no file" in run("install", placed(tmp_path, "cursor"))[0].problem


def test_what_another_program_writes_meanwhile_stays(tmp_path: Path) -> None:
    file = put(tmp_path / ".claude.json", '{"a": 1}')
    wanted = placed(tmp_path, "claude")
    planned = plan("install", wanted)[0]
    put(file, '{"a": 1, "b": 2}')
    with pytest.raises(files.ChangedError):
        files.write(planned.path, planned.before, planned.after, wanted[0].ground)
    carry_out("install", planned, wanted)
    read = json.loads(file.read_text())
    assert (read["b"], read["mcpServers"]["lumen"]["command"]) == (2, NEW)


def test_it_is_compared_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(tmp_path / ".claude.json", '{"a": 1}')
    wanted = placed(tmp_path, "claude")
    planned = plan("install", wanted)[0]
    # A program writes while ours waits for the disk.
    monkeypatch.setattr(os, "fsync", lambda _: put(file, '{"b": 2}'))
    with pytest.raises(files.ChangedError):
        files.write(planned.path, planned.before, planned.after, wanted[0].ground)
    assert file.read_text() == '{"b": 2}'
    assert [path.name for path in tmp_path.iterdir()] == [".claude.json"]


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    wanted = placed(tmp_path, "gemini")[:2]  # a server and a hook in one file
    assert wanted[0].path == wanted[1].path
    for _ in range(10):
        barrier = threading.Barrier(2)

        def one(site: Site, barrier: threading.Barrier = barrier) -> None:
            (change,) = plan("install", [site])
            barrier.wait()
            carry_out("install", change, [site])

        threads = [threading.Thread(target=one, args=(site,)) for site in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [look(site).state for site in wanted] == ["equal", "equal"]
        run("uninstall", wanted)
        assert list(tmp_path.iterdir()) == []


def test_killed_before_the_replacement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(tmp_path / ".claude.json", '{"a": 1}')
    wanted = placed(tmp_path, "claude")
    child = os.fork()
    if not child:
        monkeypatch.setattr(os, "replace", lambda *_: os._exit(9))
        run("install", wanted)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert file.read_text() == '{"a": 1}'
    (left,) = tmp_path.glob(".lumen-hooks-*")
    os.utime(left, (0, 0))
    users = put(tmp_path / ".lumen-hooks-notes.md", "of the user, and as old")
    os.utime(users, (0, 0))
    run("install", wanted)
    assert NEW in file.read_text()
    assert not left.exists()
    assert users.exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / ".copilot").mkdir()  # the user's, and as empty
    for name in ("copilot", "cursor", "opencode"):
        wanted = placed(tmp_path, name)
        for change in plan("install", wanted):
            with pytest.raises(InstallError, match="No space left on device"):
                carry_out("install", change, wanted)
    assert list(tmp_path.rglob("*")) == [tmp_path / ".copilot"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".cursor").write_text("a file")
    wanted = placed(tmp_path, "cursor")
    change = plan("install", wanted)[0]
    with pytest.raises(InstallError, match="cannot write"):
        carry_out("install", change, wanted)
