"""The repository's log: one JSON object a line, appended by hooks and workers alike.

Nothing here may fail: a full disk must not turn into a failing git command.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

LIMIT_BYTES = 1 << 20


def append(common_dir: str, record: dict[str, object]) -> None:
    """Add a record with the time and this process's id; the log is rotated at 1 MiB."""
    folder = os.path.join(common_dir, "lumen")
    path = os.path.join(folder, "log.jsonl")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"time": stamp, "pid": os.getpid(), **record}, ensure_ascii=True) + "\n"
    with suppress(OSError):
        with suppress(FileExistsError):
            os.mkdir(folder)  # and nothing above it: a repository that was deleted stays so
        with suppress(FileNotFoundError):
            if os.stat(path).st_size > LIMIT_BYTES:
                os.replace(path, path + ".1")
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, line.encode())
        finally:
            os.close(fd)
