"""The programs that we are wired into: which file of each has what, as data.

What was checked against which document or version, and when, is in
docs/agents.md; a row here changes with a row there. Knows nothing of how a
file is edited.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from .parts import Block, JsonHook, JsonServer, TomlServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .command import Commands
    from .parts import Part

Scope = Literal["user", "project"]

HERE = (
    "This repository has a semantic code index. Find code by what it does with the MCP tool"
    " semantic_search, or in a shell:\n"
    '`lumen-hooks search --summary "what the code does"` (then open the lines that it names),\n'
    "before grep; for every place that holds a text: `lumen-hooks search --exact TEXT`."
)
"""What a block in a repository says."""

WHEREVER = (
    "Where `git rev-parse --git-common-dir` has a folder `lumen`, there is a semantic code index."
    " There, find code by\nwhat it does with the MCP tool semantic_search, or in a shell:"
    ' `lumen-hooks search --summary "what the code does"`\n'
    "(then open the lines that it names), before grep."
)
"""What a block of a user says, for all repositories."""


class Placed(NamedTuple):
    """A part and where it goes.

    Attributes:
        files: places of the file, in the form of `str.format`: of those that are there the one with
            our part, else the first; if none is, the last is made.
        make: the part.
    """

    files: tuple[str, ...]
    make: Callable[[Commands], Part]


class Host(NamedTuple):
    """A program that runs agents.

    Attributes:
        name: what it is called on our command line.
        title: what people call it.
        programs: its commands; one on the PATH means that it is here.
        folders: its folders, as in `Placed`; one that is there means the same.
        user: what is written for all repositories of a user.
        project: what is written into a repository.
        remark: what to do by hand, or to know, once it is written; empty for nothing.
    """

    name: str
    title: str
    programs: tuple[str, ...]
    folders: tuple[str, ...]
    user: tuple[Placed, ...]
    project: tuple[Placed, ...]
    remark: str = ""


def _server(
    *files: str, path: str = "mcpServers", one_list: bool = False, **extra: object
) -> Placed:
    rest = tuple(extra.items())
    return Placed(files, lambda commands: JsonServer((path,), commands, rest, one_list))


def _codex_server(file: str) -> Placed:
    return Placed((file,), lambda commands: TomlServer(("mcp_servers",), commands))


_EARLIER = ("agent", "session-start")


def _grouped(file: str, hook: dict[str, object], **group: object) -> Placed:
    """A session hook as Claude Code has it, and Codex and Gemini CLI after it."""
    return Placed(
        (file,),
        lambda commands: JsonHook(
            ("hooks", "SessionStart"),
            commands.line(*_EARLIER),
            "session hook",
            around=tuple(hook.items()),
            group=tuple(group.items()),
        ),
    )


def _flat(file: str, event: str, host: str, hook: dict[str, object]) -> Placed:
    """A session hook in a file of hooks alone, which has a version (Cursor, Copilot)."""
    return Placed(
        (file,),
        lambda commands: JsonHook(
            ("hooks", event),
            commands.line(*_EARLIER, "--host", host),
            "session hook",
            around=tuple(hook.items()),
            companion=("version", 1),
            earlier=_EARLIER,
        ),
    )


def _worktree(file: str, event: str, **hook: object) -> Placed:
    return Placed(
        (file,),
        lambda commands: JsonHook(
            ("hooks", event),
            commands.line("hook", "worktree-add", "."),
            "worktree hook",
            around=tuple(hook.items()),
        ),
    )


def _block(*files: str, says: str = WHEREVER) -> Placed:
    return Placed(files, lambda _: Block(says))


_CLAUDE_HOOK: dict[str, object] = {"type": "command", "timeout": 10}
_CLAUDE_MATCHER = "startup|resume|clear|compact"
_GEMINI_HOOK: dict[str, object] = {"name": "lumen-hooks", "type": "command", "timeout": 10_000}
_COPILOT_HOOK: dict[str, object] = {"type": "command", "timeout": 10}
_COPILOT_FILE = "hooks/lumen-hooks.json"
_AGENTS = _block("{top}/AGENTS.md", says=HERE)

HOSTS: tuple[Host, ...] = (
    Host(
        "claude",
        "Claude Code",
        ("claude",),
        ("{claude}",),
        user=(
            _server("{claude_state}", type="stdio"),
            _grouped("{claude}/settings.json", _CLAUDE_HOOK, matcher=_CLAUDE_MATCHER),
            _block("{claude}/CLAUDE.md"),
        ),
        project=(
            _server("{top}/.mcp.json", type="stdio"),
            _grouped("{top}/.claude/settings.json", _CLAUDE_HOOK, matcher=_CLAUDE_MATCHER),
            _block("{top}/CLAUDE.md", says=HERE),
        ),
    ),
    Host(
        "codex",
        "Codex",
        ("codex",),
        ("{codex}",),
        user=(
            _codex_server("{codex}/config.toml"),
            _grouped("{codex}/hooks.json", _CLAUDE_HOOK, matcher=_CLAUDE_MATCHER),
            _block("{codex}/AGENTS.md"),
        ),
        project=(
            _codex_server("{top}/.codex/config.toml"),
            _grouped("{top}/.codex/hooks.json", _CLAUDE_HOOK, matcher=_CLAUDE_MATCHER),
            _AGENTS,
        ),
        remark="Codex runs a new hook once you trust it there: /hooks",
    ),
    Host(
        "cursor",
        "Cursor",
        ("cursor", "cursor-agent"),
        ("{home}/.cursor",),
        user=(
            _server("{home}/.cursor/mcp.json"),
            _flat("{home}/.cursor/hooks.json", "sessionStart", "cursor", {}),
        ),
        project=(
            _server("{top}/.cursor/mcp.json"),
            _flat("{top}/.cursor/hooks.json", "sessionStart", "cursor", {}),
            _AGENTS,
        ),
        remark="Cursor keeps a user's rules in its settings; --project adds them to AGENTS.md",
    ),
    Host(
        "gemini",
        "Gemini CLI",
        ("gemini",),
        ("{gemini}",),
        user=(
            _server("{gemini}/settings.json"),
            _grouped("{gemini}/settings.json", _GEMINI_HOOK),
            _block("{gemini}/GEMINI.md"),
        ),
        project=(
            _server("{top}/.gemini/settings.json"),
            _grouped("{top}/.gemini/settings.json", _GEMINI_HOOK),
            _block("{top}/GEMINI.md", says=HERE),
        ),
    ),
    Host(
        "vscode",
        "VS Code",
        ("code",),
        ("{code}",),
        user=(_server("{code}/mcp.json", path="servers", type="stdio"),),
        project=(
            _server("{top}/.vscode/mcp.json", path="servers", type="stdio"),
            _flat(f"{{top}}/.github/{_COPILOT_FILE}", "SessionStart", "copilot", _COPILOT_HOOK),
            _AGENTS,
        ),
        remark="VS Code reads Claude Code's session hook (agent install claude), and AGENTS.md",
    ),
    Host(
        "opencode",
        "OpenCode",
        ("opencode",),
        ("{config}/opencode",),
        user=(
            _server(
                "{config}/opencode/opencode.jsonc",
                "{config}/opencode/opencode.json",
                path="mcp",
                one_list=True,
                type="local",
                enabled=True,
            ),
            _block("{config}/opencode/AGENTS.md"),
        ),
        project=(
            _server(
                "{top}/opencode.jsonc",
                "{top}/opencode.json",
                path="mcp",
                one_list=True,
                type="local",
                enabled=True,
            ),
            _AGENTS,
        ),
    ),
    Host(
        "windsurf",
        "Windsurf",
        ("windsurf",),
        ("{home}/.codeium/windsurf",),
        user=(
            _server("{home}/.codeium/windsurf/mcp_config.json"),
            _worktree(
                "{home}/.codeium/windsurf/hooks.json", "post_setup_worktree", show_output=False
            ),
            _block("{home}/.codeium/windsurf/memories/global_rules.md"),
        ),
        project=(
            _worktree("{top}/.windsurf/hooks.json", "post_setup_worktree", show_output=False),
            _AGENTS,
        ),
        remark="Windsurf has MCP servers for a user alone, not for a project",
    ),
    Host(
        "zed",
        "Zed",
        ("zed", "zeditor"),
        ("{config}/zed",),
        user=(
            _server("{config}/zed/settings.json", path="context_servers"),
            _block("{config}/zed/AGENTS.md"),
        ),
        project=(_server("{top}/.zed/settings.json", path="context_servers"), _AGENTS),
    ),
    Host(
        "copilot",
        "Copilot CLI",
        ("copilot",),
        ("{copilot}",),
        user=(
            _server("{copilot}/mcp-config.json", type="local", tools=["*"]),
            _flat(f"{{copilot}}/{_COPILOT_FILE}", "SessionStart", "copilot", _COPILOT_HOOK),
            _block("{copilot}/copilot-instructions.md"),
        ),
        project=(
            _server("{top}/.github/mcp.json", type="local", tools=["*"]),
            _flat(f"{{top}}/.github/{_COPILOT_FILE}", "SessionStart", "copilot", _COPILOT_HOOK),
            _AGENTS,
        ),
    ),
)

NAMES = tuple(host.name for host in HOSTS)


def places(environ: Mapping[str, str], top: str | None = None) -> dict[str, str]:
    """The folders that a host's files lie in, by the names that the table has for them.

    Args:
        environ: has HOME, and the variables by which programs move their folders.
        top: a worktree's top folder, for the files in it.
    """
    home = environ.get("HOME") or os.path.expanduser("~")
    config = environ.get("XDG_CONFIG_HOME", "")
    config = config if os.path.isabs(config) else os.path.join(home, ".config")
    claude = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude")
    moved = bool(environ.get("CLAUDE_CONFIG_DIR"))
    support = os.path.join(home, "Library", "Application Support")
    return {
        "home": home,
        "config": config,
        "claude": claude,
        "claude_state": os.path.join(claude if moved else home, ".claude.json"),
        "codex": environ.get("CODEX_HOME") or os.path.join(home, ".codex"),
        "gemini": os.path.join(environ.get("GEMINI_CLI_HOME") or home, ".gemini"),
        "copilot": environ.get("COPILOT_HOME") or os.path.join(home, ".copilot"),
        "code": os.path.join(support if sys.platform == "darwin" else config, "Code", "User"),
        "top": top or "",
    }


def traces(host: Host, environ: Mapping[str, str]) -> str:
    """By what a host is known to be on this machine; empty if it is not."""
    known = places(environ)
    for folder in host.folders:
        path = folder.format_map(known)
        if os.path.isdir(path):
            return path
    for program in host.programs:
        found = shutil.which(program, path=environ.get("PATH", ""))
        if found:
            return found
    return ""


def files_of(placed: Placed, known: Mapping[str, str]) -> list[str]:
    """The files that a part may go into: those that are there, else the one to make."""
    paths = [file.format_map(known) for file in placed.files]
    return [path for path in paths if os.path.exists(path)] or paths[-1:]
