"""Messages that the protocol's library gives up on: read after all, or refused.

It drops what its parser of JSON does not take, and a client waits for the answer until it gives up:
half of a surrogate pair, which a text ends in that was cut within an emoji, or much nesting. Knows
JSON-RPC; no tool.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mcp import types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream


async def read_all(
    incoming: ReadStream[SessionMessage | Exception],
    read: WriteStream[SessionMessage | Exception],
    outgoing: WriteStream[SessionMessage],
) -> None:
    """Pass on what a client sends until it sends no more.

    Args:
        incoming: what the library made of each message, or why it could make nothing of it.
        read: takes what can be read; it is closed at the end.
        outgoing: takes the refusals.
    """
    async with read:
        async for message in incoming:
            again = read_again(message) if isinstance(message, ValidationError) else message
            if isinstance(again, types.JSONRPCError):
                await outgoing.send(SessionMessage(again))
            else:
                await read.send(again)


def read_again(error: ValidationError) -> SessionMessage | types.JSONRPCError | ValidationError:
    """A message with replacement characters for what is no character, or a refusal of a request.

    Args:
        error: which is given back where nobody waits for an answer, as far as can be told.
    """
    line = error.errors(include_url=False, include_context=False)[0]["input"]
    try:
        told = json.loads(line)
        text = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, TypeError, RecursionError):
        return error
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(text, by_name=False))
    except ValidationError:
        number = told.get("id") if isinstance(told, dict) and "method" in told else None
        if not isinstance(number, str | int):
            return error
    refusal = types.ErrorData(code=types.INVALID_REQUEST, message="this request cannot be read")
    return types.JSONRPCError(jsonrpc="2.0", id=number, error=refusal)
