"""`lumen-hooks agent install`, `uninstall` and `list`: shown before it is written."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from lumen_hooks.errors import InstallError, RepositoryError

from .output import echo_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.agents.command import Commands
    from lumen_hooks.agents.hosts import Host, Scope
    from lumen_hooks.agents.plan import Action, Change, Site
    from lumen_hooks.agents.status import Setup

_MEND = "mend that and run this again, or add by hand what stands above"


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (  # the last is listed first
        click.option("--print", "only_show", is_flag=True, help="Show the change, write nothing."),
        click.option("-y", "--yes", is_flag=True, help="Write without asking."),
        click.option("--project", is_flag=True, help="In this repository's files, not the user's."),
        click.argument("names", nargs=-1, metavar="[NAME]..."),
    ):
        command = option(command)
    return click.pass_obj(command)


@click.command("install")
@_options
def install(
    directory: str, names: tuple[str, ...], project: bool, yes: bool, only_show: bool
) -> None:
    """Wire coding agents up: MCP server, session and worktree hooks, a few lines of instructions.

    NAME is claude, codex, cursor, gemini, vscode, opencode, windsurf, zed or copilot; without one,
    those that are found on this machine. The change is shown before it is written, everything else
    in a file is kept to the byte, and `agent uninstall` takes it out again. It goes into the user's
    own files, for all repositories, or with --project into this one's.
    """
    from lumen_hooks.agents.hosts import NAMES

    named = _named(names)
    commands = _commands(project)
    hosts = named or _found()
    if not hosts:
        raise InstallError(
            "no coding agent's program was found on this machine",
            hint=f"name one: lumen-hooks agent install NAME ({', '.join(NAMES)})",
        )
    wanted = _sites(hosts, _scope(project), commands, directory)
    if _go_through("install", wanted, yes=yes, only_show=only_show):
        for remark in (host.remark for host in hosts if host.remark):
            say(f"note: {remark}")


@click.command("uninstall")
@_options
def uninstall(
    directory: str, names: tuple[str, ...], project: bool, yes: bool, only_show: bool
) -> None:
    """Take out what agent install put in, and nothing else.

    Without NAME, of every program. Files that nobody changed since are as they were before, to the
    byte.
    """
    from lumen_hooks.agents.command import PROGRAM, Commands
    from lumen_hooks.agents.hosts import HOSTS
    from lumen_hooks.agents.plan import without_shared

    hosts = _named(names) or list(HOSTS)
    every = _sites(HOSTS, _scope(project), Commands(PROGRAM), directory)
    _go_through("uninstall", without_shared(hosts, every), yes=yes, only_show=only_show)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of programs.")
@click.pass_obj
def list_agents(directory: str, as_json: bool) -> None:
    """Show which coding agents' programs are here, and how far each is wired up."""
    from lumen_hooks.agents.hosts import HOSTS, traces

    user = _setups("user", directory)
    try:
        project = _setups("project", directory)
    except RepositoryError:
        project = [setup._replace(extent="none", missing=[], problems=[]) for setup in user]
    rows = [
        {
            "name": host.name,
            "title": host.title,
            "found": traces(host, os.environ),
            "user": mine.extent,
            "project": here.extent,
            "problems": mine.problems + here.problems,
        }
        for host, mine, here in zip(HOSTS, user, project, strict=True)
    ]
    if as_json:
        echo_json(rows, indent=2)
        return
    for row in rows:
        told = {"the user": row["user"], "this project": row["project"]}
        state = ", ".join(f"{what} for {who}" for who, what in told.items() if what != "none")
        where = row["found"] or "not on this machine"
        click.echo(f"{row['name']:<9} {state or 'not set up':<24} {where}")
        for problem in row["problems"]:
            click.echo(f"          {problem}")


def _scope(project: bool) -> Scope:
    return "project" if project else "user"


def _setups(scope: Scope, directory: str) -> list[Setup]:
    from lumen_hooks.agents.command import PROGRAM, Commands, program_beside
    from lumen_hooks.agents.hosts import HOSTS
    from lumen_hooks.agents.status import setup_of

    program = program_beside(sys.executable) if scope == "user" else PROGRAM
    every = _sites(HOSTS, scope, Commands(program), directory)
    return [setup_of(host, every, os.environ) for host in HOSTS]


def _commands(project: bool) -> Commands:
    """What is written: this installation for a user, whichever there is for a project.

    Raises:
        InstallError: this installation will be gone before it is called.
    """
    from lumen_hooks.agents.command import PROGRAM, Commands, program_beside
    from lumen_hooks.setup.throw_away import FOR_GOOD, is_temporary, why_it_vanishes

    if project:  # its files are for everyone who works there
        if shutil.which(PROGRAM) is None:
            say(f"note: {PROGRAM} is not on the PATH here, and a project's files name no other way")
        return Commands(PROGRAM)
    reason = why_it_vanishes(sys.executable)
    if reason:
        hint = f"{FOR_GOOD}, and run lumen-hooks agent install from there"
        raise InstallError(f"agents could not start {sys.executable}: {reason}", hint=hint)
    program = program_beside(sys.executable)
    if any("\udc80" <= character <= "\udcff" for character in program):  # bytes of no encoding
        raise InstallError("the path of lumen-hooks is not UTF-8, which no configuration can hold")
    if not os.access(program, os.X_OK):
        raise InstallError(
            f"there is no {program} to start",
            hint="install lumen-hooks anew (pip install --force-reinstall CHECKOUT)",
        )
    if is_temporary(sys.executable):
        say(f"note: agents will start {program} (in a temporary folder, which may be emptied)")
    return Commands(program)


def _named(names: Sequence[str]) -> list[Host]:
    """The hosts of these names, as we or as people call them."""
    from lumen_hooks.agents.hosts import HOSTS, NAMES
    from lumen_hooks.meant import did_you_mean, plain

    known = {plain(word): host.name for host in HOSTS for word in (host.title, host.name)}
    for name in names:
        if plain(name) not in known:
            asked = f"; {did_you_mean(name, known)}".rstrip("; ")
            raise click.UsageError(f"{name!r} is none of {', '.join(NAMES)}{asked}")
    wanted = {known[plain(name)] for name in names}
    return [host for host in HOSTS if host.name in wanted]


def _found() -> list[Host]:
    from lumen_hooks.agents.hosts import HOSTS, traces

    known = {host.name: traces(host, os.environ) for host in HOSTS}
    for host in HOSTS:
        if known[host.name]:
            say(f"found {host.title}: {known[host.name]}")
    return [host for host in HOSTS if known[host.name]]


def _sites(hosts: Sequence[Host], scope: Scope, commands: Commands, directory: str) -> list[Site]:
    from lumen_hooks.agents.plan import sites

    top = None
    if scope == "project":
        from lumen_hooks.git.worktree import find_worktree

        top = find_worktree(directory).top
    return sites(hosts, scope, commands, os.environ, top)


def _go_through(action: Action, wanted: Sequence[Site], *, yes: bool, only_show: bool) -> bool:
    """Show what would change, ask, and do it; whether it was done.

    Raises:
        InstallError: a file was left alone, or nobody could be asked.
    """
    from lumen_hooks.agents.plan import carry_out, plan

    changes = plan(action, wanted)
    problems = [change.problem for change in changes if change.problem]
    for remark in (remark for change in changes for remark in change.remarks):
        say(f"note: {remark}")
    todo = [change for change in changes if change.after != change.before]
    for change in todo:
        click.echo(_difference(change), nl=False)
    if not todo and not problems:
        say("nothing to do: it is all there" if action == "install" else "nothing of ours is there")
    if todo and not only_show:
        if not yes:
            _ask(len(todo))
        for change in todo:
            try:
                done = carry_out(action, change, wanted)
            except InstallError as error:
                problems.append(error.message)
            else:
                say(f"{'removed' if done.after is None else 'written'}: {change.path}")
    if problems:
        raise InstallError("\n".join(problems), hint=_MEND)
    return bool(todo) and not only_show


def _ask(files: int) -> None:
    """Ask on a terminal.

    Raises:
        InstallError: there is none.
        click.exceptions.Exit: the answer is no.
    """
    if not sys.stdin.isatty():
        raise InstallError("nothing was written: there is no terminal to ask on", hint="add --yes")
    if not click.confirm(f"Change {files} {'file' if files == 1 else 'files'}?", err=True):
        say("nothing was written")
        raise click.exceptions.Exit(1)


_LONG_LINE = 400


def _difference(change: Change) -> str:
    """A unified diff; of a file in one long line, the stretch that differs."""
    import difflib

    before, after = (change.before or ""), (change.after or "")
    names = ["/dev/null" if text is None else change.path for text in (change.before, change.after)]
    lines = [text.splitlines(keepends=True) for text in (before, after)]
    if max((len(line) for line in lines[0] + lines[1]), default=0) > _LONG_LINE:
        at, old, new = _middle(before, after)
        body = [f"@@ at character {at} @@\n"]
        body += [f"{sign}{part}\n" for sign, part in (("-", old), ("+", new)) if part]
        return "".join([f"--- {names[0]}\n", f"+++ {names[1]}\n", *body])
    shown = ""
    for line in difflib.unified_diff(lines[0], lines[1], names[0], names[1], n=1):
        ends = line.endswith("\n")
        shown += line.rstrip("\r\n") + ("\n" if ends else "\n\\ No newline at end of file\n")
    return shown


def _middle(before: str, after: str) -> tuple[int, str, str]:
    """Where two texts begin to differ, and what each has until they are the same again."""
    shortest = min(len(before), len(after))
    start = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    left = shortest - start
    end = next((i for i in range(left) if before[-1 - i] != after[-1 - i]), left)
    return start, before[start : len(before) - end], after[start : len(after) - end]
