"""What a command costs with all that it leaves behind: workers have no parent that waits for them.

    python -m tests.benchmarks.performance.family COMMAND ARGUMENTS...

On Linux a process can be the parent of every orphan below it (prctl(2), PR_SET_CHILD_SUBREAPER).
This one starts the command, waits until nothing below it is alive, and prints one line of JSON on
its standard output; the command's own output goes to standard error. While they work it looks at
/proc a few times a second: memory that is their own, and who waits for a lock that another has.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_SUBREAPER = 36
_EVERY_SECONDS = 0.2
_LOCK = ".lock"


class Family(NamedTuple):
    """A command with its descendants, to the end of the last.

    Attributes:
        cpu: seconds, of all.
        wall: seconds until the last ended.
        first: seconds until the command itself ended.
        written: bytes that went to a disk.
        memory: bytes of all at once, at most; of what is mapped from files nothing.
        processes: at most at once.
        waited: process-seconds in which another process had a lock that one wanted, by the name
            of the lock file.
        code: the command's exit code.
    """

    cpu: float
    wall: float
    first: float
    written: int
    memory: int
    processes: int
    waited: dict[str, float]
    code: int


def run_family(*command: str, cwd: Path, env: dict[str, str] | None = None) -> Family:
    """Run a command and wait for everything that it started.

    The benchmark ends with what was said if the command fails.
    """
    supervisor = [sys.executable, "-m", __name__, *command]
    root = str(Path(__file__).parents[3])
    environ = {**os.environ, **(env or {}), "PYTHONPATH": root}
    environ["FAMILY_CWD"] = str(cwd)
    done = subprocess.run(
        supervisor, cwd=root, env=environ, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{command[0]} ...: {done.stderr.strip().splitlines()[-5:]}")
    family = Family(**json.loads(done.stdout))
    if family.code:
        sys.exit(f"{' '.join(command)}: exit code {family.code}\n{done.stderr[-2000:]}")
    return family


def main(command: list[str]) -> None:
    """Be the parent of all of them."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0):
        sys.exit("no subreaper here (Linux alone has them)")
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    cwd = environ.pop("FAMILY_CWD")
    seen = _Seen()
    watch = threading.Thread(target=seen.watch, daemon=True)
    started = time.monotonic()
    first = subprocess.Popen(command, cwd=cwd, env=environ, stdout=sys.stderr)
    watch.start()
    cpu, written, code, first_ended = 0.0, 0, 0, 0.0
    with suppress(ChildProcessError):
        while True:
            pid, status, usage = os.wait4(-1, 0)
            cpu += usage.ru_utime + usage.ru_stime
            written += usage.ru_oublock * 512
            if pid == first.pid:
                code = first.returncode = os.waitstatus_to_exitcode(status)
                first_ended = time.monotonic() - started
    wall = time.monotonic() - started
    waited = {name: round(count * _EVERY_SECONDS, 1) for name, count in seen.waiting.items()}
    told = Family(cpu, wall, first_ended, written, seen.memory, seen.processes, waited, code)
    json.dump(told._asdict(), sys.stdout)


class _Seen:
    """What looks at /proc saw."""

    def __init__(self) -> None:
        self.memory = 0
        self.processes = 0
        self.waiting: Counter[str] = Counter()

    def watch(self) -> None:
        while True:
            below = _descendants(os.getpid())
            self.processes = max(self.processes, len(below))
            self.memory = max(self.memory, sum(map(_own_memory, below)))
            holders = _holders()
            for pid in below:
                for name, inode in _open_locks(pid).items():
                    if holders.get(inode, pid) != pid:
                        self.waiting[name] += 1
            time.sleep(_EVERY_SECONDS)


def _descendants(top: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(") ")[2].split()
                children.setdefault(int(fields[1]), []).append(int(name))
    found, todo = [], [top]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _own_memory(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def _holders() -> dict[int, int]:
    """Process by inode of what is locked (proc_locks(5))."""
    holders = {}
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK":
            holders[int(fields[5].rpartition(":")[2])] = int(fields[4])
    return holders


def _open_locks(pid: int) -> dict[str, int]:
    """Inodes of the lock files that a process has open, by name."""
    found = {}
    with suppress(OSError):
        folder = f"/proc/{pid}/fd"
        for number in os.listdir(folder):
            with suppress(OSError):
                target = os.readlink(f"{folder}/{number}")
                if target.endswith(_LOCK):
                    found[os.path.basename(target)] = os.stat(f"{folder}/{number}").st_ino
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
