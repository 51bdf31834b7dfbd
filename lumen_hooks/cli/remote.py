"""`lumen-hooks remote`: what the store elsewhere holds, and what of it may go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from lumen_hooks.service.sharing import store_of
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.system.terminal import one_line

from .help import HelpfulGroup
from .output import echo_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.remote.manifest import Manifest
    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.remote.upkeep.status import StoreStatus

KEPT = 100
"""Indexes of each fingerprint that `prune` keeps where it is not told how many."""


@click.group(cls=HelpfulGroup)
def remote() -> None:
    """Look at the store of lumen.remote, and keep it small; see docs/remote.md."""


@remote.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(directory: str, as_json: bool) -> None:
    """Show what the store holds: indexes, vectors and bytes."""
    from lumen_hooks.remote.upkeep.status import status_of_store

    found = status_of_store(_store(directory))
    if as_json:
        indexes = [{**one._asdict(), "manifest": _told(one.manifest)} for one in found.indexes]
        vectors = [one._asdict() for one in found.vectors]
        echo_json({**found._asdict(), "indexes": indexes, "vectors": vectors}, indent=2)
        return
    for line in _lines(found):
        click.echo(one_line(line))


@remote.command()
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=KEPT,
    show_default=True,
    metavar="N",
    help="The newest N indexes of each fingerprint stay.",
)
@click.pass_obj
def prune(directory: str, keep: int) -> None:
    """Remove old indexes from the store, and what only they were made of.

    Indexes go at once. What nothing else is made of is removed by the first prune a day later, so
    that a push beside it loses nothing. All times are the store's own.
    """
    from lumen_hooks.remote.upkeep.prune import prune as remove

    done = remove(_store(directory), keep=keep)
    for one in done.damaged:
        what = "removed" if one.removed else "left, since it is not a day old"
        say(one_line(f"note: {one.path} cannot be used ({one.problem}): {what}"))
    say(
        f"removed {done.indexes:,} indexes and {done.objects:,} other objects,"
        f" {done.freed / 1e6:,.1f} MB; {done.kept:,} indexes are kept"
    )
    if done.waiting:
        say(f"{done.waiting / 1e6:,.1f} MB more are free after a prune in a day")


def _store(directory: str) -> Store:
    return store_of(open_workspace(directory, asked=True).settings)


def _told(manifest: Manifest | None) -> dict[str, object] | None:
    """What a manifest says for people: all but how it is put together."""
    if manifest is None:
        return None
    said = manifest._asdict()
    return {name: value for name, value in said.items() if name not in {"packs", "runs"}}


def _lines(found: StoreStatus) -> Iterator[str]:
    yield f"store      {found.name}, {found.stored / 1e6:,.1f} MB"
    if not (found.indexes or found.vectors):
        yield "holds      nothing yet: lumen-hooks push"
    for one in found.indexes:
        line = f"indexes    of {one.commits:,} commits, the last {one.newest[:12]}"
        if one.pushed_at is not None:
            line += time.strftime(" at %Y-%m-%d %H:%M", time.localtime(one.pushed_at))
        told = one.manifest
        if told is None:
            yield f"{line}: damaged"
            continue
        yield (
            f"{line} by {told.pushed_by}: {told.model}, {told.files:,} files,"
            f" {told.chunks:,} chunks, {told.index_bytes / 1e6:,.1f} MB"
        )
    for vectors in found.vectors:
        yield f"vectors    {vectors.batches:,} batches, {vectors.stored / 1e6:,.1f} MB"
    if found.condemned:
        yield f"prunable   {found.condemned / 1e6:,.1f} MB, by a prune a day after the last"
    if found.left_over:
        yield f"left over  {found.left_over / 1e6:,.1f} MB of pushes that were killed"
    if found.unknown:
        yield f"unknown    {found.unknown:,} objects that are none of ours"
