"""`lumen-hooks mcp`: serve coding agents over standard input and output."""

from __future__ import annotations

import os
import signal
import sys

import click

from lumen_hooks.embedding.threads import limit_threads
from lumen_hooks.errors import SettingsError
from lumen_hooks.settings import is_structured

from .output import say

_FOR_PEOPLE = """\
This is a server for coding agents: it waits for calls on standard input (Model
Context Protocol). An agent's program starts it itself; docs/mcp.md says how it
is told. Ctrl-C stops it."""


@click.command()
@click.option("--structured", is_flag=True, help="Give answers as structured content, too.")
@click.pass_obj
def mcp(directory: str, structured: bool) -> None:
    """Answer coding agents over the Model Context Protocol (stdio).

    Started by the agent's program, which is told this command; see docs/mcp.md. One server
    answers for every worktree that a call names.
    """
    # Python would wait for the thread that reads standard input, which only input can end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdin.isatty():
        say(_FOR_PEOPLE)
    limit_threads(1)
    try:
        from lumen_hooks.mcp.server import LumenServer
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"the package {error.name} is not installed", hint="pip install 'mcp>=2.3,<3'"
        ) from error
    place = _absolute(directory)
    structured = structured or is_structured(place, os.environ)
    server = LumenServer(place, structured=structured)
    if not server.run():
        # What still runs is of use to nobody: a transaction that is cut off here was never made,
        # and waiting for it could keep this process alive long after its client.
        sys.stderr.flush()
        os._exit(0)


def _absolute(directory: str) -> str | None:
    """The folder that relative paths start from, None if it was deleted under us.

    The server is of use all the same: its client's roots and each call's path name others.
    """
    try:
        return os.path.abspath(directory)
    except FileNotFoundError:
        return None
