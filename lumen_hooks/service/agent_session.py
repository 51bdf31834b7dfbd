"""What an agent's session is told of the index when it starts, and what is set going for it.

A repository counts only if its user installed the hooks or made an index: an
agent that opens someone's project must not index it. Nothing here prints, and
nothing waits but for the seed that `git worktree add` would have made. Where
there is nothing to say, no more is imported than it takes to find that out.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git import own_folders
from lumen_hooks.indexing.aside import has_index
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.notify.spawn import spawn_worker
from lumen_hooks.system import log
from lumen_hooks.system.user_folders import has_hooks_for_all

from .workspace import workspace_of, worktree_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.freshness import State
    from lumen_hooks.settings import Settings

QUICK_FILES = 3000
"""An index of no more files is compared with the tree on the spot (about 0.1 s of CPU)."""

_HOW = (
    "To find code by what it does, use the MCP tool semantic_search (find_related for code like"
    ' some you know), else `lumen-hooks search --summary "what the code does"`, then open the lines'
    " it names. Answers say whether they are fresh."
)


class Ready(NamedTuple):
    """What there is at the start of a session.

    Attributes:
        files: indexed files.
        chunks: chunks in the index.
        state: `fresh`, `stale`, `refreshing` or `building`; empty if it was not compared with the
            tree.
        pending_files: files that the index does not hold as they are now, if that was compared.
        started: a worker was started for the rest.
        seeded_from: top folder of the worktree whose index was cloned just now, or None.
        remark: where the index lies, or why it cannot be refreshed; empty where it belongs.
    """

    files: int
    chunks: int
    state: State | Literal[""]
    pending_files: int
    started: bool
    seeded_from: str | None
    remark: str = ""


def is_wanted(worktree: Worktree) -> bool:
    """Whether this repository's user installed the hooks, or indexed this worktree.

    Hooks for all repositories count where anything was indexed: others are not in use.
    """
    if has_index(worktree):
        return True
    if os.path.exists(worktree.embeddings_path) and has_hooks_for_all(os.environ):
        return True
    scripts = os.path.join(worktree.shared_folder, "hooks")
    return any(os.path.isfile(os.path.join(scripts, event)) for event in GIT_EVENTS)


def begin_session(directory: str, complaint: str = "") -> Ready | None:
    """What there is for a session that begins in a directory; a worker goes for the rest.

    What is wrong is logged, where anybody wants that repository, and told by doctor: a session
    must start.

    Args:
        directory: where the session works.
        complaint: what was wrong with what its agent said, if anything; nothing is done then.
    """
    worktree: Worktree | None = None
    try:
        worktree = worktree_at(directory)
        if not is_wanted(worktree):
            return None
        workspace = workspace_of(worktree)
        if complaint:
            _log(worktree, complaint)
            return None
        worktree = workspace.worktree
        return prepare_session(worktree, workspace.settings, partial(_start_worker, worktree))
    except RepositoryError:
        return None  # no repository, or one whose owner git does not trust: not even a log for it
    except Exception as error:  # whatever it is
        if worktree is not None:
            _log(worktree, f"{type(error).__name__}: {error}")
        return None


def _start_worker(worktree: Worktree) -> int:
    with suppress(OSError):  # the worker, which makes no folder, will not get far then
        own_folders.begin(worktree)
    return spawn_worker(worktree.top, "session-start")


def _log(worktree: Worktree, error: str) -> None:
    record: dict[str, object] = {"event": "session-start", "worktree": worktree.top}
    log.append(worktree.common_dir, {**record, "error": error})


def prepare_session(
    worktree: Worktree, settings: Settings, start_worker: Callable[[], int | None]
) -> Ready | None:
    """Seed the index if there is none, and leave what else is missing to a worker.

    Args:
        worktree: where the session works.
        settings: the user's, in force there.
        start_worker: starts a detached worker for this worktree.

    Returns:
        None if there is nothing to say: the repository is not wanted, or switched off.

    Raises:
        LumenError: the index or the repository cannot be read.
        OSError: a worker could not be started.
    """
    if not settings.enabled or not is_wanted(worktree):
        return None
    from lumen_hooks.indexing.foreground_seed import seed_in_foreground
    from lumen_hooks.indexing.freshness import FRESH, look_at
    from lumen_hooks.storage.reader import open_reader

    may_start = settings.refresh != "off" and not worktree.read_only
    seeded = may_start and not os.path.exists(worktree.index_path)
    if seeded:
        seed_in_foreground(worktree.top)
    index = open_reader(worktree.index_path)
    if index is None:
        if may_start:
            start_worker()
        begun: State = "building" if may_start else "absent"
        return Ready(0, 0, begun, 0, may_start, None, worktree.remark)
    with index:
        counts, facts = index.counts(), index.facts()
    state: State | Literal[""] = ""
    pending = 0
    if counts.files <= QUICK_FILES:
        look = look_at(worktree, settings)
        state, pending = look.state, len(look.differing)
    starts = may_start and state != FRESH
    if starts:
        start_worker()
    donor = facts.seeded_from if seeded else None
    return Ready(counts.files, counts.chunks, state, pending, starts, donor, worktree.remark)


def describe(ready: Ready) -> str:
    """The same in words for the agent: what is ready, and how to search it."""
    remark = f" {ready.remark[0].upper()}{ready.remark[1:]}." if ready.remark else ""
    if ready.state in {"absent", "building"} and not ready.files:
        uses = "This repository uses lumen-hooks, a semantic code index"
        if ready.started:
            return (
                f"{uses}. This worktree's index is being built in the background; `lumen-hooks"
                f" wait` returns when it is ready.{remark} {_HOW}"
            )
        if remark:
            return f"{uses}, but this worktree has no index, and none can be made here.{remark}"
        return f"{uses}, but this worktree has no index yet; the first search makes it. {_HOW}"
    return f"This worktree has a semantic code index (lumen-hooks). {_what(ready)}{remark} {_HOW}"


def _what(ready: Ready) -> str:
    holds = f"{ready.files:,} files, {ready.chunks:,} chunks"
    if ready.state == "fresh":
        return f"It is fresh: {holds}."
    follows = (
        "a background refresh was started" if ready.started else "the next search refreshes it"
    )
    if ready.remark and not ready.started:
        follows = "it stays as it is"
    if ready.seeded_from is not None:
        return f"It was just cloned from a sibling worktree's ({holds}), and {follows}."
    if not ready.state:
        return f"It holds {holds}; {follows}, which checks it against the files."
    if ready.pending_files:
        return f"It holds {holds}, but {ready.pending_files:,} files differ from it; {follows}."
    return f"It holds {holds} and is {ready.state}; {follows}."
