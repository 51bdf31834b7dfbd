"""`lumen-hooks purge`: remove indexes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import BusyError, StoreError
from lumen_hooks.locks import Acquired, Failed, acquire, failed
from lumen_hooks.own_files import EMBEDDINGS, EVENTS, INDEX, LOG, remove_all
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
        LockError: our folder is a link: nothing is removed where it leads.
        StoreError: something cannot be removed.
    """
    for worktree in all_worktrees(here) if every else [here]:
        if os.path.lexists(worktree.folder):
            _purge(worktree)
            click.echo(f"removed the index of {worktree.top}", err=True)
    if every:
        _remove(here.shared_folder, EMBEDDINGS, LOG)


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
        # The locks stay: another process may be waiting on them.
        _remove(worktree.folder, INDEX, EVENTS)


def _remove(folder: str, *beginnings: str) -> None:
    try:
        remove_all(folder, lambda name: name.startswith(beginnings))
    except OSError as error:
        found = failed(folder, error)
        raise StoreError(f"cannot empty {folder}: {found.cause}", hint=found.hint) from error
