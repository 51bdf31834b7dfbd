"""Every host, every kind of file: installed, read by another parser, undone to the byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.agents.command import Commands
from lumen_hooks.agents.hosts import HOSTS, Host, Scope
from lumen_hooks.agents.parts import Block, JsonHook, JsonServer, TomlServer
from lumen_hooks.agents.plan import Site, carry_out, look, plan, sites, without_shared

from .texts import JSON, TEXTS, TOML, read_jsonc, read_toml

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = '/opt/it\'s "here"/bin/lumen-hooks'
BY_NAME = {host.name: host for host in HOSTS}
EVERY = [(host.name, scope) for host in HOSTS for scope in ("user", "project")]


def placed(host: Host, scope: Scope, home: Path) -> list[Site]:
    top = str(home / "project")
    os.makedirs(top, exist_ok=True)
    return sites([host], scope, Commands(PROGRAM), {"HOME": str(home)}, top)


def run(action: Any, wanted: list[Site]) -> None:
    for change in plan(action, wanted):
        assert not change.problem
        assert change.remarks == ()
        carry_out(action, change, wanted)


def snapshot(home: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(home)): path.read_bytes() if path.is_file() else None
        for path in home.rglob("*")
    }


def samples(wanted: list[Site]) -> dict[str, dict[str, str | None]]:
    """For each file of a host, the texts that it may begin with."""
    found: dict[str, dict[str, str | None]] = {}
    for site in wanted:
        kind = {Block: TEXTS, TomlServer: TOML}.get(type(site.part), JSON)
        found.setdefault(site.path, {}).update(kind)
        if isinstance(site.part, JsonServer | JsonHook):
            found[site.path].update(around(site.part))
    return found


def around(part: JsonServer | JsonHook) -> dict[str, str]:
    """JSON in which our place's container is there: empty, and with what is somebody else's."""
    empty, other = ("{}", '"x": {"command": "y"}')
    if isinstance(part, JsonHook):
        empty, other = ("[]", '{"command": "y", "hooks": []}')
    opened = "".join(f'{{"{name}": ' for name in part.path)
    closed = "}" * len(part.path)
    inner = f"{empty[0]}{other}{empty[1]}"
    lines = f"{empty[0]}\n    {other} // its\n  {empty[1]}"
    name = ".".join(part.path)
    return {
        f"{name} empty": f"{opened}{empty}{closed}",
        f"{name} of another": f"{opened}{inner}{closed}\n",
        f"{name} in lines": f"{opened}{lines}{closed}\n",
        f"{name} with a version": f'{{\n  "version": 1,\n  "z": {opened}{inner}{closed}\n}}\n',
        "a version": '{\n  "version": 1\n}\n',
        "a version, one line": '{"version": 1}',
    }


@pytest.mark.parametrize(("name", "scope"), EVERY)
def test_undone_to_the_byte(name: str, scope: Scope, tmp_path: Path) -> None:
    wanted = placed(BY_NAME[name], scope, tmp_path)
    table = samples(wanted)
    kinds_of_all = sorted({kind for kinds in table.values() for kind in kinds})
    # A project's parts are the same ones in other files.
    for kind in kinds_of_all if scope == "user" else ("no file", "carriage returns", "comments"):
        for path, kinds in table.items():
            text = kinds.get(kind)
            if text is not None:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
        before = snapshot(tmp_path)
        run("install", wanted)
        for site in wanted:
            assert look(site).state == "equal", (kind, site.path)
            says_what_it_should(site, table[site.path].get(kind))
        assert all(change.after == change.before for change in plan("install", wanted))
        run("uninstall", wanted)
        assert snapshot(tmp_path) == before, kind
        for path, kinds in table.items():
            if kinds.get(kind) is not None:
                os.unlink(path)
                folder = os.path.dirname(path)
                while folder not in {str(tmp_path), wanted[0].ground.base} and not os.listdir(
                    folder
                ):
                    os.rmdir(folder)
                    folder = os.path.dirname(folder)
        assert set(snapshot(tmp_path)) <= {"project"}, kind


def says_what_it_should(site: Site, before: str | None) -> None:
    with open(site.path, encoding="utf-8", newline="") as file:
        text = file.read()
    part = site.part
    if isinstance(part, Block):
        assert text.startswith(before or "")
        assert part.says in text.replace("\r\n", "\n")
        if before and "\r\n" in before:
            assert "\n" not in text.removeprefix(before).replace("\r\n", "")
        return
    assert isinstance(part, JsonServer | JsonHook | TomlServer)
    read = read_toml if isinstance(part, TomlServer) else read_jsonc
    after, said = read(text), ((read(before) if before else None) or {})
    for key, value in said.items():
        assert key in {"hooks", "mcpServers", *part.path} or after[key] == value
    found = after
    for key in part.path:
        found = found[key]
    if isinstance(part, JsonHook):
        hook = found[-1]["hooks"][0] if part.group is not None else found[-1]
        assert hook["command"] == part.line
        if part.companion is not None and "hooks" not in said:
            assert after[part.companion[0]] == part.companion[1]
    elif isinstance(part, JsonServer) and part.one_list:
        assert found["lumen"]["command"] == [PROGRAM, "mcp"]
    else:
        assert (found["lumen"]["command"], found["lumen"]["args"]) == (PROGRAM, ["mcp"])
    if before and before.startswith("\ufeff"):
        assert text.startswith("\ufeff")


def test_what_hosts_share_stays_for_those_that_stay(tmp_path: Path) -> None:
    top = str(tmp_path)
    every = sites(HOSTS, "project", Commands("lumen-hooks"), {"HOME": top}, top)
    both = [site for site in every if site.host.name in {"codex", "zed"}]
    run("install", both)
    run("uninstall", without_shared([BY_NAME["codex"]], every))
    assert set(snapshot(tmp_path)) == {"AGENTS.md", ".zed", ".zed/settings.json"}
    run("uninstall", without_shared([BY_NAME["zed"]], every))
    assert snapshot(tmp_path) == {}


def test_a_text_with_two_names_gets_one_block(tmp_path: Path) -> None:
    top = str(tmp_path)
    (tmp_path / "AGENTS.md").write_text("mine\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    before = snapshot(tmp_path)
    every = sites(HOSTS, "project", Commands("lumen-hooks"), {"HOME": top}, top)
    both = [site for site in every if site.host.name in {"claude", "codex"}]
    assert len(plan("install", both)) == 5
    run("install", both)
    assert (tmp_path / "AGENTS.md").read_text().count("lumen-hooks >>>") == 1
    run("uninstall", without_shared([BY_NAME["claude"]], every))
    assert "lumen-hooks >>>" in (tmp_path / "CLAUDE.md").read_text()
    run("uninstall", without_shared([BY_NAME["codex"]], every))
    assert snapshot(tmp_path) == before
