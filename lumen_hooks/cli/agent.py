"""`lumen-hooks agent`: wiring coding agents up, and what their own hooks call."""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress

import click

from . import agent_setup
from .help import HelpfulGroup
from .output import echo_json

_LIMIT_BYTES = 1 << 20
_PATIENCE_SECONDS = 2.0


@click.group(cls=HelpfulGroup)
def agent() -> None:
    """Wire coding agents up, and answer their own hooks; see docs/agents.md."""


for _command in (agent_setup.install, agent_setup.uninstall, agent_setup.list_agents):
    agent.add_command(_command)


@agent.command("session-start")
@click.option("--host", default="", metavar="NAME", help="Answer in the form of cursor or copilot.")
@click.pass_obj
def session_start(directory: str, host: str) -> None:
    """Tell an agent's new session what is indexed, and bring it up to date in the background.

    Reads the hook's JSON (its `cwd`) from standard input and answers with the JSON that Claude
    Code's SessionStart hook takes, and Codex's and Gemini CLI's. Prints nothing where nobody
    installed lumen-hooks, and never fails.
    """
    from lumen_hooks.service.agent_session import begin_session, describe

    if os.environ.get("LUMEN_HOOKS") == "0":
        return
    try:
        given, complaint = _read_directory()
    except Exception:  # whatever it is: a session must start
        return
    ready = begin_session(os.path.join(directory, given), complaint)
    if ready is not None:
        echo_json(_answer(describe(ready), host))


def _answer(context: str, host: str) -> dict[str, object]:
    """What a session is told, in the form that its program takes."""
    if host == "cursor":
        return {"additional_context": context}
    answer = {"hookEventName": "SessionStart", "additionalContext": context}
    # One file of hooks is read by Copilot CLI, which takes the first, and VS Code, the second.
    beside = {"additionalContext": context} if host == "copilot" else {}
    return {**beside, "hookSpecificOutput": answer}


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
    place = _place(given) if isinstance(given, dict) else None
    if not isinstance(place, str):
        return ".", "session-start was given JSON without a cwd"
    return place, ""


def _place(given: dict[str, object]) -> object:
    """Where a session works; Cursor says `workspace_roots`."""
    roots = given.get("workspace_roots")
    return given.get("cwd", roots[0] if isinstance(roots, list) and roots else ".")
