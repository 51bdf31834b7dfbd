"""What a store elsewhere saves and costs: bytes and seconds, beside the build that it saves.

    python -m tests.benchmarks.elsewhere SOURCES [--edited FILE] [--bucket] [--edits N]

SOURCES is a folder of source code, of which a repository is made in a temporary folder. Without
`--bucket` the store is a folder; with it moto's S3 server on this machine, so that the network is
none, and its own work counts for the wall clock. Everything is measured in one run: a build from
nothing, the first push, pushes of one-function commits, and two clones that have nothing but git
and the store: one at the last commit, one three functions further.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.object_store import ObjectStore

from .measure import git_settings, lumen, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .measure import Cost

_EMBEDDED = re.compile(r"([\d,]+) texts embedded")
_FETCHED = re.compile(r'"event": "fetched from elsewhere".*"bytes": (\d+)')


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--edited", help="the kind of file that is edited", default="*.py")
    parser.add_argument("--bucket", action="store_true")
    parser.add_argument("--edits", type=int, default=20)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        env = git_settings(Path(name))
        store = f"{name}/store"
        if options.bucket:
            server = stack.enter_context(ObjectStore())
            env |= server.environment()
            store = server.make_bucket("bench") + "/shop"
        _measure(options, Path(name), store, env)


def _measure(options: argparse.Namespace, folder: Path, store: str, env: dict[str, str]) -> None:
    top = folder / "first"
    shutil.copytree(options.sources, top, symlinks=True)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        run("git", *command, cwd=top, env=env)
    run("git", "config", "lumen.remote", store, cwd=top, env=env)
    cost, _ = lumen("index", cwd=top, env=env)
    _tell("build from nothing", cost, "")
    cost, _ = lumen("push", cwd=top, env=env)
    first = _stored(top, env)
    _tell("first push", cost, f"{first:.2f} MB sent")
    edited = sorted(top.rglob(options.edited))
    sent = []
    for number in range(options.edits):
        _add_function(edited[number * len(edited) // options.edits], number)
        run("git", "commit", "-qam", "edit", cwd=top, env=env)
        before = _stored(top, env)
        cost, _ = lumen("push", cwd=top, env=env)
        sent.append(_stored(top, env) - before)
    middle, most = statistics.median(sent), max(sent)
    _tell("push of one function, the last", cost, f"{sent[-1]:.2f} MB sent")
    print(
        f"{'of ' + str(options.edits) + ' of them':34} median {middle:.2f} MB"
        f" ({middle / first:.1%} of the first), most {most:.2f} MB ({most / first:.1%})"
    )
    for name, changes in (("clone, same commit", 0), ("clone, 3 functions further", 3)):
        place = folder / "clone"
        run("git", "clone", "-q", "--shared", str(top), str(place), cwd=folder, env=env)
        run("git", "config", "lumen.remote", store, cwd=place, env=env)
        there = sorted(place.rglob(options.edited))
        for number in range(changes):
            _add_function(there[1 + number * len(there) // 4], 100 + number)
        if changes:
            run("git", "commit", "-qam", "further", cwd=place, env=env)
        cost, _ = lumen("search", "count the rows of a request", cwd=place, env=env)
        _, told = lumen("status", cwd=place, env=env)
        log = (place / ".git/lumen/log.jsonl").read_text()
        embedded = _EMBEDDED.search(told)
        fetched = _FETCHED.search(log)
        megabytes = int(fetched[1]) / 1e6 if fetched else 0.0
        words = f"{embedded[1] if embedded else '?'} texts embedded, {megabytes:.2f} MB fetched"
        _tell(f"{name}: first search", cost, words)
        shutil.rmtree(place)


def _add_function(path: Path, number: int) -> None:
    """A function of its own at the end of a file, in C or in Python."""
    said = f"Count the items of rule {number}."
    text = f'\n\ndef count_{number}(items):\n    """{said}"""\n    return len(items)\n'
    if path.suffix in {".c", ".h"}:
        text = f"\n/* {said} */\nint count_{number}(int items)\n{{\n\treturn items;\n}}\n"
    with path.open("a") as file:
        file.write(text)


def _stored(top: Path, env: dict[str, str]) -> float:
    """Megabytes in the store."""
    _, said = lumen("remote", "status", "--json", cwd=top, env=env)
    return float(json.loads(said)["stored"]) / 1e6


def _tell(what: str, cost: Cost, words: str) -> None:
    print(f"{what:34} {cost}  {cost.memory / 1e6:6.0f} MB  {words.strip()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
