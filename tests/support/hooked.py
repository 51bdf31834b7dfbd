"""Our hooks in a repository, as `install` puts them there, and interpreters for them to start."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.script import hook_script

if TYPE_CHECKING:
    from .repository import Repository

_ROOT = Path(__file__).parents[2]

_RUNNER = """\
import importlib, os, sys
sys.path.insert(0, {root!r})
from lumen_hooks.indexing import rebase, worker_loop
program = {program!r}
assert sys.argv[1:3] == ["-I", "-m"], sys.argv
{statements}
sys.exit(importlib.import_module(sys.argv[3]).main(sys.argv[4:]))
"""


NEVER_STOPPED = "rebase.QUIET_SECONDS = rebase.REBASE_SECONDS"
"""For `interpreter`: a rebase that does not move for long is held to be moving all the same."""


def put_hooks(
    repo: Repository, python: Path | str = sys.executable, folder: Path | None = None
) -> None:
    """Put the scripts in a repository's hooks folder, or another, with a program to start."""
    place = folder or repo.top / ".git" / "hooks"
    place.mkdir(parents=True, exist_ok=True)
    for event in GIT_EVENTS:
        path = place / event
        path.write_bytes(hook_script(event, str(python)))
        path.chmod(0o755)


def make_index(git_dir: Path) -> Path:
    """Our folder in a git dir, with what a hook takes for an index."""
    folder = git_dir / "lumen"
    folder.mkdir(exist_ok=True)
    (folder / "index.db").touch()
    return folder


def interpreter(program: Path, statements: str) -> str:
    """A program that runs statements before the module that a hook asks its interpreter for.

    Its command line is as much a worker's as the hooks look at. The statements find `program`, its
    path, and what a worker is made of: the modules `rebase` and `worker_loop`.
    """
    script = program.with_name(f"{program.name}.py")
    script.write_text(_RUNNER.format(root=str(_ROOT), program=str(program), statements=statements))
    words = shlex.join([sys.executable, "-I", str(script)])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return str(program)


def until_a_worker_is_there(repo: Repository) -> str:
    """A shell command that waits, for a bounded time, until a worker has the worktree's lock."""
    lock = shlex.quote(find_worktree(str(repo.top)).worker_lock_path)
    return f"n=0; until [ -s {lock} ] || [ $((n += 1)) -gt 1800 ]; do sleep 0.1; done"
