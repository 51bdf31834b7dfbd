"""Texts that nobody thought of: put in, taken out, and nothing else is different."""

from __future__ import annotations

import json
import random

import pytest

from lumen_hooks.agents.command import Commands
from lumen_hooks.agents.jsonc import JsonError, parse
from lumen_hooks.agents.parts import Block, JsonHook, JsonServer, Part, TomlServer
from lumen_hooks.agents.toml_table import TomlError

from .texts import read_jsonc

COMMANDS = Commands("/a b/lumen-hooks")
LINE = COMMANDS.line("agent", "session-start")
SERVER = JsonServer(("mcpServers",), COMMANDS, (("type", "stdio"),))
HOOKS = (
    JsonHook(("hooks", "Start"), LINE, "session hook", group=(("matcher", "x"),)),
    JsonHook(("hooks", "Start"), LINE, "session hook", companion=("version", 1)),
)
KEYS = ["a", "b", "mcpServers", "hooks", "version", "Start", "é"]


class Writer:
    """JSON as people and programs write it, by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.line_break = self.chance.choice(["\n", "\r\n"])

    def space(self) -> str:
        end = self.line_break
        kinds = ["", "", " ", "\t", end, end + "  ", f" // c{end}", "/* d */", f"/*{end}*/"]
        return "".join(self.chance.choices(kinds, k=self.chance.randint(0, 3)))

    def scalar(self) -> str:
        return self.chance.choice(["1", "-2.5e3", "null", '"x"', '"// \\" \\u00e9"', '"lumen"'])

    def value(self, depth: int, key: str = "") -> str:
        kind = self.chance.random()
        if key in {"mcpServers", "hooks"} and kind < 0.9:
            return self.container(depth, self.chance.sample(KEYS, self.chance.randint(0, 3)))
        if depth <= 0 or kind < 0.4:
            return self.scalar()
        keys = self.chance.sample(KEYS, self.chance.randint(0, 4))
        return self.container(depth, keys if kind < 0.7 and key != "Start" else len(keys))

    def container(self, depth: int, keys: list[str] | int) -> str:
        listed = isinstance(keys, int)
        names = [""] * keys if isinstance(keys, int) else keys
        out = ("[" if listed else "{") + self.space()
        for place, name in enumerate(names):
            if not listed:
                out += json.dumps(name) + self.space() + ":" + self.space()
            out += self.value(depth - 1, name) + self.space()
            if place < len(names) - 1 or self.chance.random() < 0.2:
                out += "," + self.space()
        return out + ("]" if listed else "}")

    def text(self) -> str:
        mark = "\ufeff" if self.chance.random() < 0.1 else ""
        keys = self.chance.sample(KEYS, self.chance.randint(0, 5))
        root = self.container(3, keys) if self.chance.random() < 0.95 else ""
        return mark + self.space() + root + self.space()


@pytest.mark.parametrize("seed", range(2))
def test_json(seed: int) -> None:
    for number in range(60):
        writer = Writer(60 * seed + number)
        before = text = writer.text()
        root = parse(text)
        assert (root.value() if root else None) == read_jsonc(text)
        parts: list[Part] = writer.chance.sample([SERVER, writer.chance.choice(HOOKS)], k=2)
        try:
            for part in parts:
                text = part.put(text)
        except JsonError:  # something else is where a container belongs
            continue
        assert [part.look(text) for part in parts] == ["equal", "equal"], before
        read_jsonc(text)
        writer.chance.shuffle(parts)
        taken: str | None = text
        for part in parts:
            assert taken is not None
            taken = part.take(taken)
        assert taken == before


LINES = [
    "# Mine",
    "",
    "",
    "- a",
    "\t<!-- b -->",
    "x = 1",
    "[t]",
    "[mcp_servers.a]",
    "[[u]]",
    "  # c",
]


@pytest.mark.parametrize("part", [Block("a\nb"), TomlServer(("mcp_servers",), COMMANDS)])
def test_lines(part: Part) -> None:
    chance = random.Random(0)
    done = 0
    for _ in range(400):
        ends = chance.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
        lines = chance.choices(LINES, k=chance.randint(0, 6))
        before = "".join(line + chance.choice(ends) for line in lines) + chance.choice(["", "x=2"])
        try:
            text = part.put(before)
        except TomlError:
            continue
        done += 1
        assert (part.look(text), part.take(text)) == ("equal", before)
    assert done > 20
