"""Parsers without an interpreter's start, for all tests but those of the parser's process.

An update cuts code in a process of its own, which costs 60 ms of CPU to start. Here that process
is forked: same pipes, same limits, same end. tests/chunking start it as the product does.
"""

from __future__ import annotations

import fcntl
import gc
import os
import sys
from multiprocessing.reduction import recv_handle, send_handle
from typing import TYPE_CHECKING, NoReturn

from lumen_hooks.chunking import child, parser_process

from .proc import process_state

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from .forks import Child

start_a_real_one = parser_process._start

_HOME = os.getpid()

_started: list[Child] = []


def fork_parsers() -> None:
    """In a process that forks and has no threads: its children's parsers are their own forks."""
    parser_process._start = _fork


def start_elsewhere(requests: int, answers: int) -> int:
    """In a process that may have threads: the parser is forked by the server of `commands`."""
    from .commands import shared_forks

    if os.getpid() != _HOME:  # a test forked, and its child has no threads and may be anyone
        return _fork(requests, answers)
    for ended in [one for one in _started if process_state(one.pid) in "ZX"]:
        ended.wait()
        _started.remove(ended)
    parser = shared_forks().start(_serve_elsewhere)
    for end in (requests, answers):
        send_handle(parser.channel, end, parser.pid)
    _started.append(parser)
    return parser.pid


def _serve_elsewhere(channel: Connection) -> NoReturn:
    _serve(recv_handle(channel), recv_handle(channel))


def _fork(requests: int, answers: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _serve(requests, answers)
        finally:
            os._exit(1)
    return pid


def _serve(requests: int, answers: int) -> NoReturn:
    """Become a parser: with nothing open but two pipe ends, and none of its parent's work."""
    sys.setprofile(None)
    gc.disable()
    # They may be 0 or 1 themselves, where a test has closed those.
    ours = [fcntl.fcntl(end, fcntl.F_DUPFD, 3) for end in (requests, answers)]
    for number, end in enumerate(ours):
        os.dup2(end, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    child.serve()
    os._exit(0)
