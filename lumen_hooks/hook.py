"""What a hook does once Python is worth its price: seed a new worktree, start the worker.

Called by the scripts in hooks/ for a worktree without an index, and by
`lumen-hooks hook` for pre-commit and other tools. Part of the hook tier: it
imports os, sys and notify/ alone. Nothing here prints, and nothing that goes
wrong leaves.
"""

from __future__ import annotations

import os
import sys

from lumen_hooks.notify.events import (
    EVENTS,
    MAKE_WORKTREES,
    PRE_COMMIT_VARIABLES,
    WORKTREE_ADD,
    leave,
)
from lumen_hooks.notify.layout import (
    FOLDER,
    INDEX,
    LOG,
    WORKER_LOCK,
    common_dir_of,
    git_dir_of,
    upwards,
)
from lumen_hooks.notify.own_files import make_folder, open_file
from lumen_hooks.notify.spawn import go_on_as_worker, spawn_worker, worker_alive

TYPE_CHECKING = False  # typing costs more to import than all of this module
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main(argv: Sequence[str]) -> int:
    """`python -I -m lumen_hooks.hook EVENT TOP [ARGS...]`; 0 whatever happens, for git's sake."""
    if len(argv) >= 2:
        run(argv[0], argv[1], argv[2:], os.environ, alone=True)
    return 0


def run(
    event: str, top: str, args: Sequence[str], environ: Mapping[str, str], *, alone: bool = False
) -> None:
    """Take one event; never raises, what went wrong is in the repository's log.

    Args:
        event: one of `notify.events.EVENTS`; any other is ignored.
        top: a directory of the worktree that it is about.
        args: what git passed to the hook; for `worktree-add` the new worktree, relative to `top`,
            unless that is `top` itself.
        environ: the hook's environment.
        alone: nothing else is done in this process, and its environment is the hook's.
    """
    if event not in EVENTS or _switched_off(environ):
        return
    common_dir = ""
    try:
        if event == WORKTREE_ADD and args:
            top, args = os.path.join(top, args[0]), ()
        elif not args:
            args = _told_by_pre_commit(event, environ)
        top, git_dir = _find(top)
        common_dir = common_dir_of(git_dir)
        _take(event, top, git_dir, args, environ, alone=alone)
    except Exception as error:  # git must not notice
        _log(common_dir, event, top, error)


def _switched_off(environ: Mapping[str, str]) -> bool:
    return (
        environ.get("LUMEN_HOOKS") == "0"
        or environ.get("LUMEN_ENABLED", "").lower() in {"0", "false", "no", "off"}
        # pre-commit sets the user's edits aside; the tree is not the user's just now.
        or bool(environ.get("_PRE_COMMIT_SKIP_POST_CHECKOUT"))
    )


def _told_by_pre_commit(event: str, environ: Mapping[str, str]) -> Sequence[str]:
    """What git gave the hook as arguments, which pre-commit hands on in variables."""
    if environ.get("PRE_COMMIT") != "1":
        return ()
    return [environ.get(name, "") for name in PRE_COMMIT_VARIABLES.get(event, ())]


def _take(
    event: str,
    top: str,
    git_dir: str,
    args: Sequence[str],
    environ: Mapping[str, str],
    *,
    alone: bool,
) -> None:
    folder = os.path.join(git_dir, FOLDER)
    under_pre_commit = environ.get("PRE_COMMIT") == "1"
    refresh = environ.get("LUMEN_REFRESH", "")
    inline = refresh == "inline" and not under_pre_commit
    only_files = event == "post-checkout" and len(args) == 3 and args[2] == "0"
    if (only_files or refresh == "off") and not os.path.isdir(folder):
        return
    _record(folder, " ".join((event, *args)))
    if refresh == "off" or ((only_files or worker_alive(folder)) and not inline):
        return
    if event in MAKE_WORKTREES and not os.path.exists(os.path.join(folder, INDEX)):
        _seed(top, common_dir_of(git_dir), event)
        if alone and not under_pre_commit and _go_on(top, event, inline=inline):
            return
    # pre-commit sets unstaged edits aside while its hooks run: the worker waits for it to end.
    # A script in between us and it tells its number.
    after = int(environ.get("LUMEN_AFTER") or os.getppid()) if under_pre_commit else None
    spawn_worker(top, event, after=after, inline=inline)


def _go_on(top: str, event: str, *, inline: bool) -> bool:
    """Refresh what was seeded, in a process that need not begin anew; whether that can be had."""

    def work() -> int:
        from lumen_hooks.worker import main

        return main([top, event, *(["--inline"] if inline else [])])

    return go_on_as_worker(work, inline=inline)


def _seed(top: str, common_dir: str, event: str) -> None:
    try:
        from lumen_hooks.indexing.foreground_seed import seed_in_foreground

        seed_in_foreground(top)
    except Exception as error:  # the worker is started all the same
        _log(common_dir, event, top, error)


def _record(folder: str, line: str) -> None:
    """Leave a hint; our folder is made for it in a git dir that is there."""
    git_dir = os.path.dirname(folder)
    if os.path.isfile(os.path.join(git_dir, "HEAD")) and make_folder(folder):
        os.close(open_file(os.path.join(folder, WORKER_LOCK), os.O_WRONLY, create=True))
    leave(folder, line)


def _find(directory: str) -> tuple[str, str]:
    """The worktree that holds a directory and its git dir, both absolute.

    git has found both before it calls a hook, so there is no ceiling to heed and nobody to tell of
    a pointer that leads nowhere: such a `.git` is passed over.
    """
    for top in upwards(os.path.realpath(directory)):
        git_dir = git_dir_of(top)
        if git_dir is not None and os.path.isfile(os.path.join(git_dir, "HEAD")):
            return top, git_dir
    raise FileNotFoundError(f"{directory} is not in a git worktree")


def _log(common_dir: str, event: str, top: str, error: Exception) -> None:
    if not common_dir:
        return  # no repository, so no log
    try:
        from lumen_hooks.system.log import append

        path = os.path.join(common_dir, FOLDER, LOG)
        if os.path.isfile(os.path.join(common_dir, "HEAD")):  # git waits: it is not deleted now
            os.close(open_file(path, os.O_WRONLY, create=True))
        what = f"{type(error).__name__}: {error}"
        append(common_dir, {"event": event, "worktree": top, "error": what})
    except Exception:  # there is nowhere left to say it
        return


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # git waits: it need not wait for modules to be taken down
