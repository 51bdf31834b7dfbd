"""The detached process that makes a worktree's index follow its files.

Started by hooks and by searches that found a stale index; one at a time for
each worktree. It works until no hint is left, lets go of its lock, and looks
once more: a hint that came in between has no other process to answer it.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from lumen_hooks.notify.spawn import detach

from .system import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.system.locks import Acquired

    from .settings import Settings

NICENESS = 10
"""Added to the worker's own: git and the user's editor come first."""

LOCK_WAIT_SECONDS = 600.0
"""How long to wait for another process that is updating the same index."""

AFTER_SECONDS = 120.0
"""How long to wait for the process that must end before files can be read (pre-commit)."""

QUIET_SECONDS = 1.0
"""A rebase counts as stopped when nothing moved for this long."""

REBASE_SECONDS = 3600.0
"""A rebase in progress is waited for at most this long."""

SETTLE_SECONDS = 0.3
"""Events that come closer together than this are answered by one refresh ..."""

SETTLE_AT_MOST_SECONDS = 3.0
"""... unless they go on for longer than this."""

WATCH_SECONDS = 300.0
"""A stopped rebase is watched for so long: --abort and --quit end it without any hook."""

_POLL_SECONDS = 0.1
_WATCH_POLL_SECONDS = 0.5

_SEQUENCES = ("rebase-merge", "rebase-apply", "sequencer")
"""What lies in a git dir while git makes several commits: rebase, am; cherry-pick, revert."""


def main(argv: Sequence[str]) -> int:
    """`python -I -m lumen_hooks.worker TOP EVENT [--after PID] [--inline]`."""
    top, event, *rest = argv
    detach()
    os.nice(NICENESS)
    from lumen_hooks.git.worktree import find_worktree
    from lumen_hooks.indexing.aside import housed

    from .errors import GoneError, LumenError

    try:
        worktree = housed(find_worktree(top), os.environ)
    except LumenError:
        return 0  # removed since; nothing to follow and nowhere to log
    if worktree.read_only:
        return 0
    try:
        if rest[:1] == ["--after"]:
            _wait_for_exit(int(rest[1]))
        _work(worktree, event, inline="--inline" in rest)
    except GoneError:
        return 0
    except Exception as error:  # nobody waits for this process: the log is all there is
        if not (worktree.is_present() and os.path.isdir(worktree.folder)):
            return 0  # removed meanwhile
        hint = error.hint if isinstance(error, LumenError) else ""
        log.append(
            worktree.common_dir,
            {
                "event": event,
                "worktree": worktree.top,
                "error": f"{type(error).__name__}: {error}",
                **({"hint": hint} if hint else {}),
            },
            git_dir=worktree.git_dir,
        )
        return 1
    return 0


def _work(worktree: Worktree, event: str, *, inline: bool) -> None:
    from lumen_hooks.embedding.threads import limit_threads
    from lumen_hooks.system.locks import Acquired, Failed, acquire

    from .indexing import events
    from .settings import load_settings

    settings = load_settings(worktree.top, os.environ)
    if _is_off(settings):
        return
    limit_threads(settings.threads)
    told = False
    while True:
        # That other worker may have started before the change that git now waits for us to index.
        wait = LOCK_WAIT_SECONDS if inline else 0
        worktree.insist_on_presence()
        answer = acquire(worktree.worker_lock_path, timeout=wait, purpose=event)
        if isinstance(answer, Failed):
            raise answer.error()
        if not isinstance(answer, Acquired):
            # That worker looks for hints after it has let go. If it did so before ours was there,
            # the lock is free by now. (A hook leaves its hint before it starts a worker; a search
            # leaves none.)
            if told or inline:
                return
            told = True
            if not events.arrived(worktree):
                worktree.insist_on_presence()
                events.leave(worktree, event)
            continue
        with answer:
            _restore_log(worktree, answer)
            _follow(worktree, event, inline=inline)
        moved_on = not inline and _watch_sequence(worktree)
        if not moved_on and not events.arrived(worktree):
            return
        if _is_off(load_settings(worktree.top, os.environ)):
            return


def _restore_log(worktree: Worktree, lock: Acquired) -> None:
    """Make the log again where it alone was removed; otherwise it was made with its folder."""
    from lumen_hooks.notify.own_files import open_file

    if os.path.lexists(worktree.log_path) or not os.path.isdir(worktree.shared_folder):
        return
    worktree.insist_on_presence()
    if lock.is_there() and os.access(worktree.shared_folder, os.W_OK):
        os.close(open_file(worktree.log_path, os.O_WRONLY, create=True))


def _is_off(settings: Settings) -> bool:
    return not settings.enabled or settings.refresh == "off"


def _follow(worktree: Worktree, event: str, *, inline: bool) -> None:
    """Update until no hint is left."""
    from lumen_hooks.indexing.trim import keep_house
    from lumen_hooks.indexing.update import NotWantedError, Updated, update_index

    from .indexing import events

    while True:
        if not inline:
            _settle(worktree)
        _wait_for_sequence(worktree)
        if not os.path.isdir(worktree.folder):
            return  # the worktree was removed
        job = _job(worktree, event)  # each time anew: another model may be wanted by now
        try:
            done = update_index(job, wait=LOCK_WAIT_SECONDS)
        except NotWantedError:
            continue
        if not isinstance(done, Updated):
            log.append(
                worktree.common_dir,
                {"event": event, "worktree": worktree.top, "gave up": str(done.holder)},
            )
            return
        if done.refresh is not None:
            log.append(
                worktree.common_dir,
                {
                    "event": event,
                    "worktree": worktree.top,
                    "refresh": done.refresh.kind,
                    "files_changed": done.refresh.files_changed,
                    "files_removed": done.refresh.files_removed,
                    "chunks_embedded": done.refresh.chunks_embedded,
                    "seconds": done.refresh.seconds,
                },
            )
        if not events.arrived(worktree):
            keep_house(worktree, job.settings, os.environ)
            return


def _job(worktree: Worktree, event: str) -> Job:
    from lumen_hooks.indexing.job import job_for

    from .settings import load_settings

    settings = load_settings(worktree.top, os.environ)
    return replace(
        job_for(worktree, settings, os.environ, purpose=f"refresh after {event}"),
        still_wanted=lambda: load_settings(worktree.top, os.environ).model == settings.model,
        begins=False,
    )


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


def _wait_for_sequence(worktree: Worktree) -> None:
    """Wait while a rebase moves; its picks come one by one and only the end is worth indexing."""
    deadline = time.monotonic() + REBASE_SECONDS
    seen: tuple[int, ...] = ()
    quiet_since = time.monotonic()
    while _in_sequence(worktree) and time.monotonic() < deadline:
        now = _moving_parts(worktree)
        if now != seen:
            seen, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since > QUIET_SECONDS:
            return  # stopped, for a conflict or an edit: this tree is the one being worked on
        time.sleep(_POLL_SECONDS)


def _watch_sequence(worktree: Worktree) -> bool:
    """Watch a stopped rebase; whether it moved on or ended, so that the index is behind.

    The user is at a conflict or an edit, and no hook tells when it is abandoned. Costs a few stats
    a second, keeps nobody from working, and ends when the index is taken away: nobody wants it
    then.
    """
    from lumen_hooks.system.locks import Acquired, acquire

    if not _in_sequence(worktree):
        return False
    worktree.insist_on_presence()
    answer = acquire(worktree.watch_lock_path, timeout=0, purpose="watch a stopped rebase")
    if not isinstance(answer, Acquired):
        return False  # another worker watches
    with answer:
        return _has_moved_on(worktree)


def _has_moved_on(worktree: Worktree) -> bool:
    from .indexing import events

    deadline = time.monotonic() + WATCH_SECONDS
    while _in_sequence(worktree) and os.path.exists(worktree.index_path):
        if events.arrived(worktree):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_WATCH_POLL_SECONDS)
        if not _in_sequence(worktree):
            return os.path.exists(worktree.index_path)
    return False


def _in_sequence(worktree: Worktree) -> bool:
    return any(os.path.isdir(os.path.join(worktree.git_dir, name)) for name in _SEQUENCES)


def _moving_parts(worktree: Worktree) -> tuple[int, ...]:
    stamps = []
    for path in ("HEAD", "index", "index.lock", *_SEQUENCES, "lumen/events"):
        try:
            stamps.append(os.stat(os.path.join(worktree.git_dir, path)).st_mtime_ns)
        except OSError:
            stamps.append(0)
    return tuple(stamps)


def _wait_for_exit(pid: int) -> None:
    from lumen_hooks.notify.spawn import is_alive

    deadline = time.monotonic() + AFTER_SECONDS
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
