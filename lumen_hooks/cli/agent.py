"""`lumen-hooks agent`: what coding agents' own hooks call."""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress

import click

from lumen_hooks.service.agent_session import begin_session, describe

from .help import HelpfulGroup
from .output import echo_json

_LIMIT_BYTES = 1 << 20
_PATIENCE_SECONDS = 2.0


@click.group(cls=HelpfulGroup)
def agent() -> None:
    """What coding agents' own hooks call; see docs/agents.md."""


@agent.command("session-start")
@click.pass_obj
def session_start(directory: str) -> None:
    """Tell an agent's new session what is indexed, and bring it up to date in the background.

    Reads the hook's JSON (its `cwd`) from standard input and answers with the JSON that Claude
    Code's SessionStart hook takes. Prints nothing where nobody installed lumen-hooks, and never
    fails.
    """
    if os.environ.get("LUMEN_HOOKS") == "0":
        return
    try:
        given, complaint = _read_directory()
    except Exception:  # whatever it is: a session must start
        return
    ready = begin_session(os.path.join(directory, given), complaint)
    if ready is not None:
        answer = {"hookEventName": "SessionStart", "additionalContext": describe(ready)}
        echo_json({"hookSpecificOutput": answer})


def _read_directory() -> tuple[str, str]:
    """The folder that the session works in, and what was wrong with the input, if anything.

    The input is bounded in size and time: a host that leaves its end open must not hang.
    """
    data = b""
    given: object = None
    while given is None and len(data) < _LIMIT_BYTES:
        if not select.select([sys.stdin.fileno()], [], [], _PATIENCE_SECONDS)[0]:
            break
        block = os.read(sys.stdin.fileno(), 1 << 16)
        if not block:
            break
        data += block
        with suppress(ValueError, RecursionError):
            given = json.loads(data)
    if given is None:
        return ".", "session-start was not given JSON"
    if not isinstance(given, dict) or not isinstance(given.get("cwd", "."), str):
        return ".", "session-start was given JSON without a cwd"
    return given.get("cwd", "."), ""
