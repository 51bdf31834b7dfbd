"""How far a request travels through the code: modules, calls between them, depth, git processes.

    python -m tests.benchmarks.trips

Five trips in a small repository of 30 files: a new worktree's hook with its seed, a worker after an
edit, a search with one changed file, a fresh search, and a fresh search over MCP; each in a process
of its own under `sys.setprofile`. A call counts once for each pair of functions of different
modules; depth is in frames of the package. Counts, not seconds: the same on every machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import git_settings

if TYPE_CHECKING:
    from types import CodeType, FrameType

FILES = 30

_CHILD = "tests.benchmarks.trips"


def main() -> None:
    """Make the repository, take the trips, print a row for each."""
    with tempfile.TemporaryDirectory(prefix="lumen-trips-") as folder:
        os.environ.update(git_settings(Path(folder)), LUMEN_HOOKS="0")
        top = Path(folder, "main")
        _make(top)
        _lumen("index", cwd=top)
        _git("worktree", "add", "-q", "../new", "-b", "new", cwd=top)
        print(f"{'trip':28} modules  calls  deepest  git processes")
        new = top.parent / "new"
        _show("worktree add", new, "hook", str(new))
        _lumen("index", cwd=new)
        for name, kind in (("edit: worker", "worker"), ("search, one changed file", "search")):
            _edit(new, kind)
            _show(name, new, kind, str(new))
        _show("search, fresh", new, "search", str(new))
        _show("MCP search, fresh", new, "mcp", str(new))


def _make(top: Path) -> None:
    top.mkdir()
    _git("init", "-q", cwd=top)
    for number in range(FILES):
        text = "".join(f"def step_{number}_{k}(a):\n    return a + {k}\n\n\n" for k in range(4))
        (top / f"module_{number}.py").write_text(text, encoding="utf-8")
    _git("add", "-A", cwd=top)
    _git("commit", "-qm", "one", cwd=top)
    old = 1_700_000_000
    for path in top.glob("*.py"):
        os.utime(path, (old, old))


def _edit(top: Path, word: str) -> None:
    with (top / "module_3.py").open("a", encoding="utf-8") as file:
        file.write(f"def added_for_{word}():\n    return '{word}'\n")


def _git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", *arguments], cwd=cwd, check=True)


def _lumen(*arguments: str, cwd: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "lumen_hooks", *arguments], cwd=cwd, check=True, capture_output=True
    )


def _show(name: str, cwd: Path, kind: str, top: str) -> None:
    """Run a trip in a child whose git is counted."""
    counted = cwd.parent / f"git-{kind}.log"
    counted.write_text("", encoding="utf-8")
    folder = cwd.parent / "bin"
    folder.mkdir(exist_ok=True)
    real = shutil.which("git")
    script = folder / "git"
    script.write_text(f'#!/bin/sh\necho "$*" >>"{counted}"\nexec {real} "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", _CHILD, kind, top],
        cwd=cwd if kind != "mcp" else Path(__file__).parents[2],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}",
             "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    if found["code"]:
        sys.exit(f"{name}: ended with {found['code']}\n{done.stderr}")
    processes = len(counted.read_text(encoding="utf-8").splitlines())
    print(f"{name:28} {found['modules']:7} {found['calls']:6} {found['deepest']:8} {processes:14}")


class _Counter:
    """A profile function: what is called in the package, and by which other of its modules."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.calls: set[tuple[CodeType, CodeType]] = set()
        self.deepest = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not _is_ours(frame):
            return
        self.modules.add(_module(frame))
        depth, above = 1, frame.f_back
        nearest = None
        while above is not None:
            if _is_ours(above):
                nearest = nearest or above
                depth += 1
            above = above.f_back
        if nearest is not None and _module(nearest) != _module(frame):
            self.calls.add((nearest.f_code, frame.f_code))
        self.deepest = max(self.deepest, depth)


def _is_ours(frame: FrameType) -> bool:
    return _module(frame).startswith("lumen_hooks") and frame.f_code.co_name != "<module>"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _travel(kind: str, top: str) -> None:
    counter = _Counter()
    sys.setprofile(counter)
    threading.setprofile(counter)
    code = _TRIPS[kind](top)
    sys.setprofile(None)
    print(json.dumps({"modules": len(counter.modules), "calls": len(counter.calls),
                      "deepest": counter.deepest, "code": code}))  # fmt: skip


def _hook(top: str) -> int:
    from lumen_hooks.hook import main as hook

    os.environ.pop("LUMEN_HOOKS")
    os.environ["LUMEN_REFRESH"] = "background"
    os.posix_spawn = lambda *_, **__: os.getpid()  # the worker's trip is another
    return hook(["post-checkout", top, "0" * 40, "1" * 40, "1"])


def _worker(top: str) -> int:
    from lumen_hooks.worker import main as worker

    return worker([top, "post-commit"])


def _search(top: str) -> int:
    from lumen_hooks.__main__ import main as run

    sys.argv = ["lumen-hooks", "-C", top, "search", "add two numbers"]
    try:
        run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _mcp(top: str) -> int:
    """The server in this process; a thread is its client, over pipes in place of 0 and 1."""
    from lumen_hooks.__main__ import main as run

    to_server, asked = os.pipe()
    answered, from_server = os.pipe()
    printed = os.dup(1)
    os.dup2(to_server, 0)
    os.dup2(from_server, 1)
    os.close(from_server)
    threading.setprofile(None)
    client = threading.Thread(target=_ask, args=(asked, answered, top))
    client.start()
    threading.setprofile(sys.getprofile())
    sys.argv = ["lumen-hooks", "mcp"]
    try:
        run()
    except SystemExit as end:
        code = int(end.code or 0)
    os.dup2(printed, 1)
    client.join()
    return code


def _ask(asked: int, answered: int, top: str) -> None:
    client = {"protocolVersion": "2025-06-18", "capabilities": {},
              "clientInfo": {"name": "trips", "version": "1"}}  # fmt: skip
    search = {"name": "semantic_search", "arguments": {"query": "add two numbers", "path": top}}
    with os.fdopen(asked, "w") as out, os.fdopen(answered) as back:
        for message in (
            {"id": 1, "method": "initialize", "params": client},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": search},
        ):
            print(json.dumps({"jsonrpc": "2.0", **message}), file=out, flush=True)
        for line in back:
            if json.loads(line).get("id") == 2:
                return


_TRIPS = {"hook": _hook, "worker": _worker, "search": _search, "mcp": _mcp}

if __name__ == "__main__":
    if len(sys.argv) == 3:
        _travel(sys.argv[1], sys.argv[2])
    else:
        main()
