"""The one door to the git command line.

git's own environment is scrubbed (a hook's GIT_DIR and GIT_INDEX_FILE would
send us to another worktree), git is never asked to take optional locks, and
it fetches nothing: in a partial clone what is missing stays missing.
"""

from __future__ import annotations

import os
import subprocess

from .environment import without_local_variables
from .errors import RepositoryError


def scrubbed_environment() -> dict[str, str]:
    """This process's environment without what ties it to another worktree, taking no locks."""
    environment = without_local_variables(os.environ)
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    environment["GIT_NO_LAZY_FETCH"] = "1"
    environment["GIT_ALLOW_PROTOCOL"] = "none"  # the same for git before 2.44
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_FLUSH"] = "0"  # check-attr flushes a pipe for each path otherwise
    environment["LC_ALL"] = "C"
    return environment


def git(
    arguments: list[str],
    *,
    cwd: str,
    stdin: bytes | None = None,
    accept: tuple[int, ...] = (0,),
    complaints: list[bytes] | None = None,
) -> bytes:
    """Run a plumbing command and return its output.

    Args:
        arguments: what follows `git`.
        cwd: the worktree (or git dir) to run in.
        stdin: bytes for its standard input, if it reads any.
        accept: exit codes that are answers rather than failures.
        complaints: is given the lines that git printed on standard error all the same.

    Raises:
        RepositoryError: git is missing, or exited with another code; the message quotes it.
    """
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=scrubbed_environment(),
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        if not os.path.isdir(cwd):
            raise RepositoryError(f"{cwd} does not exist") from error
        raise RepositoryError("git was not found", hint="install git and put it on PATH") from error
    except NotADirectoryError as error:
        raise RepositoryError(f"{cwd} is not a directory") from error
    if done.returncode not in accept:
        raise _refusal(_name(arguments), cwd, done)
    if complaints is not None:
        complaints += done.stderr.splitlines()
    return done.stdout


def _name(arguments: list[str]) -> str:
    """The command among git's arguments, after any `-c NAME=VALUE`."""
    start = 0
    while arguments[start] == "-c":
        start += 2
    return arguments[start]


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
