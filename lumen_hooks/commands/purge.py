"""`lumen-hooks purge`: remove indexes."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import BusyError
from lumen_hooks.locks import Acquired, Failed, acquire
from lumen_hooks.seeding.donors import all_worktrees
from lumen_hooks.worktree import find_worktree

if TYPE_CHECKING:
    from lumen_hooks.worktree import Worktree

LOCK_WAIT_SECONDS = 10.0


@click.command()
@click.option("--all", "every", is_flag=True, help="All worktrees' indexes and what they share.")
@click.pass_obj
def purge(directory: str, every: bool) -> None:
    """Remove this worktree's index. Hooks stay installed and will make it again."""
    purge_indexes(find_worktree(directory), every=every)


def purge_indexes(here: Worktree, *, every: bool) -> None:
    """Remove one index, or every one with the embedding store and the log.

    Raises:
        BusyError: a process is working on one of them; that one and the shared files stay.
    """
    for worktree in all_worktrees(here) if every else [here]:
        if os.path.isdir(worktree.folder):
            _purge(worktree)
            click.echo(f"removed the index of {worktree.top}", err=True)
    if every:
        for name in os.listdir(here.shared_folder) if os.path.isdir(here.shared_folder) else ():
            if name.startswith(("embeddings.db", "log.jsonl")):
                with suppress(FileNotFoundError):
                    os.unlink(os.path.join(here.shared_folder, name))


def _purge(worktree: Worktree) -> None:
    answer = acquire(worktree.lock_path, timeout=LOCK_WAIT_SECONDS, purpose="purge")
    if isinstance(answer, Failed):
        raise answer.error()
    if not isinstance(answer, Acquired):
        raise BusyError(
            f"the index of {worktree.top} is in use by {answer.holder or 'another process'}",
            hint="try again when it is done",
        )
    with answer:
        for name in os.listdir(worktree.folder):
            # The locks stay: another process may be waiting on them.
            if name.startswith(("index.db", "events")):
                path = os.path.join(worktree.folder, name)
                if os.path.isdir(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
