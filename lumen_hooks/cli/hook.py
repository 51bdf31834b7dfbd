"""`lumen-hooks hook`: what pre-commit and other tools call."""

from __future__ import annotations

import os

import click

from lumen_hooks.errors import LumenError
from lumen_hooks.git.config import config_values
from lumen_hooks.hook import run
from lumen_hooks.notify.events import EVENTS, WORKTREE_ADD
from lumen_hooks.settings import insist_on_trust


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("event", metavar="EVENT", type=click.Choice(EVENTS))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def hook(directory: str, event: str, arguments: tuple[str, ...]) -> None:
    """Tell the index that something happened in this worktree.

    EVENT is post-checkout, post-merge, post-commit or post-rewrite, with the arguments that git
    gave it, or worktree-add with the path of a worktree that was made without git's hooks. Prints
    nothing and never fails.
    """
    about = os.path.join(directory, *arguments[:1]) if event == WORKTREE_ADD else directory
    try:
        configured = _configured(about)
    except LumenError:
        return  # no worktree, or one that git refuses: not even a hint is left in it
    run(event, directory, arguments, {**configured, **os.environ})


def _configured(directory: str) -> dict[str, str]:
    """`lumen.refresh` for those who call no script of ours, which has it filled in.

    Raises:
        RepositoryError: git refuses the repository, or finds none.
    """
    insist_on_trust(directory)
    values = config_values(directory, "lumen.refresh")
    return {"LUMEN_REFRESH": values[-1].strip()} if values else {}
