"""The one door to the git command line.

git's own environment is scrubbed (a hook's GIT_DIR and GIT_INDEX_FILE would
send us to another worktree, a user's trace would be told of our commands), git
is never asked to take optional locks, and it fetches nothing: in a partial
clone what is missing stays missing. No command used here looks at a working
file's content, or runs anything but itself.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError
from lumen_hooks.notify.environment import without_local_variables
from lumen_hooks.system.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRACES = ("GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF")
"""Set to 0 these win over `trace2.normalTarget` and the like in the user's configuration."""


def scrubbed_environment() -> dict[str, str]:
    """This process's environment without what ties it to another worktree, taking no locks."""
    environment = without_local_variables(os.environ)
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    environment["GIT_NO_LAZY_FETCH"] = "1"
    environment["GIT_ALLOW_PROTOCOL"] = "none"  # the same for git before 2.44
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_FLUSH"] = "0"  # check-attr flushes a pipe for each path otherwise
    environment["LC_ALL"] = "C"
    environment.update(dict.fromkeys(_TRACES, "0"))
    return environment


def git(
    arguments: list[str],
    *,
    cwd: str,
    stdin: bytes | None = None,
    accept: tuple[int, ...] = (0,),
    keep_unwritten: str | None = None,
) -> bytes:
    """Run a plumbing command and return its output.

    Args:
        arguments: what follows `git`.
        cwd: the worktree (or git dir) to run in.
        stdin: bytes for its standard input, if it reads any.
        accept: exit codes that are answers rather than failures.
        keep_unwritten: the repository's objects, for a command that might write some: they go to
            a folder that is thrown away.

    Raises:
        RepositoryError: git is missing, or exited with another code; the message quotes it.
    """
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    with _environment(keep_unwritten) as environment:
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=environment,
                input=stdin if stdin is not None else b"",
                capture_output=True,
                check=False,
            )
        except (FileNotFoundError, NotADirectoryError) as error:  # of PATH, too, a part may be none
            if os.path.isdir(cwd):
                raise RepositoryError(
                    "git was not found", hint="install git and put it on PATH"
                ) from error
            if os.path.exists(cwd):
                raise RepositoryError(f"{cwd} is not a directory") from error
            raise RepositoryError(f"{cwd} does not exist") from error
    if done.returncode not in accept:
        raise _refusal(arguments[0], cwd, done)
    return done.stdout


def git_version(directory: str) -> tuple[int, ...]:
    """The version of the git on PATH, (0,) if it does not say one.

    Raises:
        RepositoryError: git is missing, or the directory.
    """
    match = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", git(["version"], cwd=directory))
    return tuple(int(part) for part in match.groups(b"0")) if match else (0,)


@contextmanager
def _environment(objects: str | None) -> Iterator[dict[str, str]]:
    """The environment for one command, which writes no object where `objects` are given."""
    environment = scrubbed_environment()
    with ExitStack() as kept:
        if objects is not None:
            from tempfile import TemporaryDirectory

            folder = temporary_folder(os.environ)
            try:
                made = TemporaryDirectory(
                    prefix="lumen-hooks-", dir=folder, ignore_cleanup_errors=True
                )
            except OSError as error:
                raise RepositoryError(
                    f"git has no room for temporary files in {folder}: {error.strerror}",
                    hint="set TMPDIR to a folder that can be written",
                ) from error
            environment["GIT_OBJECT_DIRECTORY"] = kept.enter_context(made)
            # A list like PATH; in quotes, as in C, an entry may hold a colon.
            quoted = objects.replace("\\", "\\\\").replace('"', '\\"')
            environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = f'"{quoted}"'
        yield environment


def _refusal(command: str, cwd: str, done: subprocess.CompletedProcess[bytes]) -> RepositoryError:
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    fatal = [number for number, line in enumerate(words) if line.startswith("fatal: ")]
    start = fatal[-1] if fatal else len(words) - 1
    reason = words[start] if words else f"exit code {done.returncode}"
    if reason.endswith(":"):
        reason += " " + " ".join(word.strip() for word in words[start + 1 :])
    hint = ""
    if "dubious ownership" in reason:
        # git's own advice follows its message; whether to trust the owner is the user's to say.
        hint = next((line.strip() for line in words if "safe.directory" in line), "")
    return RepositoryError(f"git {command} failed in {cwd}: {reason}", hint=hint)
