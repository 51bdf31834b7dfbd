"""The Model Context Protocol's side: tools, errors, roots, progress, cancellation.

modelcontextprotocol.io, revisions up to 2026-07-28, in which a server no
longer asks its client for roots but answers that it needs them.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError, types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from lumen_hooks import __version__
from lumen_hooks.errors import LumenError, RepositoryError
from lumen_hooks.system.terminal import escape_controls, one_line

from .executor import Reporter
from .roots import StrayError, folder_of_uri, needs_roots
from .tools import TOOLS, Call, Tools

if TYPE_CHECKING:
    import threading

    from mcp.server.context import ServerRequestContext

    from .tools import Reply, Tool

ROOTS_SECONDS = 3.0
"""How long a client may take to name its roots; one that does not is not asked again."""

CLOSE_SECONDS = 1.5
"""How long running work may take to end with the server; clients kill a server after 2 s."""

HOUSEKEEPING_SECONDS = 30.0

INSTRUCTIONS = (
    "Searches code by meaning in the git worktree that you work in, on an index that follows"
    " every branch switch, commit and edit. Pass `path` (any absolute path in a worktree) to"
    " choose the worktree; the first line of each answer names the worktree, its commit, and"
    " whether the index is fresh. Prefer semantic_search over grep for questions about what code"
    " does, exact_search for every place of a name or a text; use find_related to find code like"
    " some that you know."
)

_ROOTS = "roots"
_CODE = "snippet"


class LumenServer:
    """Answers tool calls on standard input and output until the client goes away.

    Args:
        directory: where relative paths lead when the client names no roots; None for nowhere.
    """

    def __init__(self, directory: str | None) -> None:
        self._tools = Tools()
        self._directory = directory
        self._ask_for_roots = True
        self._server: Server[dict[str, Any]] = Server(
            "lumen-hooks",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )

    def run(self) -> bool:
        """Serve until standard input ends; whether all work has ended with it."""
        try:
            anyio.run(self._serve)
        except Exception as error:
            if not _is_disconnection(error):
                raise
        return self._tools.close(CLOSE_SECONDS)

    async def _serve(self) -> None:
        async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_house)
            options = self._server.create_initialization_options()
            await self._server.run(incoming, outgoing, options)
            tasks.cancel_scope.cancel()

    async def _keep_house(self) -> None:
        while True:
            await anyio.sleep(HOUSEKEEPING_SECONDS)
            self._tools.keep_house()

    async def _list_tools(
        self, context: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in TOOLS])

    async def _call_tool(
        self, context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = next((tool for tool in TOOLS if tool.name == params.name), None)
        if tool is None:
            known = ", ".join(tool.name for tool in TOOLS)
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"no tool is called {one_line(params.name)}: {known}",
            )
        try:
            return await self._run(tool, context, params)
        except ValidationError as error:
            return _failure(_complaint(params.name, error), "see the tool's input schema")
        except LumenError as error:
            return _failure(error.message, error.hint)
        except Exception as error:  # a bug must not end the server; the client's log gets the rest
            traceback.print_exc(file=sys.stderr)
            return _failure(f"this is a bug in lumen-hooks: {type(error).__name__}: {error}", "")

    async def _run(
        self,
        tool: Tool,
        context: ServerRequestContext[Any, Any],
        params: types.CallToolRequestParams,
        *,
        with_roots: bool = False,
    ) -> types.CallToolResult | types.InputRequiredResult:
        roots = await self._roots(context, params, always=with_roots)
        if isinstance(roots, types.InputRequiredResult):
            return roots
        wanted = tool.takes.model_validate(params.arguments or {})
        reporter = _reporter(context, self._tools.executor.stopping)
        try:
            reply = await tool.run(self._tools, wanted, Call(roots, reporter, time.monotonic()))
        except StrayError:
            if with_roots:
                raise
            # A full path needs no roots, unless it might be in one of them.
            return await self._run(tool, context, params, with_roots=True)
        return _success(reply)

    async def _roots(
        self,
        context: ServerRequestContext[Any, Any],
        params: types.CallToolRequestParams,
        *,
        always: bool = False,
    ) -> list[str] | types.InputRequiredResult:
        """The folders that the client has open: where relative paths start, and calls may lead.

        Empty for a full path, whose worktree may be known by itself; `always` asks for them then.
        """
        path = (params.arguments or {}).get("path")
        capabilities = context.session.client_capabilities
        listed: object = None
        if (
            self._ask_for_roots
            and capabilities is not None
            and capabilities.roots is not None
            and (path is None or isinstance(path, str))
        ):
            if not always and not needs_roots(path):
                return []
            if context.session.can_send_request:
                listed = await self._listed_roots(context)
            elif params.input_responses is None:
                return types.InputRequiredResult(input_requests={_ROOTS: types.ListRootsRequest()})
            else:
                listed = params.input_responses.get(_ROOTS)
        folders = []
        if isinstance(listed, types.ListRootsResult):
            folders = [folder_of_uri(str(root.uri)) for root in listed.roots]
        found = [folder for folder in folders if folder]
        if found or self._directory is not None:
            return found or [str(self._directory)]
        if not isinstance(path, str) or needs_roots(path):
            raise RepositoryError(
                "the folder that this server was started in does not exist any more",
                hint="give an absolute path in the worktree that you mean",
            )
        return []  # an absolute path needs none, and nothing belongs to a folder that is gone

    async def _listed_roots(
        self, context: ServerRequestContext[Any, Any]
    ) -> types.ListRootsResult | None:
        try:
            return await context.session.send_request(
                types.ListRootsRequest(),
                types.ListRootsResult,
                request_read_timeout_seconds=ROOTS_SECONDS,
            )
        except (MCPError, ValidationError):
            self._ask_for_roots = False
            return None


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        # A search writes its own index and nothing that anyone else would miss.
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _reporter(context: ServerRequestContext[Any, Any], stopping: threading.Event) -> Reporter:
    report = context.session.report_progress

    async def send(done: float, of: float | None, words: str) -> None:
        await report(done, of, one_line(words))

    return Reporter(asyncio.get_running_loop(), send, stopping)


def _success(reply: Reply) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=escape_controls(reply.text))],
        structured_content=_escaped_values(reply.data.model_dump(mode="json")),
    )


def _failure(message: str, hint: str) -> types.CallToolResult:
    text = f"error: {one_line(message)}" + (f"\nhint: {one_line(hint)}" if hint else "")
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _escaped_values(value: Any, name: str = "") -> Any:
    """Structured content as safe to read as the text is; code alone has several lines."""
    if isinstance(value, str):
        return escape_controls(value) if name == _CODE else one_line(value)
    if isinstance(value, dict):
        return {one_line(key): _escaped_values(inner, key) for key, inner in value.items()}
    return [_escaped_values(inner) for inner in value] if isinstance(value, list) else value


def _complaint(tool: str, error: ValidationError) -> str:
    """What is wrong with a call's arguments, without repeating them."""
    wrong = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in detail["loc"])
        wrong.append(f"{name[:100]}: {detail['msg']}")
    return f"{tool} cannot be called so: {'; '.join(wrong[:10])}"


def _is_disconnection(error: BaseException) -> bool:
    """The client closed its end while something was being written to it."""
    inner = getattr(error, "exceptions", None)
    if inner is not None:
        return all(_is_disconnection(one) for one in inner)
    gone = (ConnectionError, anyio.BrokenResourceError, anyio.ClosedResourceError)
    return isinstance(error, gone)
