"""`lumen-hooks purge`: remove indexes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.aside import find_asides
from lumen_hooks.indexing.donors import all_worktrees
from lumen_hooks.indexing.left_overs import find_left_overs
from lumen_hooks.notify.layout import EMBEDDINGS, LOG
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.storage.removal import remove_folder, remove_index, remove_named

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

LOCK_WAIT_SECONDS = 10.0


@click.command()
@click.option("--all", "every", is_flag=True, help="All worktrees' indexes and what they share.")
@click.pass_obj
def purge(directory: str, every: bool) -> None:
    """Remove this worktree's index. Hooks stay installed and will make it again.

    With --all, those of worktrees that were removed by hand go, too.
    """
    purge_indexes(find_worktree(directory), every=every)


def purge_indexes(here: Worktree, *, every: bool) -> None:
    """Remove one index, or every one with the embedding store and the log.

    Raises:
        BusyError: a process is working on one of them; that one and the shared files stay.
        LockError: our folder is a link: nothing is removed where it leads.
        RepositoryError: git refuses the repository; nothing was removed.
        StoreError: something cannot be removed.
    """
    insist_on_trust(here.top)
    _purge_asides(here, every=every)
    for worktree in all_worktrees(here) if every else [here]:
        if os.path.lexists(worktree.folder):
            remove_index(worktree.folder, wait=LOCK_WAIT_SECONDS)
            click.echo(f"removed the index of {worktree.top}", err=True)
    if every:
        _purge_left_overs(here)
        remove_named(here.shared_folder, EMBEDDINGS, LOG)


def _purge_asides(here: Worktree, *, every: bool) -> None:
    """What was made in the cache folder when a git dir could not be written."""
    inside = os.path.join(here.common_dir, "")
    for found in find_asides(os.environ):
        of_ours = found.git_dir == here.common_dir or found.git_dir.startswith(inside)
        if found.git_dir == here.git_dir or (every and of_ours):
            remove_folder(found.folder, wait=LOCK_WAIT_SECONDS)
            click.echo(f"removed the index of {found.git_dir} in {found.folder}", err=True)


def _purge_left_overs(here: Worktree) -> None:
    for found in find_left_overs(here.common_dir):
        if found.locked:
            click.echo(f"kept the index of {found.top}: git worktree unlock it first", err=True)
            continue
        remove_folder(found.folder, wait=LOCK_WAIT_SECONDS)
        click.echo(f"removed the index of {found.top}, which is gone", err=True)
