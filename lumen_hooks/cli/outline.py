"""`lumen-hooks outline`: what a file defines."""

from __future__ import annotations

import sys

import click

from lumen_hooks.service.workspace import from_top, open_workspace

from .output import echo_json
from .progress import progress_bar


@click.command()
@click.argument("path", metavar="PATH")
@click.option(
    "--max-tokens",
    type=int,
    metavar="N",
    show_default="1500; on a terminal and with --json all",
    help="Leave out the innermost definitions to fit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def outline(directory: str, path: str, max_tokens: int | None, as_json: bool) -> None:
    """List the definitions in a file, nested, with kinds and lines.

    They are those of the file as it is now, whether it is indexed or not.
    """
    with progress_bar() as progress:
        job = open_workspace(directory).job("outline", progress)
        from lumen_hooks.wording.outline import outline_in_words, outline_of
        from lumen_hooks.wording.plain import AS_OPTIONS
        from lumen_hooks.wording.sizing import MAX_TOKENS
        from lumen_hooks.wording.viewpoint import Viewpoint

        top = job.worktree.top
        found = outline_of(job, from_top(path, directory, top))
    shown = found._replace(path=Viewpoint(directory, top)(found.path))
    if as_json:
        echo_json({**shown._asdict(), "defined": [one._asdict() for one in shown.defined]})
        return
    if max_tokens is None and not sys.stdout.isatty():
        max_tokens = MAX_TOKENS
    click.echo(outline_in_words(shown, max_tokens, AS_OPTIONS))
