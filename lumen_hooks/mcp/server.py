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
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from lumen_hooks import __version__
from lumen_hooks.errors import LumenError, NoFilesError, RepositoryError
from lumen_hooks.excerpts.excerpt import LEFT_OUT
from lumen_hooks.system.terminal import escape_controls, one_line
from lumen_hooks.wording.sizing import MAX_TOKENS, begin
from lumen_hooks.wording.tokens import tokens_at_most

from .data import data_of
from .executor import Reporter
from .forms import arguments_meant
from .roots import StrayError, folder_of_uri, needs_roots
from .schemas import lists_of, schema_of
from .tools import TOOLS, Call, Tools
from .unread import read_all

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from mcp.server.context import ServerRequestContext

    from .tools import Reply, Tool

ROOTS_SECONDS = 3.0
"""How long a client may take to name its roots; one that does not is not asked again."""

CLOSE_SECONDS = 1.5
"""How long running work may take to end with the server; clients kill a server after 2 s."""

HOUSEKEEPING_SECONDS = 30.0

INSTRUCTIONS = (
    "Searches the code of your git worktree, by meaning or exactly, on an index that follows every"
    " branch switch, commit and edit. Prefer it to grep for where or how something is done; then"
    " open path:line. Pass `path` for another worktree."
)

_ROOTS = "roots"
_LONGEST_NAME = 40
_LONGEST_ERROR = 1_000
"""So many characters: an error repeats what a client sent, which may be of any size."""

_NAMED = 3


class LumenServer:
    """Answers tool calls on standard input and output until the client goes away.

    Args:
        directory: where relative paths lead when the client names no roots; None for nowhere.
        structured: give every answer as structured content, too, and tell clients its schema.
    """

    def __init__(self, directory: str | None, *, structured: bool = False) -> None:
        self._tools = Tools()
        self._structured = structured
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
            send, read = anyio.create_memory_object_stream[SessionMessage | Exception]()
            tasks.start_soon(read_all, incoming, send, outgoing)
            options = self._server.create_initialization_options()
            await self._server.run(read, outgoing, options)
            tasks.cancel_scope.cancel()

    async def _keep_house(self) -> None:
        while True:
            await anyio.sleep(HOUSEKEEPING_SECONDS)
            self._tools.keep_house()

    async def _list_tools(
        self, context: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        listed = [_listed(tool, structured=self._structured) for tool in TOOLS]
        return types.ListToolsResult(tools=listed)

    async def _call_tool(
        self, context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = next((tool for tool in TOOLS if tool.name == params.name), None)
        if tool is None:
            known = ", ".join(tool.name for tool in TOOLS)
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"no tool is called {one_line(params.name)[:_LONGEST_NAME]}: {known}",
            )
        try:
            return await self._run(tool, context, params)
        except ValidationError as error:
            return _failure(_complaint(tool, error), _usage(tool))
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
        takes = tool.takes
        said, unknown = arguments_meant(params.arguments or {}, lists_of(takes), takes.model_fields)
        roots = await self._roots(context, params, said.get("path"), always=with_roots)
        if isinstance(roots, types.InputRequiredResult):
            return roots
        wanted = takes.model_validate(said)
        reporter = _reporter(context, self._tools.executor.stopping)
        call = Call(
            roots,
            reporter,
            time.monotonic(),
            structured=self._structured or wanted.structured,
            remark=_ignored(unknown),
        )
        try:
            reply = await tool.run(self._tools, wanted, call)
        except NoFilesError as error:  # as good an answer as any, unless a schema says otherwise
            if self._structured:
                raise
            return _nothing(error, getattr(wanted, "max_tokens", MAX_TOKENS), call.remark)
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
        path: Any,
        *,
        always: bool = False,
    ) -> list[str] | types.InputRequiredResult:
        """The folders that the client has open: where relative paths start, and calls may lead.

        Empty for a full path, whose worktree may be known by itself; `always` asks for them then.
        """
        capabilities = context.session.client_capabilities
        listed: object = None
        if (
            self._ask_for_roots
            and capabilities is not None
            and capabilities.roots is not None
            and (path is None or isinstance(path, str))
        ):
            asking_costs_a_call = not context.session.can_send_request
            if asking_costs_a_call and not always and not needs_roots(path):
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


def _listed(tool: Tool, *, structured: bool) -> types.Tool:
    schema = tool.gives.model_json_schema(mode="serialization") if structured else None
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=schema_of(tool.takes),
        output_schema=schema,
        # A search writes its own index and nothing that anyone else would miss.
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _reporter(context: ServerRequestContext[Any, Any], stopping: threading.Event) -> Reporter:
    report = context.session.report_progress

    async def send(done: float, of: float | None, words: str) -> None:
        await report(done, of, one_line(words))

    return Reporter(asyncio.get_running_loop(), send, stopping)


def _success(reply: Reply) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=escape_controls(reply.text))],
        structured_content=None if reply.data is None else data_of(reply.data),
    )


def _nothing(error: LumenError, max_tokens: int, remark: str = "") -> types.CallToolResult:
    text = f"no results: {one_line(error.message)}; {one_line(error.hint)}"
    text += f"\nnote: {remark}" if remark else ""
    while tokens_at_most(text) > max_tokens:
        text = text[: len(text) * 3 // 4] + LEFT_OUT
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


def _failure(message: str, hint: str) -> types.CallToolResult:
    message, hint = (begin(one_line(words), _LONGEST_ERROR) for words in (message, hint))
    text = f"error: {message}" + (f"\nhint: {hint}" if hint else "")
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _complaint(tool: Tool, error: ValidationError) -> str:
    """What is wrong with a call's arguments, without repeating them."""
    wrong = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in detail["loc"])
        wrong.append(f"{name[:_LONGEST_NAME]}: {detail['msg']}")
    return f"{tool.name} cannot be called so: {'; '.join(wrong[:10])}"


def _usage(tool: Tool) -> str:
    """The arguments that there are, those that must be given first."""
    fields = tool.takes.model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    others = [name for name in fields if name not in needed and name != "structured"]
    must = f"needs {', '.join(needed)}; " if needed else ""
    return f"it {must}may have {', '.join(others)}"


def _ignored(unknown: Sequence[str]) -> str:
    if not unknown:
        return ""
    names = ", ".join(one_line(name)[:_LONGEST_NAME] for name in unknown[:_NAMED])
    return f"no argument is called {names}: ignored"


def _is_disconnection(error: BaseException) -> bool:
    """The client closed its end while something was being written to it."""
    inner = getattr(error, "exceptions", None)
    if inner is not None:
        return all(_is_disconnection(one) for one in inner)
    gone = (ConnectionError, anyio.BrokenResourceError, anyio.ClosedResourceError)
    return isinstance(error, gone)
