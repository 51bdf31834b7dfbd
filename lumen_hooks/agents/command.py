"""The commands that agents' programs are given, and telling ours from anybody else's.

What was written is known from the files themselves: an entry that starts
lumen-hooks is ours, whoever wrote it. Knows no format and no agent.
"""

from __future__ import annotations

import os
import shlex
import shutil
from typing import Literal, NamedTuple

PROGRAM = "lumen-hooks"
_NAMES = frozenset({PROGRAM, "lumen_hooks"})

State = Literal["absent", "equal", "older", "edited", "foreign"]
"""What is in a place of ours: nothing; what we would write; the same with another path or of an
earlier version; ours as somebody changed it, which stays; somebody else's, which stays."""


class Commands(NamedTuple):
    """What an agent's program runs.

    Attributes:
        program: `lumen-hooks`, with its full path where that is of one machine alone.
    """

    program: str

    def line(self, *words: str) -> str:
        """A line for a shell."""
        return shlex.join([self.program, *words])


def program_beside(python: str) -> str:
    """Where the command lies that was installed with an interpreter."""
    return os.path.join(os.path.dirname(python), PROGRAM)


def is_ours(words: list[str]) -> bool:
    """Whether a command starts lumen-hooks in whatever way: by path, uvx, `python -m`, env."""
    return any(os.path.basename(word) in _NAMES for word in words)


def compare(found: list[str], wanted: list[str], *, also: tuple[str, ...] = ()) -> State:
    """What a command is, beside the one that we would write.

    Args:
        found: its words; not empty.
        wanted: the words that we would write.
        also: words of an earlier version, behind the program.
    """
    if found == wanted:
        return "equal"
    if not is_ours(found):
        return "foreign"
    plain = os.path.basename(found[0]) == PROGRAM
    return "older" if plain and found[1:] in (wanted[1:], list(also)) else "edited"


def words_of(line: str) -> list[str]:
    """The words of a line for a shell; the line itself if it has no such words."""
    try:
        return shlex.split(line) or [line]
    except ValueError:
        return [line]


def is_dead(words: list[str], environ_path: str) -> bool:
    """Whether a command's program is not there, or cannot be run."""
    try:
        return shutil.which(os.path.expanduser(words[0]), path=environ_path) is None
    except ValueError:  # it has a NUL, or half of a surrogate pair, so it is no path
        return True
