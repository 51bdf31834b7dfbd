"""A coding agent's side of the Model Context Protocol: the SDK's own client, a real server."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp import Client, StdioServerParameters, types

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from mcp.client.session import ClientRequestContext

LEGACY, MODERN = "legacy", "2026-07-28"
"""With an `initialize` handshake (revisions up to 2025-11-25), and without."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool call brought: text to read, the same as data, or the text of an error."""

    text: str
    data: dict[str, Any]
    is_error: bool

    @property
    def symbols(self) -> list[str]:
        """The results' names, best first."""
        return [result["symbol"] for result in self.data["results"]]

    @property
    def code(self) -> str:
        """All snippets."""
        return "\n".join(result["snippet"] or "" for result in self.data["results"])


@dataclass
class Agent:
    """A connected client.

    Attributes:
        client: the SDK's.
        roots: folders that the client has open; changed by tests at will.
    """

    client: Client
    roots: list[str] = field(default_factory=list)
    progress: list[tuple[float, float | None, str | None]] = field(default_factory=list)

    async def call(self, tool: str, **arguments: object) -> Reply:
        """Call a tool; its progress is noted in `progress`, anew for each call.

        Structured content is asked for, unless the call says otherwise.
        """
        arguments = {"structured": True, **arguments}
        heard = self.progress = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append((progress, total, message))

        result = await self.client.call_tool(tool, arguments, progress_callback=hear)
        (content,) = result.content
        assert isinstance(content, types.TextContent)
        return Reply(content.text, result.structured_content or {}, result.is_error)

    async def search(self, query: str, **arguments: object) -> Reply:
        """`semantic_search`, which must succeed."""
        reply = await self.call("semantic_search", query=query, **arguments)
        assert not reply.is_error, reply.text
        return reply

    async def refusal(self, tool: str, **arguments: object) -> str:
        """The error that a call must bring."""
        reply = await self.call(tool, **arguments)
        assert reply.is_error, reply.text
        assert reply.text.startswith("error: ")
        assert "bug" not in reply.text
        return reply.text


def server_command(
    cwd: Path | str, *flags: str, python: str = sys.executable, **environment: str
) -> StdioServerParameters:
    """How a client starts the server, in an environment of its own."""
    return StdioServerParameters(
        command=python,
        args=["-I", "-m", "lumen_hooks", "mcp", *flags],
        cwd=str(cwd),
        env={
            "PATH": os.path.dirname(python) + os.pathsep + os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            **environment,
        },
    )


@asynccontextmanager
async def agent(
    home: Path,
    *,
    mode: str = LEGACY,
    cwd: Path | None = None,
    flags: Sequence[str] = (),
    python: str = sys.executable,
    **environment: str,
) -> AsyncIterator[Agent]:
    """A client with a server of its own, which ends with the block.

    Args:
        home: the server's HOME and run-time folder.
        mode: LEGACY or MODERN.
        cwd: where the server is started; `home` without it.
        flags: options of `lumen-hooks mcp`.
        python: the interpreter that has it.
        environment: variables for it.
    """
    roots: list[str] = []

    async def list_roots(context: ClientRequestContext) -> types.ListRootsResult:
        return types.ListRootsResult(
            roots=[types.Root.model_validate({"uri": f"file://{root}"}) for root in roots]
        )

    where = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), **environment}
    command = server_command(cwd or home, *flags, python=python, **where)
    async with Client(command, mode=mode, list_roots_callback=list_roots) as client:
        yield Agent(client, roots)
