"""What a worker does: it updates until no hint is left, lets go of its lock, and looks once more.

One at a time for each worktree. A hint that comes in while the lock is let go
of has no other process to answer it. Knows when an update is due; not what it
is, nor which process this is.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lumen_hooks.embedding.threads import limit_threads
from lumen_hooks.notify.own_files import open_file
from lumen_hooks.settings import load_settings
from lumen_hooks.system.locks import Acquired, Failed, acquire

from . import events, rebase
from .journal import note

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

    from .job import Job

LOCK_WAIT_SECONDS = 600.0
"""How long to wait for another process that is updating the same index."""

SETTLE_SECONDS = 0.3
"""Events that come closer together than this are answered by one refresh ..."""

SETTLE_AT_MOST_SECONDS = 3.0
"""... unless they go on for longer than this."""

_POLL_SECONDS = 0.1


def work(worktree: Worktree, event: str, *, inline: bool) -> None:
    """Keep an index in step until no hint is left, unless another worker does.

    Args:
        worktree: whose index, with the folder where it can be written.
        event: why this worker was started.
        inline: git waits for it.

    Raises:
        GoneError: the worktree was removed.
        LumenError: anything else that keeps the index from being updated.
    """
    settings = load_settings(worktree.top, os.environ)
    limit_threads(settings.model_threads)  # before numpy is imported
    while not _is_off(settings):
        lock = _become_the_worker(worktree, event, inline=inline)
        if lock is None:
            return
        with lock:
            _restore_log(worktree, lock)
            was_stopped = follow(worktree, event, inline=inline)
        moved_on = not inline and rebase.watch_stopped(worktree, was_stopped=was_stopped)
        if not moved_on and not events.arrived(worktree):
            return
        settings = load_settings(worktree.top, os.environ)


def follow(worktree: Worktree, event: str, *, inline: bool) -> bool:
    """Update until no hint is left, and keep house then. The caller holds the worker's lock.

    Returns:
        whether a rebase had stopped there when the last update began.
    """
    from .job import Busy
    from .trim import keep_house
    from .under_way import NotWantedError
    from .update import update_index

    while True:
        if not inline:
            _settle(worktree)
        was_stopped = rebase.wait_while_moving(worktree)
        if not os.path.isdir(worktree.folder):
            return False  # the worktree was removed
        # Each time anew: another model may be wanted by now.
        job = _job(worktree, event, inline=inline)
        try:
            done = update_index(job, wait=LOCK_WAIT_SECONDS)
        except NotWantedError:
            continue
        if isinstance(done, Busy):
            note(worktree, event, **{"gave up": str(done.holder)})
            return was_stopped
        if done.refresh is not None:
            note(
                worktree,
                event,
                refresh=done.refresh.kind,
                files_changed=done.refresh.files_changed,
                files_removed=done.refresh.files_removed,
                chunks_embedded=done.refresh.chunks_embedded,
                seconds=done.refresh.seconds,
            )
        if not events.arrived(worktree):
            keep_house(worktree, job.settings, os.environ)
            return was_stopped


def _is_off(settings: Settings) -> bool:
    return not settings.enabled or settings.refresh == "off"


def _become_the_worker(worktree: Worktree, event: str, *, inline: bool) -> Acquired | None:
    """The lock of this worktree's one worker; None if another has it, which knows of the event.

    Raises:
        LockError: it cannot be taken by anyone.
    """
    # That other worker may have started before the change that git now waits for us to index.
    wait = LOCK_WAIT_SECONDS if inline else 0
    told = False
    while True:
        worktree.insist_on_presence()
        answer = acquire(worktree.worker_lock_path, timeout=wait, purpose=event)
        if isinstance(answer, Failed):
            raise answer.error()
        if isinstance(answer, Acquired):
            return answer
        # That worker looks for hints after it has let go. If it did so before ours was there,
        # the lock is free by now. (A hook leaves its hint before it starts a worker; a search
        # leaves none.)
        if told or inline:
            return None
        told = True
        if not events.arrived(worktree):
            worktree.insist_on_presence()
            events.leave(worktree, event)


def _restore_log(worktree: Worktree, lock: Acquired) -> None:
    """Make the log again where it alone was removed; otherwise it was made with its folder."""
    if os.path.lexists(worktree.log_path) or not os.path.isdir(worktree.shared_folder):
        return
    worktree.insist_on_presence()
    if lock.is_there() and os.access(worktree.shared_folder, os.W_OK):
        os.close(open_file(worktree.log_path, os.O_WRONLY, create=True))


def _settle(worktree: Worktree) -> None:
    """Wait while events come fast: a script that switches branches is answered at its end."""
    deadline = time.monotonic() + SETTLE_AT_MOST_SECONDS
    while time.monotonic() < deadline:
        try:
            age = time.time() - os.stat(worktree.events_path).st_mtime
        except OSError:
            return
        if not 0 <= age < SETTLE_SECONDS:  # a clock that was set back is no reason to wait
            return
        time.sleep(_POLL_SECONDS)


def _job(worktree: Worktree, event: str, *, inline: bool) -> Job:
    from .job import job_for

    settings = load_settings(worktree.top, os.environ)
    job = job_for(worktree, settings, os.environ, purpose=f"refresh after {event}")
    return job._replace(
        still_wanted=lambda: load_settings(worktree.top, os.environ).model == settings.model,
        begins=False,
        elsewhere="never" if inline else "may",  # git waits
    )
