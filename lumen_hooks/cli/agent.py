"""`lumen-hooks agent`: what coding agents' own hooks call."""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git import own_folders
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.service.agent_session import describe, is_wanted, prepare_session
from lumen_hooks.service.workspace import workspace_of, worktree_at
from lumen_hooks.system import log

from .output import echo_json

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

_LIMIT_BYTES = 1 << 20
_PATIENCE_SECONDS = 2.0


@click.group()
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
    worktree: Worktree | None = None
    try:
        given, problem = _read_directory()
        worktree = worktree_at(os.path.join(directory, given))
        if not is_wanted(worktree):
            return
        workspace = workspace_of(worktree)
        if problem:
            _log(worktree, problem)
            return
        worktree = workspace.worktree
        ready = prepare_session(worktree, workspace.settings, partial(_start_worker, worktree))
    except RepositoryError:
        return  # no repository, or one whose owner git does not trust: not even a log for it
    except Exception as error:  # a session must start whatever is wrong here; doctor tells
        if worktree is not None:
            _log(worktree, f"{type(error).__name__}: {error}")
        return
    if ready is not None:
        answer = {"hookEventName": "SessionStart", "additionalContext": describe(ready)}
        echo_json({"hookSpecificOutput": answer})


def _start_worker(worktree: Worktree) -> None:
    with suppress(OSError):  # the worker, which makes no folder, will not get far then
        own_folders.begin(worktree)
    spawn_worker(worktree.top, "session-start")


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


def _log(worktree: Worktree, error: str) -> None:
    record: dict[str, object] = {"event": "session-start", "worktree": worktree.top}
    log.append(worktree.common_dir, {**record, "error": error})
