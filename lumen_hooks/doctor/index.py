"""Whether the index, its locks, the embedding store and the log tell of trouble."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lumen_hooks.errors import CorruptIndexError
from lumen_hooks.indexing.freshness import differ_in_words, look_at
from lumen_hooks.indexing.left_overs import find_left_overs
from lumen_hooks.notify.layout import DAMAGED_SUFFIX
from lumen_hooks.notify.spawn import is_stopped
from lumen_hooks.storage.publish import stale_temporaries
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system import log
from lumen_hooks.system.locks import read_holder

from .check import Check

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

FULL_CHECK_BYTES = 1 << 30
"""A larger index is not read through: that would take seconds."""

_REBUILD = "lumen-hooks index"
_LISTED = 5
_TROUBLE = ("error", "cause", "gave up", "traceback")


def check_index(worktree: Worktree, settings: Settings) -> Check:
    """Whether the index can be read, is sound, and how fresh it is."""
    index = open_reader(worktree.index_path)
    if index is None:
        detail = "none yet: a search, a hook or `lumen-hooks index` makes it"
        return Check("index", True, detail)
    with index:
        if not index.facts().complete:
            return Check("index", False, "it was never finished", _REBUILD)
        size = os.stat(worktree.index_path).st_size
        if size <= FULL_CHECK_BYTES:
            try:
                index.check()
            except CorruptIndexError as error:
                return Check("index", False, error.message, f"{_REBUILD} --force")
    look = look_at(worktree, settings)
    differ = f", {differ_in_words(len(look.differing))}" if look.differing else ""
    if look.outdated is not None:
        differ += f", made with the model {look.outdated.model} and to be made anew"
    return Check("index", True, f"{look.state}{differ}; {size / 1e6:,.1f} MB")


def check_left_overs(worktree: Worktree) -> Check:
    """Whether processes that were killed left files behind."""
    found = stale_temporaries(worktree.index_path, now=time.time())
    if found:
        total = sum(os.path.getsize(path) for path in found if os.path.exists(path))
        detail = f"{len(found)} temporary files of dead processes, {total / 1e6:,.1f} MB"
        return Check("left-overs", False, detail, f"{_REBUILD} removes them")
    gone = find_left_overs(worktree.common_dir)
    removable = [found for found in gone if not found.locked]
    if removable:
        total = sum(found.size_bytes for found in removable)
        where = ", ".join(found.top for found in removable[:_LISTED])
        where += f" and {len(removable) - _LISTED} more" if len(removable) > _LISTED else ""
        detail = f"{len(removable)} indexes of worktrees that are gone, {total / 1e6:,.1f} MB: "
        hint = "git worktree prune removes them (git worktree repair, if you moved the folder)"
        return Check("left-overs", False, detail + where, hint)
    kept = [
        path
        for path in (
            worktree.index_path + DAMAGED_SUFFIX,
            worktree.embeddings_path + DAMAGED_SUFFIX,
        )
        if os.path.exists(path)
    ]
    words = [f"kept for a report: {', '.join(kept)}"] if kept else []
    words += [f"{found.top} is away and locked, {found.size_bytes / 1e6:,.1f} MB" for found in gone]
    return Check("left-overs", True, "; ".join(words) or "none")


def check_holders(worktree: Worktree) -> Check:
    """Who works on this index, and whether anyone of them has stopped."""
    holders = [
        holder
        for holder in map(read_holder, (worktree.worker_lock_path, worktree.lock_path))
        if holder
    ]
    for holder in holders:
        if is_stopped(holder.pid):
            hint = f"kill -CONT {holder.pid}, or kill {holder.pid}"
            return Check("at work", False, f"{holder} holds a lock and is stopped", hint)
    names = dict.fromkeys(
        f"{holder}, for {max(0.0, time.time() - holder.since):,.0f} s" for holder in holders
    )
    return Check("at work", True, "; ".join(names) or "nobody")


def check_embeddings(worktree: Worktree, settings: Settings) -> Check:
    """Whether the embedding store can be read, and how large it is."""
    from lumen_hooks.storage.embedding_schema import check_store
    from lumen_hooks.storage.sqlite import size_on_disk

    path = worktree.embeddings_path
    if not os.path.exists(path):
        return Check("embedding store", True, "none yet")
    total = size_on_disk(path)
    try:
        vectors = check_store(path)
    except CorruptIndexError as error:
        hint = "the next refresh empties it and fills it again"
        return Check("embedding store", False, error.message, hint)
    detail = f"{vectors:,} vectors, {total / 1e6:,.1f} MB of {settings.max_cache_bytes / 1e6:,.0f}"
    return Check("embedding store", True, detail)


def check_log(worktree: Worktree) -> Check:
    """Whether hooks or workers failed since the last one that did its work."""
    for record in reversed(log.records(worktree.log_path)):
        what = next((str(record[name]) for name in _TROUBLE if name in record), None)
        if what is not None:
            last_line = (what.strip().splitlines() or ["?"])[-1]
            hint = str(record.get("hint") or f"more in {worktree.log_path}")
            return Check("log", False, f"{record.get('time', '?')} {last_line}", hint)
        if "refresh" in record:
            return Check("log", True, f"last refresh {record.get('time', '?')}")
    return Check("log", True, "nothing went wrong")
