"""What a hook does once Python is worth its price: seed a new worktree, start the worker.

Called by the scripts in hooks/ for a worktree without an index, and by
`lumen-hooks hook` for pre-commit and other tools. Part of the hook tier: it
imports os, sys and the spawner, and finds git's folders by reading their
pointer files itself. Nothing here prints, and nothing that goes wrong leaves.
"""

from __future__ import annotations

import os
import sys

from lumen_hooks.notify.own_files import EVENTS as EVENTS_FILE
from lumen_hooks.notify.own_files import FOLDER, INDEX, LOG, WORKER_LOCK, make_folder, open_file
from lumen_hooks.notify.spawn import spawn_worker, worker_alive

TYPE_CHECKING = False  # typing costs more to import than all of this module
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GIT_EVENTS = ("post-checkout", "post-merge", "post-commit", "post-rewrite")
"""The githooks(5) that change a worktree's files."""

WORKTREE_ADD = "worktree-add"
"""What a tool calls that makes worktrees without git's hooks."""

EVENTS = (*GIT_EVENTS, WORKTREE_ADD)

_PRE_COMMIT_ARGUMENTS = {
    "post-checkout": ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
}


def main(argv: Sequence[str]) -> int:
    """`python -I -m lumen_hooks.hook EVENT TOP [ARGS...]`; 0 whatever happens, for git's sake."""
    if len(argv) >= 2:
        run(argv[0], argv[1], argv[2:], os.environ)
    return 0


def run(event: str, top: str, args: Sequence[str], environ: Mapping[str, str]) -> None:
    """Take one event; never raises, what went wrong is in the repository's log.

    Args:
        event: one of `EVENTS`; any other is ignored.
        top: a directory of the worktree that it is about.
        args: what git passed to the hook; for `worktree-add` the new worktree, relative to `top`,
            unless that is `top` itself.
        environ: the hook's environment.
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
        common_dir = _common_dir(git_dir)
        _take(event, top, git_dir, args, environ)
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
    return [environ.get(name, "") for name in _PRE_COMMIT_ARGUMENTS.get(event, ())]


def _take(
    event: str, top: str, git_dir: str, args: Sequence[str], environ: Mapping[str, str]
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
    makes_worktrees = event in {"post-checkout", WORKTREE_ADD}
    if makes_worktrees and not os.path.exists(os.path.join(folder, INDEX)):
        _seed(top, _common_dir(git_dir), event)
    # pre-commit sets unstaged edits aside while its hooks run: the worker waits for it to end.
    # A script in between us and it tells its number.
    after = int(environ.get("LUMEN_AFTER") or os.getppid()) if under_pre_commit else None
    spawn_worker(top, event, after=after, inline=inline)


def _seed(top: str, common_dir: str, event: str) -> None:
    try:
        from lumen_hooks.indexing.foreground_seed import seed_in_foreground

        seed_in_foreground(top)
    except Exception as error:  # the worker is started all the same
        _log(common_dir, event, top, error)


def _record(folder: str, line: str) -> None:
    """Append one line to the events file, in one write, in a git dir that is there."""
    git_dir = os.path.dirname(folder)
    if os.path.isfile(os.path.join(git_dir, "HEAD")) and make_folder(folder):
        os.close(open_file(os.path.join(folder, WORKER_LOCK), os.O_WRONLY, create=True))
    path = os.path.join(folder, EVENTS_FILE)
    for _ in range(2):
        descriptor = open_file(path, os.O_WRONLY | os.O_APPEND, create=True)
        try:
            os.write(descriptor, os.fsencode(line) + b"\n")
        finally:
            os.close(descriptor)
        # A worker takes the file by renaming it, perhaps between our open and our write.
        if os.path.exists(path):
            return


def _find(directory: str) -> tuple[str, str]:
    """The worktree that holds a directory and its git dir, both absolute."""
    place = os.path.realpath(directory)
    while True:
        git_dir = _git_dir(place)
        if git_dir is not None:
            return place, git_dir
        parent = os.path.dirname(place)
        if parent == place:
            raise FileNotFoundError(f"{directory} is not in a git worktree")
        place = parent


def _git_dir(top: str) -> str | None:
    dot_git = os.path.join(top, ".git")
    if os.path.isfile(dot_git):
        with open(dot_git, "rb") as file:
            content = file.read(4096 + 8)
        if not content.startswith(b"gitdir: "):
            return None
        dot_git = os.path.join(top, os.fsdecode(content[8:].rstrip(b"\n")))
    if not os.path.isfile(os.path.join(dot_git, "HEAD")):
        return None
    return os.path.realpath(dot_git)


def _common_dir(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            pointer = os.fsdecode(file.read().rstrip(b"\n"))
    except FileNotFoundError:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, pointer))


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
    sys.exit(main(sys.argv[1:]))
