"""`lumen-hooks pull`: seed this worktree's index from the store elsewhere."""

from __future__ import annotations

import click

from lumen_hooks.errors import RemoteError
from lumen_hooks.service.workspace import open_workspace

from .output import say
from .progress import progress_bar


@click.command()
@click.option(
    "--optional",
    is_flag=True,
    help="Where no store is set, or it has nothing for us, do and say nothing.",
)
@click.pass_obj
def pull(directory: str, optional: bool) -> None:
    """Seed this worktree's index from the store of lumen.remote.

    The pushed index that is nearest to the commit that is checked out is fetched and checked, and
    what differs is embedded here. Hooks, `index` and the first search do the same where there is no
    index and no sibling to clone one from; so this is for images and scripts that want the index
    now and nothing built.
    """
    from lumen_hooks.service.sharing import pull as fetch

    with progress_bar() as progress:
        workspace = open_workspace(directory)
        if optional and not workspace.settings.remote:
            return
        try:
            done = fetch(workspace.job("pull", progress))
        except RemoteError:
            if optional:
                return
            raise
    if done is None or done.seeded is None:
        say("nothing was pulled: this worktree has an index (lumen-hooks purge removes it)")
        return
    words = f"seeded from {done.seeded.donor}: {done.seeded.size_bytes / 1e6:,.1f} MB"
    if done.refresh is not None:
        words += (
            f"; {done.refresh.files_changed:,} files changed,"
            f" {done.refresh.chunks_embedded:,} texts embedded"
        )
    say(words)
