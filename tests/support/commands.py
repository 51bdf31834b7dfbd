"""The command line for tests whose point is what a command does, and not how Python starts it.

Each command is a process of its own, forked off a server that has paid for the imports and the
model. A test that is about the real start runs `python -m lumen_hooks` itself.
"""

from __future__ import annotations

import atexit
import importlib
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from .forks import Forks
from .parsers import fork_parsers
from .proc import process_state
from .waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

    from lumen_hooks.embedding.protocol import Embedder

    from .forks import Child

PRELOADED = (
    "click._textwrap",
    "difflib",
    "filelock",
    "mmap",
    "pygit2",
    "re2",
    "lumen_hooks.chunking.chunker",
    "lumen_hooks.cli.agent",
    "lumen_hooks.cli.completion",
    "lumen_hooks.cli.doctor",
    "lumen_hooks.cli.hook",
    "lumen_hooks.cli.index",
    "lumen_hooks.cli.install",
    "lumen_hooks.cli.main",
    "lumen_hooks.cli.mcp",
    "lumen_hooks.cli.places",
    "lumen_hooks.cli.pull",
    "lumen_hooks.cli.purge",
    "lumen_hooks.cli.push",
    "lumen_hooks.cli.related",
    "lumen_hooks.cli.render",
    "lumen_hooks.cli.search",
    "lumen_hooks.cli.status",
    "lumen_hooks.cli.wait",
    "lumen_hooks.embedding.builtin",
    "lumen_hooks.git.libgit2",
    "lumen_hooks.indexing.embedding_queue",
    "lumen_hooks.indexing.foreground_seed",
    "lumen_hooks.indexing.stage",
    "lumen_hooks.indexing.worker_loop",
    "lumen_hooks.indexing.remote_seed",
    "lumen_hooks.remote.push",
    "lumen_hooks.search.regex_literals",
    "lumen_hooks.service.answer",
    "lumen_hooks.service.everywhere",
    "lumen_hooks.service.sharing",
    "lumen_hooks.storage.embedding_cache",
    "lumen_hooks.worker",
    "tests.surroundings.faults",
    "tree_sitter_python",
)
"""What commands import as they need it; tests/cli/test_cli.py notices what is missing."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended. A negative code is the signal that killed it."""

    code: int
    out: str
    err: str


class Launcher:
    """Starts commands. Close it: that kills what still runs.

    Args:
        package: folder that holds the `lumen_hooks` package to run, if not the one under test.
    """

    def __init__(self, package: Path | None = None) -> None:
        self.forks = Forks(*PRELOADED, share_the_model, warm_up, fork_parsers, package=package)

    def start(
        self,
        directory: Path | str,
        *arguments: str,
        entry: str = "command",
        environment: Mapping[str, str] | None = None,
        user: int = 0,
        group: int = 0,
        faults: Sequence[tuple[object, ...]] = (),
        stdin: str = os.devnull,
    ) -> Running:
        """Start a command line (or, as entry `worker`, a background worker) and return.

        Args:
            directory: where it runs.
            arguments: what follows `lumen-hooks`.
            entry: `command` or `worker`.
            environment: instead of this process's.
            user: id of the user to become, 0 to stay who we are.
            group: id of a group that this user is in besides, if it is in one.
            faults: functions of surroundings/faults.py to call first, each with its arguments.
            stdin: file that it reads.
        """
        outputs = []
        for _ in range(2):
            fd, name = tempfile.mkstemp()
            os.close(fd)
            outputs.append(name)
        settings = dict(os.environ if environment is None else environment)
        where = (str(directory), (stdin, *outputs), settings, user, group)
        child = self.forks.start(_run, where, tuple(faults), entry, list(arguments))
        return Running(child, outputs[0], outputs[1])

    def run(
        self,
        directory: Path | str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        user: int = 0,
        group: int = 0,
        faults: Sequence[tuple[object, ...]] = (),
    ) -> Result:
        """Start a command line and wait for its end."""
        return self.start(
            directory, *arguments, environment=environment, user=user, group=group, faults=faults
        ).wait()

    def close(self) -> None:
        """Kill the commands that are left, and end the server."""
        self.forks.close()


@dataclass(frozen=True, slots=True)
class Running:
    """A command that was started."""

    child: Child
    stdout: str
    stderr: str

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid

    def wait(self) -> Result:
        """Its result, when it has ended (its alarm clock ends it at the latest)."""
        code = self.child.wait()
        texts = []
        for name in (self.stdout, self.stderr):
            texts.append(Path(name).read_text(encoding="utf-8", errors="surrogateescape"))
            os.unlink(name)
        return Result(code, *texts)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return process_state(self.pid) not in "ZX"

    def end(self) -> None:
        """Kill it, unless its end was waited for."""
        if self.child.is_ours():
            self.child.kill()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.child.signal(number)

    def until_stopped(self) -> None:
        """Wait until it has stopped itself (see surroundings/faults.py)."""
        until(lambda: process_state(self.pid) in "TZX")
        assert process_state(self.pid) == "T", f"ended early: {self.wait()}"


@cache
def shared_launcher() -> Launcher:
    """The one launcher of this process, which is closed at its end."""
    launcher = Launcher()
    atexit.register(launcher.close)
    return launcher


def shared_forks() -> Forks:
    """The server behind `shared_launcher`, for whatever else is to run in a process of its own."""
    return shared_launcher().forks


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


def imported_by(directory: Path | str, *arguments: str) -> list[str]:
    """What a command imports although `PRELOADED` is there: each of them pays for it anew."""
    found: list[str] = shared_forks().call(_imported_by, str(directory), arguments)
    return found


def _imported_by(directory: str, arguments: Sequence[str]) -> list[str]:
    from lumen_hooks.cli.main import run

    had = set(sys.modules)
    os.chdir(directory)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        run(list(arguments))
    return sorted(set(sys.modules) - had)


def share_the_model() -> None:
    """Load the built-in model once; reading its tokenizer is most of what a search costs."""
    from lumen_hooks.embedding import loading
    from lumen_hooks.indexing import job
    from lumen_hooks.settings import BUILTIN_MODEL, Settings

    load = loading.load_embedder
    loaded = load(Settings())

    def load_or_share(settings: Settings) -> Embedder:
        return loaded if settings.model == BUILTIN_MODEL else load(settings)

    for module in (job, loading):
        assert vars(module)["load_embedder"] is load, "another module makes the jobs by now"
        vars(module)["load_embedder"] = load_or_share


def warm_up() -> None:
    """Read once what an index of Python and a search read: a grammar's query, the forests."""
    from lumen_hooks.chunking.chunker import chunk_file
    from lumen_hooks.search.trees import load_forest

    chunk_file("a.py", "def a():\n    return 1\n")
    for name in ("ranking", "doubt"):
        load_forest(name)


def _run(
    channel: Connection,
    where: tuple[str, tuple[str, str, str], dict[str, str], int, int],
    faults: tuple[tuple[str, ...], ...],
    entry: str,
    arguments: list[str],
) -> int:
    """In a child: what the console script or a worker's start would run."""
    channel.close()
    directory, files, environment, user, group = where
    for number, path in enumerate(files):
        fd = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    if user:
        os.setgroups([group] if group else [])
        os.setgid(user)
        os.setuid(user)
    for name, *rest in faults:
        getattr(importlib.import_module("tests.surroundings.faults"), name)(*rest)
    if entry == "worker":
        from lumen_hooks import worker

        return worker.main(arguments)
    from lumen_hooks.cli.main import run
    from lumen_hooks.cli.output import prepare_streams

    prepare_streams()
    return run(arguments)
