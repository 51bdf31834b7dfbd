"""The command line's frame: options before the command, exit codes, the one catcher of errors."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from lumen_hooks import __version__
from lumen_hooks.errors import LumenError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.system import log

from .help import HelpfulGroup
from .interrupt import INTERRUPTED, InterruptedByUserError
from .output import say, say_interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPECTED, USAGE, BUG = 1, 2, 3

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk or a terminal says that takes no more."""

SECTIONS = {
    "Ask": {"search": "search", "related": "related", "outline": "outline", "status": "status"},
    "Set up": {
        "install": "install",
        "uninstall": "install",
        "agent": "agent",
        "doctor": "doctor",
        "completion": "completion",
    },
    "Keep the index": {"index": "index", "wait": "wait", "purge": "purge"},
    "Share the index": {"push": "push", "pull": "pull", "remote": "remote"},
    "For other programs": {"mcp": "mcp", "hook": "hook"},
}
"""The commands by what they are for, each with its module, imported only when it is asked for."""

COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}
"""Each command's module."""


class _LazyGroup(HelpfulGroup):
    sections = SECTIONS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"lumen_hooks.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read our output has seen enough, which click would call a failure. Keep the
            # interpreter from flushing into it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directories",
    metavar="DIR",
    multiple=True,
    help="Work in DIR instead of here; given several times, search looks in each.",
)
@click.version_option(__version__, "-V", "--version", message="lumen-hooks %(version)s")
@click.pass_context
def cli(context: click.Context, directories: tuple[str, ...]) -> None:
    """A semantic code index that follows your git worktrees.

    \b
    For example:
      lumen-hooks install                    once for a repository
      lumen-hooks search "retry an upload"   code by what it does
      lumen-hooks status --all               the index of every worktree
      lumen-hooks search --help              all that a command can do
    """  # noqa: D301 - click wants the character
    if len(directories) > 1 and context.invoked_subcommand != "search":
        raise click.UsageError(
            f"-C was given {len(directories)} times: only search looks in several places\n"
            "hint: give one of them"
        )
    context.obj = directories[0] if directories else os.curdir


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code; every error ends here."""
    try:
        # An exit code if a command left early (doctor's findings, --help), else what it returned.
        code = cli.main(args=list(argv), prog_name="lumen-hooks", standalone_mode=False)
    except click.NoSuchOption as error:
        from .unknown import no_such_option

        no_such_option(error).show()
        return USAGE
    except click.UsageError as error:
        error.show()
        return USAGE
    except InterruptedByUserError as error:
        say_interrupted(str(error))
        return error.code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except LumenError as error:
        say(_marked("error", error.message))
        if error.hint:
            say(_marked("hint", error.hint))
        return EXPECTED
    except OSError as error:
        if error.errno not in _NO_ROOM:
            return _bug(argv, error)
        say(f"error: cannot write {error.filename or 'the output'}: {error.strerror}")
        return EXPECTED
    except Exception as error:  # a bug: say so in one line, and keep the traceback for the report
        return _bug(argv, error)
    return code if isinstance(code, int) else 0


def _marked(mark: str, text: str) -> str:
    """A message under its mark; a line break in it, a file's name has one, begins no other."""
    return f"{mark}: " + text.replace("\n", "\n  ")


def _bug(argv: Sequence[str], error: Exception) -> int:
    trace = "".join(traceback.format_exception(error))
    directory = argv[1] if argv[:1] == ["-C"] and len(argv) > 1 else "."
    say(f"error: this is a bug in lumen-hooks: {type(error).__name__}: {error}")
    try:
        worktree = find_worktree(directory)
    except (LumenError, OSError):
        say(trace)
        return BUG
    log.append(worktree.common_dir, {"event": "bug", "command": list(argv), "traceback": trace})
    say(f"hint: the traceback is the last line of {worktree.log_path}")
    return BUG
