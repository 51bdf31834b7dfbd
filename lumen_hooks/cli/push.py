"""`lumen-hooks push`: give this worktree's index to the store elsewhere."""

from __future__ import annotations

import click

from lumen_hooks.errors import AccessError, LumenError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.donors import all_worktrees
from lumen_hooks.service.workspace import open_workspace

from .output import say
from .progress import progress_bar

_AGAIN = "lumen-hooks push"


@click.command()
@click.option("--all", "every", is_flag=True, help="The indexes of all worktrees.")
@click.option("--no-text", is_flag=True, help="Vectors alone: no words, names or paths.")
@click.option("--force", is_flag=True, help="Also what the store says that it has.")
@click.option(
    "--optional",
    is_flag=True,
    help="Where no store is set, or there is no right to write to it, do and say nothing.",
)
@click.pass_obj
def push(directory: str, every: bool, no_text: bool, force: bool, optional: bool) -> None:
    """Publish this worktree's index in the store of lumen.remote.

    \b
    For example:
      git config lumen.remote s3://team/lumen/shop
      lumen-hooks push

    The index is brought up to date and sent for the commit that is checked out; files that are not
    committed as they are here are left out. Of what the store has already nothing is sent again.
    """  # noqa: D301 - click wants the character
    from lumen_hooks.service.sharing import push as publish

    here = find_worktree(directory)
    tops = [place.top for place in all_worktrees(here)] if every else [here.top]
    failed: LumenError | None = None
    for top in tops:
        try:
            with progress_bar(_AGAIN) as progress:
                workspace = open_workspace(top, asked=True)
                if optional and not workspace.settings.remote:
                    return
                sent = publish(workspace.job("push", progress), text=not no_text, force=force)
        except AccessError:
            if optional:
                return
            raise
        except LumenError as error:
            if not every:
                raise
            say(f"{top}: {error.message}")
            failed = error
        else:
            say(sent.in_words())
    if failed is not None:
        raise failed
