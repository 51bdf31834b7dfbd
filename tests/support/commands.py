"""The command line for tests whose point is what a command does, and not how Python starts it.

Each command is a process of its own, forked off a server that has paid for the imports and the
model. A test that is about the real start runs `python -m lumen_hooks` itself.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import tempfile
from functools import cache
from typing import TYPE_CHECKING

from tests.surroundings.processes import Launcher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@cache
def shared_launcher() -> Launcher:
    """The one launcher of this process, which is closed at its end."""
    launcher = Launcher()
    atexit.register(launcher.close)
    return launcher


def lumen(
    directory: Path | str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdin: str | bytes = b"",
) -> subprocess.CompletedProcess[str]:
    """Run a command line in a directory, with its output captured.

    Args:
        directory: where it runs.
        arguments: what follows `lumen-hooks`.
        environment: what is added to this process's.
        stdin: what it reads.
    """
    with tempfile.NamedTemporaryFile() as given:
        given.write(stdin.encode() if isinstance(stdin, str) else stdin)
        given.flush()
        started = shared_launcher().start(
            directory,
            *arguments,
            environment={**os.environ, **(environment or {})},
            stdin=given.name if stdin else os.devnull,
        )
        result = started.wait()
    return subprocess.CompletedProcess(arguments, result.code, result.out, result.err)
