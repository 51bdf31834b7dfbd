"""The plugin for Claude Code says what `agent install claude --project` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lumen_hooks import __version__
from lumen_hooks.agents.command import PROGRAM, Commands
from lumen_hooks.agents.hosts import HOSTS
from lumen_hooks.agents.plan import sites

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "integrations/claude-code"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_is_what_agent_install_writes() -> None:
    server, hook, _ = sites(HOSTS[:1], "project", Commands(PROGRAM), {"HOME": "/"}, "/")
    assert read(PLUGIN / ".mcp.json") == json.loads(server.part.paste())
    assert read(PLUGIN / "hooks/hooks.json")["hooks"] == json.loads(hook.part.paste())["hooks"]


def test_names_and_versions() -> None:
    manifest = read(PLUGIN / ".claude-plugin/plugin.json")
    assert manifest["version"] == __version__
    (listed,) = read(ROOT / ".claude-plugin/marketplace.json")["plugins"]
    assert (listed["name"], ROOT / listed["source"]) == (manifest["name"], PLUGIN)
    skill = (PLUGIN / "skills/semantic-search/SKILL.md").read_text(encoding="utf-8")
    assert skill.startswith("---\nname: semantic-search\ndescription: ")
