"""What is written for an agent's program: a server, a hook, a block; each in a text, and by rule.

A part looks at a text, says what is in its place, puts itself there and takes
itself out again. Which file the text is of, and who reads it, it does not
know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from . import block, json_edit, toml_table
from .command import compare, is_ours, words_of
from .jsonc import JsonError, Member, Node, parse

if TYPE_CHECKING:
    from .command import Commands, State

ENTRY = "lumen"
"""What our MCP server is called everywhere; its tools are `lumen`'s."""

ARGUMENTS = ["mcp"]

Role = Literal["MCP server", "session hook", "worktree hook", "instructions"]


class Part(Protocol):
    """One thing of ours in one file."""

    @property
    def role(self) -> Role:
        """What it is, for people."""

    def look(self, text: str | None) -> State:
        """What is in its place."""

    def put(self, text: str | None) -> str:
        """The text with it, as this version writes it; for what is absent or older."""

    def take(self, text: str) -> str | None:
        """The text without it, None without a file; for what is ours."""

    def words(self, text: str) -> list[str]:
        """The command that stands in its place, in words; empty without one."""

    def paste(self) -> str:
        """What to put in by hand."""


@dataclass(frozen=True, slots=True)
class JsonServer:
    """An MCP server in JSON: `command` with `args`, or both in one list.

    Attributes:
        path: the keys that lead to the object of servers.
        commands: what it starts.
        extra: what the program wants beside the command.
        one_list: whether program and arguments are one list (OpenCode).
    """

    path: tuple[str, ...]
    commands: Commands
    extra: tuple[tuple[str, object], ...] = ()
    one_list: bool = False
    role: Role = "MCP server"

    def look(self, text: str | None) -> State:
        """What is in its place."""
        node = self._node(text)
        if node is None:
            return "absent"
        words = _server_words(node)
        return compare(words, [self.commands.program, *ARGUMENTS]) if words else "foreign"

    def put(self, text: str | None) -> str:
        """Add the server, or change an older one's command alone."""
        node = self._node(text)
        if text is None or node is None:
            return json_edit.put(text, self.path, ENTRY, self._value())
        command = node.find("command")
        assert command is not None  # noqa: S101 - what is older has one
        program: object = self.commands.program
        return json_edit.replace(text, command, [program, *ARGUMENTS] if self.one_list else program)

    def take(self, text: str) -> str | None:
        """Take the server out."""
        return json_edit.take(text, _chain(text, (*self.path, ENTRY)), None)

    def words(self, text: str) -> list[str]:
        """The command that stands there."""
        node = self._node(text)
        return [] if node is None else _server_words(node)

    def paste(self) -> str:
        """What to put in by hand."""
        return json_edit.put(None, self.path, ENTRY, self._value())

    def _node(self, text: str | None) -> Node | None:
        chain = _chain(text, (*self.path, ENTRY)) if text is not None else []
        return chain[-1].node if chain else None

    def _value(self) -> dict[str, object]:
        program = self.commands.program
        command: dict[str, object] = {"command": program, "args": ARGUMENTS}
        if self.one_list:
            command = {"command": [program, *ARGUMENTS]}
        return {**dict(self.extra[:1]), **command, **dict(self.extra[1:])}


def _server_words(node: Node) -> list[str]:
    value = node.value()
    if not isinstance(value, dict):
        return []
    command, arguments = value.get("command"), value.get("args", [])
    words = command if isinstance(command, list) else [command, *_listed(arguments)]
    return [word for word in words if isinstance(word, str)] if words[:1] != [None] else []


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True)
class JsonHook:
    """An element of a list of hooks in JSON.

    Attributes:
        path: the keys that lead to the list.
        line: what the hook runs, for a shell.
        around: the other keys of the hook.
        group: the other keys of the group that a hook is in (Claude Code and its kin), or None.
        companion: a member beside `path[0]` without which the program does not read the file.
        earlier: words of the line in earlier versions, behind the program.
    """

    path: tuple[str, ...]
    line: str
    role: Role
    around: tuple[tuple[str, object], ...] = ()
    group: tuple[tuple[str, object], ...] | None = None
    companion: tuple[str, object] | None = None
    earlier: tuple[str, ...] = ()

    def look(self, text: str | None) -> State:
        """What is in its place: other hooks are beside ours, never in its place."""
        words = self.words(text) if text is not None else []
        return compare(words, words_of(self.line), also=self.earlier) if words else "absent"

    def put(self, text: str | None) -> str:
        """Add the hook, or change an older one's command alone."""
        chain = self._find(text) if text is not None else []
        if text is not None and chain:
            node = chain[-1].node.find("command")
            assert node is not None  # noqa: S101 - it was found by this
            return json_edit.replace(text, node, self.line)
        before = parse(text) if text is not None else None
        changed = json_edit.put(text, self.path, None, self._value())
        there = {member.key for member in before.members} if before is not None else set()
        if self.companion is None or there & {self.path[0], self.companion[0]}:
            return changed
        return json_edit.put(changed, (), *self.companion)

    def take(self, text: str) -> str | None:
        """Take the hook out, and its group if there is no other hook in it."""
        chain = self._find(text)
        if self.group is not None and len(chain) > len(self.path) + 1:
            group = chain[len(self.path)].node
            inner = group.find("hooks")
            plain = {member.key for member in group.members} <= {"hooks", "matcher"}
            if inner is not None and len(inner.members) == 1 and plain:
                chain = chain[: len(self.path) + 1]
        return json_edit.take(text, chain, self.companion)

    def words(self, text: str) -> list[str]:
        """The command that stands there."""
        chain = self._find(text)
        node = chain[-1].node.find("command") if chain else None
        return words_of(str(node.scalar)) if node is not None else []

    def paste(self) -> str:
        """What to put in by hand."""
        return json_edit.put(None, self.path, None, self._value())

    def _value(self) -> object:
        hook: dict[str, object] = dict(self.around[:1])
        hook["command"] = self.line
        hook.update(self.around[1:])
        return hook if self.group is None else {**dict(self.group), "hooks": [hook]}

    def _find(self, text: str) -> list[Member]:
        """Our hook, behind all that it is in; empty if it is not there."""
        chain = _chain(text, self.path)
        if not chain:
            return []
        if chain[-1].node.kind != "list":
            raise JsonError(f"{'.'.join(self.path)} is no list")
        purpose = [word for word in words_of(self.line)[1:] if not word.startswith("-")][:2]
        for member in chain[-1].node.members:
            if self._is_hook(member.node, purpose):
                return [*chain, member]
            inner = _members(member.node, ("hooks",)) if self.group is not None else []
            for hook in inner[-1].node.members if inner else ():
                if self._is_hook(hook.node, purpose):
                    return [*chain, member, *inner, hook]
        return []

    def _is_hook(self, node: Node, purpose: list[str]) -> bool:
        found = node.find("command")
        if found is None or not isinstance(found.scalar, str):
            return False
        words = words_of(found.scalar)
        return is_ours(words) and set(purpose) <= set(words)


def _members(root: Node, path: tuple[str, ...]) -> list[Member]:
    """What lies on a path of keys, from the root on; empty if its end is not there."""
    chain: list[Member] = []
    node = root
    for name in path:
        found = [member for member in node.members if member.key == name]
        if not found:
            return []
        chain.append(found[-1])
        node = found[-1].node
    return chain


def _chain(text: str, path: tuple[str, ...]) -> list[Member]:
    root = parse(text)
    return _members(root, path) if root is not None else []


@dataclass(frozen=True, slots=True)
class TomlServer:
    """An MCP server in TOML (Codex): a table of its own."""

    path: tuple[str, ...]
    commands: Commands
    role: Role = "MCP server"

    def look(self, text: str | None) -> State:
        """What is in its place."""
        if text is None or toml_table.lookup(text, self._path) is None:
            return "absent"
        words = self.words(text)
        return compare(words, [self.commands.program, *ARGUMENTS]) if words else "foreign"

    def put(self, text: str | None) -> str:
        """Add the table, or change an older one's command alone."""
        program = self.commands.program
        if text is not None and toml_table.lookup(text, self._path) is not None:
            return toml_table.change(text, self._path, "command", program)
        return toml_table.put(text, self._path, {"command": program, "args": ARGUMENTS})

    def take(self, text: str) -> str | None:
        """Take the table out, with what the program put below it."""
        return toml_table.take(text, self._path)

    def words(self, text: str) -> list[str]:
        """The command that stands there."""
        found = toml_table.lookup(text, self._path)
        if not isinstance(found, dict) or not isinstance(found.get("command"), str):
            return []
        return [found["command"], *(str(word) for word in _listed(found.get("args", [])))]

    def paste(self) -> str:
        """What to put in by hand."""
        return self.put(None)

    @property
    def _path(self) -> tuple[str, ...]:
        return (*self.path, ENTRY)


@dataclass(frozen=True, slots=True)
class Block:
    """A few lines in a text for agents."""

    says: str
    role: Role = "instructions"

    def look(self, text: str | None) -> State:
        """What is in its place; between our marks stands nobody else's text."""
        found = block.find(text) if text is not None else None
        if found is None:
            return "absent"
        return "equal" if found == block.find(block.put(None, self.says)) else "older"

    def put(self, text: str | None) -> str:
        """Add the block, or bring it up to date."""
        return block.put(text, self.says)

    def take(self, text: str) -> str | None:
        """Take the block out."""
        return block.take(text)

    def words(self, text: str) -> list[str]:
        """It starts nothing."""
        return []

    def paste(self) -> str:
        """What to put in by hand."""
        return block.put(None, self.says)
