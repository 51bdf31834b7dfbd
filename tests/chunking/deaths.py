"""Children that die of a text, in the ways that a test tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.chunking import parser_process
from lumen_hooks.chunking.chunker import cut_by_lines
from tests.support.sources import python_module

if TYPE_CHECKING:
    import pytest

    from lumen_hooks.chunking.chunk import ChunkedFile


def windows(text: str, why: str) -> ChunkedFile:
    return cut_by_lines("a.py", text, abandoned=why)


def children_started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of all children that are started from now on."""
    pids: list[int] = []
    start = parser_process._start

    def noted(requests: int, answers: int) -> int:
        pids.append(start(requests, answers))
        return pids[-1]

    monkeypatch.setattr(parser_process, "_start", noted)
    return pids


def dying(monkeypatch: pytest.MonkeyPatch, code: str, first: str = "") -> None:
    """Have children do something to themselves when they meet a text that says `die`."""
    start = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "from lumen_hooks.chunking import child\n"
        "import os, time\n"
        f"{first}\n"
        "cut = child.chunk_file\n"
        "def chunk_file(path, text, language):\n"
        f"    if 'die' in text:\n        {code}\n"
        "    return cut(path, text, language)\n"
        "child.chunk_file = chunk_file\n"
        "child.serve()"
    )
    monkeypatch.setattr(parser_process, "_START", start)


INNOCENT = python_module("innocent")
GUILTY = "x = 1  # die\n" * 300
