"""Started once by hostile_processes.py: forks a child for each command, with the imports done.

Single-threaded and without an open database, so that a fork is safe. Each child is a process
of its own (user, environment, limits, descriptors, signals) that runs what the console script
runs. It reads one JSON request a line and answers each with one line.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.embedding.protocol import Embedder

CHILD_SECONDS = 300
"""A child that runs longer is killed by its alarm clock."""

PRELOADED = (
    "mmap",
    "lumen_hooks.service.answer",
    "lumen_hooks.chunking.chunker",
    "lumen_hooks.cli.agent",
    "lumen_hooks.cli.completion",
    "lumen_hooks.cli.doctor",
    "lumen_hooks.cli.hook",
    "lumen_hooks.cli.index",
    "lumen_hooks.cli.install",
    "lumen_hooks.cli.main",
    "lumen_hooks.cli.purge",
    "lumen_hooks.cli.related",
    "lumen_hooks.cli.render",
    "lumen_hooks.cli.search",
    "lumen_hooks.cli.status",
    "lumen_hooks.cli.wait",
    "lumen_hooks.embedding.builtin",
    "lumen_hooks.indexing.foreground_seed",
    "lumen_hooks.worker",
    "tests.surroundings.faults",
    "tree_sitter_python",
)


def main() -> None:
    requests = os.fdopen(os.dup(0), encoding="ascii")
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    _redirect((os.devnull, os.devnull, os.devnull))
    for module in PRELOADED:
        importlib.import_module(module)
    _share_the_model()
    for line in requests:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _child(request, requests, answers)
        answers.write(f"{answer}\n")
        answers.flush()


def _share_the_model() -> None:
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


def _child(request: dict[str, Any], *inherited: TextIO) -> NoReturn:
    code = 70
    try:
        signal.alarm(CHILD_SECONDS)
        # Whoever starts the tests in the background has them ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for file in inherited:
            os.close(file.fileno())
        _redirect((request["stdin"], request["stdout"], request["stderr"]))
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["directory"])
        if request["user"]:
            os.setgroups([])
            os.setgid(request["user"])
            os.setuid(request["user"])
        for name, *arguments in request["faults"]:
            getattr(importlib.import_module("tests.surroundings.faults"), name)(*arguments)
        code = _entry(request["entry"])(request["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def _entry(name: str) -> Callable[[list[str]], int]:
    if name == "worker":
        from lumen_hooks import worker

        return worker.main
    from lumen_hooks.cli.main import run
    from lumen_hooks.cli.output import prepare_streams

    prepare_streams()
    return run


def _redirect(paths: tuple[str, str, str]) -> None:
    for number, path in enumerate(paths):
        fd = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(fd, number)
        os.close(fd)


if __name__ == "__main__":
    main()
