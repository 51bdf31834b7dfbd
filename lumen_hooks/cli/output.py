"""Standard streams that take whatever is written, in whatever state the caller left them.

They are also the one door through which text reaches a terminal, or an agent that runs a command:
nothing that a repository, a path or another program's words hold can steer it (system/terminal).
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO, cast

import click

from lumen_hooks.system.terminal import escape_controls, escape_controls_json

if TYPE_CHECKING:
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.service.everywhere import Everywhere

_STANDARD_ERROR = 2


def prepare_streams() -> None:
    """Make up for closed descriptors, and let no character be an error.

    Without the first, the next file that is opened (a database, a lock) would become standard
    output or standard error, and get what is printed.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        os.set_inheritable(fd, True)
    os.close(fd)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


class _Guarded(TextIOWrapper):
    """A stream for other people's text."""

    def write(self, text: str) -> int:
        super().write(escape_controls(text))
        return len(text)


class _Styled:
    """The same stream for whoever writes control sequences of our own around harmless text."""

    def __init__(self, stream: TextIOWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return TextIOWrapper.write(self._stream, text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def styled(stream: TextIO) -> TextIO:
    """A standard stream that lets control sequences pass; what it shows must be harmless."""
    return cast("TextIO", _Styled(stream)) if isinstance(stream, _Guarded) else stream


def _guarded(stream: TextIO) -> TextIO:
    if not isinstance(stream, TextIOWrapper) or isinstance(stream, _Guarded):
        return stream
    # click replaces a stream that takes ASCII alone by one of its own.
    ascii_alone = codecs.lookup(stream.encoding).name == "ascii"
    buffered, through = stream.line_buffering, stream.write_through
    encoding = "utf-8" if ascii_alone else stream.encoding
    return _Guarded(
        stream.detach(),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=buffered,
        write_through=through,
    )


def say(text: str) -> None:
    """What is for people, beside the results: a line on standard error."""
    click.echo(text, err=True)


def say_interrupted(follows: str) -> None:
    """That Ctrl-C was noticed, which a terminal has just shown as `^C` where this line begins."""
    if sys.stderr.isatty():
        styled(sys.stderr).write("\r")
    say("; ".join(filter(None, ["interrupted", follows])))


def say_what_it_is_worth(found: Answer | Everywhere) -> None:
    """What is known of the index that was asked, if it is not fresh."""
    from lumen_hooks.indexing.freshness import FRESH, differ_in_words  # with SQLite

    if found.state != FRESH and (found.pending_files or not found.problem):
        say(f"note: the index is {found.state}: {differ_in_words(found.pending_files)}")
    if found.problem:
        say(f"note: {found.problem}")


def in_json(value: object, *, indent: int | None = None) -> str:
    """JSON in which what no terminal should be shown, and what is no UTF-8, stands escaped."""
    return escape_controls_json(json.dumps(value, ensure_ascii=False, indent=indent))


def echo_json(value: object, *, indent: int | None = None) -> None:
    """Print JSON (`in_json`) in UTF-8 whatever the locale."""
    click.echo(in_json(value, indent=indent).encode())
