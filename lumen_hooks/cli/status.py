"""`lumen-hooks status`: what state the index is in."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import LumenError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.status import failed_status, read_status
from lumen_hooks.service.workspace import workspace_of
from lumen_hooks.settings import insist_on_trust
from lumen_hooks.system.terminal import one_line

from .output import echo_json

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.service.status import Status


@click.command()
@click.option("--all", "every", is_flag=True, help="Every worktree of the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (with --all, a list).")
@click.pass_obj
def status(directory: str, every: bool, as_json: bool) -> None:
    """Show whether the index is fresh, and what the last refresh did."""
    here = find_worktree(directory)
    worktrees = [here]
    if every:
        insist_on_trust(here.top)
        from lumen_hooks.indexing.donors import all_worktrees  # libgit2 costs 90 ms to import

        worktrees = all_worktrees(here)
    looked = (_look_beside(sibling) for sibling in worktrees) if every else [_look(here)]
    found = [one for one in looked if one is not None]
    if as_json:
        records = [asdict(one) for one in found]
        echo_json(records if every else records[0], indent=2)
        return
    click.echo("\n\n".join(_describe(one) for one in found))


def _look(worktree: Worktree) -> Status:
    workspace = workspace_of(worktree)
    return read_status(workspace.worktree, workspace.settings)


def _look_beside(worktree: Worktree) -> Status | None:
    """One of many: none if it was removed meanwhile, and no end to the others if it cannot be."""
    try:
        return _look(worktree)
    except (LumenError, OSError) as error:
        return failed_status(worktree, str(error)) if worktree.is_present() else None


def _describe(one: Status) -> str:
    lines = [
        f"worktree   {one.worktree}",
        f"state      {one.state}"
        + (f", {one.pending_files:,} files differ" if one.pending_files else ""),
        f"holds      {one.files:,} files, {one.chunks:,} chunks, {one.index_bytes / 1e6:.1f} MB",
        f"model      {one.model}, {one.dimensions} dimensions"
        + (f"; {one.wanted_model} is wanted" if one.wanted_model != one.model else ""),
    ]
    if one.skipped:
        lines.append(
            "skipped    " + ", ".join(f"{count:,} {why}" for why, count in one.skipped.items())
        )
    if one.seeded_from:
        lines.append(f"seeded     from {one.seeded_from}")
    if one.last_refresh:
        last = one.last_refresh
        lines.append(
            f"refreshed  {last['finished_at']}: {last['kind']}, "
            f"{last['files_changed']} files changed, {last['chunks_embedded']} texts embedded, "
            f"{last['seconds']} s"
        )
    if one.lock:
        lines.append(f"locked by  {one.lock}")
    if one.progress:
        report = one.progress
        lines.append(
            f"progress   {report.model}: {report.in_words()}; {report.chunks:,} of"
            f" {report.chunks_expected:,} chunks, {report.embedded:,} embedded"
        )
    if one.problem:
        lines.append(f"problem    {one.problem}")
    return "\n".join(one_line(line) for line in lines)
