"""The repository's log: one JSON object a line, appended by hooks and workers alike.

Nothing that writes may fail: a full disk must not turn into a failing git command.
And nothing here makes a file that could be in the way of somebody who removes
the repository: the log is made with its folder (`own_folders.begin`).
"""

from __future__ import annotations

import json
import os
import time

from lumen_hooks.notify.layout import FOLDER, LOG, LOG_BEFORE
from lumen_hooks.notify.own_files import open_file

LIMIT_BYTES = 1 << 20

TAIL_BYTES = 65_536
"""So much of its end is read to find out what happened last."""


def append(common_dir: str, record: dict[str, object], *, git_dir: str = "") -> None:
    """Add a record with the time and this process's id; the log is rotated at 1 MiB.

    Args:
        common_dir: the repository's.
        record: what to add.
        git_dir: the worktree's, whose folder takes the record if the repository's log cannot.
    """
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"time": stamp, "pid": os.getpid(), **record}, ensure_ascii=True) + "\n"
    if not _append(os.path.join(common_dir, FOLDER, LOG), line) and git_dir not in {"", common_dir}:
        _append(os.path.join(git_dir, FOLDER, LOG), line, create=True)


def records(path: str) -> list[dict[str, object]]:
    """What the end of a log holds, oldest first; a line that is no record is passed over.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(open_file(path, os.O_RDONLY), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            found.append(record)
    return found


def _append(path: str, line: str, *, create: bool = False) -> bool:
    """Whether it could be added."""
    try:
        try:
            descriptor = open_file(path, os.O_WRONLY | os.O_APPEND, create=create)
            if os.fstat(descriptor).st_size > LIMIT_BYTES:
                os.close(descriptor)
                descriptor = _rotate(path)
        except PermissionError:
            # Another user's, in a folder of ours: there it may be moved.
            descriptor = _rotate(path)
    except OSError:
        return False
    try:
        os.write(descriptor, line.encode())
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _rotate(path: str) -> int:
    os.replace(path, os.path.join(os.path.dirname(path), LOG_BEFORE))
    return open_file(path, os.O_WRONLY | os.O_APPEND, create=True)
