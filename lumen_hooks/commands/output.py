"""Standard streams that take whatever is written, in whatever state the caller left them."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper

import click

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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def echo_json(value: object, *, indent: int | None = None) -> None:
    """Print JSON in UTF-8 whatever the locale; bytes of a path that are none come out escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    click.echo(text.encode("utf-8", "backslashreplace"))
